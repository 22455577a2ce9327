/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FENCE_H
#define KUKEON_FENCE_H

#include <linux/filter.h>

#include "firewall_plan.h"

/*
 * The second line behind the rules of a space whose policy denies: programs of classic BPF
 * for what leaves the space's bridge into the host (tc, clsact, ingress of the bridge). No
 * table of iptables or nft holds them, so a flush of those, a reload of another firewall and
 * the time until the rules are there again open nothing.
 *
 * They know no connections. What may be an answer passes, and the rules judge it: TCP with
 * ACK or RST, UDP from a port below those that the kernel gives to clients to one of those,
 * UDP from a published port or to a client's port of the gateway, errors and echo replies of
 * ICMP. Besides these pass ARP, ICMP to the gateway, queries for names to it where it answers
 * them, all of ICMPv6 but echo requests that leave the link, what the policy allows, and what
 * goes to a port that the space itself publishes. Everything else is dropped.
 *
 * A program decides (TC_ACT_OK, TC_ACT_SHOT) or leaves the packet to the next one
 * (TC_ACT_UNSPEC); the last one drops. Sources: linux/pkt_cls.h, tc-bpf(8).
 */
/*
 * Instructions. A message of rtnetlink would hold more, but an address of a name changes one
 * program, which the kernel compiles while a cell waits.
 */
#define FENCE_PROGRAM_MAX 160

struct fence_program {
	struct sock_filter v[FENCE_PROGRAM_MAX];
	uint16_t n;
};

struct fence {
	struct fence_program *v;
	size_t n; /* 0: no fence is wanted */
};

/*
 * The fence of one space of the input: none if its policy allows. Pure. The host cannot be
 * fenced by a policy that is not known: FIREWALL_DEFAULT_UNKNOWN is not asked for.
 */
void fence_make(const struct firewall_input *in, const struct firewall_space *s, struct fence *ret);
void fence_clear(struct fence *f);

/*
 * The fence the other way round, as one filter of a socket (SO_ATTACH_FILTER, socket(7)): it
 * takes the first bytes of the frames that the fence drops, and no others. Pure. False if
 * that has more than max instructions. A fence without programs drops nothing.
 */
#define FENCE_CAUGHT_BYTES 128
bool fence_catch(const struct fence *f, struct sock_filter *ret, size_t max, size_t *ret_n);

#endif
