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

static void put_line(const struct opened_addr *a, struct buf *out)
{
	char addr[IPNET_TEXT_MAX];

	buf_addf(out, "%lld %s %s\n", (long long) a->until_ms, ipnet_addr_text(&a->addr, addr),
		 a->name);
}

void opened_text(const struct opened *o, struct buf *out)
{
	for (size_t i = 0; i < o->n; i++)
		put_line(&o->v[i], out);
}

/* One line, which is taken apart. */
static void read_line(char *line, struct opened *ret)
{
	const char *until = strsep(&line, " "), *addr = strsep(&line, " ");
	struct opened_addr a = { 0 };

	if (str_empty(line) || strchr(line, ' ') ||
	    str_to_i64(until, 0, INT64_MAX, &a.until_ms) < 0 || ipnet_parse_addr(addr, &a.addr) < 0)
		return;
	a.saved_ms = a.until_ms;
	a.name = xstrdup(line);
	*(struct opened_addr *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) = a;
}

static int compare_ends(const void *a, const void *b)
{
	const struct opened_addr *x = a, *y = b;
	int r = compare(a, b);

	return r ? r : (x->until_ms < y->until_ms) - (x->until_ms > y->until_ms);
}

void opened_read(const char *text, struct opened *ret)
{
	const char *end;
	size_t n = 0;

	*ret = (struct opened){ 0 };
	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		cleanup_free char *line = xstrndup(text, (size_t) (end - text));

		read_line(line, ret);
	}
	if (ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare_ends);
	for (size_t i = 0; i < ret->n; i++)
		if (n < OPENED_MAX && (n == 0 || compare(&ret->v[n - 1], &ret->v[i]) != 0))
			ret->v[n++] = ret->v[i];
		else
			free(ret->v[i].name);
	ret->n = n;
}

void opened_load(const struct engine *e, const char *bridge, struct opened *ret)
{
	cleanup_free char *file = file_of(e, bridge);
	cleanup_buf struct buf text = BUF_INIT(FILE_MAX);

	*ret = (struct opened){ 0 };
	if (file_read_at(AT_FDCWD, file, FILE_MAX, &text, NULL) == 0)
		opened_read(buf_str(&text), ret);
}

static int write_file(const char *file, const struct opened *o, struct kerr *err)
{
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

static void set_saved(struct opened *o)
{
	for (size_t i = 0; i < o->n; i++)
		o->v[i].saved_ms = o->v[i].until_ms;
}

int opened_save(const struct engine *e, const char *bridge, struct opened *o, struct kerr *err)
{
	cleanup_free char *file = file_of(e, bridge);
	int r = write_file(file, o, err);

	if (r == 0)
		set_saved(o);
	return r;
}

/* A line that was cut is no line, and must not become the beginning of one. */
int opened_append(const struct engine *e, const char *bridge, struct opened *o, struct kerr *err)
{
	cleanup_free char *file = file_of(e, bridge);
	cleanup_buf struct buf text = BUF_INIT(FILE_MAX);
	cleanup_fd int fd =
		open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", file);
	buf_addc(&text, '\n');
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].saved_ms == 0)
			put_line(&o->v[i], &text);
	if (write(fd, text.data, text.len) != (ssize_t) text.len)
		return kerr_set(err, -EIO, "write '%s'", file);
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].saved_ms == 0)
			o->v[i].saved_ms = o->v[i].until_ms;
	return 0;
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

/* Drop what ends first, of a name or (NULL) of all, while there are more than that. 1: it did. */
static int make_room(struct opened *o, const char *name, size_t most)
{
	for (int any = 0;; any = 1) {
		size_t n = 0, first = 0;

		for (size_t i = 0; i < o->n; i++) {
			if (name && !streq(o->v[i].name, name))
				continue;
			if (n == 0 || o->v[i].until_ms < o->v[first].until_ms)
				first = i;
			n++;
		}
		if (n <= most)
			return any;
		drop(o, first);
	}
}

bool opened_age(struct opened *o, int64_t now_ms, int64_t early_ms)
{
	bool any = false;

	for (size_t i = o->n; i > 0; i--) {
		const struct opened_addr *a = &o->v[i - 1];

		any |= a->until_ms > a->saved_ms && a->saved_ms < now_ms + early_ms;
		if (a->until_ms <= now_ms) {
			drop(o, i - 1);
			any = true;
		}
	}
	return any;
}

enum opened_result opened_add(struct opened *o, const char *name, const struct ipnet *addr,
			      int64_t until_ms, int64_t now_ms)
{
	struct opened_addr *a = find(o, name, addr);
	int dropped;

	if (a) {
		bool was_over = a->until_ms <= now_ms;

		if (a->until_ms < until_ms)
			a->until_ms = until_ms;
		return was_over ? OPENED_OTHER : OPENED_LONGER;
	}
	dropped = make_room(o, name, OPENED_PER_NAME - 1) | make_room(o, NULL, OPENED_MAX - 1);
	a = vec_grow(&o->v, &o->n, sizeof(*o->v));
	*a = (struct opened_addr){ .name = xstrdup(name), .addr = *addr, .until_ms = until_ms };
	sort(o);
	return dropped ? OPENED_OTHER : OPENED_NEW;
}
