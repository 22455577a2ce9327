/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DNS_BUILD_H
#define DNS_BUILD_H

#include <arpa/inet.h>
#include <check.h>
#include <string.h>

#include "dns_msg.h"

/* Messages of DNS for tests, valid or not, byte by byte. */
struct packet {
	size_t n;
	uint8_t p[DNS_MSG_MAX + 64];
};

static inline void packet_16(struct packet *m, unsigned v)
{
	m->p[m->n++] = (uint8_t) (v >> 8);
	m->p[m->n++] = (uint8_t) v;
}

static inline void packet_bytes(struct packet *m, const void *p, size_t n)
{
	ck_assert_uint_le(m->n + n, sizeof(m->p));
	memcpy(m->p + m->n, p, n);
	m->n += n;
}

static inline void packet_name(struct packet *m, const char *name)
{
	size_t n;

	for (; *name; name += n + (name[n] == '.')) {
		n = strcspn(name, ".");
		m->p[m->n++] = (uint8_t) n;
		packet_bytes(m, name, n);
	}
	m->p[m->n++] = 0;
}

/* The header, with one question; records are counted as they are added. */
static inline void packet_begin(struct packet *m, unsigned flags, const char *name, unsigned type)
{
	m->n = 0;
	packet_16(m, 0x1234);
	packet_16(m, flags);
	packet_16(m, 1);
	packet_16(m, 0);
	packet_16(m, 0);
	packet_16(m, 0);
	packet_name(m, name);
	packet_16(m, type);
	packet_16(m, DNS_IN);
}

enum packet_section {
	PACKET_ANSWER = 6, /* where it is counted */
	PACKET_AUTHORITY = 8,
	PACKET_ADDITIONAL = 10,
};

static inline void packet_count(struct packet *m, enum packet_section s)
{
	m->p[s + 1]++;
	m->p[s] = (uint8_t) (m->p[s] + (m->p[s + 1] == 0));
}

static inline void packet_record(struct packet *m, enum packet_section s, const char *owner,
				 unsigned type, uint32_t ttl)
{
	packet_count(m, s);
	packet_name(m, owner);
	packet_16(m, type);
	packet_16(m, DNS_IN);
	packet_16(m, ttl >> 16);
	packet_16(m, ttl & 0xffff);
}

static inline void packet_address(struct packet *m, const char *owner, uint32_t ttl,
				  const char *text)
{
	struct ipaddr a;

	ck_assert_int_eq(ipaddr_parse(text, &a), 0);
	packet_record(m, PACKET_ANSWER, owner, a.family == 4 ? DNS_A : DNS_AAAA, ttl);
	packet_16(m, (unsigned) ipaddr_size(&a));
	packet_bytes(m, a.b, ipaddr_size(&a));
}

static inline void packet_cname(struct packet *m, const char *owner, uint32_t ttl,
				const char *target)
{
	packet_record(m, PACKET_ANSWER, owner, DNS_CNAME, ttl);
	packet_16(m, (unsigned) strlen(target) + 2);
	packet_name(m, target);
}

/* The zone's SOA, as it stands beside what is not there. */
static inline void packet_soa(struct packet *m, uint32_t ttl, uint32_t minimum)
{
	packet_record(m, PACKET_AUTHORITY, "test", DNS_SOA, ttl);
	packet_16(m, 1 + 1 + 20);
	packet_name(m, "");
	packet_name(m, "");
	for (unsigned i = 0; i < 4; i++) {
		packet_16(m, 0);
		packet_16(m, 7);
	}
	packet_16(m, minimum >> 16);
	packet_16(m, minimum & 0xffff);
}

static inline void packet_opt(struct packet *m, unsigned size, unsigned version)
{
	packet_count(m, PACKET_ADDITIONAL);
	packet_name(m, "");
	packet_16(m, DNS_OPT);
	packet_16(m, size);
	packet_16(m, version);
	packet_16(m, 0);
	packet_16(m, 0);
}

#endif
