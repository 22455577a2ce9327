/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "buf.h"
#include "due_file.h"
#include "emit_json.h"
#include "jscan.h"
#include "log.h"
#include "mem.h"
#include "restart.h"
#include "shim.h"
#include "str.h"
#include "wake.h"

/* ---- the rules ---- */

bool restart_is_always(const char *policy)
{
	return streq_null(policy, "always") || streq_null(policy, "unless-stopped");
}

bool restart_wanted(const char *policy, int code)
{
	return restart_is_always(policy) || (code != 0 && streq_null(policy, "on-failure"));
}

bool restart_is_owed(const char *policy, const struct restart *r, const struct shim_status *st,
		     bool stopped)
{
	if (stopped || !st->have_exit || !restart_wanted(policy, st->exit.code))
		return false;
	switch (st->state) {
	case SHIM_ENDED:
		return true;
	case SHIM_NEVER: /* a restart failed or was interrupted */
		return r && r->due_ms >= 0;
	case SHIM_STARTING:
		return r && r->due_ms >= 0 && !st->monitor_alive;
	case SHIM_RUNNING:
	case SHIM_LOST:
	case _SHIM_RUN_STATE_MAX:
		break;
	}
	return false;
}

static int64_t ms_between(const struct ktime *a, const struct ktime *b)
{
	return (b->sec - a->sec) * 1000 + (b->nsec - a->nsec) / 1000000;
}

static int64_t clamp(int64_t v, int64_t min, int64_t max)
{
	return v < min ? min : v > max ? max : v;
}

static int64_t doubled(int64_t delay)
{
	return clamp(delay * 2, RESTART_FIRST_MS, RESTART_MAX_MS);
}

void restart_plan(const struct restart *old, const struct shim_status *st, int64_t count,
		  int64_t now, const struct ktime *wall, struct restart *ret)
{
	bool known = old && old->due_ms >= 0 &&
		     (st->state != SHIM_ENDED || streq(old->run_id, st->run_id));
	int64_t since;

	if (known) {
		if (ret != old)
			*ret = *old;
		ret->due_ms = clamp(ret->due_ms, 0, now + ret->delay_ms);
		return;
	}
	ret->delay_ms = RESTART_FIRST_MS;
	if (old && ms_between(&st->exit.started_at, &st->exit.finished_at) < RESTART_RESET_MS)
		ret->delay_ms = doubled(old->delay_ms);
	/* Measure from the exit, which may be noticed late. */
	since = clamp(ms_between(&st->exit.finished_at, wall), 0, ret->delay_ms);
	ret->due_ms = now + ret->delay_ms - since;
	ret->count = count;
	ret->why[0] = '\0';
	memcpy(ret->run_id, st->run_id, sizeof(ret->run_id));
}

void restart_failed(struct restart *r, int64_t now, const struct kerr *why)
{
	cleanup_buf struct buf line = BUF_INIT(sizeof(r->why));
	char text[KERR_TEXT_MAX];

	str_one_line(&line, kerr_text(why, text, sizeof(text)), RESTART_WHY_MAX);
	(void) snprintf(r->why, sizeof(r->why), "%s", buf_str(&line));
	r->delay_ms = doubled(r->delay_ms);
	r->due_ms = now + r->delay_ms;
}

/* ---- the file of a cell ---- */

void restarts_clear(struct restarts *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
	*l = (struct restarts){ 0 };
}

struct restart *restarts_find(const struct restarts *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i].name, name))
			return &l->v[i];
	return NULL;
}

struct restart *restarts_get(struct restarts *l, const char *name)
{
	struct restart *r = restarts_find(l, name);

	if (r)
		return r;
	r = vec_grow(&l->v, &l->n, sizeof(*r));
	r->name = xstrdup(name);
	r->due_ms = -1;
	return r;
}

static int parse_line(void *ctx, const char *line, size_t n)
{
	struct restarts *l = ctx;
	struct restart r = { 0 };
	char name[128];

	if (jscan_get_str(line, n, "container", name, sizeof(name)) < 0 ||
	    jscan_get_str(line, n, "run", r.run_id, sizeof(r.run_id)) < 0 ||
	    jscan_get_i64(line, n, "delayMs", &r.delay_ms) < 0 ||
	    jscan_get_i64(line, n, "dueMs", &r.due_ms) < 0 ||
	    jscan_get_i64(line, n, "count", &r.count) < 0 ||
	    jscan_get_str(line, n, "why", r.why, sizeof(r.why)) < 0 || restarts_find(l, name))
		return -EINVAL;
	r.name = xstrdup(name);
	*(struct restart *) vec_grow(&l->v, &l->n, sizeof(r)) = r;
	return 0;
}

int restarts_load(struct engine *e, const struct addr *cell, struct restarts *ret, struct kerr *err)
{
	cleanup_free char *key = wake_key(cell);
	cleanup_restarts struct restarts l = { 0 };
	int r = due_file_read(e, RT_RESTARTS, key, parse_line, &l, err);

	if (r < 0)
		return r;
	*ret = l;
	l = (struct restarts){ 0 };
	return 0;
}

static void add_line(struct buf *out, const struct restart *r)
{
	struct jemit j;

	jemit_init(&j, out, 0);
	jemit_object(&j);
	jemit_key(&j, "container");
	jemit_str(&j, r->name);
	jemit_key(&j, "run");
	jemit_str(&j, r->run_id);
	jemit_key(&j, "delayMs");
	jemit_i64(&j, r->delay_ms);
	jemit_key(&j, "dueMs");
	jemit_i64(&j, r->due_ms);
	jemit_key(&j, "count");
	jemit_i64(&j, r->count);
	jemit_key(&j, "why");
	jemit_str(&j, r->why);
	jemit_object_end(&j);
	buf_addc(out, '\n');
}

int restarts_save(struct engine *e, const struct addr *cell, const struct restarts *l,
		  struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(DUE_FILE_MAX);

	for (size_t i = 0; i < l->n; i++)
		add_line(&text, &l->v[i]);
	return due_file_write(e, RT_RESTARTS, cell, &text, err);
}

int restarts_drop(struct engine *e, const struct addr *cell, struct kerr *err)
{
	return restarts_save(e, cell, &(struct restarts){ 0 }, err);
}

int restarts_forget(struct engine *e, const struct addr *cell, const char *name, struct kerr *err)
{
	cleanup_restarts struct restarts l = { 0 };
	struct restart *r;

	if (restarts_load(e, cell, &l, NULL) < 0)
		return 0; /* the file is unreadable: leave it as it is */
	r = restarts_find(&l, name);
	if (!r)
		return 0;
	free(r->name);
	*r = l.v[--l.n];
	return restarts_save(e, cell, &l, err);
}

/* Return when the first restart of a cell is due; -1: none. */
static int64_t first_due(struct engine *e, const char *key)
{
	cleanup_restarts struct restarts l = { 0 };

	if (due_file_read(e, RT_RESTARTS, key, parse_line, &l, NULL) < 0)
		return -1; /* unknown time; the cell's status reports the file */
	return l.n > 0 ? due_first(&l.v->due_ms, l.n, sizeof(*l.v)) : -1;
}

int64_t restarts_due(struct engine *e, int64_t now, struct strlist *ret_keys)
{
	return due_file_list(e, RT_RESTARTS, now, first_due, ret_keys);
}
