/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "bridge_fence.h"
#include "conntrack.h"
#include "copy.h"
#include "egress.h"
#include "fd.h"
#include "fence.h"
#include "firewall.h"
#include "firewall_flow.h"
#include "firewall_plan.h"
#include "firewall_ports.h"
#include "link.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "names_state.h"
#include "net_egress.h"
#include "net_input.h"
#include "net_ipv6.h"
#include "net_rules.h"
#include "packet_filter.h"
#include "path.h"
#include "rt.h"
#include "str.h"

#define TOLD_MAX 65536
/* In the runtime directory: what was told of the host. */
#define TOLD_FILTER ".firewall"
#define TOLD_FENCE ".fence"

/*
 * A bridge takes packets of 127.0.0.0/8 only while a cell behind it publishes a port
 * there, and not before the rules stand that keep cells away from the host's own.
 */
static void set_localnet(const struct net_input *in)
{
	for (size_t i = 0; i < in->n; i++) {
		bool on = false;

		for (size_t k = 0; k < in->n_ports && !on; k++)
			on = firewall_port_is_of(&in->ports[k], &in->v[i], false) &&
			     firewall_port_on_loopback(&in->ports[k]);
		if (link_route_localnet(in->v[i].bridge, on, NULL) == -EROFS)
			log_wrn("cannot set route_localnet", "bridge", in->v[i].bridge);
	}
}

static char *told_file(const struct engine *e, const char *name)
{
	return path_join(e->layout.runtime_dir, name, NULL);
}

/* What this host cannot do is told when that begins, not again by every pass. */
static void tell_unsupported(struct engine *e, const char *name, const char *what, const char *why)
{
	cleanup_free char *file = told_file(e, name);
	cleanup_buf struct buf told = BUF_INIT(TOLD_MAX);

	if (!*why) {
		(void) unlink(file);
		return;
	}
	if (file_read_at(AT_FDCWD, file, TOLD_MAX, &told, NULL) == 0 && streq(buf_str(&told), why))
		return;
	log_wrn(what, "reason", why);
	/* If this fails, it is only told again. */
	(void) atomic_write_at(AT_FDCWD, file, why, strlen(why), 0600, ATOMIC_WRITE_NOSYNC, NULL);
}

static bool is_space(const struct firewall_space *s, const struct addr *a)
{
	return streq(s->realm, a->realm) && streq(s->space, a->space);
}

/*
 * A space that is denied is fenced as well, at its bridge. The rules alone do it too, so a
 * fence that cannot be had fails nothing, and keeps no other space from having its own. only:
 * what changes is of that space; NULL: of any. 1 something changed, or would.
 */
static int set_fences(struct engine *e, const struct firewall_input *fi, const struct addr *only,
		      bool change)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int failed = rt_open(&sk, &why), changed = 0;

	for (size_t i = 0; sk && i < fi->n_spaces; i++) {
		cleanup_(fence_clear) struct fence f = { 0 };
		int r;

		if (fi->spaces[i].policy == FIREWALL_DEFAULT_UNKNOWN || /* as it is */
		    (only && !is_space(&fi->spaces[i], only)))
			continue;
		fence_make(fi, &fi->spaces[i], &f);
		r = change ? bridge_fence_set(sk, fi->spaces[i].bridge, &f, &why)
			   : bridge_fence_differs(sk, fi->spaces[i].bridge, &f, &why);
		changed |= r > 0;
		if (r < 0 && r != -ENODEV) /* a bridge gets its fence when it is made */
			failed = r;
	}
	if (change && (!only || failed < 0)) /* that all is well, only a look at all can tell */
		tell_unsupported(e, TOLD_FENCE,
				 "a space whose policy denies is open while its rules are gone",
				 failed < 0 ? kerr_text(&why, text, sizeof(text)) : "");
	return changed;
}

static bool flow_is_over(const void *ctx, const struct conntrack_flow *f)
{
	return !firewall_flow_allowed(ctx, f);
}

/* What began under other rules, or without any, and would not begin now, ends. */
static void end_connections(const struct firewall_input *fi)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r = conntrack_forget_flows(flow_is_over, fi, &why);

	if (r < 0 && r != -EOPNOTSUPP)
		log_wrn("connections that are no longer allowed may go on", "error",
			kerr_text(&why, text, sizeof(text)));
}

typedef int plan_fn(struct engine *e, const struct firewall_plan *plan, struct kerr *err);

static int try_plan(struct engine *e, const struct firewall_plan *plan, struct kerr *err)
{
	return packet_filter_apply(e, plan, NULL, err);
}

static int apply_plan(struct engine *e, const struct firewall_plan *plan, struct kerr *err)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r = packet_filter_apply(e, plan, &why, &why);

	if (r < 0 && r != -EOPNOTSUPP) {
		if (err)
			*err = why;
		return r;
	}
	if (!why.msg[0])
		(void) net_ipv6_check(e, &why);
	tell_unsupported(e, TOLD_FILTER, "this host cannot do all that cells need",
			 kerr_text(&why, text, sizeof(text)));
	return r < 0 ? 0 : r;
}

/* What answers to queries have opened: nothing ends by that, and all else is as it was. */
static int open_plan(struct engine *e, const struct firewall_plan *plan, struct kerr *err)
{
	return packet_filter_open(e, plan, err);
}

static int compare_plan(struct engine *e, const struct firewall_plan *plan, struct kerr *err)
{
	return firewall_differs(plan, packet_filter_choice(e), err);
}

