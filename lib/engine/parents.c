/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "atomic.h"
#include "cell.h"
#include "convert.h"
#include "errkind.h"
#include "hosts.h"
#include "log.h"
#include "mem.h"
#include "network.h"
#include "parents.h"
#include "path.h"
#include "str.h"
#include "validate.h"

static const char *const level_words[] = { "", "realm", "space", "stack", "cell" };

/* ---- walking ---- */

static bool matches(const char *filter, const char *name)
{
	return str_empty(filter) || streq(filter, name);
}

static const char *filter_name(const struct addr *filter, enum addr_level level)
{
	switch (level) {
	case ADDR_ROOT:
		break;
	case ADDR_REALM:
		return filter->realm;
	case ADDR_SPACE:
		return filter->space;
	case ADDR_STACK:
		return filter->stack;
	case ADDR_CELL:
		return filter->cell;
	}
	return NULL;
}

static int each_below(struct engine *e, const struct addr *parent, enum addr_level level,
		      const struct addr *filter, scope_fn *fn, void *ctx, struct kerr *err)
{
	struct strlist names cleanup_strlist = { 0 };
	enum addr_level here = addr_level(parent) + 1;
	int r = store_list(&e->layout, parent, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct addr a = addr_child(parent, names.v[i]);

		if (!matches(filter_name(filter, here), names.v[i]))
			continue;
		if (here == level)
			r = fn(ctx, e, &a, err);
		else
			r = each_below(e, &a, level, filter, fn, ctx, err);
	}
	return r;
}

int scope_each(struct engine *e, enum addr_level level, const struct addr *filter, scope_fn *fn,
	       void *ctx, struct kerr *err)
{
	struct addr root = { 0 };

	return each_below(e, &root, level, filter, fn, ctx, err);
}

/* ---- what the three have in common ---- */

/* The pieces of a create, the same for the three kinds. */
struct create {
	struct engine *e;
	struct addr_copy names;
	struct addr a; /* of names */
	enum kind kind;
	const struct model_type *type;
	void *want;
	char *cgroup;
	bool existed, cgroup_pre, cgroup_created;
};

static const struct model_type *level_type(enum addr_level level)
{
	static const struct model_type *const types[] = { NULL, &realm_doc_type, &space_doc_type,
							  &stack_doc_type, &cell_doc_type };

	return types[level];
}

static int create_error(const struct create *c, int r, struct kerr *err)
{
	static const int kinds[] = { 0, ERR_CREATE_REALM, ERR_CREATE_SPACE, ERR_CREATE_STACK };
	int kind = kinds[addr_level(&c->a)];

	if (err && !err->kind)
		err->kind = kind;
	return kerr_wrap(err, r, "%s", err_kind_text(kind));
}

/* Names, parents, lock, and the stored document in place of the wanted one when there is one. */
static int create_begin(struct create *c, struct addr a, struct kerr *err)
{
	enum addr_level level = addr_level(&a);
	int r;

	addr_copy_set(&c->names, &a);
	c->a = c->names.a;
	r = scope_check(&c->a, SCOPE_STRICT, err);
	if (r == 0)
		r = doc_normalise(c->kind, c->want, NULL, err);
	if (r == 0)
		r = validate_supported(c->kind, c->want, err);
	if (r == 0)
		r = scope_prepare_trees(c->e, err);
	if (r == 0)
		r = locks_take_path(c->e->locks, &c->a, 0, err);
	if (r < 0) {
		addr_copy_clear(&c->names);
		return r;
	}
	r = scope_parents_exist(c->e, &c->a, err);
	if (r < 0) {
		r = create_error(c, r, err);
		goto fail;
	}
	r = store_exists(&c->e->layout, &c->a, err);
	if (r > 0) {
		void *stored = xcalloc(1, level_type(level)->size);

		c->existed = true;
		r = store_load(&c->e->layout, &c->a, STORE_LOAD_PASSWORDS, stored, err);
		if (r == 0)
			model_copy(c->type, c->want, stored);
		model_clear(c->type, stored);
		free(stored);
	}
	if (r < 0)
		goto fail;
	c->cgroup = scope_cgroup(c->e, &c->a);
	c->cgroup_pre = cgroup_exists(c->e->cgroups, c->cgroup) > 0;
	return 0;
fail:
	locks_drop_path(c->e->locks, &c->a);
	addr_copy_clear(&c->names);
	return r;
}

