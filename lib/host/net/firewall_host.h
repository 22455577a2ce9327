/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_HOST_H
#define KUKEON_FIREWALL_HOST_H

#include "err.h"
#include "firewall.h"
#include "firewall_world.h"
#include "vec.h"

/*
 * This host's packet filter brought to a plan, by the back end for what it filters with
 * (firewall_world). The rules stand there; what the other one drops of all that is
 * forwarded is opened there too (firewall_plan_opening), and what else it has of ours,
 * from a time when it was the one, is removed after the new rules stand. A family that
 * this host does not filter is left out: firewall_world_check says whether there is one.
 *
 * 1 changed, 0 already in place; -EOPNOTSUPP, with a message for a warning, on a host
 * whose packets cannot be filtered. What cannot be opened is no error: firewall_closed.
 */
int firewall_apply(const struct firewall_plan *p, enum firewall_choice choice, struct kerr *err);

/* The same on a host that has been probed already. */
int firewall_apply_probed(const struct firewall_plan *p, const struct firewall_probe *probe,
			  struct kerr *err);

/*
 * Add members to sets of a plan that this host's packet filter was brought to (tag: the plan's)
 * on a host that was probed then: what has no packet filter for one of the families gets none
 * there. -ENOENT, without a message: such a set is not there, and the plan has to be applied.
 */
int firewall_extend_probed(const char *tag, const struct firewall_set *sets, size_t n,
			   const struct firewall_probe *probe, struct kerr *err);

/* 1 if firewall_apply would change something, 0 if not, -errno as firewall_apply. */
int firewall_differs(const struct firewall_plan *p, enum firewall_choice choice, struct kerr *err);

/*
 * Remove what a plan brought, from both, and the chains that its tops lead to (so the
 * plan may be one without spaces). 1 something was removed, 0 there was nothing.
 */
int firewall_remove(const struct firewall_plan *p, struct kerr *err);

/*
 * What drops packets that cells send or get although the instance's rules let them
 * pass, such as a table that only its owner can change: a text for each, "chain
 * 'filter_FORWARD' of the nftables table 'inet firewalld'".
 */
int firewall_closed(const char *instance, struct strlist *ret, struct kerr *err);

#endif
