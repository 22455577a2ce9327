/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "atomic.h"
#include "fd.h"
#include "mem.h"
#include "names_opened.h"
#include "names_state.h"
#include "str.h"
#include "vec.h"

#define FILE_MAX (1 << 20)

void opened_clear(struct opened *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->v[i].name);
	free(o->v);
	*o = (struct opened){ 0 };
}

static int compare(const void *a, const void *b)
{
	const struct opened_addr *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : ipnet_cmp(&x->addr, &y->addr);
}

static void sort(struct opened *o)
{
	if (o->n > 0)
		qsort(o->v, o->n, sizeof(*o->v), compare);
}

/* ---- the file ---- */

static char *file_of(const struct engine *e, const char *bridge)
{
	cleanup_free char *name = xasprintf("opened.%s", bridge);

	return names_file(e, name);
}

void opened_text(const struct opened *o, struct buf *out)
{
	char addr[IPNET_TEXT_MAX];

	for (size_t i = 0; i < o->n; i++)
		buf_addf(out, "%lld %s %s\n", (long long) o->v[i].until_ms,
			 ipnet_addr_text(&o->v[i].addr, addr), o->v[i].name);
}

/* One line, which is taken apart. */
static void read_line(char *line, struct opened *ret)
{
	const char *until = strsep(&line, " "), *addr = strsep(&line, " ");
	struct opened_addr a = { 0 };

	if (str_empty(line) || str_to_i64(until, 0, INT64_MAX, &a.until_ms) < 0 ||
	    ipnet_parse_addr(addr, &a.addr) < 0 || ret->n >= OPENED_MAX)
		return;
	a.name = xstrdup(line);
	*(struct opened_addr *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) = a;
}

void opened_read(const char *text, struct opened *ret)
{
	size_t n;

	*ret = (struct opened){ 0 };
	for (; *text; text += n + (text[n] == '\n')) {
		cleanup_free char *line = NULL;

		n = strcspn(text, "\n");
		line = xstrndup(text, n);
		read_line(line, ret);
	}
	sort(ret);
}

void opened_load(const struct engine *e, const char *bridge, struct opened *ret)
{
	cleanup_free char *file = file_of(e, bridge);
	cleanup_buf struct buf text = BUF_INIT(FILE_MAX);

	*ret = (struct opened){ 0 };
	if (file_read_at(AT_FDCWD, file, FILE_MAX, &text, NULL) == 0)
		opened_read(buf_str(&text), ret);
}

int opened_save(const struct engine *e, const char *bridge, const struct opened *o,
		struct kerr *err)
{
	cleanup_free char *file = file_of(e, bridge);
	cleanup_buf struct buf text = BUF_INIT(FILE_MAX);
	int r;

	if (o->n == 0)
		return unlink(file) < 0 && errno != ENOENT
			       ? kerr_set(err, -errno, "remove '%s'", file)
			       : 0;
	opened_text(o, &text);
	r = buf_check(&text, file, err);
	return r < 0 ? r
		     : atomic_write_at(AT_FDCWD, file, text.data, text.len, 0600,
				       ATOMIC_WRITE_NOSYNC, err);
}

/* ---- opening ---- */

static void drop(struct opened *o, size_t i)
{
	free(o->v[i].name);
	memmove(o->v + i, o->v + i + 1, (o->n - i - 1) * sizeof(*o->v));
	o->n--;
}

static struct opened_addr *find(struct opened *o, const char *name, const struct ipnet *addr)
{
	for (size_t i = 0; i < o->n; i++)
		if (streq(o->v[i].name, name) && ipnet_eq(&o->v[i].addr, addr))
			return &o->v[i];
	return NULL;
}

/* Drop what ends first, of a name or (NULL) of all, while there are more than that. */
static void make_room(struct opened *o, const char *name, size_t most)
{
	for (;;) {
		size_t n = 0, first = 0;

		for (size_t i = 0; i < o->n; i++) {
			if (name && !streq(o->v[i].name, name))
				continue;
			if (n == 0 || o->v[i].until_ms < o->v[first].until_ms)
				first = i;
			n++;
		}
		if (n <= most)
			return;
		drop(o, first);
	}
}

bool opened_age(struct opened *o, int64_t now_ms)
{
	size_t before = o->n;

	for (size_t i = o->n; i > 0; i--)
		if (o->v[i - 1].until_ms <= now_ms)
			drop(o, i - 1);
	return o->n < before;
}

bool opened_add(struct opened *o, const char *name, const struct ipnet *addr, int64_t until_ms,
		int64_t now_ms)
{
	struct opened_addr *a;

	a = find(o, name, addr);
	if (a) {
		bool was_over = a->until_ms <= now_ms;

		if (a->until_ms < until_ms)
			a->until_ms = until_ms;
		return was_over;
	}
	make_room(o, name, OPENED_PER_NAME - 1);
	make_room(o, NULL, OPENED_MAX - 1);
	a = vec_grow(&o->v, &o->n, sizeof(*o->v));
	*a = (struct opened_addr){ .name = xstrdup(name), .addr = *addr, .until_ms = until_ms };
	sort(o);
	return true;
}
