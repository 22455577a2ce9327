/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipnet.h"
#include "str.h"

unsigned ipnet_bits(enum ipnet_family family)
{
	switch (family) {
	case IPNET_V4:
		return 32;
	case IPNET_V6:
		return 128;
	case IPNET_NONE:
		break;
	}
	return 0;
}

static int family_number(enum ipnet_family family)
{
	return family == IPNET_V4 ? AF_INET : AF_INET6;
}

int ipnet_parse_addr(const char *s, struct ipnet *ret)
{
	struct ipnet net = { .family = strchr(s, ':') ? IPNET_V6 : IPNET_V4 };

	if (inet_pton(family_number(net.family), s, net.addr) != 1)
		return -EINVAL;
	net.prefix = ipnet_bits(net.family);
	*ret = net;
	return 0;
}

int ipnet_parse(const char *s, struct ipnet *ret)
{
	const char *slash = strchr(s, '/');
	char text[IPNET_TEXT_MAX];
	struct ipnet net;
	uint64_t prefix;
	int r;

	if (!slash || (size_t) (slash - s) >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, (size_t) (slash - s));
	text[slash - s] = '\0';
	r = ipnet_parse_addr(text, &net);
	if (r < 0)
		return r;
	r = str_to_u64(slash + 1, 0, ipnet_bits(net.family), &prefix);
	if (r < 0)
		return -EINVAL;
	net.prefix = (unsigned) prefix;
	*ret = net;
	return 0;
}

struct ipnet ipnet_of_ipv4(struct ipv4_net net)
{
	struct ipnet to = { .family = IPNET_V4, .prefix = net.prefix };

	for (unsigned i = 0; i < 4; i++)
		to.addr[i] = (uint8_t) (net.addr >> (24 - 8 * i));
	return to;
}

struct ipv4_net ipnet_ipv4(const struct ipnet *net)
{
	struct ipv4_net to = { .prefix = net->prefix };

	for (unsigned i = 0; i < 4; i++)
		to.addr |= (uint32_t) net->addr[i] << (24 - 8 * i);
	return to;
}

const char *ipnet_addr_text(const struct ipnet *net, char buf[IPNET_TEXT_MAX])
{
	buf[0] = '\0';
	if (net->family != IPNET_NONE)
		(void) inet_ntop(family_number(net->family), net->addr, buf, IPNET_TEXT_MAX);
	return buf;
}

const char *ipnet_text(const struct ipnet *net, char buf[IPNET_TEXT_MAX])
{
	char addr[IPNET_TEXT_MAX];

	(void) ipnet_addr_text(net, addr);
	(void) snprintf(buf, IPNET_TEXT_MAX, "%.45s/%u", addr, net->prefix % 1000);
	return buf;
}

void ipnet_mask(const struct ipnet *net, uint8_t ret[16])
{
	unsigned left = net->prefix;

	for (unsigned i = 0; i < 16; i++) {
		ret[i] = left >= 8 ? 0xff : (uint8_t) (0xff00U >> left);
		left -= left >= 8 ? 8 : left;
	}
}

struct ipnet ipnet_subnet(struct ipnet net)
{
	uint8_t mask[16];

	ipnet_mask(&net, mask);
	for (unsigned i = 0; i < 16; i++)
		net.addr[i] &= mask[i];
	return net;
}

bool ipnet_contains(const struct ipnet *net, const struct ipnet *addr)
{
	uint8_t mask[16];

	if (net->family == IPNET_NONE || net->family != addr->family)
		return false;
	ipnet_mask(net, mask);
	for (unsigned i = 0; i < 16; i++)
		if (((net->addr[i] ^ addr->addr[i]) & mask[i]) != 0)
			return false;
	return true;
}

bool ipnet_overlap(const struct ipnet *a, const struct ipnet *b)
{
	return a->prefix <= b->prefix ? ipnet_contains(a, b) : ipnet_contains(b, a);
}

/* ---- numbered subnets and hosts ---- */

struct ipnet ipnet_numbered(const struct ipnet *net, uint32_t number)
{
	struct ipnet to = ipnet_subnet(*net);
	unsigned bits = 64 - net->prefix;
	uint64_t v = bits < 32 ? number & ((UINT64_C(1) << bits) - 1) : number;

	for (unsigned i = 0; i < 8; i++)
		to.addr[i] |= (uint8_t) (v >> (56 - 8 * i));
	to.prefix = 64;
	return to;
}

struct ipnet ipnet_host(struct ipnet net, uint32_t number)
{
	for (unsigned i = 0; i < 4 && net.family == IPNET_V6; i++)
		net.addr[12 + i] |= (uint8_t) (number >> (24 - 8 * i));
	return net;
}

int ipnet_cmp(const struct ipnet *a, const struct ipnet *b)
{
	int r;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	r = memcmp(a->addr, b->addr, sizeof(a->addr));
	if (r != 0)
		return r;
	return a->prefix == b->prefix ? 0 : a->prefix < b->prefix ? -1 : 1;
}

bool ipnet_eq(const struct ipnet *a, const struct ipnet *b)
{
	return ipnet_cmp(a, b) == 0;
}
