/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_ENTRY_H
#define KUKEON_FIREWALL_ENTRY_H

#include "firewall.h"

/*
 * A rule as the legacy tables of the kernel have it (struct ipt_entry, struct
 * ip6t_entry; linux/netfilter_ipv4/ip_tables.h): the entry, its matches, its target.
 */
#define FIREWALL_ENTRY_MAX 1024 /* bytes: an entry, four matches and a target */

struct firewall_entry {
	enum firewall_family family;
	size_t n;
	size_t target; /* offset of the target */
	_Alignas(8) char bytes[FIREWALL_ENTRY_MAX];
};

/* Of a plan without sets. */
void firewall_entry_make(const struct firewall_rule *r, enum firewall_family family,
			 struct firewall_entry *ret);
void firewall_entry_make_hook(const struct firewall_hook *hook, enum firewall_family family,
			      struct firewall_entry *ret);

/* The destination that an entry of a table matches, with the prefix of its mask. */
struct ipnet firewall_entry_dst(const void *have, enum firewall_family family);

/*
 * Whether an entry of a table equals a wanted one. Counters and what the kernel fills in
 * are ignored. target: the name of the target of have, as libiptc tells it (the kernel
 * stores a jump as an offset).
 */
bool firewall_entry_eq(const void *have, const char *target, const struct firewall_entry *want,
		       const struct firewall_rule *r);

#endif
