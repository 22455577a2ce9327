/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_PORTS_H
#define KUKEON_FIREWALL_PORTS_H

#include "firewall_plan.h"

/*
 * Rules of published ports. Whatever is sent to such a port of the host, by others, by the
 * host itself or by cells, gets the cell's address as its destination:
 *
 *   nat PREROUTING    packets that arrive, but none for 127.0.0.0/8: what is published there
 *                     is for this host alone, and only its own packets go there by right
 *   nat OUTPUT        packets of the host itself
 *   nat POSTROUTING   a cell that reaches one of its own space through the host, and the
 *                     host that does so from 127.0.0.0/8, get the bridge's address as their
 *                     source: else the answer would not come back through the host
 *   filter INPUT      nothing that a cell sends may come from or go to 127.0.0.0/8: a bridge
 *                     that publishes there has route_localnet, by which the kernel itself
 *                     no longer drops that (ip-sysctl)
 *
 * IPv6 has nothing like route_localnet: the kernel lets no packet for or from ::1 through any
 * device. So what the host sends to ::1 stays there.
 */

/* Bits: the families whose addresses are translated; IPv6 where a space has it. */
unsigned firewall_nat_families(const struct firewall_input *in);

/* The chains of nat that translate, and their hooks; the same for a plan without ports. */
void firewall_ports_translate(struct firewall_plan *p, const struct firewall_input *in);

/* Rules of a space, for the chain of POSTROUTING; ahead of its masquerade. */
void firewall_ports_masquerade(struct firewall_chain *postrouting, const struct firewall_input *in,
			       const struct firewall_space *s);

/* Rules for the top chain of INPUT, after the one that lets all but bridges of spaces pass. */
void firewall_ports_protect(struct firewall_chain *input, const struct firewall_input *in);

/* Whether it is for packets of that family to a cell of the space. */
bool firewall_port_is_of(const struct firewall_port *port, const struct firewall_space *s,
			 bool ipv6);

/* Whether a port is published on an address of 127.0.0.0/8, or on all addresses of IPv4. */
bool firewall_port_on_loopback(const struct firewall_port *port);

#endif
