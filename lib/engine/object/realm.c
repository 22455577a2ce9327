/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "cgroup.h"
#include "convert.h"
#include "copy.h"
#include "create.h"
#include "damaged.h"
#include "mem.h"
#include "model.h"
#include "page.h"
#include "path.h"
#include "realm.h"
#include "scope.h"
#include "str.h"

/* Remove the empty directory left by a failed create. */
static void drop_namespace(struct engine *e, const char *ns)
{
	cleanup_free char *dir = layout_ns(&e->layout, ns, NS_DIR, NULL);

	(void) rmdir(dir);
}

static void observe_realm(struct engine *e, const char *cgroup, struct realm_doc *d)
{
	free(d->status.cgroup_path);
	d->status.cgroup_path = xstrdup(cgroup);
	scope_observe_cgroup(e, cgroup, &d->status.cgroup_ready, &d->status.subtree_controllers);
	d->status.namespace_ready = scope_namespace_ready(e, d->spec.namespace);
}

struct ns_owner {
	const char *ns, *realm;
	char *found;
};

static int find_owner(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct ns_owner *o = ctx;
	cleanup_free char *ns = NULL;

	(void) err;
	if (!o->found && !streq(a->realm, o->realm) &&
	    scope_namespace(e, a->realm, &ns, NULL) == 0 && streq(ns, o->ns))
		o->found = xstrdup(a->realm);
	return 0;
}

static int check_namespace(struct engine *e, const char *realm, const char *ns, struct kerr *err)
{
	struct ns_owner o = { .ns = ns, .realm = realm };
	struct addr all = { 0 };
	int r = scope_each(e, ADDR_REALM, &all, find_owner, &o, err);

	if (r == 0 && o.found)
		r = kerr_plain(err, -EEXIST, "namespace \"%s\" belongs to realm \"%s\"", ns,
			       o.found);
	free(o.found);
	return r;
}

/* Refuse a namespace that another realm has: deleting a realm deletes its namespace. */
static int claim_namespace(struct create *c, struct realm_doc *d, struct kerr *err)
{
	struct lock_id lock = lock_id_image(d->spec.namespace, "");
	int r;

	r = locks_take(c->e->locks, &lock, 0, err);
	if (r < 0)
		return r;
	r = check_namespace(c->e, c->a.realm, d->spec.namespace, err);
	if (r == 0) {
		d->status.state = REALM_STATE_CREATING;
		r = store_save(&c->e->layout, &c->a, STORE_SAVE_NOSYNC, d, err);
	}
	locks_drop(c->e->locks, &lock);
	return r;
}

static int realm_build(struct create *c, struct realm_doc *d, bool *ret_ns_pre, struct kerr *err)
{
	int r = c->existed ? scope_refuse_deleting(c->e, &c->a, err) : claim_namespace(c, d, err);

	if (r == 0)
		r = scope_namespace_make(c->e, d->spec.namespace, err);
	*ret_ns_pre = r <= 0;
	if (r >= 0)
		r = create_cgroup(c, err);
	if (r < 0)
		return r;
	observe_realm(c->e, c->cgroup, d);
	if (c->existed && d->status.state == REALM_STATE_READY && c->cgroup_pre && *ret_ns_pre)
		return 0;
	d->status.state = REALM_STATE_READY;
	r = store_save(&c->e->layout, &c->a, 0, d, err);
	if (r == 0)
		scope_namespace_finish(c->e, d->spec.namespace);
	return r;
}

static void default_namespace(struct engine *e, const char *realm, struct realm_doc *want)
{
	if (!str_empty(want->spec.namespace))
		return;
	free(want->spec.namespace);
	want->spec.namespace = scope_default_namespace(e, realm);
}

int realm_check_create(struct engine *e, struct realm_doc *want, struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_REALM, .type = &realm_doc_type, .want = want };
	int r = create_check(&c, addr_of_realm(want), err);

	if (r < 0)
		return r;
	default_namespace(e, c.a.realm, want);
	doc_add_managed_labels(KIND_REALM, want);
	r = check_namespace(e, c.a.realm, want->spec.namespace, err);
	if (r == 0)
		r = store_refuse_masks(want, err);
	if (r < 0)
		r = create_error(&c, r, err);
	want->status.state = REALM_STATE_READY;
	create_end(&c);
	return r;
}

int realm_create(struct engine *e, struct realm_doc *want, struct rpc_create_realm_result *ret,
		 struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_REALM, .type = &realm_doc_type, .want = want };
	bool ns_pre = true;
	int r;

	r = create_begin(&c, addr_of_realm(want), err);
	if (r < 0)
		return r;
	default_namespace(e, c.a.realm, want);
	if (!c.existed)
		doc_add_managed_labels(KIND_REALM, want);
	r = realm_build(&c, want, &ns_pre, err);
	if (r < 0) {
		if (!c.existed && !ns_pre)
			drop_namespace(e, want->spec.namespace);
		create_undo(&c);
		r = create_error(&c, r, err);
	} else {
		model_copy(&realm_doc_type, &ret->realm, want);
		ret->metadata_exists_pre = c.existed;
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
	cleanup_free char *cgroup = NULL;
	cleanup_free char *dir = NULL;
	struct kerr why; /* the error is in the document's status */
	int r;

	r = scope_check(a, ADDR_REALM, 0, err);
	if (r < 0)
		return r;
	r = damaged_load(e, a, &ret->realm, &why);
	if (r == 0 && e->caller == 0) /* set Unknown if the passwords are unreadable */
		(void) store_unmask(&e->layout, a, &ret->realm, NULL);
	ret->metadata_exists = r >= 0;
	if (r == 0)
		damaged_sides(e, a, &ret->realm);
	cgroup = scope_cgroup(e, a);
	ret->cgroup_exists = cgroup_exists(e->cgroups, cgroup) > 0;
	if (r == 0 && !str_empty(ret->realm.spec.namespace)) {
		dir = layout_ns(&e->layout, ret->realm.spec.namespace, NS_DIR, NULL);
	} else {
		cleanup_free char *ns = scope_default_namespace(e, a->realm);

		dir = layout_ns(&e->layout, ns, NS_DIR, NULL);
	}
	ret->namespace_exists = access(dir, F_OK) == 0;
	return 0;
}

static int list_realm(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct page *page = ctx;
	cleanup_free char *name = page_name(a);
	struct realm_doc d = { 0 };
	int r;

	(void) err;
	if (page_skips(page, name, 0))
		return 0;
	r = damaged_load(e, a, &d, NULL);
	if (r == 0)
		damaged_sides(e, a, &d);
	if (r >= 0)
		page_put(page, name, 0, &realm_doc_type, &d);
	return 0; /* one damaged document must not break the list */
}

int realm_list(struct engine *e, struct page *page, struct kerr *err)
{
	struct addr all = { 0 };

	return scope_each(e, ADDR_REALM, &all, list_realm, page, err);
}
