/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomic.h"
#include "bridge_fence.h"
#include "clock.h"
#include "conntrack.h"
#include "copy.h"
#include "egress.h"
#include "egress_hosts.h"
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
#include "net_ipv6.h"
#include "net_rules.h"
#include "network.h"
#include "packet_filter.h"
#include "path.h"
#include "rt.h"
#include "str.h"
#include "vec.h"

#define TOLD_MAX 65536
/* In the runtime directory: what was told of the host. */
#define TOLD_FILTER ".firewall"
#define TOLD_FENCE ".fence"

/* What rules are made of: what is stored, but for one space. */
struct rules_as {
	const struct addr *space;
	const struct space_doc *doc; /* as if this were stored as that space's */
	bool seen;
};

struct rules_input {
	struct firewall_space *v;
	size_t n;
	struct net_egress_rules *allow; /* what v refers to */
	size_t n_allow;
	struct firewall_port *ports;
	size_t n_ports;
	struct rules_as *as; /* NULL: all is stored */
	struct names_served served;
	struct net_egress_now now;
	bool denies; /* a space's policy does */
	bool unknown; /* a space's policy cannot be read */
};

/* A policy without its record of addresses admits no host name. */
static void rules_of_policy(struct rules_input *in, struct engine *e, const struct addr *space,
			    const struct space_doc *d, struct firewall_space *s)
{
	const struct egress_policy *p = egress_of(d);
	size_t n_temporary = d->status.network ? d->status.network->temporary_rules.n : 0;
	struct net_egress_rules *allow = vec_grow(&in->allow, &in->n_allow, sizeof(*in->allow));
	cleanup_egress_hosts struct egress_hosts hosts = { 0 };
	cleanup_opened struct opened opened = { 0 };

	(void) egress_hosts_load(e, space, &hosts, NULL); /* told when it is next written */
	net_egress_rules_make(p, n_temporary, &hosts, in->now.sec, allow);
	s->policy = egress_denies(p) ? FIREWALL_DEFAULT_DENY : FIREWALL_DEFAULT_ALLOW;
	if (egress_denies(p)) {
		opened_load(e, s->bridge, &opened);
		net_egress_rules_add_opened(p, n_temporary, &hosts, &opened, &in->now, allow);
		s->dns = names_serves(&in->served, s->bridge);
		in->denies = true;
	}
	s->allow = allow->v;
	s->n_allow = allow->n;
}

static bool is_as(const struct rules_as *as, const struct addr *space)
{
	return as && streq(as->space->realm, space->realm) && streq(as->space->space, space->space);
}

static int rules_space(void *ctx, struct engine *e, const struct addr *space)
{
	struct rules_input *in = ctx;
	struct space_doc d = { 0 };
	struct firewall_space *s;
	struct space_net net;
	int r;

	if (network_load(e, space, &net, NULL) < 0)
		return 0;
	s = vec_grow(&in->v, &in->n, sizeof(*in->v));
	s->realm = xstrdup(space->realm);
	s->space = xstrdup(space->space);
	s->bridge = xstrdup(net.bridge);
	s->subnet = net.subnet;
	s->subnet6 = net.subnet6;
	s->gateway = net.gateway;
	s->policy = FIREWALL_DEFAULT_ALLOW;
	if (is_as(in->as, space)) {
		in->as->seen = true;
		model_copy(&space_doc_type, &d, in->as->doc);
		net_egress_add_temporary(e, space, &d);
		rules_of_policy(in, e, space, &d, s);
		model_clear(&space_doc_type, &d);
		return 0;
	}
	r = net_egress_load(e, space, &d, NULL);
	if (r < 0) {
		s->policy = FIREWALL_DEFAULT_UNKNOWN;
		in->unknown = true;
	}
	if (r > 0)
		rules_of_policy(in, e, space, &d, s);
	model_clear(&space_doc_type, &d);
	return 0;
}

