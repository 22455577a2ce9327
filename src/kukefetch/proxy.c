/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "hostport.h"
#include "mem.h"
#include "proxy.h"
#include "str.h"

/* An IPv4 or IPv6 address as bytes. */
struct address {
	unsigned char bytes[16];
	unsigned bits; /* 32 or 128; 0: not an address */
};

/* An IPv4-mapped IPv6 address counts as IPv4, as in Go. */
static struct address address_of(const char *s)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct address a = { 0 };

	if (inet_pton(AF_INET, s, a.bytes) == 1) {
		a.bits = 32;
	} else if (inet_pton(AF_INET6, s, a.bytes) == 1) {
		a.bits = 128;
		if (memcmp(a.bytes, mapped, sizeof(mapped)) == 0) {
			memmove(a.bytes, a.bytes + 12, 4);
			a.bits = 32;
		}
	}
	return a;
}

static bool same_bits(const struct address *a, const struct address *b, unsigned n)
{
	unsigned char mask = (unsigned char) (0xff00 >> n % 8);

	if (a->bits == 0 || a->bits != b->bits || memcmp(a->bytes, b->bytes, n / 8) != 0)
		return false;
	return n % 8 == 0 || ((a->bytes[n / 8] ^ b->bytes[n / 8]) & mask) == 0;
}

/*
 * Whether the entry is a block like "10.0.0.0/8"; *ret: whether the block contains the
 * address.
 */
static bool is_block(const char *entry, const struct address *a, bool *ret)
{
	const char *slash = strchr(entry, '/');
	cleanup_free char *net = NULL;
	struct address b;
	uint64_t n;

	if (!slash)
		return false;
	net = xstrndup(entry, (size_t) (slash - entry));
	b = address_of(net);
	if (b.bits == 0 || str_to_u64(slash + 1, 0, b.bits, &n) < 0)
		return false;
	*ret = same_bits(a, &b, (unsigned) n);
	return true;
}

/*
 * Whether host is "example.org" or a name below it; with a leading dot, only names below
 * match.
 */
static bool is_domain(const char *entry, const char *host)
{
	size_t n = strlen(host), len;

	if (str_has_prefix(entry, "*."))
		entry++;
	if (*entry != '.' && str_case_eq(entry, host))
		return true;
	entry += *entry == '.';
	len = strlen(entry);
	return len > 0 && n > len && host[n - len - 1] == '.' && str_case_eq(host + n - len, entry);
}

static bool entry_matches(const char *entry, const char *host, const char *port)
{
	cleanup_free char *name = NULL, *only = NULL;
	struct address a = address_of(host), b;
	bool has;

	if (is_block(entry, &a, &has))
		return has;
	b = address_of(entry); /* an IPv6 address without brackets cannot have a port */
	if (b.bits > 0)
		return same_bits(&a, &b, b.bits);
	hostport_split(entry, &name, &only);
	if (*only && !streq(only, port))
		return false;
	if (*name == '[') {
		size_t n = strlen(name);

		memmove(name, name + 1, n);
		name[strcspn(name, "]")] = '\0';
	}
	b = address_of(name);
	return b.bits > 0 ? same_bits(&a, &b, b.bits) : *name && is_domain(name, host);
}

bool proxy_excepts(const char *no_proxy, const char *host, const char *port)
{
	size_t n;

	for (; *no_proxy; no_proxy += n + (no_proxy[n] == ',')) {
		cleanup_free char *piece = NULL, *entry = NULL;

		n = strcspn(no_proxy, ",");
		piece = xstrndup(no_proxy, n);
		entry = str_trim(piece);
		if (streq(entry, "*") || (*entry && entry_matches(entry, host, port)))
			return true;
	}
	return false;
}

static const char *setting(const char *upper, const char *lower)
{
	const char *s = getenv(upper);

	if (str_empty(s))
		s = getenv(lower);
	return s ? s : "";
}

const char *proxy_for(const char *scheme, const char *host, const char *port)
{
	const char *proxy = streq(scheme, "https") ? setting("HTTPS_PROXY", "https_proxy")
						   : setting("HTTP_PROXY", "http_proxy");
	cleanup_free char *bare = xstrdup(*host == '[' ? host + 1 : host);

	bare[strcspn(bare, "]")] = '\0';
	if (!*proxy)
		proxy = setting("ALL_PROXY", "all_proxy");
	if (host_is_loopback(host) || proxy_excepts(setting("NO_PROXY", "no_proxy"), bare, port))
		return "";
	return proxy;
}
