/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LINK_NETS_H
#define KUKEON_LINK_NETS_H

#include "ipnet.h"
#include "link.h"
#include "rt.h"

/* A subnet this host uses, and its device ("" for routes without one). */
struct link_net {
	struct ipnet net;
	char device[LINK_NAME_MAX];
};

struct link_nets {
	struct link_net *v;
	size_t n;
};

void link_nets_clear(struct link_nets *l);
#define cleanup_link_nets cleanup_(link_nets_clear)

/*
 * Every address of a family (as its subnet) and every unicast route but the default ones, of
 * all tables; link-local ones of IPv6 are of no subnet (rtnetlink(7)). Appends to *ret, which
 * the caller clears in any case. Blocks only until the kernel answers.
 */
int link_list_nets(enum ipnet_family family, struct link_nets *ret, struct kerr *err);

/*
 * The address that a message is about, with its prefix: this end's, on a point-to-point link
 * too. False: it is about none (or is no RTM_NEWADDR).
 */
bool link_read_addr(const struct nlmsghdr *h, struct ipnet *ret);

#endif
