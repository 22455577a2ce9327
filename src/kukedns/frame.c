/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "frame.h"

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	EXTENSIONS_MAX = 4, /* headers of IPv6 that are skipped */
	MLD_FIRST = 130, /* types of ICMPv6: multicast listeners, … */
	ND_LAST = 137, /* … to the neighbour discovery */
	MLD2 = 143,
	DHCP_SERVER = 67,
	DHCP_CLIENT = 68,
	DHCP6_CLIENT = 546,
	DHCP6_SERVER = 547,
};

static unsigned get16(const uint8_t *p)
{
	return (unsigned) p[0] << 8 | p[1];
}

static bool is_dhcp(unsigned port)
{
	return port == DHCP_SERVER || port == DHCP_CLIENT || port == DHCP6_CLIENT ||
	       port == DHCP6_SERVER;
}

/* What is behind the headers of IP. */
static bool read_payload(const uint8_t *p, size_t n, struct frame *c)
{
	switch (c->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
		if (n < 4)
			return false;
		c->port = (uint16_t) get16(p + 2);
		return c->proto != IPPROTO_UDP || !is_dhcp(c->port);
	case IPPROTO_ICMPV6:
		return n > 0 && p[0] != MLD2 && (p[0] < MLD_FIRST || p[0] > ND_LAST);
	default:
		return true;
	}
}

static bool read_ipv4(const uint8_t *p, size_t n, struct frame *c)
{
	size_t header;

	if (n < IPV4_HEADER || p[0] >> 4 != 4)
		return false;
	header = (size_t) (p[0] & 0x0f) * 4;
	if (header < IPV4_HEADER || header > n || (get16(p + 6) & 0x1fff) != 0)
		return false;
	c->from = ipaddr_of(p + 12, 4);
	c->to = ipaddr_of(p + 16, 4);
	c->proto = p[9];
	if (c->to.b[0] >= 224 && (c->to.b[0] < 240 || c->to.b[0] == 255)) /* multicast, broadcast */
		return false;
	return read_payload(p + header, n - header, c);
}

/* The length of an extension header, of which n bytes are there; 0: it is none. */
static size_t extension(unsigned proto, const uint8_t *p, size_t n)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return n < 8 ? n : ((size_t) p[1] + 1) * 8;
	case IPPROTO_FRAGMENT:
		return 8;
	default:
		return 0;
	}
}

static bool read_ipv6(const uint8_t *p, size_t n, struct frame *c)
{
	size_t at = IPV6_HEADER, skip;

	if (n < IPV6_HEADER || p[0] >> 4 != 6)
		return false;
	c->from = ipaddr_of(p + 8, 16);
	c->to = ipaddr_of(p + 24, 16);
	c->proto = p[6];
	if (c->to.b[0] == 0xff)
		return false;
	for (unsigned i = 0; i <= EXTENSIONS_MAX; i++) {
		skip = extension(c->proto, p + at, n - at);
		if (skip == 0)
			return read_payload(p + at, n - at, c);
		if (n - at < 8 || n - at < skip)
			return false;
		if (c->proto == IPPROTO_FRAGMENT && (get16(p + at + 2) & 0xfff8) != 0)
			return false;
		c->proto = p[at];
		at += skip;
	}
	return false;
}

bool frame_read(const uint8_t *p, size_t n, struct frame *ret)
{
	struct frame c = { .proto = 0 };
	bool known;

	if (n < ETH_HLEN || (p[0] & 1)) /* to more than one */
		return false;
	switch (get16(p + 12)) {
	case ETH_P_IP:
		known = read_ipv4(p + ETH_HLEN, n - ETH_HLEN, &c);
		break;
	case ETH_P_IPV6:
		known = read_ipv6(p + ETH_HLEN, n - ETH_HLEN, &c);
		break;
	default:
		return false;
	}
	if (known)
		*ret = c;
	return known;
}
