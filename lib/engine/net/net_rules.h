/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_RULES_H
#define KUKEON_NET_RULES_H

#include "context.h"
#include "published.h"

/* The packet filter of this instance: what policies, ports and subnets of its spaces ask for. */

/*
 * Update the firewall to the rules of all spaces of this instance. 1 changed, 0 up to
 * date. What others drop nevertheless is logged. On a host whose packets cannot be
 * filtered, warn once and return success; net_egress_check says whether a policy can be
 * enforced there. e->rules_error keeps a failure.
 */
int net_rules_sync(struct engine *e, struct kerr *err);

/*
 * Whether a cell may have a link to the space: -EOPNOTSUPP, with a message, if its policy
 * denies and the rules that were written last do not stand on this host. One look where all is
 * well.
 */
int net_rules_check_link(struct engine *e, const struct addr *space, struct kerr *err);

/* 1 if net_rules_sync would change something, 0 if not; -EOPNOTSUPP where it warns. */
int net_rules_differ(struct engine *e, struct kerr *err);

/*
 * The same in steps, for a change that has to come with its rules: hold, write the rules
 * as if doc were stored as that space's, store it, release. Who holds them takes no other
 * lock. space NULL: the rules of what is stored.
 */
int net_rules_hold(struct engine *e, struct kerr *err);
int net_rules_write(struct engine *e, const struct addr *space, const struct space_doc *doc,
		    struct kerr *err);
void net_rules_release(struct engine *e);

/*
 * With the rules held, write them after answers to queries have opened addresses in a space
 * (names_opened.h), which changes nothing else: no connection ends, and of fences its own is
 * looked at.
 */
int net_rules_write_opened(struct engine *e, const struct addr *space, struct kerr *err);

/*
 * Put the fence of a space (fence.h) at its bridge, which was just made: as its policy is on
 * record, or in doc. Writing the rules does it for every bridge that is there.
 */
int net_rules_fence(struct engine *e, const struct addr *space, const struct space_doc *doc,
		    struct kerr *err);

/*
 * With the rules held, write them as if those ports were on record, which differ in those of
 * the cell: of fences, its space's is looked at. -EOPNOTSUPP if the host's packets cannot be
 * filtered.
 */
int net_rules_write_ports(struct engine *e, const struct published_list *ports,
			  const struct addr *cell, struct kerr *err);

/*
 * Call fn with what the rules of all spaces are made of, as it is stored now, under the lock of
 * the firewall; nothing is changed. Returns what fn does, or an error.
 */
struct firewall_input; /* firewall_plan.h */
typedef int net_rules_look_fn(void *ctx, const struct firewall_input *in, struct kerr *err);
int net_rules_look(struct engine *e, net_rules_look_fn *fn, void *ctx, struct kerr *err);

#endif
