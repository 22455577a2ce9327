/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "cell.h"
#include "container.h"
#include "convert.h"
#include "intent.h"
#include "log.h"
#include "mem.h"
#include "network.h"
#include "parents.h"
#include "str.h"
#include "sweep.h"

static int adopt_lost(struct engine *e, const char *ns, const struct cell_doc *doc,
		      struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < doc->spec.containers.n; i++) {
		struct container_run run cleanup_container_run = { 0 };
		struct shim_status st;

		if (container_is_synthesized(&doc->spec.containers.v[i]))
			continue;
		container_run_init(&run, e, ns, doc, &doc->spec.containers.v[i]);
		if (shim_state(&run.how.place, &st, NULL) < 0 || st.state != SHIM_LOST)
			continue;
		r = container_run_ready(&run, err);
		if (r == 0)
			r = shim_adopt(&run.how, err);
		if (r == 0)
			log_inf("took over a container whose monitor died", "container", run.id);
		if (r == -EBUSY)
			r = 0;
	}
	return r;
}

/* A cell that was up once keeps its cgroup. 1 made again, 0 it was there. */
static int mend_cgroup(struct engine *e, const struct cell_doc *doc, struct kerr *err)
{
	struct addr a = addr_of_cell(doc);
	char *cgroup cleanup_free = scope_cgroup(e, &a);

	if (!doc->status.ready_observed || cgroup_exists(e->cgroups, cgroup) != 0)
		return 0;
	return cgroup_ensure(e->cgroups, cgroup, CGROUP_ENSURE_TOLERANT, NULL, err);
}

int cell_settle_locked(struct engine *e, const char *ns, struct cell_doc *doc, bool *ret_deleted,
		       struct kerr *err)
{
	struct cell_doc before = { 0 };
	unsigned need;
	int r;

	*ret_deleted = false;
	model_copy(&cell_doc_type, &before, doc);
	r = cell_observe(e, ns, doc, &need, err);
	if (r == 0 && need & CELL_NEED_ADOPT) {
		r = adopt_lost(e, ns, doc, err);
		if (r == 0)
			r = cell_observe(e, ns, doc, &need, err);
	}
	if (r == 0 && need & CELL_NEED_DELETE) {
		r = cell_delete_locked(e, ns, doc, err);
		*ret_deleted = r == 0;
	} else if (r == 0 && need & (CELL_NEED_WIND_DOWN | CELL_NEED_END)) {
		r = cell_stop_locked(e, ns, doc, CELL_STOP_GRACE_MS, CELL_STOP_ENDED, err);
	} else if (r == 0) {
		r = mend_cgroup(e, doc, err);
		if (r > 0 || (r == 0 && !model_eq(&cell_doc_type, &before, doc)))
			r = cell_save(e, doc, 0, err);
	}
	model_clear(&cell_doc_type, &before);
	return r;
}

static void log_cell(const struct addr *a, const struct kerr *err)
{
	char *where cleanup_free = addr_text(a);
	char text[KERR_TEXT_MAX];

	log_wrn("cell not reconciled", "cell", where, "error", kerr_text(err, text, sizeof(text)));
}

/* A cell that is gone meanwhile is no error. */
static int settle_cell(struct engine *e, const struct addr *a, enum locks_flags how,
		       struct kerr *err)
{
	struct cell_doc doc = { 0 };
	char *ns cleanup_free = NULL;
	bool deleted;
	int r;

	r = store_exists(&e->layout, a, err);
	if (r <= 0) /* before the lock: its file would stay */
		return r;
	r = locks_take_path(e->locks, a, how, err);
	if (r < 0)
		return r;
	r = cell_recover_locked(e, a, err);
	if (r == 0)
		r = cell_load_locked(e, a, &doc, &ns, err);
	if (r == 0)
		r = cell_settle_locked(e, ns, &doc, &deleted, err);
	locks_drop_path(e->locks, a);
	model_clear(&cell_doc_type, &doc);
	return r == -ENOENT ? 0 : r;
}

/* Busy cells are left to the next pass; one bad cell does not end it. */
static int pass_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct kerr err = { 0 };
	int r = settle_cell(e, a, LOCKS_TRY, &err);

	(void) ctx;
	(void) unused;
	if (r < 0 && r != -EWOULDBLOCK)
		log_cell(a, &err);
	return 0;
}

