/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "buf.h"
#include "due_file.h"
#include "emit_json.h"
#include "jscan.h"
#include "mem.h"
#include "stops.h"
#include "str.h"
#include "wake.h"

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

static int parse_line(void *ctx, const char *line, size_t n)
{
	struct stops *l = ctx;
	struct stop_order o = { 0 };
	int64_t root = 0, ended = 0;
	char name[128];

	if (jscan_get_str(line, n, "container", name, sizeof(name)) < 0 ||
	    jscan_get_str(line, n, "run", o.run_id, sizeof(o.run_id)) < 0 ||
	    jscan_get_i64(line, n, "graceMs", &o.grace_ms) < 0 ||
	    jscan_get_i64(line, n, "dueMs", &o.due_ms) < 0 ||
	    jscan_get_i64(line, n, "root", &root) < 0 ||
	    jscan_get_i64(line, n, "ended", &ended) < 0 || stops_find(l, name))
		return -EINVAL;
	o.root = root != 0;
	o.ended = ended != 0;
	o.container = xstrdup(name);
	*(struct stop_order *) vec_grow(&l->v, &l->n, sizeof(o)) = o;
	return 0;
}

int stops_load(struct engine *e, const struct addr *cell, struct stops *ret, struct kerr *err)
{
	cleanup_free char *key = wake_key(cell);
	cleanup_stops struct stops l = { 0 };
	int r = due_file_read(e, RT_STOPS, key, parse_line, &l, err);

	if (r < 0)
		return r;
	*ret = l;
	l = (struct stops){ 0 };
	return 0;
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
	cleanup_buf struct buf text = BUF_INIT(DUE_FILE_MAX);

	for (size_t i = 0; i < l->n; i++)
		add_line(&text, &l->v[i]);
	return due_file_write(e, RT_STOPS, cell, &text, err);
}

int stops_drop(struct engine *e, const struct addr *cell, struct kerr *err)
{
	return stops_save(e, cell, &(struct stops){ 0 }, err);
}

/* Return when the first grace period of a cell ends; -1: none. */
static int64_t first_due(struct engine *e, const char *key)
{
	cleanup_stops struct stops l = { 0 };

	if (due_file_read(e, RT_STOPS, key, parse_line, &l, NULL) < 0)
		return -1; /* unknown time; the cell's status reports the file */
	return l.n > 0 ? due_first(&l.v->due_ms, l.n, sizeof(*l.v)) : -1;
}

int64_t stops_due(struct engine *e, int64_t now, struct strlist *ret_keys)
{
	return due_file_list(e, RT_STOPS, now, first_due, ret_keys);
}
