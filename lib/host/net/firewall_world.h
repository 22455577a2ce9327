/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_WORLD_H
#define KUKEON_FIREWALL_WORLD_H

#include "err.h"
#include "firewall.h"

/* The first three are the server configuration's firewallBackend; auto where memory is zeroed. */
enum firewall_choice {
	FIREWALL_CHOICE_AUTO = 0,
	FIREWALL_CHOICE_LEGACY,
	FIREWALL_CHOICE_NFT,
	FIREWALL_CHOICE_STAY_NFT, /* auto, on a host where it was nf_tables before */
	_FIREWALL_CHOICE_MAX,
};

/* "auto", "legacy", "nft"; NULL or "": auto. -EINVAL. */
int firewall_choice_parse(const char *name, enum firewall_choice *ret);

enum firewall_world {
	FIREWALL_WORLD_LEGACY = 1, /* ip_tables: firewall_iptc */
	FIREWALL_WORLD_NFT, /* nf_tables: firewall_nft */
	FIREWALL_WORLD_NONE, /* the kernel has neither, or not what was chosen */
	FIREWALL_WORLD_NO_PACKETS, /* the kernel does not know this family: nothing to filter */
	_FIREWALL_WORLD_MAX,
};

/*
 * What was found out of this network namespace, of one moment: nf_tables is listed once for
 * that, and several questions are asked of one probe.
 */
struct firewall_probe {
	enum firewall_choice choice;
	enum firewall_world host; /* of IPv4; IPv6 goes with it */
};

void firewall_probe(enum firewall_choice choice, struct firewall_probe *ret);

/*
 * Which packet filter of this network namespace gets the rules of a family. What drops
 * packets drops them in either, but what filters already should not have to be looked
 * for in two places, and iptables-nft warns of legacy tables beside its own. So without
 * a choice it is where rules of others are, legacy tables if both have some; where ours
 * are, if no others have any; then ip_tables if it is built in or can be loaded, for IPv6
 * too; then nf_tables. Where it was nf_tables before, a host without any rules (a
 * ruleset was flushed) stays with it. A table of nf_tables counts if it filters IPv4:
 * through a chain with a hook, and a rule or the policy DROP. IPv6 goes with IPv4.
 *
 * Loads ip_tables at most where it will be used.
 */
enum firewall_world firewall_probe_world(const struct firewall_probe *p,
					 enum firewall_family family);

/* The same of a new probe. */
enum firewall_world firewall_world(enum firewall_choice choice, enum firewall_family family);

/* How people call it: "iptables (legacy)", "nftables", "none". */
const char *firewall_world_name(enum firewall_world world);

/* Whether legacy tables of that family exist in this namespace; loads nothing. */
bool firewall_world_has_legacy(enum firewall_family family);

/*
 * Whether packets of the families (bits) can be filtered here: 0 (also where the kernel
 * does not have the family), -EOPNOTSUPP with a message that says what is missing.
 */
int firewall_probe_check(const struct firewall_probe *p, unsigned families, struct kerr *err);
int firewall_world_check(enum firewall_choice choice, unsigned families, struct kerr *err);

#endif
