/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cni_space.h"
#include "cell_link.h"
#include "cell_run.h"
#include "copy.h"
#include "lease.h"
#include "mem.h"
#include "net_doctor.h"
#include "net_ipv6.h"
#include "net_rules.h"
#include "network.h"
#include "packet_filter.h"
#include "reconcile.h"
#include "scope.h"
#include "str.h"
#include "sweep.h"
#include "vec.h"

/* What a finding says of a thing. */
#define OK "ok"
#define MISSING "missing"
#define WRONG "wrong"
#define STRAY "stray"
#define UNKNOWN "unknown"

/* detail becomes the finding's. */
static void add(struct rpc_doctor_network_result *ret, const char *what, const char *object,
		const char *state, char *detail)
{
	struct rpc_finding *f =
		vec_grow(&ret->findings.v, &ret->findings.n, sizeof(struct rpc_finding));

	f->what = xstrdup(what);
	f->object = xstrdup(object);
	f->state = xstrdup(state);
	f->detail = detail;
}

static void add_error(struct rpc_doctor_network_result *ret, const char *what, const char *object,
		      const char *state, const struct kerr *why)
{
	char text[KERR_TEXT_MAX];

	add(ret, what, object, state, xstrdup(kerr_text(why, text, sizeof(text))));
}

/* ---- the host ---- */

static void look_at_others(struct engine *e, struct rpc_doctor_network_result *ret)
{
	cleanup_strlist struct strlist closed = { 0 };

	(void) firewall_closed(e->instance, &closed, NULL);
	for (size_t i = 0; i < closed.n; i++)
		add(ret, "rules", "", WRONG, xasprintf("%s drops packets of cells", closed.v[i]));
}

/* Where cells have it, or should. */
static void look_at_ipv6(struct engine *e, struct rpc_doctor_network_result *ret)
{
	struct kerr why = { 0 };
	int r = net_ipv6_check(e, &why);

	if (r == 0 && e->pod_net6.family == IPNET_NONE)
		return;
	if (r < 0) {
		add_error(ret, "forwarding", "", MISSING, &why);
		return;
	}
	r = link_ipv6_forwarding(&why);
	if (r < 0)
		add_error(ret, "forwarding", "", UNKNOWN, &why);
	else
		add(ret, "forwarding", "", r == 0 ? WRONG : OK,
		    xasprintf("net.ipv6.conf.all.forwarding is %d", r));
}

static void look_at_host(struct engine *e, struct rpc_doctor_network_result *ret)
{
	struct kerr why = { 0 };
	int r = link_forwarding(&why);

	if (r < 0)
		add_error(ret, "forwarding", "", UNKNOWN, &why);
	else if (r == 0)
		add(ret, "forwarding", "", WRONG, xstrdup("net.ipv4.ip_forward is 0"));
	else
		add(ret, "forwarding", "", OK, xstrdup("net.ipv4.ip_forward is 1"));
	look_at_ipv6(e, ret);
	r = net_rules_differ(e, &why);
	if (r == -EOPNOTSUPP)
		add_error(ret, "rules", "", MISSING, &why);
	else if (r < 0)
		add_error(ret, "rules", "", UNKNOWN, &why);
	else if (r > 0)
		add(ret, "rules", "", WRONG,
		    xstrdup("packet filter rules, or the fence of a bridge, were changed or removed"));
	else
		add(ret, "rules", "", OK,
		    xasprintf("packet filter rules are in place (%s)", packet_filter_name(e)));
	look_at_others(e, ret);
}

/* ---- spaces ---- */

static void compare_bridge(struct rpc_doctor_network_result *ret, const char *where,
			   const struct space_net *net, const struct link_bridge_state *st)
{
	const struct ipv4_net want = { .addr = net->gateway, .prefix = net->subnet.prefix };
	const struct ipnet want6 = net_ipv6_addr(&net->subnet6, net->subnet, net->gateway);
	char have_text[IPV4_NET_TEXT_MAX], want_text[IPV4_NET_TEXT_MAX], text6[IPNET_TEXT_MAX];
	bool ipv6 = want6.family != IPNET_NONE;

	(void) ipv4_net_text(want, want_text);
	if (!st->is_bridge || !streq(st->owner, where))
		add(ret, "bridge", where, WRONG,
		    xasprintf("device '%s' is not ours: rename or delete it", net->bridge));
	else if (st->addr.addr != want.addr || st->addr.prefix != want.prefix)
		add(ret, "bridge", where, WRONG,
		    xasprintf("%s has the address %s instead of %s", net->bridge,
			      st->addr.prefix ? ipv4_net_text(st->addr, have_text) : "none",
			      want_text));
	else if (!st->up)
		add(ret, "bridge", where, WRONG, xasprintf("%s is down", net->bridge));
	else if (link_ipv6_has_gateway(net->bridge, &want6, NULL) == 0)
		add(ret, "bridge", where, WRONG,
		    ipv6 ? xasprintf("%s has not just the IPv6 address %s", net->bridge,
				     ipnet_text(&want6, text6))
			 : xasprintf("%s has an IPv6 address", net->bridge));
	else
		add(ret, "bridge", where, OK,
		    xasprintf("%s %s%s%s", net->bridge, want_text, ipv6 ? " " : "",
			      ipv6 ? ipnet_text(&want6, text6) : ""));
}

