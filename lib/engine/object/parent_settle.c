/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "cgroup.h"
#include "cni_space.h"
#include "copy.h"
#include "egress.h"
#include "field.h"
#include "hosts.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "names_state.h"
#include "net_egress.h"
#include "net_bridge.h"
#include "network.h"
#include "parent_settle.h"
#include "path.h"
#include "scope.h"
#include "str.h"

/*
 * The reconcile pass for realms, spaces and stacks: repair damage; report the rest in
 * the object's state until it is repaired.
 */
enum damage {
	DAMAGE_NONE = 0,
	DAMAGE_CGROUP,
	DAMAGE_NAMESPACE,
	DAMAGE_NETWORK,
	DAMAGE_EGRESS,
	_DAMAGE_MAX,
};

static const char *const damage_words[_DAMAGE_MAX] = { "", "CgroupMissing", "NamespaceMissing",
						       "NetworkFailed", "EgressFailed" };

static enum damage mend_cgroup(struct engine *e, const struct addr *a, struct kerr *err)
{
	cleanup_free char *cgroup = scope_cgroup(e, a);

	if (cgroup_exists(e->cgroups, cgroup) > 0 ||
	    cgroup_ensure(e->cgroups, cgroup, CGROUP_ENSURE_TOLERANT, NULL, err) >= 0)
		return DAMAGE_NONE;
	return DAMAGE_CGROUP;
}

static enum damage mend_realm(struct engine *e, const struct addr *a, const struct realm_doc *d,
			      struct kerr *err)
{
	enum damage found = mend_cgroup(e, a, err);

	if (found == DAMAGE_NONE && scope_namespace_make(e, d->spec.namespace, err) < 0)
		found = DAMAGE_NAMESPACE;
	scope_namespace_finish(e, d->spec.namespace);
	return found;
}

/* Of one that plugins make only their configuration can be looked at. */
static int mend_network(struct engine *e, const struct addr *a, const struct space_doc *d,
			struct kerr *err)
{
	struct space_net net;
	int r;

	if (cni_space_is_own(e, a, d))
		return cni_space_check(d, 0, err);
	r = network_create(e, a, &net, err);
	return r < 0 ? r : net_bridge_up(e, a, &net, err);
}

static enum damage mend_space(struct engine *e, const struct addr *a, const struct space_doc *d,
			      struct kerr *err)
{
	enum damage found = mend_cgroup(e, a, err);
	int r = mend_network(e, a, d, err);

	if (r >= 0)
		r = hosts_update(e, a, err);
	return r < 0 && found == DAMAGE_NONE ? DAMAGE_NETWORK : found;
}

/* A policy that lets nothing out but what it allows has to be in force. */
static enum damage look_egress(struct engine *e, const struct space_doc *d, struct kerr *err)
{
	if (!egress_denies(egress_of(d)))
		return DAMAGE_NONE;
	if (net_egress_check(e, egress_of(d), err) < 0)
		return DAMAGE_EGRESS;
	if (!e->rules_error.msg[0])
		return DAMAGE_NONE;
	*err = e->rules_error;
	(void) kerr_wrap(err, -EIO, "failed to apply egress policy");
	return DAMAGE_EGRESS;
}

static void set_words(enum damage found, const struct kerr *why, char **reason, char **message)
{
	char text[KERR_TEXT_MAX];

	free(*reason);
	free(*message);
	*reason = found == DAMAGE_NONE ? NULL : xstrdup(damage_words[found]);
	*message = found == DAMAGE_NONE ? NULL : xstrdup(kerr_text(why, text, sizeof(text)));
}

static void settle_realm(struct engine *e, const struct addr *a, const char *cgroup,
			 struct realm_doc *d)
{
	struct kerr why = { 0 };
	enum damage found;

	if (d->status.state == REALM_STATE_DELETING)
		return; /* the client has to repeat the deletion */
	if (str_empty(d->spec.namespace)) {
		free(d->spec.namespace);
		d->spec.namespace = scope_default_namespace(e, a->realm);
	}
	found = mend_realm(e, a, d, &why);
	d->status.state = found == DAMAGE_NONE ? REALM_STATE_READY : REALM_STATE_FAILED;
	d->status.namespace_ready = scope_namespace_ready(e, d->spec.namespace);
	set_words(found, &why, &d->status.reason, &d->status.message);
	scope_observe_cgroup(e, cgroup, &d->status.cgroup_ready, &d->status.subtree_controllers);
}

static void look_names(struct engine *e, const struct addr *a, struct space_doc *d)
{
	struct space_net net;

	if (network_load(e, a, &net, NULL) == 0)
		d->status.message = names_unanswered(e, net.bridge);
	if (d->status.message)
		d->status.reason = xstrdup(SPACE_REASON_NAMES);
}

static void settle_space(struct engine *e, const struct addr *a, const char *cgroup,
			 struct space_doc *d)
{
	struct kerr why = { 0 };
	enum damage found = mend_space(e, a, d, &why);

	if (found == DAMAGE_NONE)
		found = look_egress(e, d, &why);
	d->status.state = found == DAMAGE_NONE ? SPACE_STATE_READY : SPACE_STATE_FAILED;
	set_words(found, &why, &d->status.reason, &d->status.message);
	if (found == DAMAGE_NONE && egress_effective(egress_of(d)))
		d->status.message = net_egress_trouble(e, a);
	if (d->status.message && found == DAMAGE_NONE)
		d->status.reason = xstrdup("EgressHostUnresolved"); /* the policy holds */
	if (found == DAMAGE_NONE && !d->status.message && egress_denies(egress_of(d)))
		look_names(e, a, d);
	scope_observe_cgroup(e, cgroup, &d->status.cgroup_ready, &d->status.subtree_controllers);
}

static void settle_stack(struct engine *e, const struct addr *a, const char *cgroup,
			 struct stack_doc *d)
{
	struct kerr why = { 0 };
	enum damage found = mend_cgroup(e, a, &why);

	d->status.state = found == DAMAGE_NONE ? STACK_STATE_READY : STACK_STATE_FAILED;
	set_words(found, &why, &d->status.reason, &d->status.message);
	scope_observe_cgroup(e, cgroup, &d->status.cgroup_ready, &d->status.subtree_controllers);
}

int parent_settle_locked(struct engine *e, const struct addr *a, struct kerr *err)
{
	const struct model_type *type = kind_info(store_kind(a))->type;
	cleanup_free char *cgroup = scope_cgroup(e, a);
	cleanup_free void *doc = xcalloc(1, type->size);
	cleanup_free void *before = xcalloc(1, type->size);
	int r;

	r = store_load(&e->layout, a, STORE_LOAD_PASSWORDS, doc, err);
	if (r < 0)
		return r;
	model_copy(type, before, doc);
	if (addr_level(a) == ADDR_REALM)
		settle_realm(e, a, cgroup, doc);
	else if (addr_level(a) == ADDR_SPACE)
		settle_space(e, a, cgroup, doc);
	else
		settle_stack(e, a, cgroup, doc);
	if (!model_eq(type, before, doc))
		r = store_save(&e->layout, a, 0, doc, err);
	model_clear(type, doc);
	model_clear(type, before);
	return r;
}
