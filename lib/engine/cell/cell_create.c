/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_create.h"
#include "cell_delete.h"
#include "cell_id.h"
#include "cell_inherit.h"
#include "cell_load.h"
#include "cell_names.h"
#include "cell_ports.h"
#include "cell_start.h"
#include "cell_status.h"
#include "cellnet.h"
#include "cgroup.h"
#include "container_check.h"
#include "convert.h"
#include "copy.h"
#include "daemon_cell.h"
#include "ending.h"
#include "errkind.h"
#include "images.h"
#include "mem.h"
#include "model.h"
#include "naming.h"
#include "network.h"
#include "parents.h"
#include "scope.h"
#include "str.h"
#include "validate.h"

/* ---- creating ---- */

static void list_outcomes(const struct cell_doc *asked, const struct cell_doc *stored, bool existed,
			  struct rpc_create_cell_result *ret)
{
	for (size_t i = 0; i < asked->spec.containers.n; i++) {
		const struct container_spec *c = &asked->spec.containers.v[i];
		struct rpc_container_outcome *o;

		/* An existing root has its own line in the report. */
		if (container_is_synthesized(c) || (existed && c->root))
			continue;
		o = vec_grow(&ret->containers.v, &ret->containers.n, sizeof(*o));
		o->name = xstrdup(c->id ? c->id : "");
		o->exists_post = cell_container(&stored->spec, o->name) != NULL;
		o->exists_pre = existed && o->exists_post;
		o->created = !existed && o->exists_post;
	}
}

