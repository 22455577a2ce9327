/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LINK_FILTER_H
#define KUKEON_LINK_FILTER_H

#include "link.h"
#include "rt.h"

/*
 * What a cell may send: frames with the MAC and the addresses of its lease, as IPv4, ARP or
 * IPv6 (none: addr6 without a family), without a VLAN tag. So no cell takes another's address,
 * answers for it or announces a router. Of IPv6 that is (link_filter.c has the program):
 *
 *   from its address, or the link-local one with the same last 64 bits
 *     ICMPv6       but for router advertisements, redirects, and neighbour advertisements of
 *                  an address that is not one of the two (RFC 4861)
 *     the rest     but for extension headers behind which such a message could hide (hop by
 *                  hop, routing, destination options: RFC 7113); from the link-local address
 *                  reports of multicast listeners have one. Fragments pass: the kernel takes
 *                  no neighbour discovery from them (RFC 6980).
 *   from ::        whether one of the two is in use (RFC 4862)
 *
 * All else is dropped where it comes out of the cell, at the host's end of its link,
 * by a classic BPF program (socket filters, Documentation/networking/filter.rst) in direct
 * action mode of tc-bpf(8). The filter goes with the device.
 *
 * Set it before the device is brought up. -EOPNOTSUPP, with a message, if this kernel has
 * no such filters (CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF).
 */
int link_filter_set(struct rt_sock *sk, unsigned ifindex, const uint8_t mac[LINK_MAC_SIZE],
		    uint32_t addr, const struct ipnet *addr6, struct kerr *err);

#endif