static int create_cgroup(struct create *c, struct kerr *err)
{
	int r = cgroup_ensure(c->e->cgroups, c->cgroup, c->existed ? CGROUP_ENSURE_TOLERANT : 0,
			      NULL, err);

	if (r < 0)
		return kerr_wrap(err, r, "failed to create %s cgroup",
				 level_words[addr_level(&c->a)]);
	c->cgroup_created = r > 0;
	return 0;
}

/* A create that failed leaves nothing it made. */
static void create_undo(struct create *c)
{
	char *dir cleanup_free = NULL;

	if (c->existed)
		return;
	if (c->cgroup_created)
		(void) cgroup_remove(c->e->cgroups, c->cgroup, 0, 1000, NULL);
	if (addr_level(&c->a) == ADDR_SPACE)
		(void) network_delete(c->e, &c->a, NULL);
	(void) store_delete(&c->e->layout, &c->a, 0, NULL);
	dir = layout_object(&c->e->layout, &c->a, OBJECT_DIR);
	(void) rmdir(dir); /* it may hold something after all */
}

static void create_end(struct create *c)
{
	locks_drop_path(c->e->locks, &c->a);
	addr_copy_clear(&c->names);
	free(c->cgroup);
}

/* ---- realm ---- */

static int make_namespace(struct engine *e, const char *ns, bool *ret_pre, struct kerr *err)
{
	char *dir cleanup_free = layout_ns(&e->layout, ns, NS_DIR, NULL);

	*ret_pre = access(dir, F_OK) == 0;
	return mkdir_p(dir, 0700, err);
}

static void observe_realm(struct engine *e, const char *cgroup, struct realm_doc *d)
{
	char *dir cleanup_free = layout_ns(&e->layout, d->spec.namespace, NS_DIR, NULL);

	free(d->status.cgroup_path);
	d->status.cgroup_path = xstrdup(cgroup);
	scope_observe_cgroup(e, cgroup, &d->status.cgroup_ready, &d->status.subtree_controllers);
	d->status.namespace_ready = access(dir, F_OK) == 0;
}

static int realm_build(struct create *c, struct realm_doc *d, bool *ret_ns_pre, struct kerr *err)
{
	int r = 0;

	if (!c->existed) {
		d->status.state = REALM_STATE_CREATING;
		r = store_save(&c->e->layout, &c->a, STORE_SAVE_NOSYNC, d, err);
	}
	if (r == 0)
		r = make_namespace(c->e, d->spec.namespace, ret_ns_pre, err);
	if (r == 0)
		r = create_cgroup(c, err);
	if (r < 0)
		return r;
	observe_realm(c->e, c->cgroup, d);
	if (c->existed && d->status.state == REALM_STATE_READY && c->cgroup_pre && *ret_ns_pre)
		return 0;
	d->status.state = REALM_STATE_READY;
	return store_save(&c->e->layout, &c->a, 0, d, err);
}

int realm_create(struct engine *e, struct realm_doc *want, struct rpc_create_realm_result *ret,
		 struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_REALM, .type = &realm_doc_type, .want = want };
	bool ns_pre = false;
	int r;

	r = create_begin(&c, addr_of_realm(want), err);
	if (r < 0)
		return r;
	if (str_empty(want->spec.namespace)) {
		free(want->spec.namespace);
		want->spec.namespace = scope_default_namespace(e, c.a.realm);
	}
	if (!c.existed)
		doc_add_managed_labels(KIND_REALM, want);
	r = realm_build(&c, want, &ns_pre, err);
	if (r < 0) {
		create_undo(&c);
		r = create_error(&c, r, err);
	} else {
		model_copy(&realm_doc_type, &ret->realm, want);
		ret->metadata_exists_pre = ret->namespace_exists_pre = c.existed;
		ret->cgroup_exists_pre = c.cgroup_pre;
		ret->cgroup_created = c.cgroup_created;
		ret->namespace_exists_pre = ns_pre;
		ret->namespace_created = !ns_pre;
		ret->metadata_exists_post = ret->cgroup_exists_post = ret->namespace_exists_post =
			true;
		ret->created = !c.existed;
	}
	create_end(&c);
	return r;
}

