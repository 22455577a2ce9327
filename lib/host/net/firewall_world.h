/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_WORLD_H
#define KUKEON_FIREWALL_WORLD_H

#include "err.h"
#include "firewall.h"

/* What the server configuration says; auto where memory is zeroed. */
enum firewall_choice {
	FIREWALL_CHOICE_AUTO = 0,
};

enum firewall_world {
	FIREWALL_WORLD_LEGACY = 1, /* ip_tables: supported */
	FIREWALL_WORLD_NFT, /* rules are in nf_tables; legacy rules must not be added beside them */
	FIREWALL_WORLD_NONE, /* the kernel has neither, or ip_tables cannot be loaded */
	FIREWALL_WORLD_NO_PACKETS, /* the kernel does not know this family: nothing to filter */
	_FIREWALL_WORLD_MAX,
};

/*
 * Which packet filter this network namespace uses for a family. The host's is found out
 * without loading ip_tables: legacy if it has legacy tables; nft if it has only
 * nf_tables; if it has neither, legacy if ip_tables is built in or can be loaded. IPv6
 * is filtered by the same as IPv4, where ip6_tables is built in or can be loaded.
 */
enum firewall_world firewall_world(enum firewall_choice choice, enum firewall_family family);

/* Whether legacy tables of that family exist in this namespace; loads nothing. */
bool firewall_world_has_legacy(enum firewall_family family);

/*
 * Whether packets of the families (bits) can be filtered here: 0 (also where the kernel
 * does not have the family), -EOPNOTSUPP with a message that says what is missing.
 */
int firewall_world_check(enum firewall_choice choice, unsigned families, struct kerr *err);

#endif
