/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "emit.h"
#include "fd.h"
#include "jscan.h"
#include "mem.h"
#include "path.h"
#include "stops.h"
#include "str.h"
#include "wake.h"

#define FILE_MAX (1 << 20)

void stops_clear(struct stops *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].container);
	free(l->v);
	*l = (struct stops){ 0 };
}

struct stop_order *stops_find(const struct stops *l, const char *container)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i].container, container))
			return &l->v[i];
	return NULL;
}

struct stop_order *stops_get(struct stops *l, const char *container)
{
	struct stop_order *o = stops_find(l, container);

	if (o)
		return o;
	o = vec_grow(&l->v, &l->n, sizeof(*o));
	o->container = xstrdup(container);
	o->due_ms = -1;
	return o;
}

void stops_remove(struct stops *l, const char *container)
{
	struct stop_order *o = stops_find(l, container);

	if (!o)
		return;
	free(o->container);
	*o = l->v[--l->n];
}

/* ---- the file of a cell ---- */

static char *stops_path(struct engine *e, const char *key)
{
	char *dir cleanup_free = layout_rt(&e->layout, RT_STOPS);

	return path_join(dir, key, NULL);
}

static void parse_line(struct stops *l, const char *line, size_t n)
{
	struct stop_order o = { 0 };
	int64_t root = 0, ended = 0;
	char name[128];

	if (jscan_get_str(line, n, "container", name, sizeof(name)) < 0 ||
	    jscan_get_str(line, n, "run", o.run_id, sizeof(o.run_id)) < 0 ||
	    jscan_get_i64(line, n, "graceMs", &o.grace_ms) < 0 ||
	    jscan_get_i64(line, n, "dueMs", &o.due_ms) < 0 ||
	    jscan_get_i64(line, n, "root", &root) < 0 ||
	    jscan_get_i64(line, n, "ended", &ended) < 0 || stops_find(l, name))
		return;
	o.root = root != 0;
	o.ended = ended != 0;
	o.container = xstrdup(name);
	*(struct stop_order *) vec_grow(&l->v, &l->n, sizeof(o)) = o;
}

static void load_key(struct engine *e, const char *key, struct stops *ret)
{
	char *path cleanup_free = stops_path(e, key);
	struct buf text cleanup_buf = BUF_INIT(FILE_MAX);
	char *rest, *line;

	if (file_read_at(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0)
		return;
	rest = (char *) (uintptr_t) buf_str(&text);
	while ((line = strsep(&rest, "\n")) != NULL)
		parse_line(ret, line, strlen(line));
}

void stops_load(struct engine *e, const struct addr *cell, struct stops *ret)
{
	char *key cleanup_free = wake_key(cell);

	load_key(e, key, ret);
}

static void add_line(struct buf *out, const struct stop_order *o)
{
	struct jemit j;

	jemit_init(&j, out, 0);
	jemit_object(&j);
	jemit_key(&j, "container");
	jemit_str(&j, o->container);
	jemit_key(&j, "run");
	jemit_str(&j, o->run_id);
	jemit_key(&j, "graceMs");
	jemit_i64(&j, o->grace_ms);
	jemit_key(&j, "dueMs");
	jemit_i64(&j, o->due_ms);
	jemit_key(&j, "root");
	jemit_i64(&j, o->root);
	jemit_key(&j, "ended");
	jemit_i64(&j, o->ended);
	jemit_object_end(&j);
	buf_addc(out, '\n');
}

int stops_save(struct engine *e, const struct addr *cell, const struct stops *l, struct kerr *err)
{
	char *dir cleanup_free = layout_rt(&e->layout, RT_STOPS);
	char *key cleanup_free = wake_key(cell);
	char *path cleanup_free = stops_path(e, key);
	struct buf text cleanup_buf = BUF_INIT(FILE_MAX);
	int r;

	if (l->n == 0)
		return stops_drop(e, cell, err);
	for (size_t i = 0; i < l->n; i++)
		add_line(&text, &l->v[i]);
	r = mkdir_p(dir, 0700, err);
	if (r < 0)
		return r;
	return atomic_write_at(AT_FDCWD, path, text.data, text.len, 0600, ATOMIC_WRITE_NOSYNC, err);
}

int stops_drop(struct engine *e, const struct addr *cell, struct kerr *err)
{
	char *key cleanup_free = wake_key(cell);
	char *path cleanup_free = stops_path(e, key);

	if (unlink(path) < 0 && errno != ENOENT)
		return kerr_set(err, -errno, "remove '%s'", path);
	return 0;
}

/* When the first grace of a cell ends; -1: none will. */
static int64_t first_due(const struct stops *l)
{
	int64_t due = -1;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].due_ms >= 0 && (due < 0 || l->v[i].due_ms < due))
			due = l->v[i].due_ms;
	return due;
}

/* Of a cell that is gone. */
static bool is_stale(struct engine *e, const char *key)
{
	char *copy cleanup_free = xstrdup(key);
	struct addr a = { 0 };

	return wake_parse(copy, &a) == 0 && store_exists(&e->layout, &a, NULL) == 0;
}

int64_t stops_due(struct engine *e, int64_t now, struct strlist *ret_keys)
{
	char *path cleanup_free = layout_rt(&e->layout, RT_STOPS);
	DIR *d = opendir(path);
	struct dirent *de;
	int64_t next = -1;

	while (d && (de = readdir(d)) != NULL) {
		struct stops l cleanup_stops = { 0 };
		int64_t due;

		if (de->d_name[0] == '.')
			continue;
		load_key(e, de->d_name, &l);
		due = first_due(&l);
		if (due < 0)
			continue;
		if (due > now)
			next = next < 0 || due < next ? due : next;
		else if (is_stale(e, de->d_name))
			(void) unlinkat(dirfd(d), de->d_name, 0); /* else at the next look */
		else
			strlist_add(ret_keys, de->d_name);
	}
	if (d)
		(void) closedir(d);
	return next;
}
