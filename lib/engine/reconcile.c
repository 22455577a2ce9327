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
	} else if (r == 0 && !model_eq(&cell_doc_type, &before, doc)) {
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

/* Busy cells are left to the next pass; one bad cell does not end it. */
static int pass_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct cell_doc doc = { 0 };
	char *ns cleanup_free = NULL;
	struct kerr err = { 0 };
	bool deleted;
	int r;

	(void) ctx;
	(void) unused;
	r = locks_take_path(e->locks, a, LOCKS_TRY, &err);
	if (r == -EWOULDBLOCK)
		return 0;
	if (r == 0) {
		r = cell_recover_locked(e, a, &err);
		if (r == 0)
			r = store_load(&e->layout, a, 0, &doc, &err);
		if (r == 0)
			r = scope_namespace(e, a->realm, &ns, &err);
		if (r == 0)
			r = cell_settle_locked(e, ns, &doc, &deleted, &err);
		locks_drop_path(e->locks, a);
	}
	model_clear(&cell_doc_type, &doc);
	if (r < 0 && r != -ENOENT) /* gone meanwhile: nothing to do */
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

/* Wake-ups are level-triggered: what is cleared here is seen by this pass. */
static void clear_wakes(struct engine *e)
{
	char *dir cleanup_free = layout_rt(&e->layout, RT_WAKE_DIR);
	DIR *d = opendir(dir);
	struct dirent *de;

	if (!d)
		return;
	while ((de = readdir(d)) != NULL)
		if (de->d_name[0] != '.')
			(void) unlinkat(dirfd(d), de->d_name, 0);
	(void) closedir(d);
}

static int pass_space(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct space_net net;
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	(void) ctx;
	(void) unused;
	r = locks_take_path(e->locks, a, LOCKS_TRY, &err);
	if (r < 0)
		return 0;
	r = network_load(e, a, &net, &err);
	if (r == 0)
		r = network_up(e, a, &net, &err);
	locks_drop_path(e->locks, a);
	if (r < 0 && r != -ENOENT)
		log_wrn("network not mended", "space", a->space, "error",
			kerr_text(&err, text, sizeof(text)));
	return 0;
}

int engine_reconcile(struct engine *e, int64_t *ret_next_ms)
{
	struct addr all = { 0 };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	*ret_next_ms = -1;
	r = scope_prepare_trees(e, &err);
	if (r == 0) {
		clear_wakes(e);
		r = intent_list(&e->layout, pass_intent, e, &err);
	}
	if (r == 0)
		r = scope_each(e, ADDR_SPACE, &all, pass_space, NULL, &err);
	if (r == 0)
		r = network_sync_rules(e, &err) < 0 ? -EIO : 0;
	if (r == 0)
		r = scope_each(e, ADDR_CELL, &all, pass_cell, NULL, &err);
	if (r < 0)
		log_err("reconcile pass", "error", kerr_text(&err, text, sizeof(text)));
	return r;
}