static void rules_input_clear(struct rules_input *in)
{
	for (size_t i = 0; i < in->n; i++) {
		free((void *) (uintptr_t) in->v[i].realm);
		free((void *) (uintptr_t) in->v[i].space);
		free((void *) (uintptr_t) in->v[i].bridge);
	}
	for (size_t i = 0; i < in->n_ports; i++)
		free((void *) (uintptr_t) in->ports[i].owner);
	for (size_t i = 0; i < in->n_allow; i++)
		net_egress_rules_clear(&in->allow[i]);
	free(in->v);
	free(in->allow);
	free(in->ports);
	names_served_clear(&in->served);
}

/* as: NULL, all is stored. */
static void rules_input_init(struct rules_input *in, const struct engine *e, struct rules_as *as)
{
	*in = (struct rules_input){ .as = as, .now = { .sec = ktime_now().sec, .ms = clock_ms() } };
	names_served_load(e, &in->served);
}

/* The address of IPv6 that belongs to one of IPv4; no family if there is none. */
static struct ipnet addr6_of(const struct rules_input *in, uint32_t addr)
{
	const struct ipnet none = { 0 };

	for (size_t i = 0; i < in->n; i++)
		if (ipv4_contains(in->v[i].subnet, addr))
			return net_ipv6_addr(&in->v[i].subnet6, in->v[i].subnet, addr);
	return none;
}

static struct firewall_port *add_port(struct rules_input *in, const struct addr *a,
				      const struct port_map *m)
{
	struct firewall_port *port = vec_grow(&in->ports, &in->n_ports, sizeof(*in->ports));

	port->owner = xasprintf("%s:%s:%s:%s", a->realm, a->space, a->stack, a->cell);
	port->first = m->host_first;
	port->last = m->host_last;
	port->to = m->first;
	port->udp = m->proto == PORT_UDP;
	return port;
}

/* The order of a walk over all that is stored, so that no pass finds the rules in another. */
static int by_name(const void *a, const void *b)
{
	const struct firewall_space *x = a, *y = b;
	int r = strcmp(x->realm, y->realm);

	return r ? r : strcmp(x->space, y->space);
}

/* What is for all addresses of the host comes after what is for one of them. */
static void add_ports(struct rules_input *in, const struct published *p)
{
	const struct ipnet addr6 = addr6_of(in, p->addr);
	struct firewall_port *port;

	for (size_t i = 0; p->addr && i < p->ports.n; i++) {
		const struct port_map *m = &p->ports.v[i];

		if (m->ipv6 && addr6.family == IPNET_NONE)
			continue;
		port = add_port(in, &p->cell.a, m);
		if (m->ipv6) {
			port->cell6 = addr6;
			port->host6 = net_ipv6_of_host(m);
		} else {
			port->cell = p->addr;
			port->host = m->host;
		}
	}
	for (size_t i = 0; p->addr && addr6.family != IPNET_NONE && i < p->ports.n; i++)
		if (!p->ports.v[i].ipv6 && p->ports.v[i].host == 0)
			add_port(in, &p->cell.a, &p->ports.v[i])->cell6 = addr6;
}

static void finish_input(struct rules_input *in, const struct published_list *ports,
			 struct firewall_input *ret)
{
	if (in->n > 0)
		qsort(in->v, in->n, sizeof(*in->v), by_name);
	for (size_t i = 0; i < ports->n; i++)
		add_ports(in, &ports->v[i]);
	ret->spaces = in->v;
	ret->n_spaces = in->n;
	ret->ports = in->ports;
	ret->n_ports = in->n_ports;
}

/*
 * A bridge takes packets of 127.0.0.0/8 only while a cell behind it publishes a port
 * there, and not before the rules stand that keep cells away from the host's own.
 */
static void set_localnet(const struct rules_input *in)
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

/* Of all spaces. *in is what *ret refers to. */
static int collect(struct engine *e, struct rules_input *in, const struct published_list *ports,
		   struct firewall_input *ret, struct kerr *err)
{
	int r = network_each_space(e, rules_space, in, err);

