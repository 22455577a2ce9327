/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>

#include "copy.h"
#include "emit_json.h"
#include "mem.h"
#include "model.h"
#include "page.h"
#include "str.h"

/* Bytes reserved for the rest of a reply. */
#define ENVELOPE (64 << 10)

/* Separates name and index in a cursor. Names cannot contain it. */
#define INDEX_MARK '#'

void page_clear(struct page *p)
{
	free_p(&p->last);
	for (size_t i = 0; i < PAGE_LARGEST; i++)
		free_p(&p->large[i].name);
	buf_clear(&p->text);
	p->pick = pick_free(p->pick);
}

char *page_name(const struct addr *a)
{
	struct buf b = BUF_INIT(4096);
	const char *const parts[] = { a->realm, a->space, a->stack, a->cell };

	for (size_t i = 0; i < ARRAY_SIZE(parts) && !str_empty(parts[i]); i++)
		buf_addf(&b, "%s%s", i ? "/" : "", parts[i]);
	return buf_take(&b);
}

/* Order by path component, as lists are sorted: a parent comes before its children. */
static int compare_parts(const char *a, const char *b, size_t b_len)
{
	const char *b_end = b + b_len;

	for (; *a && b < b_end && *a == *b; a++, b++)
		;
	if (!*a || *a == '/')
		return b == b_end ? (*a ? 1 : 0) : *a == *b ? 0 : -1;
	if (b == b_end || *b == '/')
		return 1;
	return (unsigned char) *a < (unsigned char) *b ? -1 : 1;
}

static int compare_plain(const char *a, const char *b, size_t b_len)
{
	int r = strncmp(a, b, b_len);

	return r != 0 ? r : a[b_len] != '\0';
}

bool page_skips(const struct page *p, const char *name, size_t index)
{
	const char *mark;
	uint64_t n = 0;
	size_t len;
	int r;

	if (p->more)
		return true;
	if (str_empty(p->after))
		return false;
	mark = strrchr(p->after, INDEX_MARK);
	if (mark && str_to_u64(mark + 1, 0, SIZE_MAX, &n) < 0)
		mark = NULL;
	len = mark ? (size_t) (mark - p->after) : strlen(p->after);
	r = p->plain ? compare_plain(name, p->after, len) : compare_parts(name, p->after, len);
	return r < 0 || (r == 0 && index <= n);
}

/*
 * Write the document where it is to stay, or to a scratch text if the caller puts it into
 * the reply itself. Returns its size with its comma; *ret_from: where out ended before.
 */
static size_t write_json(struct page *p, const struct model_type *t, const void *doc,
			 size_t *ret_from)
{
	struct buf *out = p->out;

	if (!out) {
		out = &p->text;
		buf_clear(out);
		buf_init(out, KUKE_MAX_REPLY);
	}
	*ret_from = out->len;
	if (p->out && p->any)
		buf_addc(out, ',');
	model_emit_json_picked(out, t, doc, p->pick, p->flags);
	return out->failed ? KUKE_MAX_REPLY + 1 : out->len - *ret_from + !p->any;
}

static void note_large(struct page *p, const char *name, size_t bytes)
{
	size_t i;

	for (i = 0; i < PAGE_LARGEST && p->large[i].name; i++)
		if (streq(p->large[i].name, name)) {
			p->large[i].bytes += bytes;
			return;
		}
	for (i = 0; i < PAGE_LARGEST && p->large[i].bytes >= bytes; i++)
		;
	if (i == PAGE_LARGEST)
		return;
	free(p->large[PAGE_LARGEST - 1].name);
	memmove(&p->large[i + 1], &p->large[i], (PAGE_LARGEST - 1 - i) * sizeof(p->large[0]));
	p->large[i] = (struct page_large){ .name = xstrdup(name), .bytes = bytes };
}

/* Whether n more bytes belong in this page or whole list. */
static bool has_room(struct page *p, const char *name, size_t n)
{
	size_t max = p->max > 0 && p->max < PAGE_BYTES ? (size_t) p->max : PAGE_BYTES;

	if (!p->after) {
		note_large(p, name, n);
		p->bytes += n;
		p->over = p->over || p->bytes > KUKE_MAX_REPLY - ENVELOPE;
		return !p->over;
	}
	if (p->bytes > 0 && p->bytes + n > max) {
		p->more = true;
		return false;
	}
	p->bytes += n;
	return true;
}

bool page_takes(struct page *p, const char *name, size_t index, const struct model_type *t,
		const void *doc)
{
	size_t from;
	size_t n = write_json(p, t, doc, &from);

	if (!has_room(p, name, n)) {
		if (p->out)
			buf_cut(p->out, from);
		return false;
	}
	p->any = true;
	if (p->after) {
		free(p->last);
		p->last = xasprintf("%s%c%zu", name, INDEX_MARK, index);
	}
	return true;
}

void page_put(struct page *p, const char *name, size_t index, const struct model_type *t,
	      void *owned_doc)
{
	assert(p->out);
	(void) page_takes(p, name, index, t, owned_doc);
	model_clear(t, owned_doc);
}

int page_end(struct page *p, const char *what, char **ret_next, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(8192);

	if (p->after) {
		*ret_next = p->more ? take_ptr(p->last) : xstrdup("");
		return 0;
	}
	if (!p->over)
		return 0;
	for (size_t i = 0; i < PAGE_LARGEST && p->large[i].name; i++)
		buf_addf(&text, "%s %s (%zu bytes)", i ? "," : "", p->large[i].name,
			 p->large[i].bytes);
	return kerr_plain(
		err, -EMSGSIZE,
		"the list of %s is larger than %d bytes, which a reply can have; kuke get "
		"reads it in pages; the largest are%s",
		what, KUKE_MAX_REPLY, buf_str(&text));
}
