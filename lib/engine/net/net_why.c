/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "cellnet.h"
#include "clock.h"
#include "copy.h"
#include "egress.h"
#include "egress_hosts.h"
#include "firewall_flow.h"
#include "local_addr.h"
#include "mem.h"
#include "model.h"
#include "names_opened.h"
#include "net_egress.h"
#include "net_rules.h"
#include "net_why.h"
#include "network.h"
#include "resolve.h"
#include "scope.h"
#include "store.h"
#include "str.h"
#include "vec.h"

#define ASK_MS 10000
#define TEXT_MAX 4096

struct question {
	const struct rpc_why_denied_args *args;
	struct addr space;
	struct space_net net;
	struct ipnet *to; /* the addresses in question */
	size_t n;
	struct rpc_why_denied_result *answer;
	bool has_rule; /* a name that a rule has, with addresses on record or without */

	bool may_be_added; /* a rule would change the answer */
};

static void add_finding(struct question *q, const struct ipnet *to, bool allowed,
			char *owned_reason)
{
	struct rpc_why_finding *f =
		vec_grow(&q->answer->findings.v, &q->answer->findings.n, sizeof(*f));
	char text[IPNET_TEXT_MAX];

	f->address = xstrdup(to ? ipnet_addr_text(to, text) : "");
	f->allowed = allowed;
	f->reason = owned_reason;
	q->answer->denied |= !allowed;
}

/* ---- the addresses ---- */

static void add_target(struct question *q, const struct ipnet *addr)
{
	*(struct ipnet *) vec_grow(&q->to, &q->n, sizeof(*q->to)) = *addr;
}

/* Those that answers to queries of cells had. */
static void add_opened(struct engine *e, struct question *q)
{
	cleanup_opened struct opened opened = { 0 };
	int64_t now = clock_ms();

	opened_load(e, q->net.bridge, &opened);
	for (size_t i = 0; i < opened.n; i++) {
		const struct opened_addr *a = &opened.v[i];
		bool known = false;

		for (size_t k = 0; k < q->n; k++)
			known |= ipnet_eq(&q->to[k], &a->addr);
		if (!known && a->until_ms > now && egress_host_has(q->args->host, a->name))
			add_target(q, &a->addr);
	}
}

static bool admits(const struct egress_rule *rule, int64_t port)
{
	for (size_t i = 0; i < rule->ports.n; i++)
		if (rule->ports.v[i] == port)
			return true;
	return rule->ports.n == 0;
}

/* The rule of the policy that is about the name and has the port; else one about the name. */
static const struct egress_rule *rule_of_name(const struct egress_policy *p,
					      const struct rpc_why_denied_args *args,
					      size_t *ret_index)
{
	const struct egress_rule *found = NULL;

	for (size_t i = 0; i < p->allow.n; i++) {
		const struct egress_rule *rule = &p->allow.v[i];
		cleanup_free char *host = str_trim(rule->host);

		if (!*host || !egress_host_has(host, args->host) ||
		    (found && !admits(rule, args->port)))
			continue;
		found = rule;
		*ret_index = i;
		if (admits(rule, args->port))
			break;
	}
	return found;
}

/* Of the addresses that a name has, whether one would be opened. */
static bool any_opens(const struct egress_policy *p, const struct resolve_name *name)
{
	for (size_t i = 0; i < name->n; i++)
		if (net_egress_opens(p, &name->addrs[i]))
			return true;
	return false;
}

/* What will be when a cell asks for a name that a rule has, with that port. */
static void foresee(struct question *q, const struct egress_policy *p, const char *rule)
{
	cleanup_(resolve_clear) struct resolve r = { 0 };
	const struct resolve_name *name;

	resolve_add(&r, q->args->host);
	resolve_finish(&r, ASK_MS);
	name = resolve_find(&r, q->args->host);
	if (name->n == 0)
		add_finding(
			q, NULL, false,
			xasprintf("%s has the name, but it has no address: %s", rule, name->error));
	else if (any_opens(p, name))
		add_finding(q, NULL, true,
			    xasprintf("%s has the name: its addresses are opened when a cell asks "
				      "for it",
				      rule));
	else
		add_finding(q, NULL, false,
			    xasprintf("%s has the name, but it has only private addresses, which a "
				      "rule with their cidr has to allow as well",
				      rule));
}

/* A name that a rule has and no cell has asked for so far. */
static void judge_name(struct engine *e, struct question *q)
{
	struct space_doc d = { 0 };
	const struct egress_rule *rule = NULL;
	size_t i = 0;

	if (net_egress_load(e, &q->space, &d, NULL) > 0 && egress_denies(egress_of(&d)))
		rule = rule_of_name(egress_of(&d), q->args, &i);
	q->has_rule |= rule != NULL;
	if (rule && q->n == 0) {
		cleanup_free char *text = xasprintf("rule allow[%zu]:host=%s of space \"%s\"", i,
						    rule->host, q->space.space);

		if (admits(rule, q->args->port)) {
			foresee(q, egress_of(&d), text);
		} else {
			add_finding(q, NULL, false,
				    xasprintf("%s has the name, but not that port", text));
			q->may_be_added = true;
		}
	}
	model_clear(&space_doc_type, &d);
}