/* Whether plugins make the network of a space; then that is what is looked at. */
static bool look_at_plugins(struct engine *e, const struct addr *space, const char *where,
			    struct rpc_doctor_network_result *ret)
{
	struct space_doc d = { 0 };
	struct kerr why = { 0 };
	bool own =
		store_load(&e->layout, space, 0, &d, NULL) == 0 && cni_space_is_own(e, space, &d);

	if (own && cni_space_check(&d, 0, &why) < 0)
		add_error(ret, "plugins", where, WRONG, &why);
	else if (own)
		add(ret, "plugins", where, OK, xstrdup(d.spec.cni_config_path));
	model_clear(&space_doc_type, &d);
	return own;
}

static int look_at_space(void *ctx, struct engine *e, const struct addr *space, struct kerr *unused)
{
	cleanup_free char *where = xasprintf("%s/%s", space->realm, space->space);
	struct rpc_doctor_network_result *ret = ctx;
	struct link_bridge_state st = { 0 };
	struct space_net net = { 0 };
	struct kerr why = { 0 };
	int r;

	(void) unused;
	if (look_at_plugins(e, space, where, ret))
		return 0;
	r = network_load(e, space, &net, &why);
	if (r == -ENOENT) {
		add(ret, "bridge", where, MISSING, xstrdup("the space has no network"));
		return 0;
	}
	if (r == 0)
		r = link_bridge_query(net.bridge, &st, &why);
	if (r == -ENODEV)
		add(ret, "bridge", where, MISSING,
		    xasprintf("there is no device '%s'", net.bridge));
	else if (r < 0)
		add_error(ret, "bridge", where, UNKNOWN, &why);
	else
		compare_bridge(ret, where, &net, &st);
	return 0;
}

/* ---- cells ---- */

static int look_at_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	cleanup_free char *where = xasprintf("%s/%s/%s/%s", a->realm, a->space, a->stack, a->cell);
	struct rpc_doctor_network_result *ret = ctx;
	struct cell_doc doc = { 0 };
	struct cell_run run = { 0 };
	char ip[IPV4_TEXT_MAX], ip6[IPNET_TEXT_MAX];
	struct kerr why = { 0 };
	int r;

	(void) unused;
	r = store_load(&e->layout, a, 0, &doc, &why);
	if (r == 0)
		r = cell_run_load(e, a, &run, &why);
	if (r < 0 && r != -ENOENT)
		add_error(ret, "link", where, UNKNOWN, &why);
	else if (r == 0 && run.complete && run.trouble[0])
		add(ret, "link", where, WRONG, xstrdup(run.trouble));
	else if (r == 0 && run.complete && run.plugins)
		add(ret, "link", where, OK,
		    xasprintf("by plugins, %s", run.addr ? ipv4_text(run.addr, ip) : "no address"));
	else if (r == 0 && run.complete && !cell_link_in_order(e, &doc, &run))
		add(ret, "link", where, WRONG,
		    xasprintf("device '%s' or the lease of its address is not in place", run.veth));
	else if (r == 0 && run.complete && run.veth[0])
		add(ret, "link", where, OK,
		    xasprintf("%s %s%s%s", run.veth, ipv4_text(run.addr, ip),
			      run.addr6.family == IPNET_NONE ? "" : " ",
			      ipnet_addr_text(&run.addr6, ip6)));
	model_clear(&cell_doc_type, &doc);
	return 0;
}

/* ---- what belongs to no object ---- */

static void add_stray(void *ctx, const char *what, const char *name, const struct addr *owner)
{
	cleanup_free char *where = addr_text(owner);

	add(ctx, what, where, STRAY, xasprintf("%s belongs to nothing", name));
}

int net_doctor(struct engine *e, bool repair, struct rpc_doctor_network_result *ret,
	       struct kerr *err)
{
	struct addr all = { 0 };
	int64_t next_ms;
	int r = 0;

	if (repair) {
		r = engine_reconcile(e, ENGINE_PASS_ALL, &next_ms);
		if (r < 0)
			return kerr_plain(err, r,
					  "the pass that repairs failed; see the daemon's log");
		sweep(e);
	}
	look_at_host(e, ret);
	r = scope_each(e, ADDR_SPACE, &all, look_at_space, ret, err);
	if (r == 0)
		r = cell_links_look(e, err);
	if (r == 0)
		r = scope_each(e, ADDR_CELL, &all, look_at_cell, ret, err);
	cell_links_forget(e);
	if (r == 0)
		sweep_each_stray(e, add_stray, ret);
	return r;
}
