/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CHAIN_H
#define KUKEON_CHAIN_H

#include "dns_msg.h"
#include "vec.h"

/*
 * What an answer says of the addresses of a name: from the name along its CNAMEs to the
 * addresses of the last one. Records of other names are not looked at.
 */
struct chain {
	enum dns_rcode rcode; /* NOERROR or NXDOMAIN */
	struct strlist names; /* the targets, in their order */
	struct ipaddr *addrs;
	size_t n_addrs;
	uint32_t ttl; /* the least on the way, DNS_TTL_MAX at most */
};

enum {
	CHAIN_MAX = 16, /* CNAMEs that are followed */
	CHAIN_NEGATIVE_TTL = 30, /* at most for what is not there */
	CHAIN_UNSAID_TTL = 5, /* and where the zone does not say */
};

void chain_clear(struct chain *c);
#define cleanup_chain cleanup_(chain_clear)

/*
 * Walk an answer about addresses. -EBADMSG: it says neither that there are some nor that
 * there are none; -ELOOP: longer than CHAIN_MAX, or a circle; -EINVAL: another type.
 */
int chain_walk(const struct dns_answer *a, const char *name, unsigned type, struct chain *ret);
/* The reply (dns_msg.h) that says so. */
void chain_reply(const struct chain *c, const char *name, unsigned type, struct buf *ret);
/* How long something may be kept that an answer says is not there. */
uint32_t chain_negative_ttl(const struct dns_answer *a);

#endif
