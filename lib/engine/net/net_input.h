/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_INPUT_H
#define KUKEON_NET_INPUT_H

#include "context.h"
#include "firewall_plan.h"
#include "names_state.h"
#include "net_egress.h"
#include "published.h"

/*
 * What the packet filter's rules are made of, read from what is stored: networks and policies of
 * spaces, addresses of names, temporary rules, published ports. It changes nothing, and holds
 * still for the one that holds the lock of the firewall (net_rules_hold).
 */

/* One space as if another document were stored as its own. */
struct net_input_as {
	const struct addr *space;
	const struct space_doc *doc;
	bool seen; /* so far; set by the functions below */
};

struct net_input {
	struct firewall_input fi; /* refers to what follows */
	struct firewall_space *v;
	size_t n;
	struct net_egress_rules *allow;
	size_t n_allow;
	struct firewall_port *ports;
	size_t n_ports;
	struct net_input_as *as;
	struct names_served served;
	struct net_egress_now now;
	bool denies; /* a space's policy does */
	bool unknown; /* a space's policy cannot be read */
};

/* Of all spaces, with those published ports; as: NULL, all is as stored. */
int net_input_read(struct engine *e, struct net_input_as *as, const struct published_list *ports,
		   struct net_input *ret, struct kerr *err);
/* Of one: none if it has no network. */
int net_input_read_one(struct engine *e, const struct addr *space, struct net_input_as *as,
		       struct net_input *ret, struct kerr *err);
void net_input_clear(struct net_input *in);
#define cleanup_net_input cleanup_(net_input_clear)

#endif
