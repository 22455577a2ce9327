/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <netinet/in.h>

#include "firewall_flow.h"

static bool holds(const struct firewall_space *s, const struct ipnet *addr)
{
	struct ipnet subnet = ipnet_of_ipv4(s->subnet);

	return ipnet_contains(&subnet, addr) ||
	       (s->subnet6.family && ipnet_contains(&s->subnet6, addr));
}

static const struct firewall_space *space_of(const struct firewall_input *in,
					     const struct ipnet *addr)
{
	for (size_t i = 0; i < in->n_spaces; i++)
		if (holds(&in->spaces[i], addr))
			return &in->spaces[i];
	return NULL;
}

static bool permits(const struct firewall_allow *a, const struct conntrack_flow *f)
{
	if (!firewall_allow_has(a, &f->to))
		return false;
	for (size_t i = 0; f->proto == IPPROTO_TCP && i < a->n_ports; i++)
		if (a->ports[i] == f->to_port)
			return true;
	return a->n_ports == 0;
}

/* The address of the host on the space's bridge; of IPv6, the subnet's first. */
static bool is_gateway(const struct firewall_space *s, const struct ipnet *addr)
{
	struct ipnet v4 = ipnet_of_ipv4((struct ipv4_net){ s->gateway, 32 });
	struct ipnet v6 = firewall_gateway6(s);

	return ipnet_eq(&v4, addr) || ipnet_eq(&v6, addr);
}

static enum flow_why judge_denied(const struct firewall_space *from,
				  const struct firewall_space *to, const struct conntrack_flow *f,
				  const struct firewall_allow **ret_rule)
{
	if (f->proto == IPPROTO_ICMPV6 || (f->proto == IPPROTO_ICMP && to == from))
		return FLOW_ICMP;
	if (from->dns && to == from && f->to_port == FIREWALL_DNS_PORT &&
	    (f->proto == IPPROTO_UDP || f->proto == IPPROTO_TCP))
		return FLOW_DNS;
	for (size_t i = 0; i < from->n_allow; i++)
		if (permits(&from->allow[i], f)) {
			*ret_rule = &from->allow[i];
			return FLOW_RULE;
		}
	return FLOW_DENIED;
}

struct flow_verdict firewall_flow_judge(const struct firewall_input *in,
					const struct conntrack_flow *f)
{
	const struct firewall_space *from = space_of(in, &f->from), *to = space_of(in, &f->to);
	struct flow_verdict v = { .allowed = true, .from = from, .to = to };

	if (!from) {
		v.why = FLOW_NOT_OURS;
	} else if (from->policy == FIREWALL_DEFAULT_UNKNOWN) {
		v.why = FLOW_NOT_KNOWN;
	} else if (to && !is_gateway(to, &f->to)) {
		v.why = to == from ? FLOW_OWN_SPACE : FLOW_OTHER_SPACE;
		v.allowed = to == from || (f->translated && from->policy == FIREWALL_DEFAULT_ALLOW);
	} else if (from->policy == FIREWALL_DEFAULT_ALLOW) {
		v.why = FLOW_NO_DENIAL;
	} else {
		v.why = judge_denied(from, to, f, &v.rule);
		v.allowed = v.why != FLOW_DENIED;
	}
	return v;
}

bool firewall_flow_allowed(const struct firewall_input *in, const struct conntrack_flow *f)
{
	return firewall_flow_judge(in, f).allowed;
}
