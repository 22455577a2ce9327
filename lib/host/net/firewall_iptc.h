/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_IPTC_H
#define KUKEON_FIREWALL_IPTC_H

#include "err.h"
#include "firewall.h"

/*
 * The legacy tables (ip_tables, ip6_tables) brought to a plan.
 *
 * One commit per table, the filters of both families before nat, under the lock of
 * iptables (/run/xtables.lock); foreign rules untouched, our jumps in order. A table in
 * which nothing differs is not committed. A family that this host does not filter is
 * left out: firewall_world_check says whether there is one.
 *
 * 1 changed, 0 already in place; -EOPNOTSUPP, with a message for a warning, on a host
 * that does not use legacy tables for IPv4.
 */
int firewall_apply(const struct firewall_plan *p, struct kerr *err);

/* 1 if firewall_apply would change something, 0 if not, -errno as firewall_apply. */
int firewall_differs(const struct firewall_plan *p, struct kerr *err);

/*
 * Remove the chains and jumps of a plan, and the chains that its tops lead to (so the
 * plan may be one without spaces). 1 something was removed, 0 there was nothing, as on a
 * host without legacy tables.
 */
int firewall_remove(const struct firewall_plan *p, struct kerr *err);

#endif
