/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_IPTC_H
#define KUKEON_FIREWALL_IPTC_H

#include "err.h"
#include "firewall.h"

/*
 * The legacy tables (ip_tables, ip6_tables) of some families (bits) brought to a plan;
 * which ones can be asked for, firewall_world says.
 *
 * One commit per table, the filters of both families before nat, under the lock of
 * iptables (/run/xtables.lock); foreign rules untouched, our jumps in order. A table in
 * which nothing differs is not committed.
 */

/* 1 changed, 0 already in place, -errno. */
int firewall_iptc_apply(const struct firewall_plan *p, unsigned families, struct kerr *err);

/*
 * Add members to sets that a plan has made, which are chains here. -ENOENT, without a message:
 * there is no such chain in one of the families, in which nothing was added.
 */
int firewall_iptc_extend(const struct firewall_set *sets, size_t n, unsigned families,
			 struct kerr *err);

/* 1 if firewall_iptc_apply would change something, 0 if not, -errno. */
int firewall_iptc_differs(const struct firewall_plan *p, unsigned families, struct kerr *err);

/* The lock file of the legacy tables: /run/xtables.lock, or $XTABLES_LOCKFILE as iptables(8). */
const char *firewall_iptc_lock_path(void) __attribute__((returns_nonnull));

/*
 * Remove the chains and jumps of a plan, and the chains that its tops lead to (so the
 * plan may be one without spaces), from the tables that there are; none is loaded. 1
 * something was removed, 0 there was nothing.
 */
int firewall_iptc_remove(const struct firewall_plan *p, unsigned families, struct kerr *err);

/* 1 if firewall_iptc_remove would remove something, 0 if not, -errno. */
int firewall_iptc_has(const struct firewall_plan *p, unsigned families, struct kerr *err);

#endif
