/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "cgroup.h"
#include "cni_space.h"
#include "convert.h"
#include "copy.h"
#include "create.h"
#include "damaged.h"
#include "egress.h"
#include "errkind.h"
#include "hosts.h"
#include "mem.h"
#include "model.h"
#include "net_egress.h"
#include "net_rules.h"
#include "net_bridge.h"
#include "network.h"
#include "page.h"
#include "resolve.h"
#include "scope.h"
#include "space.h"
#include "str.h"
#include "temporary.h"
#include "validate.h"

static void default_conflist(const struct create *c, struct space_doc *d)
{
	if (!str_empty(d->spec.cni_config_path))
		return;
	free(d->spec.cni_config_path);
	d->spec.cni_config_path = layout_object(&c->e->layout, &c->a, SPACE_CONFLIST);
}

/* The file that describes the space's network; owned by the caller. */
static char *conflist_of(const struct engine *e, const struct addr *a, const struct space_doc *d)
{
	return cni_space_is_own(e, a, d) ? xstrdup(d->spec.cni_config_path)
					 : layout_object(&e->layout, a, SPACE_CONFLIST);
}

/*
 * The rules come before the bridge, and the document with them: an interrupted create
 * leaves no space that packets get out of. net NULL: the network is made by plugins.
 */
static int space_commit(struct create *c, struct space_doc *d, const struct space_net *net,
			struct kerr *err)
{
	int r = net_rules_hold(c->e, err);

	if (r < 0)
		return r;
	r = net_rules_write(c->e, &c->a, d, err) < 0 ? -EIO : 0;
	if (r == 0 && net)
		r = net_bridge_up(c->e, &c->a, net, err);
	if (r >= 0 && net)
		r = net_rules_fence(c->e, &c->a, d, err);
	if (r >= 0 && (!c->existed || d->status.state != SPACE_STATE_READY || !c->cgroup_pre)) {
		d->status.state = SPACE_STATE_READY;
		r = store_save(&c->e->layout, &c->a, 0, d, err);
	}
	net_rules_release(c->e);
	return r;
}

static int space_build(struct create *c, struct space_doc *d, const struct resolve *answers,
		       bool *ret_net_pre, struct kerr *err)
{
	cleanup_free char *conflist = conflist_of(c->e, &c->a, d);
	bool own = cni_space_is_own(c->e, &c->a, d);
	struct space_net net;
	int r;

	*ret_net_pre = access(conflist, F_OK) == 0;
	if (!c->existed) { /* store the network before the document */
		r = store_begin(&c->e->layout, &c->a, err);
		if (r < 0)
			return r;
	}
	if (own) /* plugins make theirs with the first cell */
		r = cni_space_check(d, CNI_SPACE_PROBE, err);
	else
		r = network_create(c->e, &c->a, &net, err);
	if (r >= 0 && answers->n > 0)
		r = net_egress_keep(c->e, &c->a, egress_of(d), answers, err);
	if (r >= 0)
		r = create_cgroup(c, err);
	if (r < 0)
		return r;
	free(d->status.cgroup_path);
	d->status.cgroup_path = xstrdup(c->cgroup);
	scope_observe_cgroup(c->e, c->cgroup, &d->status.cgroup_ready,
			     &d->status.subtree_controllers);
	default_conflist(c, d);
	r = space_commit(c, d, own ? NULL : &net, err);
	return r < 0 ? r : hosts_update(c->e, &c->a, err);
}

/* What has to be asked without a lock: whether the policy can be kept here, and addresses. */
static int ask_egress(struct engine *e, const struct space_doc *want, struct resolve *ret,
		      struct kerr *err)
{
	struct addr a = addr_of_space(want);
	int r;

	if (!egress_of(want) || validate_egress(egress_of(want), NULL) < 0 ||
	    scope_check(&a, ADDR_SPACE, SCOPE_STRICT, NULL) < 0)
		return 0; /* nothing to ask, or create_begin refuses it */
	r = net_egress_check(e, egress_of(want), err);
	return r < 0 ? r : net_egress_ask(e, &a, egress_of(want), ret, err);
}

/* 1, for a network of kukeon. */
static int plan_network(struct create *c, const struct network_list *others, struct space_net *ret,
			struct kerr *err)
{
	int r = network_plan(c->e, &c->a, others, ret, err);

	return r < 0 ? r : 1;
}

int space_check_create(struct engine *e, struct space_doc *want, const struct network_list *others,
		       struct space_net *ret, struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_SPACE, .type = &space_doc_type, .want = want };
	cleanup_(resolve_clear) struct resolve answers = { 0 };
	int r = create_check(&c, addr_of_space(want), err);

	if (r < 0)
		return r;
	doc_add_managed_labels(KIND_SPACE, want);
	default_conflist(&c, want);
	if (cni_space_is_own(e, &c.a, want))
		r = cni_space_check(want, CNI_SPACE_PROBE, err);
	else
		r = ask_egress(e, want, &answers, err);
	if (r == 0 && !cni_space_is_own(e, &c.a, want))
		r = plan_network(&c, others, ret, err);
	if (r < 0)
		r = create_error(&c, r, err);
	want->status.state = SPACE_STATE_READY;
	create_end(&c);
	return r;
}

int space_create(struct engine *e, struct space_doc *want, struct rpc_create_space_result *ret,
		 struct kerr *err)
{
	struct create c = { .e = e, .kind = KIND_SPACE, .type = &space_doc_type, .want = want };
	cleanup_(resolve_clear) struct resolve answers = { 0 };
	bool net_pre = false;
	int r;

	r = ask_egress(e, want, &answers, err);
	if (r < 0) {
		if (err)
			err->kind = ERR_CREATE_SPACE;
		return kerr_wrap(err, r, "%s", err_kind_text(ERR_CREATE_SPACE));
	}
	r = create_begin(&c, addr_of_space(want), err);
	if (r < 0)
		return r;
	if (!c.existed)
		doc_add_managed_labels(KIND_SPACE, want);
	r = space_build(&c, want, &answers, &net_pre, err);
	if (r < 0) {
		create_undo(&c);
		(void) net_rules_sync(e, NULL); /* else the next pass does */
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
	cleanup_free char *cgroup = NULL;
	cleanup_free char *conflist = NULL;
	struct kerr why; /* the error is in the document's status */
	int r;

	r = scope_check(a, ADDR_SPACE, 0, err);
	if (r < 0)
		return r;
	r = damaged_load(e, a, &ret->space, &why);
	ret->metadata_exists = r >= 0;
	if (r == 0) {
		temporary_show(e, a, &ret->space);
		damaged_sides(e, a, &ret->space);
	}
	cgroup = scope_cgroup(e, a);
	conflist = conflist_of(e, a, &ret->space);
	ret->cgroup_exists = cgroup_exists(e->cgroups, cgroup) > 0;
	ret->network_exists = access(conflist, F_OK) == 0;
	return 0;
}

static int list_space(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct page *page = ctx;
	cleanup_free char *name = page_name(a);
	struct space_doc d = { 0 };
	int r;

	(void) err;
	if (page_skips(page, name, 0))
		return 0;
	r = damaged_load(e, a, &d, NULL);
	if (r == 0 && pick_wants(page->pick, "status.network"))
		temporary_show(e, a, &d);
	if (r == 0)
		damaged_sides(e, a, &d);
	if (r >= 0)
		page_put(page, name, 0, &space_doc_type, &d);
	return 0; /* one damaged document must not break the list */
}

int space_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err)
{
	return scope_each(e, ADDR_SPACE, filter, list_space, page, err);
}
