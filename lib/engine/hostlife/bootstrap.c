/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "bootstrap.h"
#include "buf.h"
#include "cgroup.h"
#include "cgroup_host.h"
#include "configuration.h"
#include "context.h"
#include "copy.h"
#include "firewall.h"
#include "mem.h"
#include "mount.h"
#include "network.h"
#include "packet_filter.h"
#include "path.h"
#include "realm.h"
#include "runc.h"
#include "runc_fixes.h"
#include "scope.h"
#include "space.h"
#include "stack.h"
#include "str.h"
#include "system.h"
#include "vec.h"

#define WARNING_MAX 4096

/*
 * A known vulnerability of the runtime is a warning only: kukeon checks paths itself
 * before the runtime uses them.
 */
static int check_runtime(struct engine *e, char **ret_warning, struct kerr *err)
{
	struct runc_version version;
	cleanup_free char *runc = NULL;
	cleanup_free char *missing = NULL;
	int r;

	r = runc_find(e->runtime, &runc, err);
	if (r < 0)
		return r;
	r = runc_version(runc, &version, err);
	if (r < 0)
		return r;
	missing = runc_fixes_missing(&version);
	if (missing && ret_warning)
		*ret_warning = xasprintf(
			"%s %s (%s) is older than the fixes of %s; kukeon keeps images from using "
			"these holes, a newer %s closes them: see kukeon-security(7)",
			version.name, version.package[0] ? version.package : version.text, runc,
			missing, version.name);
	return 0;
}

int bootstrap_preflight(struct engine *e, char **ret_warning, struct kerr *err)
{
	int r = check_runtime(e, ret_warning, err);

	if (r < 0)
		return r;
	r = mount_has_overlay();
	if (r <= 0)
		return kerr_plain(err, -ENODEV,
				  "the kernel has no overlayfs: load the module `overlay` or build "
				  "with CONFIG_OVERLAY_FS");
	if (e->cgroups->mode == CGROUP_MODE_NONE)
		return kerr_plain(
			err, -EOPNOTSUPP,
			"no cgroup hierarchy is mounted: mount cgroup2 at /sys/fs/cgroup");
	return 0;
}

/* What creating the three of a level found and made. */
struct level_made {
	struct rpc_create_realm_result realm;
	struct rpc_create_space_result space;
	struct rpc_create_stack_result stack;
};

static void level_made_clear(struct level_made *m)
{
	model_clear(&realm_doc_type, &m->realm.realm);
	model_clear(&space_doc_type, &m->space.space);
	model_clear(&stack_doc_type, &m->stack.stack);
}

static void tell_level(const struct level_made *m, struct rpc_init_level *ret)
{
	ret->realm = xstrdup_null(m->realm.realm.head.metadata.name);
	ret->namespace = xstrdup_null(m->realm.realm.spec.namespace);
	ret->space = xstrdup_null(m->space.space.head.metadata.name);
	ret->stack = xstrdup_null(m->stack.stack.head.metadata.name);
	ret->realm_made = (struct rpc_made){ m->realm.metadata_exists_pre, m->realm.created };
	ret->namespace_made =
		(struct rpc_made){ m->realm.namespace_exists_pre, m->realm.namespace_created };
	ret->realm_cgroup =
		(struct rpc_made){ m->realm.cgroup_exists_pre, m->realm.cgroup_created };
	ret->space_made = (struct rpc_made){ m->space.metadata_exists_pre, m->space.created };
	ret->network_made =
		(struct rpc_made){ m->space.network_exists_pre, m->space.network_created };
	ret->space_cgroup =
		(struct rpc_made){ m->space.cgroup_exists_pre, m->space.cgroup_created };
	ret->stack_made = (struct rpc_made){ m->stack.metadata_exists_pre, m->stack.created };
	ret->stack_cgroup =
		(struct rpc_made){ m->stack.cgroup_exists_pre, m->stack.cgroup_created };
}

static int make_level(struct engine *e, const char *realm, const char *space, const char *stack,
		      struct rpc_init_level *ret, struct kerr *err)
{
	cleanup_(level_made_clear) struct level_made made = { 0 };
	struct realm_doc r_doc = { 0 };
	struct space_doc s_doc = { 0 };
	struct stack_doc t_doc = { 0 };
	struct addr a = { .realm = realm, .space = space };
	int r;

