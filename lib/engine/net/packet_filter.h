/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PACKET_FILTER_H
#define KUKEON_PACKET_FILTER_H

#include "context.h"
#include "firewall_host.h"

/*
 * The host's packet filter for this instance: which one it is, the rules in it, and what
 * others drop nevertheless. The runtime directory keeps that rules are in nf_tables,
 * where a flush leaves nothing that says so.
 */

/* Ask firewall_world and firewall_world_check with this. */
enum firewall_choice packet_filter_choice(const struct engine *e);

const char *packet_filter_name(const struct engine *e); /* firewall_world_name */

/*
 * With the lock of the firewall. As firewall_apply; logs what changed, and what others drop.
 * On success *ret_ipv6 (may be NULL) says what is missing where IPv6 cannot be filtered.
 */
int packet_filter_apply(struct engine *e, const struct firewall_plan *plan, struct kerr *ret_ipv6,
			struct kerr *err);

/*
 * The same for a plan that only opens addresses for which a cell waits: which filter it is and
 * what others drop is as it was when the rules were last written, and is not looked at again.
 */
int packet_filter_open(struct engine *e, const struct firewall_plan *plan, struct kerr *err);

/* firewall_extend_probed, logged as the former. */
int packet_filter_extend(struct engine *e, const struct firewall_set *sets, size_t n,
			 const struct firewall_probe *probe, struct kerr *err);

#endif
