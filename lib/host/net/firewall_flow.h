/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_FLOW_H
#define KUKEON_FIREWALL_FLOW_H

#include "conntrack.h"
#include "firewall_plan.h"

/* Why a connection may begin, or may not. */
enum flow_why {
	FLOW_NOT_OURS = 1, /* its sender is in no space; allowed */
	FLOW_OWN_SPACE, /* both are in one space; allowed */
	FLOW_OTHER_SPACE, /* spaces are kept apart; denied, but for a published port */
	FLOW_NO_DENIAL, /* the space's policy does not deny; allowed */
	FLOW_ICMP, /* the gateway answers; allowed */
	FLOW_DNS, /* the gateway answers queries for names; allowed */
	FLOW_RULE, /* a rule of the policy has it; allowed */
	FLOW_DENIED, /* none has, and the policy denies */
	FLOW_NOT_KNOWN, /* the policy cannot be read: what stands, stays; counts as allowed */
};

struct flow_verdict {
	bool allowed;
	enum flow_why why;
	const struct firewall_space *from, *to; /* of the input; NULL: none */
	const struct firewall_allow *rule; /* FLOW_RULE */
};

/*
 * Whether the rules that firewall_plan_make makes of this input would let a connection
 * begin, as far as they are about who sends it. Pure. A rule accepts the packets of a
 * connection that is established, so what the rules no longer allow has to be forgotten
 * (conntrack_forget_flows). Of a space whose policy is not known, everything is allowed.
 */
bool firewall_flow_allowed(const struct firewall_input *in, const struct conntrack_flow *f);

/* The same, and why. Pointers of the verdict are into the input. */
struct flow_verdict firewall_flow_judge(const struct firewall_input *in,
					const struct conntrack_flow *f);

#endif
