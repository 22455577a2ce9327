/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_FLOW_H
#define KUKEON_FIREWALL_FLOW_H

#include "conntrack.h"
#include "firewall_plan.h"

/*
 * Whether the rules that firewall_plan_make makes of this input would let a connection
 * begin, as far as they are about who sends it. Pure. A rule accepts the packets of a
 * connection that is established, so what the rules no longer allow has to be forgotten
 * (conntrack_forget_flows). Of a space whose policy is not known, everything is allowed.
 */
bool firewall_flow_allowed(const struct firewall_input *in, const struct conntrack_flow *f);

#endif
