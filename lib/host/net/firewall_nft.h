/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_NFT_H
#define KUKEON_FIREWALL_NFT_H

#include "err.h"
#include "firewall.h"

/*
 * A plan as a table of nf_tables of our own: inet "kukeon", with the tag of the instance
 * if it is not the default one. What it drops is dropped whatever other tables say; they
 * are untouched (but see firewall_open.h). Chains have the plan's names; packets enter
 * through base chains such as "filter-FORWARD", ahead of the usual priorities.
 *
 * The table is read and compared, and what differs is replaced in one transaction, chain
 * by chain, so that other chains keep their counters.
 */

/* 1 changed, 0 already in place, -errno; -EOPNOTSUPP: the kernel has no nf_tables. */
int firewall_nft_apply(const struct firewall_plan *p, struct kerr *err);

/* 1 if firewall_nft_apply would change something, 0 if not, -errno. */
int firewall_nft_differs(const struct firewall_plan *p, struct kerr *err);

/*
 * Add members to sets that a plan has made; tag: of that plan. A member of the set keeps its
 * end. -ENOENT, without a message: there is no such set, and nothing was added.
 */
int firewall_nft_extend(const char *tag, const struct firewall_set *sets, size_t n,
			struct kerr *err);

/* Remove the table of the plan's instance. 1 removed, 0 there was none. */
int firewall_nft_remove(const struct firewall_plan *p, struct kerr *err);

/* 1 if there is such a table, 0 if not. */
int firewall_nft_has(const struct firewall_plan *p, struct kerr *err);

/* Whether a table of that name is an instance's. */
bool firewall_nft_is_ours(const char *table);

#endif
