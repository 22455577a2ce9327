/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IPNET_H
#define KUKEON_IPNET_H

#include "defs.h"
#include "ipv4.h"

/*
 * Addresses and subnets of either family, as bytes in network order. Pure functions,
 * used where a rule or a policy may be about both.
 */
enum ipnet_family {
	IPNET_NONE = 0, /* no address at all: what zeroed memory is */
	IPNET_V4 = 4,
	IPNET_V6 = 6,
};

struct ipnet {
	enum ipnet_family family;
	unsigned prefix; /* 0 to 32, 0 to 128 */
	uint8_t addr[16]; /* of IPv4 the first four are used, the others 0 */
};

#define IPNET_TEXT_MAX 50 /* INET6_ADDRSTRLEN and "/128" */

/* The bits of an address: 32 or 128. */
unsigned ipnet_bits(enum ipnet_family family);

/* "10.0.0.0/8" or "fd00::/8"; host bits are kept. -EINVAL. */
int ipnet_parse(const char *s, struct ipnet *ret);
/* One address, of the prefix that holds it alone. -EINVAL. */
int ipnet_parse_addr(const char *s, struct ipnet *ret);
struct ipnet ipnet_of_ipv4(struct ipv4_net net);
struct ipv4_net ipnet_ipv4(const struct ipnet *net); /* and back: of one that is IPv4 */

/* buf is filled and returned; ipnet_text has the prefix, ipnet_addr_text has not. */
const char *ipnet_text(const struct ipnet *net, char buf[IPNET_TEXT_MAX]);
const char *ipnet_addr_text(const struct ipnet *net, char buf[IPNET_TEXT_MAX]);

/* The mask as an address; bytes beyond the family's are 0. */
void ipnet_mask(const struct ipnet *net, uint8_t ret[16]);
struct ipnet ipnet_subnet(struct ipnet net); /* without host bits */

/*
 * Of an IPv6 net of at most 64 bits the /64 with that number: what is left up to bit 64 are the
 * last bits of the number.
 */
struct ipnet ipnet_numbered(const struct ipnet *net, uint32_t number);
/* The address with that number in an IPv6 net of 64 bits; its prefix stays. NONE of NONE. */
struct ipnet ipnet_host(struct ipnet net, uint32_t number);

/* Whether an address (its prefix is not looked at) lies in the net. */
bool ipnet_contains(const struct ipnet *net, const struct ipnet *addr);
bool ipnet_overlap(const struct ipnet *a, const struct ipnet *b);
bool ipnet_eq(const struct ipnet *a, const struct ipnet *b);
/* An order for sorting: by family, address, prefix. */
int ipnet_cmp(const struct ipnet *a, const struct ipnet *b);

#endif