/* Those that the rules have for a name of the policy. */
static void add_known(struct engine *e, struct question *q)
{
	cleanup_egress_hosts struct egress_hosts hosts = { 0 };
	const struct egress_host *h;
	int64_t now = ktime_now().sec;

	if (egress_hosts_load(e, &q->space, &hosts, NULL) < 0)
		return; /* the space's message tells */
	h = egress_hosts_find(&hosts, q->args->host);
	for (size_t i = 0; h && i < h->n; i++)
		if (egress_addr_holds(&h->addrs[i], now))
			add_target(q, &h->addrs[i].addr);
	add_opened(e, q);
	q->has_rule = h != NULL;
	if (!h)
		judge_name(e, q);
}

static void ask(struct question *q)
{
	cleanup_(resolve_clear) struct resolve r = { 0 };
	const struct resolve_name *name;

	resolve_add(&r, q->args->host);
	resolve_finish(&r, ASK_MS);
	name = resolve_find(&r, q->args->host);
	for (size_t i = 0; i < name->n; i++)
		add_target(q, &name->addrs[i]);
	if (name->n > 0)
		return;
	add_finding(q, NULL, false,
		    xasprintf("%s rule of space \"%s\" has the name, %s it has no address: %s",
			      q->has_rule ? "a" : "no", q->space.space, q->has_rule ? "but" : "and",
			      name->error));
	q->may_be_added = !q->has_rule;
}

static int find_targets(struct engine *e, struct question *q, struct kerr *err)
{
	struct ipnet addr;

	if (ipnet_parse_addr(q->args->host, &addr) == 0) {
		add_target(q, &addr);
		return 0;
	}
	if (!host_name_valid(q->args->host))
		return kerr_plain(err, -EINVAL, "\"%s\" is neither an address nor a host name",
				  q->args->host);
	add_known(e, q);
	if (q->n == 0 && q->answer->findings.n == 0)
		ask(q);
	return 0;
}

/* ---- the verdict ---- */

/* A rule that has the address, but not the port. */
static const struct firewall_allow *rule_of_ports(const struct firewall_space *s,
						  const struct ipnet *to)
{
	for (size_t i = 0; i < s->n_allow; i++)
		if (firewall_allow_has(&s->allow[i], to))
			return &s->allow[i];
	return NULL;
}

static char *denied_reason(const struct firewall_space *from, const struct ipnet *to)
{
	const struct firewall_allow *rule = rule_of_ports(from, to);
	cleanup_buf struct buf text = BUF_INIT(TEXT_MAX);

	if (!rule)
		return xasprintf("no rule of space \"%s\" has it, and its default is deny",
				 from->space);
	for (size_t i = 0; i < rule->n_ports; i++)
		buf_addf(&text, "%s%u", i ? ", " : "", (unsigned) rule->ports[i]);
	return xasprintf("rule %s of space \"%s\" allows TCP ports %s alone", rule->tag,
			 from->space, buf_str(&text));
}

static char *reason_of(const struct flow_verdict *v, const struct ipnet *to)
{
	switch (v->why) {
	case FLOW_OWN_SPACE:
		return xasprintf("it is in space \"%s\" itself", v->from->space);
	case FLOW_OTHER_SPACE:
		return xasprintf("it is in space \"%s\": no policy opens one space to another, but "
				 "a cell can join it (networks), or be reached by a port that is "
				 "published",
				 v->to->space);
	case FLOW_NO_DENIAL:
		return xasprintf("space \"%s\" has no policy that denies", v->from->space);
	case FLOW_DNS:
		return xasprintf(
			"the gateway of space \"%s\" answers queries for the names that its "
			"rules have",
			v->from->space);
	case FLOW_RULE:
		return xasprintf("rule %s of space \"%s\"", v->rule->tag, v->from->space);
	case FLOW_DENIED:
		return denied_reason(v->from, to);
	case FLOW_NOT_KNOWN:
		return xstrdup("the policy of its space cannot be read: the rules that stand stay");
	case FLOW_NOT_OURS:
	case FLOW_ICMP:
		break;
	}
	return xstrdup("no rule is about it");
}

static bool sender(const struct space_net *net, const struct ipnet *to, struct ipnet *ret)
{
	if (to->family == IPNET_V4)
		*ret = ipnet_of_ipv4((struct ipv4_net){ net->gateway + 1, 32 });
	else
		*ret = ipnet_host(net->subnet6, 2);
	ret->prefix = ipnet_bits(ret->family);
	return ret->family != IPNET_NONE;
}

/* Whether a packet to an address of the host goes to a cell that publishes this port there. */
static bool is_published(const struct firewall_port *p, const struct ipnet *to, int64_t port)
{
	const uint32_t addr = ipnet_ipv4(to).addr;

	if (p->udp || port < p->first || port > p->last)
		return false;
	if (to->family == IPNET_V4)
		return p->cell && (p->host ? p->host == addr : local_addr_is(to));
	if (p->cell6.family == IPNET_NONE)
		return false;
	return p->host6.family != IPNET_NONE ? memcmp(p->host6.addr, to->addr, 16) == 0
					     : local_addr_is(to);
}

