/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONNTRACK_H
#define KUKEON_CONNTRACK_H

#include "defs.h"
#include "err.h"
#include "ipnet.h"

/*
 * Tracked connections of this network namespace (ctnetlink, linux/netfilter/
 * nfnetlink_conntrack.h). A rule that translates addresses is asked for the first packet
 * of a connection only, so connections keep what they were given, or not given, after the
 * rules have changed: they are forgotten, and their next packet makes a new one.
 */
struct conntrack_match {
	bool udp;
	uint16_t first, last; /* the port it was addressed to */
	uint32_t dst; /* the IPv4 address it was addressed to; 0: any */
	uint32_t to; /* translated to that IPv4 address; 0: to this host, not translated */
	bool ipv6; /* of IPv6: the same as these two say, without a family where those are 0 */
	struct ipnet dst6, to6;
};

/*
 * Forget the connections that one of n matches fits. Returns how many, or -errno with a
 * message: -EOPNOTSUPP if the kernel has no connection tracking or no ctnetlink.
 */
int conntrack_forget(const struct conntrack_match *m, size_t n, struct kerr *err);

/* A connection of either family, as its first packet was; single addresses. */
struct conntrack_flow {
	struct ipnet from; /* who began it */
	struct ipnet to; /* whom it reached: where its destination was translated, after that */
	bool translated;
	uint8_t proto; /* IPPROTO_ of netinet/in.h */
	uint16_t to_port; /* 0 if the protocol has none */
};

/* Forget the connections for which over says so. Returns as conntrack_forget does. */
typedef bool conntrack_over_fn(const void *ctx, const struct conntrack_flow *f);
int conntrack_forget_flows(conntrack_over_fn *over, const void *ctx, struct kerr *err);

#endif
