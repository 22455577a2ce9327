/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "chain.h"
#include "mem.h"
#include "str.h"

void chain_clear(struct chain *c)
{
	strlist_clear(&c->names);
	free(c->addrs);
	*c = (struct chain){ 0 };
}

static void note_ttl(struct chain *c, uint32_t ttl)
{
	if (ttl > INT32_MAX) /* RFC 2181, 8 */
		ttl = 0;
	if (ttl < c->ttl)
		c->ttl = ttl;
}

static void take_address(const struct dns_answer *a, const struct dns_record *r, struct chain *c)
{
	struct ipaddr addr = ipaddr_of(a->p + r->data, r->n), *to;

	note_ttl(c, r->ttl);
	for (size_t i = 0; i < c->n_addrs; i++)
		if (ipaddr_eq(&c->addrs[i], &addr))
			return;
	if (c->n_addrs == DNS_ADDRS_MAX)
		return;
	to = vec_grow(&c->addrs, &c->n_addrs, sizeof(*c->addrs));
	*to = addr;
}

/* Take the addresses of a name; the first CNAME that it has goes to ret, 1 if there is one. */
static int look_at(const struct dns_answer *a, const char *name, unsigned type, struct chain *c,
		   struct dns_name *ret)
{
	uint32_t ttl = 0;
	size_t at = a->answers;
	struct dns_record r;
	int found = 0;

	for (unsigned i = 0; i < a->n_answers; i++) {
		if (dns_record_read(a, &at, &r) < 0)
			return -EBADMSG;
		if (r.class != DNS_IN || !r.owner.plain || !streq(r.owner.text, name))
			continue;
		if (r.type == type) {
			take_address(a, &r, c);
		} else if (r.type == DNS_CNAME && !found) {
			if (dns_record_target(a, &r, ret) < 0)
				return -EBADMSG;
			found = 1;
			ttl = r.ttl;
		}
	}
	if (c->n_addrs > 0)
		return 0;
	if (found)
		note_ttl(c, ttl);
	return found;
}

static int walk(const struct dns_answer *a, const char *name, unsigned type, struct chain *c)
{
	struct dns_name target;
	int r;

	for (;;) {
		r = look_at(a, name, type, c, &target);
		if (r <= 0)
			return r;
		if (!target.plain) /* there can be no host of that name */
			return 0;
		if (c->names.n == CHAIN_MAX || strlist_has(&c->names, target.text))
			return -ELOOP;
		strlist_add(&c->names, target.text);
		name = c->names.v[c->names.n - 1];
	}
}

uint32_t chain_negative_ttl(const struct dns_answer *a)
{
	int64_t ttl = a->negative_ttl < 0 ? CHAIN_UNSAID_TTL : a->negative_ttl;

	return ttl > CHAIN_NEGATIVE_TTL ? CHAIN_NEGATIVE_TTL : (uint32_t) ttl;
}

int chain_walk(const struct dns_answer *a, const char *name, unsigned type, struct chain *ret)
{
	cleanup_chain struct chain c = { .rcode = a->rcode, .ttl = DNS_TTL_MAX };
	int r;

	if (type != DNS_A && type != DNS_AAAA)
		return -EINVAL;
	if (a->rcode != DNS_NOERROR && a->rcode != DNS_NXDOMAIN)
		return -EBADMSG;
	r = walk(a, name, type, &c);
	if (r < 0)
		return r;
	if (c.n_addrs > 0)
		c.rcode = DNS_NOERROR;
	else
		note_ttl(&c, chain_negative_ttl(a));
	*ret = take_struct(c);
	return 0;
}

void chain_reply(const struct chain *c, const char *name, unsigned type, struct buf *ret)
{
	size_t owner = DNS_QUESTION_NAME;

	dns_reply_begin(ret, name, type, c->rcode);
	for (size_t i = 0; i < c->names.n; i++)
		owner = dns_reply_cname(ret, owner, c->names.v[i]);
	for (size_t i = 0; i < c->n_addrs; i++)
		dns_reply_address(ret, owner, &c->addrs[i]);
}
