/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "atomic.h"
#include "cni_record.h"
#include "dir.h"
#include "emit_json.h"
#include "ipv4.h"
#include "jscan.h"
#include "mem.h"
#include "path.h"
#include "statefile.h"
#include "str.h"

#define RECORD_MAX KUKE_MAX_RECORD
#define SUFFIX ".json"

static const char *const phase_words[] = {
	[CNI_ADDING] = "adding",
	[CNI_ADDED] = "added",
	[CNI_DELETING] = "deleting",
};
_Static_assert(ARRAY_SIZE(phase_words) == _CNI_PHASE_MAX, "a word for each phase");

/* Members that are texts: name and place. */
static const struct {
	const char *key;
	size_t offset;
} texts[] = {
	{ "network", offsetof(struct cni_record, network) },
	{ "netns", offsetof(struct cni_record, netns) },
	{ "aliases", offsetof(struct cni_record, aliases) },
	{ "ports", offsetof(struct cni_record, ports) },
	{ "args", offsetof(struct cni_record, args) },
	{ "capabilities", offsetof(struct cni_record, capabilities) },
	{ "config", offsetof(struct cni_record, config) },
	{ "result", offsetof(struct cni_record, result) },
};

static char **text_of(const struct cni_record *rec, size_t i)
{
	return (char **) ((uintptr_t) rec + texts[i].offset);
}

void cni_record_clear(struct cni_record *rec)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(*text_of(rec, i));
	*rec = (struct cni_record){ 0 };
}

void cni_refs_clear(struct cni_refs *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].stack);
		free(l->v[i].cell);
	}
	free(l->v);
	*l = (struct cni_refs){ 0 };
}

struct addr cni_ref_cell(const struct addr *space, const struct cni_ref *ref)
{
	return (struct addr){
		.realm = space->realm, .space = space->space, .stack = ref->stack, .cell = ref->cell
	};
}

/* "<stack>_<cell>_<start id>.json"; other names are not records. */
static void add_ref(struct cni_refs *l, const char *name, const struct addr *a)
{
	cleanup_free char *copy = xstrdup(name);
	char *at = copy;
	const char *stack = strsep(&at, "_"), *cell = strsep(&at, "_");
	size_t n = at ? strlen(at) : 0, suffix = sizeof(SUFFIX) - 1;
	struct cni_ref *ref;

	if (str_empty(stack) || str_empty(cell) || n <= suffix || !str_has_suffix(at, SUFFIX) ||
	    n - suffix >= CNI_START_ID_MAX || strchr(at, '_'))
		return;
	if (!str_empty(a->cell) && (!streq(a->stack, stack) || !streq(a->cell, cell)))
		return;
	ref = vec_grow(&l->v, &l->n, sizeof(*l->v));
	ref->stack = xstrdup(stack);
	ref->cell = xstrdup(cell);
	memcpy(ref->start_id, at, n - suffix);
}

int cni_refs_list(struct engine *e, const struct addr *a, struct cni_refs *ret, struct kerr *err)
{
	struct addr space = { .realm = a->realm, .space = a->space };
	cleanup_free char *dir = layout_object(&e->layout, &space, SPACE_ATTACHMENTS);
	cleanup_strlist struct strlist names = { 0 };
	int r = dir_list(dir, &names);

	if (r < 0)
		return kerr_set(err, r, "list '%s'", dir);
	strlist_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		add_ref(ret, names.v[i], a);
	return 0;
}

int cni_record_save(struct engine *e, const struct addr *cell, const char *start_id,
		    const struct cni_record *rec, enum cni_save_flags flags, struct kerr *err)
{
	cleanup_free char *file = layout_attachment(&e->layout, cell, start_id);
	cleanup_free char *dir = path_dirname(file);
	cleanup_buf struct buf text = BUF_INIT(RECORD_MAX);
	char ip[IPV4_TEXT_MAX];
	struct jemit j;
	int r;

	jemit_init(&j, &text, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "phase");
	jemit_str(&j, phase_words[rec->phase]);
	jemit_key(&j, "address");
	jemit_str(&j, rec->addr ? ipv4_text(rec->addr, ip) : "");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!*text_of(rec, i))
			continue;
		jemit_key(&j, texts[i].key);
		jemit_str(&j, *text_of(rec, i));
	}
	jemit_object_end(&j);
	buf_addc(&text, '\n');
	r = buf_check(&text, "record of an attachment", err);
	if (r == 0)
		r = mkdir_p(dir, 0700, err);
	return r < 0 ? r
		     : atomic_write_at(AT_FDCWD, file, text.data, text.len, 0600,
				       ATOMIC_WRITE_SUM |
					       (flags & CNI_SAVE_NOSYNC ? ATOMIC_WRITE_NOSYNC : 0),
				       err);
}

/* NULL if there is no such text. */
static char *take_text(const struct jscan_member *m)
{
	char *s;
	size_t n;

	if (m->type != JSCAN_EV_STRING_END)
		return NULL;
	s = xmalloc(m->n + 1);
	n = jscan_unescape(s, m->p, m->n);
	s[n] = '\0';
	return s;
}

static int parse(const struct buf *text, struct cni_record *ret)
{
	struct jscan_member m[ARRAY_SIZE(texts) + 2] = { { .key = "phase" }, { .key = "address" } };
	char word[16], ip[IPV4_TEXT_MAX];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		m[i + 2].key = texts[i].key;
	r = jscan_members(buf_str(text), text->len, m, ARRAY_SIZE(m));
	if (r == 0)
		r = jscan_member_str(&m[0], word, sizeof(word));
	if (r == 0)
		r = jscan_member_str(&m[1], ip, sizeof(ip));
	if (r == 0 && ip[0])
		r = ipv4_parse(ip, &ret->addr);
	if (r < 0)
		return r;
	for (int p = CNI_ADDING; p < _CNI_PHASE_MAX; p++)
		if (streq(word, phase_words[p]))
			ret->phase = p;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*text_of(ret, i) = take_text(&m[i + 2]);
	return ret->phase && ret->network && ret->netns && ret->args && ret->config ? 0 : -EINVAL;
}

int cni_record_load(struct engine *e, const struct addr *cell, const char *start_id,
		    struct cni_record *ret, struct kerr *err)
{
	cleanup_free char *file = layout_attachment(&e->layout, cell, start_id);
	cleanup_buf struct buf text = BUF_INIT(RECORD_MAX);
	int r;

	cni_record_clear(ret);
	r = state_read_at(AT_FDCWD, file, RECORD_MAX, &text, err);
	if (r < 0)
		return r;
	r = parse(&text, ret);
	if (r == 0)
		return 0;
	cni_record_clear(ret);
	return kerr_plain(err, -EBADMSG, "'%s' is not a valid record of an attachment", file);
}

int cni_record_remove(struct engine *e, const struct addr *cell, const char *start_id,
		      struct kerr *err)
{
	cleanup_free char *file = layout_attachment(&e->layout, cell, start_id);

	return atomic_unlink_at(AT_FDCWD, file, err);
}
