/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipv4.h"
#include "str.h"

int ipv4_parse(const char *s, uint32_t *ret)
{
	struct in_addr in;

	/* inet_pton takes exactly four decimal numbers, without leading zeros or octal. */
	if (inet_pton(AF_INET, s, &in) != 1)
		return -EINVAL;
	*ret = ntohl(in.s_addr);
	return 0;
}

int ipv4_net_parse(const char *s, struct ipv4_net *ret)
{
	const char *slash = strchr(s, '/');
	char text[IPV4_TEXT_MAX];
	uint64_t prefix;
	uint32_t addr;
	int r;

	if (!slash || (size_t) (slash - s) >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, (size_t) (slash - s));
	text[slash - s] = '\0';
	r = ipv4_parse(text, &addr);
	if (r < 0)
		return r;
	r = str_to_u64(slash + 1, 0, 32, &prefix);
	if (r < 0)
		return -EINVAL;
	*ret = (struct ipv4_net){ .addr = addr, .prefix = (unsigned) prefix };
	return 0;
}

const char *ipv4_text(uint32_t addr, char buf[IPV4_TEXT_MAX])
{
	char *at = buf;

	/* A hosts file has a thousand of them at each start. */
	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned v = addr >> shift & 0xff;

		if (v >= 100)
			*at++ = (char) ('0' + v / 100);
		if (v >= 10)
			*at++ = (char) ('0' + v / 10 % 10);
		*at++ = (char) ('0' + v % 10);
		*at++ = '.';
	}
	at[-1] = '\0';
	return buf;
}

const char *ipv4_net_text(struct ipv4_net net, char buf[IPV4_NET_TEXT_MAX])
{
	char addr[IPV4_TEXT_MAX];

	(void) snprintf(buf, IPV4_NET_TEXT_MAX, "%s/%u", ipv4_text(net.addr, addr),
			net.prefix % 100);
	return buf;
}

uint32_t ipv4_mask(unsigned prefix)
{
	if (prefix == 0)
		return 0;
	if (prefix >= 32)
		return UINT32_MAX;
	return UINT32_MAX << (32 - prefix);
}

uint32_t ipv4_first(struct ipv4_net net)
{
	return net.addr & ipv4_mask(net.prefix);
}

uint32_t ipv4_last(struct ipv4_net net)
{
	return net.addr | ~ipv4_mask(net.prefix);
}

struct ipv4_net ipv4_subnet(struct ipv4_net net)
{
	net.addr = ipv4_first(net);
	return net;
}

bool ipv4_contains(struct ipv4_net net, uint32_t addr)
{
	return ((net.addr ^ addr) & ipv4_mask(net.prefix)) == 0;
}

bool ipv4_overlap(struct ipv4_net a, struct ipv4_net b)
{
	return ipv4_contains(a.prefix <= b.prefix ? a : b, a.prefix <= b.prefix ? b.addr : a.addr);
}

bool ipv4_net_eq(struct ipv4_net a, struct ipv4_net b)
{
	return a.addr == b.addr && a.prefix == b.prefix;
}
