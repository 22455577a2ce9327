/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NETWORK_H
#define KUKEON_NETWORK_H

#include "context.h"
#include "link.h"

/*
 * The network of a space: a subnet, a bridge, its rules, and the addresses its
 * cells hold. Callers have at least a shared lock on the space.
 */
struct space_net {
	struct ipv4_net subnet;
	uint32_t gateway;
	char bridge[LINK_NAME_MAX];
};

/* "<realm>-<space>", owned by the caller. */
char *network_name(const struct addr *space) __attribute__((returns_nonnull));

/*
 * What is on record, and where that is lost or damaged what the other files and the kernel
 * say. -ENOENT without a message when the space has no network yet.
 */
int network_load(struct engine *e, const struct addr *space, struct space_net *ret,
		 struct kerr *err);

/* The record alone (network.json). */
int network_load_record(struct engine *e, const struct addr *space, struct space_net *ret,
			struct kerr *err);

/*
 * Choose a subnet that neither another space nor the host uses and record it
 * (network.json, network.conflist). What is on record stays; what is damaged is
 * written again from what is known. 1 made, 0 was there.
 * Refuses a space whose network name, and so bridge, is another's.
 */
int network_create(struct engine *e, const struct addr *space, struct space_net *ret,
		   struct kerr *err);

/* Networks of spaces that are not made yet. */
struct network_list {
	struct network_planned {
		struct addr space; /* borrowed strings */
		struct space_net net;
	} * v;
	size_t n;
};

/* The network that network_create would choose beside those others; nothing is written. */
int network_plan(struct engine *e, const struct addr *space, const struct network_list *others,
		 struct space_net *ret, struct kerr *err);

/* Write both files again from what is on record. */
int network_rewrite(struct engine *e, const struct addr *space, struct kerr *err);

/* The bridge is there and forwarding is on. 1 something was made, 0 not. */
int network_up(struct engine *e, const struct addr *space, const struct space_net *net,
	       struct kerr *err);

/* Bridge, files and leases go; the rules with the next network_sync_rules. Missing is success. */
int network_delete(struct engine *e, const struct addr *space, struct kerr *err);

/*
 * Make the firewall say what all spaces of this instance want. 1 changed, 0 in
 * place. A host without legacy tables is told once in the log and is no error.
 */
int network_sync_rules(struct engine *e, struct kerr *err);

#endif
