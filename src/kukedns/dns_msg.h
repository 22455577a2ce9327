/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DNS_MSG_H
#define KUKEON_DNS_MSG_H

#include "buf.h"
#include "defs.h"
#include "dns_proto.h"
#include "ipaddr.h"

/* Messages of DNS (RFC 1035, EDNS(0) of RFC 6891), read and written. Pure functions. */
enum {
	DNS_HEADER = 12,
	DNS_QUESTION_MAX = 255 + 4, /* bytes: name, type, class */
	DNS_QUERY_MAX = 1024, /* bytes of a query; more is none that needs an answer */
	DNS_UDP_MIN = 512,
	DNS_UDP_MAX = 1232, /* what passes any link unfragmented */
	DNS_MSG_MAX = 65535,
	DNS_RECORDS_MAX = 512, /* of one answer; more is refused */
};

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16,
};

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_DNAME = 39,
	DNS_OPT = 41,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,
	DNS_META = 249, /* from here on to ANY: no types of records */
	DNS_ANY = 255,
};

enum dns_class {
	DNS_IN = 1,
};

/*
 * A name as text: lower case, no dot at the end. One that has labels of other bytes than
 * letters, digits, '-' and '_' is not plain: the bytes are written as \ddd, what is longer
 * than DNS_NAME_MAX then is cut, and it equals no other name.
 */
struct dns_name {
	char text[DNS_NAME_MAX + 1];
	bool plain;
};

struct dns_query {
	uint16_t id;
	uint8_t flags; /* the opcode and RD, where they are in the header */
	bool cd; /* the client checks signatures itself */
	bool edns;
	size_t limit; /* bytes of an answer by UDP */
	uint16_t type, class;
	struct dns_name name;
	size_t question_n; /* 0: there was no whole one */
	uint8_t question[DNS_QUESTION_MAX]; /* as it was sent */
};

/* Read a query. 0; an enum dns_rcode to answer it with; -EBADMSG: not to be answered. */
int dns_query_read(const uint8_t *p, size_t n, struct dns_query *ret);

/* A record: its data is at an offset of the message. */
struct dns_record {
	struct dns_name owner;
	uint16_t type, class;
	uint32_t ttl;
	size_t data, n;
};

/* An answer of a resolver; p is borrowed. */
struct dns_answer {
	const uint8_t *p;
	size_t n;
	enum dns_rcode rcode;
	size_t answers, additional; /* where these begin */
	unsigned n_answers, n_authority;
	uint32_t ttl; /* the least of answers and authority, or UINT32_MAX */
	int64_t negative_ttl; /* of the zone, for what is not there; -1: not said */
};

/* Read an answer to the question; all of it is checked. -EBADMSG. */
int dns_answer_read(const uint8_t *p, size_t n, const char *name, unsigned type,
		    struct dns_answer *ret);
/* The record at *at, which is moved behind it. -EBADMSG. */
int dns_record_read(const struct dns_answer *a, size_t *at, struct dns_record *ret);
/* The name in a record's data. -EBADMSG. */
int dns_record_target(const struct dns_answer *a, const struct dns_record *r, struct dns_name *ret);

/* ---- writing; all append to ret, which is empty at the beginning ---- */

enum {
	DNS_QUESTION_NAME = DNS_HEADER, /* where the name of the question is */
	DNS_REPLY_MAX = DNS_MSG_MAX - 11, /* an OPT record fits as well */
};

/* A question for a resolver, about a plain name. */
void dns_ask_write(struct buf *ret, uint16_t id, const char *name, unsigned type);
/* Whether the answer says that such a question is not understood, and one without EDNS. */
bool dns_ask_failed(const uint8_t *answer, size_t n);
void dns_ask_simplify(struct buf *ask);

/*
 * A reply without the parts that differ between clients. owner is the offset of a name in
 * it; dns_reply_cname returns that of the target.
 */
void dns_reply_begin(struct buf *ret, const char *name, unsigned type, enum dns_rcode rcode);
size_t dns_reply_cname(struct buf *ret, size_t owner, const char *target);
void dns_reply_address(struct buf *ret, size_t owner, const struct ipaddr *a);
/* The same from a resolver's answer to that question: all but its additional section. */
void dns_reply_pass(struct buf *ret, const struct dns_answer *a, const char *name, unsigned type);

/* The reply as the client gets it. ttl is for all its records, limit the bytes it may have. */
void dns_reply_finish(struct buf *ret, const struct buf *reply, const struct dns_query *q,
		      uint32_t ttl, size_t limit);
/* An answer of a code alone. */
void dns_reply_code(struct buf *ret, const struct dns_query *q, enum dns_rcode rcode);

#endif