/*
 * With the lock of the firewall: make the plan of all spaces, and call fn with it. only: as for
 * set_fences.
 */
static int with_plan_locked(struct engine *e, struct net_input_as *as,
			    const struct published_list *ports, const struct addr *only,
			    plan_fn *fn, struct kerr *err)
{
	cleanup_net_input struct net_input in = { 0 };
	cleanup_(firewall_plan_clear) struct firewall_plan plan = { 0 };
	int r = net_input_read(e, as, ports, &in, err);

	if (r < 0)
		return r;
	firewall_plan_make(&in.fi, &plan);
	r = fn(e, &plan, err);
	if (r != 0 && fn != compare_plan)
		names_rules_changed(e);
	if (r < 0)
		return r;
	if (fn != compare_plan && fn != open_plan)
		set_localnet(&in);
	if (set_fences(e, &in.fi, only, fn != compare_plan))
		r = 1;
	if (r > 0 && fn != compare_plan)
		names_rules_changed(e);
	if (r > 0 && fn == apply_plan)
		end_connections(&in.fi);
	if (fn == apply_plan && (in.denies || !in.unknown))
		names_want(e, in.denies);
	return r;
}

/* The same with the ports that are published. */
static int with_plan(struct engine *e, struct net_input_as *as, plan_fn *fn, struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list ports = { 0 };
	int r = published_read_all(e, &ports, err);

	return r < 0 ? r : with_plan_locked(e, as, &ports, NULL, fn, err);
}

int net_rules_hold(struct engine *e, struct kerr *err)
{
	struct lock_id lock = lock_id_firewall();

	return locks_take(e->locks, &lock, 0, err);
}

/* What was written for a policy is stored by now. */
void net_rules_release(struct engine *e)
{
	struct lock_id lock = lock_id_firewall();

	locks_drop(e->locks, &lock);
	if (e->policy_written)
		names_poke(e);
	e->policy_written = false;
}

int net_rules_write(struct engine *e, const struct addr *space, const struct space_doc *doc,
		    struct kerr *err)
{
	struct net_input_as as = { .space = space, .doc = doc };

	e->policy_written = true;
	return with_plan(e, space ? &as : NULL, apply_plan, err);
}

int net_rules_sync(struct engine *e, struct kerr *err)
{
	struct kerr why = { 0 };
	int r;

	r = net_rules_hold(e, err);
	if (r < 0)
		return r;
	r = with_plan(e, NULL, apply_plan, &why);
	net_rules_release(e);
	e->rules_error = why;
	if (r < 0 && err)
		*err = why;
	return r;
}

int net_rules_write_opened(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list ports = { 0 };
	int r = published_read_all(e, &ports, err);

	return r < 0 ? r : with_plan_locked(e, NULL, &ports, space, open_plan, err);
}

int net_rules_check_link(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_free char *file = told_file(e, TOLD_FILTER);
	struct space_doc d = { 0 };
	int r;

	if (access(file, F_OK) < 0)
		return 0;
	r = net_egress_load(e, space, &d, err);
	if (r == -ENOENT) /* it is being created, which was checked */
		return 0;
	if (r > 0)
		r = net_egress_check(e, egress_of(&d), err);
	model_clear(&space_doc_type, &d);
	return r;
}

int net_rules_differ(struct engine *e, struct kerr *err)
{
	int r;

	r = net_rules_hold(e, err);
	if (r < 0)
		return r;
	r = with_plan(e, NULL, compare_plan, err);
	net_rules_release(e);
	return r;
}

/* With the lock of the firewall. */
static int fence_locked(struct engine *e, const struct addr *space, struct net_input_as *as,
			struct kerr *err)
{
	cleanup_net_input struct net_input in = { 0 };
	int r = net_input_read_one(e, space, as, &in, err);

	if (r == 0 && set_fences(e, &in.fi, space, true)) {
		names_rules_changed(e);
		r = 1;
	}
	return r;
}

int net_rules_fence(struct engine *e, const struct addr *space, const struct space_doc *doc,
		    struct kerr *err)
{
	struct net_input_as as = { .space = space, .doc = doc };
	struct lock_id lock = lock_id_firewall();
	bool held = locks_held(e->locks, &lock);
	int r = held ? 0 : net_rules_hold(e, err);

	if (r < 0)
		return r;
	r = fence_locked(e, space, doc ? &as : NULL, err);
	if (!held)
		net_rules_release(e);
	return r;
}

int net_rules_write_ports(struct engine *e, const struct published_list *ports,
			  const struct addr *cell, struct kerr *err)
{
	return with_plan_locked(e, NULL, ports, cell, try_plan, err);
}

/* With the lock of the firewall. */
static int look_locked(struct engine *e, net_rules_look_fn *fn, void *ctx, struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list ports = { 0 };
	cleanup_net_input struct net_input in = { 0 };
	int r = published_read_all(e, &ports, err);

	if (r == 0)
		r = net_input_read(e, NULL, &ports, &in, err);
	return r < 0 ? r : fn(ctx, &in.fi, err);
}

int net_rules_look(struct engine *e, net_rules_look_fn *fn, void *ctx, struct kerr *err)
{
	int r = net_rules_hold(e, err);

	if (r < 0)
		return r;
	r = look_locked(e, fn, ctx, err);
	net_rules_release(e);
	return r;
}