static const struct firewall_port *publisher(const struct firewall_input *in,
					     const struct conntrack_flow *flow)
{
	for (size_t i = 0; i < in->n_ports; i++)
		if (is_published(&in->ports[i], &flow->to, flow->to_port))
			return &in->ports[i];
	return NULL;
}

static char *published_reason(const struct flow_verdict *v, const struct firewall_port *p,
			      const struct ipnet *to)
{
	cleanup_free char *reason = NULL;

	if (v->why == FLOW_OTHER_SPACE)
		reason = xasprintf(v->allowed ? "space \"%s\" has no policy that denies"
					      : "space \"%s\" has a policy that denies, which "
						"opens no cell of another one",
				   v->from->space);
	else
		reason = reason_of(v, to);
	return xasprintf("cell %s publishes that port: %s", p->owner, reason);
}

static void judge_one(struct question *q, const struct firewall_input *in, const struct ipnet *to)
{
	struct conntrack_flow flow = { .to = *to,
				       .proto = q->args->port ? IPPROTO_TCP : 0,
				       .to_port = (uint16_t) q->args->port };
	const struct firewall_port *port = publisher(in, &flow);
	struct flow_verdict v;

	if (!sender(&q->net, to, &flow.from)) {
		add_finding(q, to, false,
			    xasprintf("cells of space \"%s\" have no IPv6", q->space.space));
		return;
	}
	if (port) {
		flow.translated = true;
		flow.to = to->family == IPNET_V4
				  ? ipnet_of_ipv4((struct ipv4_net){ port->cell, 32 })
				  : port->cell6;
		flow.to_port = (uint16_t) (port->to + flow.to_port - port->first);
	}
	v = firewall_flow_judge(in, &flow);
	add_finding(q, to, v.allowed, port ? published_reason(&v, port, to) : reason_of(&v, to));
	q->may_be_added |= v.why == FLOW_DENIED;
}

static int judge(void *ctx, const struct firewall_input *in, struct kerr *err)
{
	struct question *q = ctx;

	(void) err;
	for (size_t i = 0; i < q->n; i++)
		judge_one(q, in, &q->to[i]);
	return 0;
}

static char *remedy(const struct question *q)
{
	cleanup_buf struct buf text = BUF_INIT(TEXT_MAX);
	struct ipnet addr;
	char cidr[IPNET_TEXT_MAX];

	if (!q->may_be_added)
		return xstrdup("");
	if (ipnet_parse_addr(q->args->host, &addr) == 0)
		buf_addf(&text, "{cidr: \"%s\"", ipnet_text(&addr, cidr));
	else
		buf_addf(&text, "{host: %s", q->args->host);
	if (q->args->port)
		buf_addf(&text, ", ports: [%lld]", (long long) q->args->port);
	buf_adds(&text, "}");
	return buf_take(&text);
}

/* 1: the answer is there, 0: addresses are to be judged. */
static int look_at_cell(struct engine *e, const struct addr *cell, struct question *q,
			struct kerr *err)
{
	struct cell_doc doc = { 0 };
	bool on_host;
	int r = store_load(&e->layout, cell, 0, &doc, err);

	if (r == -ENOENT)
		return scope_not_found(cell, err);
	if (r < 0)
		return r;
	on_host = cell_host_network(&doc.spec);
	model_clear(&cell_doc_type, &doc);
	if (on_host) {
		add_finding(q, NULL, true, xstrdup("the cell is on the host's network"));
		return 1;
	}
	r = network_load(e, &q->space, &q->net, err);
	if (r != -ENOENT)
		return r;
	add_finding(q, NULL, true,
		    xasprintf("plugins make the network of space \"%s\": kukeon has no rules there",
			      q->space.space));
	return 1;
}

int net_why(struct engine *e, const struct rpc_why_denied_args *args,
	    struct rpc_why_denied_result *ret, struct kerr *err)
{
	struct addr cell = { .realm = args->realm_name,
			     .space = args->space_name,
			     .stack = args->stack_name,
			     .cell = args->cell_name };
	struct question q = { .args = args,
			      .space = { .realm = cell.realm, .space = cell.space },
			      .answer = ret };
	int r = scope_check(&cell, ADDR_CELL, 0, err);

	if (r == 0 && (args->port < 0 || args->port > UINT16_MAX))
		r = kerr_plain(err, -EINVAL, "port %lld is not within [1, 65535]",
			       (long long) args->port);
	if (r == 0)
		r = look_at_cell(e, &cell, &q, err);
	if (r == 0)
		r = find_targets(e, &q, err);
	if (r == 0)
		r = net_rules_look(e, judge, &q, err);
	if (r >= 0)
		ret->remedy = remedy(&q);
	free(q.to);
	return r < 0 ? r : 0;
}
