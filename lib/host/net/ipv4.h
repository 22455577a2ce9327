/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IPV4_H
#define KUKEON_IPV4_H

#include "defs.h"

/*
 * IPv4 addresses and subnets as numbers in host byte order. Pure functions, used for
 * subnets, leases, links and firewall rules.
 */
struct ipv4_net {
	uint32_t addr; /* an address in the subnet; host bits 0: the subnet itself */
	unsigned prefix; /* 0 to 32 */
};

#define IPV4_TEXT_MAX 16 /* "255.255.255.255" */
#define IPV4_NET_TEXT_MAX 19 /* with "/32" */

/* Four decimal numbers without surrounding text. -EINVAL. */
int ipv4_parse(const char *s, uint32_t *ret);
/* "a.b.c.d/n"; host bits are kept. -EINVAL. */
int ipv4_net_parse(const char *s, struct ipv4_net *ret);
/* buf is filled and returned. */
const char *ipv4_text(uint32_t addr, char buf[IPV4_TEXT_MAX]);
const char *ipv4_net_text(struct ipv4_net net, char buf[IPV4_NET_TEXT_MAX]);

uint32_t ipv4_mask(unsigned prefix);
uint32_t ipv4_first(struct ipv4_net net); /* the subnet's own address: host bits 0 */
uint32_t ipv4_last(struct ipv4_net net); /* the broadcast address: host bits 1 */
struct ipv4_net ipv4_subnet(struct ipv4_net net); /* without host bits */
bool ipv4_contains(struct ipv4_net net, uint32_t addr);
bool ipv4_overlap(struct ipv4_net a, struct ipv4_net b);
bool ipv4_net_eq(struct ipv4_net a, struct ipv4_net b); /* same address and prefix */

#endif
