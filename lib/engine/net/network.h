/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NETWORK_H
#define KUKEON_NETWORK_H

#include "context.h"
#include "link.h"

/*
 * The network of a space on record: its subnet, and what follows from it. Its bridge is in
 * net_bridge.h, its rules are in net_rules.h, the leases of its cells in lease.h. Callers
 * hold at least a shared lock on the space.
 */
struct space_net {
	struct ipv4_net subnet;
	uint32_t gateway;
	struct ipnet subnet6; /* /64; no family: without IPv6 (net_ipv6.h) */
	char bridge[LINK_NAME_MAX];
};

/* Return "<realm>-<space>"; owned by the caller. */
char *network_name(const struct addr *space) __attribute__((returns_nonnull));
/* What a bridge of ours has as its alias, "<realm>/<space>"; owned by the caller. */
char *network_bridge_owner(const struct addr *space) __attribute__((returns_nonnull));

/* Call fn for every space of the instance, realm by realm, until it fails. */
typedef int network_space_fn(void *ctx, struct engine *e, const struct addr *space);
int network_each_space(struct engine *e, network_space_fn *fn, void *ctx, struct kerr *err);

/*
 * Load the network of a space. If its record is lost or damaged, reconstruct it from
 * the other files and the kernel. -ENOENT without a message if the space has no
 * network.
 */
int network_load(struct engine *e, const struct addr *space, struct space_net *ret,
		 struct kerr *err);

/* Load the network from its record (network.json) only. */
int network_load_record(struct engine *e, const struct addr *space, struct space_net *ret,
			struct kerr *err);

/*
 * Choose a subnet that neither another space nor the host uses, and store it
 * (network.json, network.conflist). An existing network is kept; damaged files are
 * rewritten. 1 created, 0 it existed. An error if another space has the same network
 * name, and so the same bridge.
 */
int network_create(struct engine *e, const struct addr *space, struct space_net *ret,
		   struct kerr *err);

/* Planned networks of spaces that are not created yet. */
struct network_list {
	struct network_planned {
		struct addr space; /* borrowed strings */
		struct space_net net;
	} * v;
	size_t n;
};

/* Choose a network as network_create would, given those others; nothing is written. */
int network_plan(struct engine *e, const struct addr *space, const struct network_list *others,
		 struct space_net *ret, struct kerr *err);

/* Rewrite both files from the stored network; nothing for one that plugins make. */
int network_rewrite(struct engine *e, const struct addr *space, struct kerr *err);

#endif