static int pass_intent(void *ctx, const struct addr *a)
{
	struct engine *e = ctx;
	struct kerr err = { 0 };
	int r;

	if (addr_level(a) != ADDR_CELL)
		return 0;
	r = locks_take_path(e->locks, a, LOCKS_TRY, &err);
	if (r < 0)
		return 0;
	r = cell_recover_locked(e, a, &err);
	locks_drop_path(e->locks, a);
	if (r < 0)
		log_cell(a, &err);
	return 0;
}

/* ---- wake-ups ---- */

/*
 * The keys of the cells that asked. Level-triggered: what is cleared here is seen
 * by this pass, what comes later makes another.
 */
static void take_wakes(struct engine *e, struct strlist *ret)
{
	char *dir cleanup_free = layout_rt(&e->layout, RT_WAKE_DIR);
	DIR *d = opendir(dir);
	struct dirent *de;

	if (!d)
		return;
	while ((de = readdir(d)) != NULL) {
		if (de->d_name[0] == '.')
			continue;
		strlist_add(ret, de->d_name);
		(void) unlinkat(dirfd(d), de->d_name, 0);
	}
	(void) closedir(d);
	strlist_sort(ret);
}

/* "<realm>_<space>_<stack>_<cell>": no name has a '_'. key is cut in place. */
static int parse_key(char *key, struct addr *ret)
{
	const char **to[] = { &ret->realm, &ret->space, &ret->stack, &ret->cell };

	for (size_t i = 0; i < ARRAY_SIZE(to); i++) {
		*to[i] = strsep(&key, "_");
		if (str_empty(*to[i]))
			return -EINVAL;
	}
	return key || scope_check(ret, ADDR_CELL, 0, NULL) < 0 ? -EINVAL : 0;
}

/* Those that are free first: one that is being worked on holds up no other. */
static void pass_wakes(struct engine *e, struct strlist *keys)
{
	struct addr *busy cleanup_free = xcalloc(keys->n + 1, sizeof(*busy));
	size_t n = 0;

	for (size_t i = 0; i < keys->n; i++) {
		struct addr a = { 0 };
		struct kerr err = { 0 };
		int r = parse_key(keys->v[i], &a);

		if (r == 0)
			r = settle_cell(e, &a, LOCKS_TRY, &err);
		else
			continue; /* nobody of ours wrote that */
		if (r == -EWOULDBLOCK)
			busy[n++] = a;
		else if (r < 0)
			log_cell(&a, &err);
	}
	for (size_t i = 0; i < n; i++) {
		struct kerr err = { 0 };

		if (settle_cell(e, &busy[i], 0, &err) < 0)
			log_cell(&busy[i], &err);
	}
}

/* ---- the whole ---- */

static void log_step(const char *step, const struct kerr *err)
{
	char text[KERR_TEXT_MAX];

	log_wrn("reconcile", "step", step, "error", kerr_text(err, text, sizeof(text)));
}

static int pass_parent(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct kerr err = { 0 };
	char *where cleanup_free = NULL;
	int r;

	(void) ctx;
	(void) unused;
	r = locks_take_path(e->locks, a, LOCKS_TRY, &err);
	if (r < 0)
		return 0;
	r = parent_settle_locked(e, a, &err);
	locks_drop_path(e->locks, a);
	if (r < 0 && r != -ENOENT) {
		where = addr_text(a);
		log_step(where, &err);
	}
	return 0;
}

static void pass_all(struct engine *e)
{
	static const enum addr_level parents[] = { ADDR_REALM, ADDR_SPACE, ADDR_STACK };
	struct addr all = { 0 };
	struct kerr err = { 0 };

	if (intent_list(&e->layout, pass_intent, e, &err) < 0)
		log_step("intents", &err);
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (scope_each(e, parents[i], &all, pass_parent, NULL, &err) < 0)
			log_step(level_words[parents[i]], &err);
	if (network_sync_rules(e, &err) < 0)
		log_step("firewall", &err);
	if (scope_each(e, ADDR_CELL, &all, pass_cell, NULL, &err) < 0)
		log_step("cells", &err);
}

int engine_reconcile(struct engine *e, enum engine_pass kind, int64_t *ret_next_ms)
{
	struct strlist wakes cleanup_strlist = { 0 };
	struct kerr err = { 0 };
	int r;

	*ret_next_ms = -1;
	r = scope_prepare_trees(e, &err);
	if (r < 0) {
		log_step("trees", &err);
		return r;
	}
	take_wakes(e, &wakes);
	pass_wakes(e, &wakes);
	if (kind == ENGINE_PASS_WAKES)
		return 0;
	pass_all(e);
	if (kind == ENGINE_PASS_START || sweep_is_due(e))
		sweep(e);
	return 0;
}
