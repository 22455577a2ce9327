/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NETWORK_H
#define KUKEON_NETWORK_H

#include "context.h"
#include "link.h"
#include "ports.h"

/*
 * The network of a space: subnet, bridge, firewall rules, and the leases of its cells.
 * Callers hold at least a shared lock on the space.
 */
struct space_net {
	struct ipv4_net subnet;
	uint32_t gateway;
	char bridge[LINK_NAME_MAX];
};

/* Return "<realm>-<space>"; owned by the caller. */
char *network_name(const struct addr *space) __attribute__((returns_nonnull));

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

/*
 * Create the bridge with the MTU of the host's uplink, and enable forwarding. 1 something
 * changed, 0 not. Before it creates one it has the rules of all spaces in place, unless
 * the caller holds them (network_rules_hold) and has seen to that.
 */
int network_up(struct engine *e, const struct addr *space, const struct space_net *net,
	       struct kerr *err);

/*
 * Warn of each route and address of the host that overlaps the subnet of a space and was not
 * there when the subnet was chosen: what it leads to, or the space, cannot be reached.
 */
void network_warn_overlaps(struct engine *e);

/*
 * Remove bridge, files and leases. The rules go with the next network_sync_rules.
 * Success if there is nothing.
 */
int network_delete(struct engine *e, const struct addr *space, struct kerr *err);

/*
 * Update the firewall to the rules of all spaces of this instance. 1 changed, 0 up to
 * date. What others drop nevertheless is logged. On a host whose packets cannot be
 * filtered, warn once and return success; net_egress_check says whether a policy can be
 * enforced there. e->rules_error keeps a failure.
 */
int network_sync_rules(struct engine *e, struct kerr *err);

/* 1 if network_sync_rules would change something, 0 if not; -EOPNOTSUPP where it warns. */
int network_rules_differ(struct engine *e, struct kerr *err);

/*
 * Publish ports of a started cell with that address, instead of those it publishes; none
 * if the list is empty. Rules are committed before the record (published.h) is written,
 * and connections that were made under other rules are forgotten. 1 changed, 0 it does
 * publish them; an error, with nothing changed, if a port is taken (published_check) or,
 * -EOPNOTSUPP, the host's packets cannot be filtered.
 */
int network_publish(struct engine *e, const struct addr *cell, uint32_t addr,
		    const struct port_list *ports, struct kerr *err);

/* Whether the record says just that; one look, without a lock. */
bool network_publishes(struct engine *e, const struct addr *cell, uint32_t addr,
		       const struct port_list *ports);

/*
 * The same in steps, for a change that has to come with its rules: hold, write the rules
 * as if doc were stored as that space's, store it, release. Who holds them takes no other
 * lock. space NULL: the rules of what is stored.
 */
int network_rules_hold(struct engine *e, struct kerr *err);
int network_rules_write(struct engine *e, const struct addr *space, const struct space_doc *doc,
			struct kerr *err);
void network_rules_release(struct engine *e);

#endif
