/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_BRIDGE_H
#define KUKEON_NET_BRIDGE_H

#include "context.h"
#include "network.h"

/* The bridge of a space, in the kernel. */

/*
 * Create the bridge with the MTU of the host's uplink, and enable forwarding. 1 something
 * changed, 0 not. Before it creates one it has the rules of all spaces in place, unless
 * the caller holds them (net_rules_hold) and has seen to that.
 */
int net_bridge_up(struct engine *e, const struct addr *space, const struct space_net *net,
		  struct kerr *err);

/*
 * Remove the network of a space: bridge, files and leases. The rules go with the next
 * net_rules_sync. Success if there is nothing.
 */
int net_bridge_delete(struct engine *e, const struct addr *space, struct kerr *err);

#endif