	r_doc.head.metadata.name = xstrdup(realm);
	s_doc.head.metadata.name = xstrdup(space);
	s_doc.spec.realm_id = xstrdup(realm);
	t_doc.head.metadata.name = xstrdup(stack);
	t_doc.spec.realm_id = xstrdup(realm);
	t_doc.spec.space_id = xstrdup(space);
	ret->network = network_name(&a);
	r = realm_create(e, &r_doc, &made.realm, err);
	if (r == 0)
		r = space_create(e, &s_doc, &made.space, err);
	if (r == 0)
		r = stack_create(e, &t_doc, &made.stack, err);
	if (r == 0)
		tell_level(&made, ret);
	model_clear(&realm_doc_type, &r_doc);
	model_clear(&space_doc_type, &s_doc);
	model_clear(&stack_doc_type, &t_doc);
	return r;
}

static int make_root_cgroup(struct engine *e, struct rpc_made *ret, struct kerr *err)
{
	int r;

	ret->existed = cgroup_exists(e->cgroups, e->cgroup_root) > 0;
	r = cgroup_ensure(e->cgroups, e->cgroup_root, CGROUP_ENSURE_TOLERANT, NULL, err);
	ret->created = r > 0;
	return r < 0 ? kerr_wrap(err, r, "create the kukeon root cgroup") : 0;
}

/* Only a warning: cells run without NAT; an egress policy is refused. */
static void check_firewall(const struct engine *e, struct rpc_init_host_result *ret)
{
	cleanup_strlist struct strlist closed = { 0 };
	cleanup_buf struct buf text = BUF_INIT(WARNING_MAX);
	struct kerr why = { 0 };

	ret->firewall = xstrdup(packet_filter_name(e));
	if (firewall_world_check(packet_filter_choice(e), FIREWALL_BOTH, &why) < 0) {
		ret->firewall_warning = xstrdup(why.msg);
		return;
	}
	(void) firewall_closed(e->instance, &closed, NULL);
	for (size_t i = 0; i < closed.n; i++)
		buf_addf(&text, "%s%s", i ? ", " : "packets of cells are dropped by ", closed.v[i]);
	if (text.len > 0)
		ret->firewall_warning = buf_take(&text);
}

/* A value given here replaces the recorded one. */
static int check_instance(struct engine *e, const struct rpc_init_host_args *o, struct kerr *err)
{
	struct instance want = { .namespace_suffix = e->suffix,
				 .cgroup_root = e->cgroup_root,
				 .runtime_dir = e->layout.runtime_dir };
	cleanup_(instance_clear) struct instance have = { 0 };
	int r;

	want.socket_gid = o->socket_gid;
	r = instance_check(&e->layout, &want, &have, err);
	if (r < 0 || !want.socket_gid.set ||
	    (have.socket_gid.set && have.socket_gid.v == want.socket_gid.v))
		return r;
	have.socket_gid = want.socket_gid;
	return instance_save(&e->layout, &have, err);
}

static int rewrite_networks(struct engine *e, const struct rpc_init_host_result *r,
			    struct kerr *err)
{
	const struct addr def = { .realm = r->def.realm, .space = r->def.space };
	const struct addr sys = { .realm = r->sys.realm, .space = r->sys.space };
	int k = network_rewrite(e, &def, err);

	return k < 0 ? k : network_rewrite(e, &sys, err);
}

int bootstrap_init(struct engine *e, const struct rpc_init_host_args *o,
		   struct rpc_init_host_result *ret, struct kerr *err)
{
	struct system_daemon d = { .socket = o->socket,
				   .configuration = o->configuration,
				   .socket_gid = o->socket_gid.set ? o->socket_gid.v : -1 };
	int r;

	r = bootstrap_preflight(e, &ret->runtime_warning, err);
	if (r == 0)
		r = scope_prepare_trees(e, err);
	if (r == 0)
		r = check_instance(e, o, err);
	if (r == 0)
		r = make_root_cgroup(e, &ret->root_cgroup, err);
	if (r < 0)
		return r;
	r = make_level(e, str_empty(o->realm) ? "default" : o->realm,
		       str_empty(o->space) ? "default" : o->space, "default", &ret->def, err);
	if (r == 0)
		r = make_level(e, SYSTEM_REALM, SYSTEM_SPACE, SYSTEM_STACK, &ret->sys, err);
	if (r == 0 && o->force_network)
		r = rewrite_networks(e, ret, err);
	if (r < 0)
		return r;
	check_firewall(e, ret); /* when the rules stand */
	r = system_create(e, &d, err);
	if (r < 0)
		return r;
	ret->cell_created = r > 0;
	r = system_start(e, NULL, err);
	if (r < 0)
		return r;
	ret->daemon_started = r > 0;
	return 0;
}