int realm_get(struct engine *e, const struct addr *a, struct rpc_get_realm_result *ret,
	      struct kerr *err)
{
	char *cgroup cleanup_free = NULL;
	char *dir cleanup_free = NULL;
	int r;

	r = scope_check(a, 0, err);
	if (r < 0)
		return r;
	r = store_load(&e->layout, a, e->caller == 0 ? STORE_LOAD_PASSWORDS : 0, &ret->realm, err);
	if (r < 0 && r != -ENOENT)
		return r;
	ret->metadata_exists = r == 0;
	cgroup = scope_cgroup(e, a);
	ret->cgroup_exists = cgroup_exists(e->cgroups, cgroup) > 0;
	if (r == 0 && !str_empty(ret->realm.spec.namespace)) {
		dir = layout_ns(&e->layout, ret->realm.spec.namespace, NS_DIR, NULL);
	} else {
		char *ns cleanup_free = scope_default_namespace(e, a->realm);

		dir = layout_ns(&e->layout, ns, NS_DIR, NULL);
	}
	ret->namespace_exists = access(dir, F_OK) == 0;
	return 0;
}

static int list_realm(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct rpc_list_realms_reply *ret = ctx;
	struct realm_doc d = { 0 };

	(void) err;
	if (store_load(&e->layout, a, 0, &d, NULL) == 0)
		*(struct realm_doc *) vec_grow(&ret->realms.v, &ret->realms.n, sizeof(d)) = d;
	return 0; /* one bad record hurts one object */
}

int realm_list(struct engine *e, struct rpc_list_realms_reply *ret, struct kerr *err)
{
	struct addr all = { 0 };

	return scope_each(e, ADDR_REALM, &all, list_realm, ret, err);
}

/* ---- space ---- */

static int space_build(struct create *c, struct space_doc *d, bool *ret_net_pre, struct kerr *err)
{
	char *conflist cleanup_free = layout_object(&c->e->layout, &c->a, SPACE_CONFLIST);
	struct space_net net;
	int r;

	*ret_net_pre = access(conflist, F_OK) == 0;
	r = network_create(c->e, &c->a, &net, err);
	if (r >= 0)
		r = network_up(c->e, &c->a, &net, err);
	if (r >= 0)
		r = hosts_update(c->e, &c->a, err);
	if (r >= 0)
		r = create_cgroup(c, err);
	if (r < 0)
		return r;
	free(d->status.cgroup_path);
	d->status.cgroup_path = xstrdup(c->cgroup);
	scope_observe_cgroup(c->e, c->cgroup, &d->status.cgroup_ready,
			     &d->status.subtree_controllers);
	if (str_empty(d->spec.cni_config_path)) {
		free(d->spec.cni_config_path);
		d->spec.cni_config_path = xstrdup(conflist);
	}
	if (!c->existed || d->status.state != SPACE_STATE_READY || !c->cgroup_pre) {
		d->status.state = SPACE_STATE_READY;
		r = store_save(&c->e->layout, &c->a, 0, d, err);
	}
	if (r == 0)
		r = network_sync_rules(c->e, err) < 0 ? -EIO : 0;
	return r;
}

int space_create(struct engine *e, struct space_doc *want, struct rpc_create_space_result *ret,
		 struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_SPACE, .type = &space_doc_type, .want = want };
	bool net_pre = false;
	int r;

	r = create_begin(&c, addr_of_space(want), err);
	if (r < 0)
		return r;
	if (!c.existed)
		doc_add_managed_labels(KIND_SPACE, want);
	r = space_build(&c, want, &net_pre, err);
	if (r < 0) {
		create_undo(&c);
		r = create_error(&c, r, err);
	} else {
		model_copy(&space_doc_type, &ret->space, want);
		ret->metadata_exists_pre = c.existed;
		ret->cgroup_exists_pre = c.cgroup_pre;
		ret->cgroup_created = c.cgroup_created;
		ret->network_exists_pre = net_pre;
		ret->network_created = !net_pre;
		ret->metadata_exists_post = ret->cgroup_exists_post = ret->network_exists_post =
			true;
		ret->created = !c.existed;
	}
	create_end(&c);
	return r;
}

