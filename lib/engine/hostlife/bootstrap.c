/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "bootstrap.h"
#include "cgroup.h"
#include "cgroup_host.h"
#include "configuration.h"
#include "context.h"
#include "firewall.h"
#include "mem.h"
#include "mount.h"
#include "network.h"
#include "path.h"
#include "realm.h"
#include "runc.h"
#include "runc_fixes.h"
#include "scope.h"
#include "space.h"
#include "stack.h"
#include "str.h"
#include "system.h"

static void level_clear(struct init_level *l)
{
	model_clear(&realm_doc_type, &l->realm.realm);
	model_clear(&space_doc_type, &l->space.space);
	model_clear(&stack_doc_type, &l->stack.stack);
	free(l->network);
}

void init_report_clear(struct init_report *r)
{
	level_clear(&r->def);
	level_clear(&r->sys);
	free(r->firewall_warning);
	free(r->runtime_warning);
	*r = (struct init_report){ 0 };
}

/*
 * A known vulnerability of the runtime is a warning only: kukeon checks paths itself
 * before the runtime uses them.
 */
static int check_runtime(struct engine *e, char **ret_warning, struct kerr *err)
{
	struct runc_version version;
	char *runc cleanup_free = NULL;
	char *missing cleanup_free = NULL;
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

static int make_level(struct engine *e, const char *realm, const char *space, const char *stack,
		      struct init_level *ret, struct kerr *err)
{
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
	r = realm_create(e, &r_doc, &ret->realm, err);
	if (r == 0)
		r = space_create(e, &s_doc, &ret->space, err);
	if (r == 0)
		r = stack_create(e, &t_doc, &ret->stack, err);
	model_clear(&realm_doc_type, &r_doc);
	model_clear(&space_doc_type, &s_doc);
	model_clear(&stack_doc_type, &t_doc);
	return r;
}

static int make_root_cgroup(struct engine *e, struct init_report *ret, struct kerr *err)
{
	int r;

	ret->root_cgroup_pre = cgroup_exists(e->cgroups, e->cgroup_root) > 0;
	r = cgroup_ensure(e->cgroups, e->cgroup_root, CGROUP_ENSURE_TOLERANT, NULL, err);
	ret->root_cgroup_created = r > 0;
	return r < 0 ? kerr_wrap(err, r, "create the kukeon root cgroup") : 0;
}

/* Only a warning: cells run without NAT; an egress policy is refused. */
static void check_firewall(struct init_report *ret)
{
	if (firewall_world() != FIREWALL_WORLD_LEGACY)
		ret->firewall_warning = xstrdup(
			"this host's packet filter is not in legacy iptables: cells start without NAT");
}

/* A value given here replaces the recorded one. */
static int check_instance(struct engine *e, const struct init_options *o, struct kerr *err)
{
	struct instance want = { .namespace_suffix = e->suffix,
				 .cgroup_root = e->cgroup_root,
				 .runtime_dir = e->layout.runtime_dir };
	struct instance have cleanup_(instance_clear) = { 0 };
	int r;

	want.socket_gid.set = o->socket_gid >= 0;
	want.socket_gid.v = o->socket_gid >= 0 ? o->socket_gid : 0;
	r = instance_check(&e->layout, &want, &have, err);
	if (r < 0 || !want.socket_gid.set ||
	    (have.socket_gid.set && have.socket_gid.v == want.socket_gid.v))
		return r;
	have.socket_gid = want.socket_gid;
	return instance_save(&e->layout, &have, err);
}

static int rewrite_networks(struct engine *e, const struct init_report *r, struct kerr *err)
{
	struct addr def = addr_of_space(&r->def.space.space);
	struct addr sys = addr_of_space(&r->sys.space.space);
	int k = network_rewrite(e, &def, err);

	return k < 0 ? k : network_rewrite(e, &sys, err);
}

int bootstrap_init(struct engine *e, const struct init_options *o, struct init_report *ret,
		   struct kerr *err)
{
	struct system_daemon d = { .socket = o->socket,
				   .configuration = o->configuration,
				   .socket_gid = o->socket_gid };
	int r;

	r = bootstrap_preflight(e, &ret->runtime_warning, err);
	if (r == 0)
		r = scope_prepare_trees(e, err);
	if (r == 0)
		r = check_instance(e, o, err);
	if (r == 0)
		r = make_root_cgroup(e, ret, err);
	if (r < 0)
		return r;
	check_firewall(ret);
	r = make_level(e, str_empty(o->realm) ? "default" : o->realm,
		       str_empty(o->space) ? "default" : o->space, "default", &ret->def, err);
	if (r == 0)
		r = make_level(e, SYSTEM_REALM, SYSTEM_SPACE, SYSTEM_STACK, &ret->sys, err);
	if (r == 0 && o->force_network)
		r = rewrite_networks(e, ret, err);
	if (r < 0)
		return r;
	r = system_create(e, &d, err);
	if (r < 0)
		return r;
	ret->cell_created = r > 0;
	r = system_start(e, err);
	if (r < 0)
		return r;
	ret->daemon_started = r > 0;
	ret->daemon_running = true;
	return 0;
}
