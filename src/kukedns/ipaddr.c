/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>

#include "ipaddr.h"

size_t ipaddr_size(const struct ipaddr *a)
{
	return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

struct ipaddr ipaddr_of(const uint8_t *p, size_t n)
{
	struct ipaddr a = { .family = n == 4 ? 4 : 6 };

	memcpy(a.b, p, n == 4 ? 4 : 16);
	return a;
}

struct ipaddr ipaddr_of_socket(const struct sockaddr_storage *s)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (s->ss_family == AF_INET) {
		memcpy(&four, s, sizeof(four));
		return ipaddr_of((const uint8_t *) &four.sin_addr, 4);
	}
	if (s->ss_family == AF_INET6) {
		memcpy(&six, s, sizeof(six));
		return ipaddr_of(six.sin6_addr.s6_addr, 16);
	}
	return (struct ipaddr){ 0 };
}

int ipaddr_parse(const char *text, struct ipaddr *ret)
{
	struct ipaddr a = { .family = strchr(text, ':') ? 6 : 4 };

	if (inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.b) != 1)
		return -EINVAL;
	*ret = a;
	return 0;
}

const char *ipaddr_text(const struct ipaddr *a, char buf[IPADDR_TEXT_MAX])
{
	buf[0] = '\0';
	if (a->family != 0)
		(void) inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, buf, IPADDR_TEXT_MAX);
	return buf;
}

bool ipaddr_eq(const struct ipaddr *a, const struct ipaddr *b)
{
	return a->family == b->family && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}