int space_get(struct engine *e, const struct addr *a, struct rpc_get_space_result *ret,
	      struct kerr *err)
{
	char *cgroup cleanup_free = NULL;
	char *conflist cleanup_free = NULL;
	int r;

	r = scope_check(a, 0, err);
	if (r < 0)
		return r;
	r = store_load(&e->layout, a, 0, &ret->space, err);
	if (r < 0 && r != -ENOENT)
		return r;
	ret->metadata_exists = r == 0;
	cgroup = scope_cgroup(e, a);
	conflist = layout_object(&e->layout, a, SPACE_CONFLIST);
	ret->cgroup_exists = cgroup_exists(e->cgroups, cgroup) > 0;
	ret->network_exists = access(conflist, F_OK) == 0;
	return 0;
}

static int list_space(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct rpc_list_spaces_reply *ret = ctx;
	struct space_doc d = { 0 };

	(void) err;
	if (store_load(&e->layout, a, 0, &d, NULL) == 0)
		*(struct space_doc *) vec_grow(&ret->spaces.v, &ret->spaces.n, sizeof(d)) = d;
	return 0;
}

int space_list(struct engine *e, const struct addr *filter, struct rpc_list_spaces_reply *ret,
	       struct kerr *err)
{
	return scope_each(e, ADDR_SPACE, filter, list_space, ret, err);
}

/* ---- stack ---- */

static int stack_build(struct create *c, struct stack_doc *d, struct kerr *err)
{
	int r = create_cgroup(c, err);

	if (r < 0)
		return r;
	free(d->status.cgroup_path);
	d->status.cgroup_path = xstrdup(c->cgroup);
	scope_observe_cgroup(c->e, c->cgroup, &d->status.cgroup_ready,
			     &d->status.subtree_controllers);
	if (c->existed && d->status.state == STACK_STATE_READY && c->cgroup_pre)
		return 0;
	d->status.state = STACK_STATE_READY;
	return store_save(&c->e->layout, &c->a, 0, d, err);
}

int stack_create(struct engine *e, struct stack_doc *want, struct rpc_create_stack_result *ret,
		 struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_STACK, .type = &stack_doc_type, .want = want };
	int r;

	r = create_begin(&c, addr_of_stack(want), err);
	if (r < 0)
		return r;
	if (!c.existed)
		doc_add_managed_labels(KIND_STACK, want);
	r = stack_build(&c, want, err);
	if (r < 0) {
		create_undo(&c);
		r = create_error(&c, r, err);
	} else {
		model_copy(&stack_doc_type, &ret->stack, want);
		ret->metadata_exists_pre = c.existed;
		ret->cgroup_exists_pre = c.cgroup_pre;
		ret->cgroup_created = c.cgroup_created;
		ret->metadata_exists_post = ret->cgroup_exists_post = true;
		ret->created = !c.existed;
	}
	create_end(&c);
	return r;
}

int stack_get(struct engine *e, const struct addr *a, struct rpc_get_stack_result *ret,
	      struct kerr *err)
{
	char *cgroup cleanup_free = NULL;
	int r;

	r = scope_check(a, 0, err);
	if (r < 0)
		return r;
	r = store_load(&e->layout, a, 0, &ret->stack, err);
	if (r < 0 && r != -ENOENT)
		return r;
	ret->metadata_exists = r == 0;
	cgroup = scope_cgroup(e, a);
	ret->cgroup_exists = cgroup_exists(e->cgroups, cgroup) > 0;
	return 0;
}

static int list_stack(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct rpc_list_stacks_reply *ret = ctx;
	struct stack_doc d = { 0 };

	(void) err;
	if (store_load(&e->layout, a, 0, &d, NULL) == 0)
		*(struct stack_doc *) vec_grow(&ret->stacks.v, &ret->stacks.n, sizeof(d)) = d;
	return 0;
}

int stack_list(struct engine *e, const struct addr *filter, struct rpc_list_stacks_reply *ret,
	       struct kerr *err)
{
	return scope_each(e, ADDR_STACK, filter, list_stack, ret, err);
}