	if (r == 0 && in->as && !in->as->seen) /* it is being created and not listed yet */
		r = rules_space(in, e, in->as->space);
	if (r == 0)
		finish_input(in, ports, ret);
	return r;
}

/*
 * With the lock of the firewall: make the plan of all spaces, and call fn with it. only: as for
 * set_fences.
 */
static int with_plan_locked(struct engine *e, struct rules_as *as,
			    const struct published_list *ports, const struct addr *only,
			    plan_fn *fn, struct kerr *err)
{
	cleanup_(rules_input_clear) struct rules_input in = { 0 };
	cleanup_(firewall_plan_clear) struct firewall_plan plan = { 0 };
	struct firewall_input fi = { .instance = e->instance };
	int r;

	rules_input_init(&in, e, as);
	r = collect(e, &in, ports, &fi, err);
	if (r < 0)
		return r;
	firewall_plan_make(&fi, &plan);
	r = fn(e, &plan, err);
	if (r < 0)
		return r;
	if (fn != compare_plan && fn != open_plan)
		set_localnet(&in);
	if (set_fences(e, &fi, only, fn != compare_plan))
		r = 1;
	if (r > 0 && fn == apply_plan)
		end_connections(&fi);
	if (fn == apply_plan && (in.denies || !in.unknown))
		names_want(e, in.denies);
	return r;
}

/* The same with the ports that are published. */
static int with_plan(struct engine *e, struct rules_as *as, plan_fn *fn, struct kerr *err)
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
	struct rules_as as = { .space = space, .doc = doc };

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

int net_rules_opened(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list ports = { 0 };
	int r = net_rules_hold(e, err);

	if (r < 0)
		return r;
	r = published_read_all(e, &ports, err);
	if (r == 0)
		r = with_plan_locked(e, NULL, &ports, space, open_plan, err);
	net_rules_release(e);
	return r;
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

/* Of one space. *in is what *ret refers to. */
static int collect_one(struct engine *e, struct rules_input *in, const struct addr *space,
		       struct rules_as *as, struct firewall_input *ret, struct kerr *err)
{
	cleanup_(published_list_clear) struct published_list ports = { 0 };
	int r = published_read_all(e, &ports, err);

	rules_input_init(in, e, as);
	if (r == 0)
		r = rules_space(in, e, space);
	if (r == 0)
		finish_input(in, &ports, ret);
	return r;
}

/* With the lock of the firewall. */
static int fence_locked(struct engine *e, const struct addr *space, struct rules_as *as,
			struct kerr *err)
{
	cleanup_(rules_input_clear) struct rules_input in = { 0 };
	struct firewall_input fi = { .instance = e->instance };
	int r = collect_one(e, &in, space, as, &fi, err);

	return r < 0 ? r : set_fences(e, &fi, space, true);
}

int net_rules_fence(struct engine *e, const struct addr *space, const struct space_doc *doc,
		    struct kerr *err)
{
	struct rules_as as = { .space = space, .doc = doc };
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

int net_rules_fence_of(struct engine *e, const struct addr *space, struct fence *ret,
		       struct kerr *err)
{
	cleanup_(rules_input_clear) struct rules_input in = { 0 };
	struct firewall_input fi = { .instance = e->instance };
	int r = collect_one(e, &in, space, NULL, &fi, err);

	if (r < 0)
		return r;
	if (fi.n_spaces == 0 || fi.spaces[0].policy == FIREWALL_DEFAULT_UNKNOWN)
		return -ENODATA;
	fence_make(&fi, &fi.spaces[0], ret);
	return 0;
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
	cleanup_(rules_input_clear) struct rules_input in = { 0 };
	struct firewall_input fi = { .instance = e->instance };
	int r = published_read_all(e, &ports, err);

	rules_input_init(&in, e, NULL);

	if (r == 0)
		r = collect(e, &in, &ports, &fi, err);
	return r < 0 ? r : fn(ctx, &fi, err);
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
