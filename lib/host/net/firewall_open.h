/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_OPEN_H
#define KUKEON_FIREWALL_OPEN_H

#include "err.h"
#include "firewall.h"
#include "vec.h"

/*
 * Other tables of nf_tables see what cells forward as well, and what one of them drops
 * is dropped: a chain of hook "forward" whose policy is DROP, as iptables-nft has it for
 * docker or ufw, or whose last rule drops or rejects everything, as that of firewalld.
 * Into each table with such a chain comes a chain of ours that accepts what enters or
 * leaves a bridge of ours, and a jump to it at the head of the chains that close. It
 * opens nothing that our own rules close, because those drop for good.
 *
 * The rules are such as iptables-nft reads, which would refuse its table otherwise.
 */

/*
 * Open what is closed, and take ours out of what no longer is. One transaction per
 * table, none where nothing differs; a table that cannot be changed is left out. 1
 * changed, 0 nothing to do (also on a kernel without nf_tables).
 */
int firewall_open_apply(const struct firewall_plan *p, struct kerr *err);

/* What stays closed: a text for each chain. */
int firewall_open_closed(const struct firewall_plan *p, struct strlist *ret, struct kerr *err);

/* 1 if firewall_open_apply would change something, 0 if not. */
int firewall_open_differs(const struct firewall_plan *p, struct kerr *err);

/* Take ours out of all tables. 1 something was removed, 0 there was nothing. */
int firewall_open_remove(const struct firewall_plan *p, struct kerr *err);

#endif
