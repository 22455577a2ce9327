/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LINK_FILTER_H
#define KUKEON_LINK_FILTER_H

#include "link.h"
#include "rt.h"

/*
 * What a cell may send: frames with the MAC and the IPv4 address of its lease, as IPv4 or
 * ARP, without a VLAN tag. So no cell takes another's address, answers for it or announces a
 * router. All else is dropped where it comes out of the cell, at the host's end of its link,
 * by a classic BPF program (socket filters, Documentation/networking/filter.rst) in direct
 * action mode of tc-bpf(8). The filter goes with the device.
 *
 * Set it before the device is brought up. -EOPNOTSUPP, with a message, if this kernel has
 * no such filters (CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF).
 */
int link_filter_set(struct rt_sock *sk, unsigned ifindex, const uint8_t mac[LINK_MAC_SIZE],
		    uint32_t addr, struct kerr *err);

#endif
