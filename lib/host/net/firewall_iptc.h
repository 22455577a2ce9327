/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_IPTC_H
#define KUKEON_FIREWALL_IPTC_H

#include "firewall.h"

/*
 * Which packet filter this network namespace uses, determined without loading
 * ip_tables: legacy if it has legacy tables; nft if it has only nf_tables; if it has
 * neither, legacy if ip_tables is built in or can be loaded.
 */
enum firewall_world firewall_world(void);

/*
 * Bring the tables into the planned state: one commit per table, under the lock of
 * iptables (/run/xtables.lock), foreign rules untouched, our jumps in order. Commits
 * nothing if nothing differs. 1 changed, 0 already in place; -EOPNOTSUPP, with a
 * message for a warning, on a host that does not use legacy tables.
 */
int firewall_apply(const struct firewall_plan *p, struct kerr *err);

/* 1 if firewall_apply would change something, 0 if not, -errno as firewall_apply. */
int firewall_differs(const struct firewall_plan *p, struct kerr *err);

/*
 * Remove every chain and jump of an instance. 1 something was removed, 0 there was
 * nothing, as on a host without legacy tables.
 */
int firewall_remove(const char *instance, struct kerr *err);

#endif