static int check_container_names(const struct cell_doc *want, struct kerr *err)
{
	for (size_t i = 0; i < want->spec.containers.n; i++) {
		const char *id = want->spec.containers.v[i].id;
		cleanup_free char *trimmed = str_trim(id);
		int r;

		if (str_empty(trimmed))
			return kerr_setk(err, ERR_CONTAINER_NAME_REQUIRED, -EINVAL, "%s",
					 err_kind_text(ERR_CONTAINER_NAME_REQUIRED));
		r = validate_name(KIND_CONTAINER, id, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Check the document and the files of the host, before anything is created. */
static int check_wanted(struct engine *e, struct cell_doc *want, struct addr *ret_a,
			struct kerr *err)
{
	cleanup_strlist struct strlist warnings = { 0 };
	int r;

	*ret_a = addr_of_cell(want);
	r = scope_check(ret_a, ADDR_CELL, SCOPE_STRICT, err);
	if (r == 0)
		r = check_container_names(want, err);
	if (r == 0)
		r = cell_normalise(want, &warnings, err);
	*ret_a = addr_of_cell(want); /* the names may have been replaced */
	scope_warn(ret_a, &warnings);
	if (r == 0)
		r = validate_doc(KIND_CELL, want, VALIDATE_NO_CONTAINERS, err);
	if (r == 0)
		r = container_check_cell(e, want, err);
	if (r == 0)
		r = cell_networks_check(e, want, err);
	*ret_a = addr_of_cell(want);
	return r;
}

int cell_create_judge(struct engine *e, struct cell_doc *want, struct kerr *err)
{
	struct addr a;
	int r = check_wanted(e, want, &a, err);

	return r < 0 ? r : daemon_cell_refuse(&a, "start", err);
}

/* What the document becomes in its place. */
static int complete_new(struct engine *e, const struct addr *a, struct cell_doc *want,
			struct kerr *err)
{
	struct addr space_addr = { .realm = a->realm, .space = a->space };
	struct space_net net;
	int r;

	r = cell_inherit(e, a, want, NULL, err);
	if (r < 0)
		return r;
	if (!cell_root(&want->spec))
		cell_add_root(want);
	doc_add_managed_labels(KIND_CELL, want);
	want->status.state = CELL_STATE_PENDING;
	if (!cell_host_network(&want->spec) && network_load(e, &space_addr, &net, NULL) == 0)
		want->status.network.bridge_name = xstrdup(net.bridge);
	return 0;
}

static int store_new(struct engine *e, const struct addr *a, struct cell_doc *want,
		     struct kerr *err)
{
	int r = complete_new(e, a, want, err);

	if (r < 0)
		return r;
	/* Not synced: the save that ends the start is, or the one that stores Failed. */
	return cell_save(e, want, STORE_SAVE_NOSYNC, err);
}

static int store_with_id(struct engine *e, const struct addr *a, struct cell_doc *want,
			 struct kerr *err)
{
	bool by_name = streq(want->spec.id, a->cell);
	int r = by_name ? 0 : cell_id_claim(e, a, want->spec.id, err);

	if (r == 0)
		r = store_new(e, a, want, err);
	if (r == 0 && by_name)
		r = cell_id_claim(e, a, want->spec.id, err);
	return r;
}

int cell_create_check(struct engine *e, struct cell_doc *want, struct kerr *err)
{
	struct addr a = addr_of_cell(want);
	bool by_name = streq(want->spec.id, a.cell); /* as in store_with_id */
	int r = scope_parents_exist(e, &a, err);

	if (r == 0 && !by_name)
		r = cell_id_check(e, &a, want->spec.id, err);
	if (r == 0)
		r = complete_new(e, &a, want, err);
	if (r == 0 && by_name)
		r = cell_id_check(e, &a, want->spec.id, err);
	return r < 0 ? kerr_wrap(err, r, "%s", err_kind_text(ERR_CREATE_CELL)) : 0;
}

/* Load an existing cell. 1: it is being stopped; wait for *wait. */
static int load_existing(struct engine *e, const struct addr *a, struct cell_doc *ret,
			 char **ret_ns, struct ending *wait, struct kerr *err)
{
	int r = cell_load_locked(e, a, ret, ret_ns, err);

	return r < 0 ? r : cell_settle_stop_locked(e, *ret_ns, ret, wait, err);
}

/* 1: the existing cell is being stopped; wait for *wait. */
static int create_locked(struct engine *e, const struct addr *a, struct cell_doc *want,
			 enum cell_create_flags flags, struct rpc_create_cell_result *ret,
			 struct ending *wait, struct kerr *err)
{
	struct cell_doc *doc = &ret->cell;
	cleanup_free char *ns = NULL;
	cleanup_free char *cgroup = scope_cgroup(e, a);
	bool existed;
	int r;

	r = scope_parents_exist(e, a, err);
	if (r == 0)
		r = cell_recover_locked(e, a, wait, err);
	if (r > 0)
		return r;
	if (r < 0)
		return kerr_wrap(err, r, "%s", err_kind_text(ERR_CREATE_CELL));
	r = store_exists(&e->layout, a, err);
	if (r < 0)
		return r;
	existed = r > 0;
	ret->metadata_exists_pre = existed;
	if (existed && flags & CELL_CREATE_ONLY)
		return kerr_plain(err, -EEXIST, "cell \"%s\" exists", a->cell);
	ret->cgroup_exists_pre = cgroup_exists(e->cgroups, cgroup) > 0;
	if (existed) {
		r = load_existing(e, a, doc, &ns, wait, err);
	} else {
		r = scope_namespace(e, a->realm, &ns, err);
		if (r == 0)
			r = store_with_id(e, a, want, err);
		if (r == 0)
			model_copy(&cell_doc_type, doc, want);
		else /* there is no document, so remove the directory as well */
			(void) store_delete(&e->layout, a, 0, NULL);
	}
	if (r > 0)
		return r;
	if (r < 0)
		return kerr_wrap(err, r, "%s", err_kind_text(ERR_CREATE_CELL));
	list_outcomes(want, doc, existed, ret);
	r = cell_observe(e, ns, doc, NULL, err);
	if (r == 0) {
		engine_trace_step(e, "request");
		ret->started_pre = cell_any_running(doc);
		r = cell_start_locked(e, ns, doc, existed ? 0 : CELL_START_NEW, err);
	}
	if (r < 0)
		return r;
	ret->root_exists_pre = existed;
	ret->root_created = !existed;
	ret->created = !existed;
	ret->cgroup_created = !ret->cgroup_exists_pre;
	ret->metadata_exists_post = ret->cgroup_exists_post = ret->root_exists_post = true;
	ret->started = ret->started_post = true;
	return 0;
}

static int create_at_rest(struct engine *e, const struct addr *a, struct cell_doc *want,
			  enum cell_create_flags flags, struct rpc_create_cell_result *ret,
			  struct kerr *err)
{
	cleanup_ending struct ending wait = { 0 };
	int r;

	do {
		r = locks_take_path(e->locks, a, 0, err);
		if (r < 0)
			return r;
		r = create_locked(e, a, want, flags, ret, &wait, err);
		locks_drop_path(e->locks, a);
		if (r != 1)
			return r;
		model_clear(&cell_doc_type, &ret->cell);
		r = cell_await(e, a, &wait, err);
	} while (r == 0);
	return r;
}

int cell_create(struct engine *e, struct cell_doc *want, enum cell_create_flags flags,
		struct rpc_create_cell_result *ret, struct kerr *err)
{
	struct addr a;
	int r;

	engine_trace_step(e, NULL);
	r = cell_create_judge(e, want, err);
	a = addr_of_cell(want);
	if (r == 0 && !(flags & CELL_CREATE_PARENTS)) {
		/* Before taking the locks, whose files would be created. */
		r = scope_parents_exist(e, &a, err);
		if (r < 0)
			return kerr_wrap(err, r, "%s", err_kind_text(ERR_CREATE_CELL));
	}
	if (r == 0)
		r = cell_ports_check(e, want, NULL, err);
	if (r == 0 && flags & CELL_CREATE_PARENTS)
		r = parents_create(e, &a, err);
	if (r == 0)
		images_ensure(e, &a, want, NULL);
	if (r == 0)
		r = scope_prepare_trees(e, err);
	return r < 0 ? r : create_at_rest(e, &a, want, flags, ret, err);
}
