/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "answer.h"
#include "question.h"
#include "reports.h"

/* An answer that there is nothing of that type. */
static void answer_empty(struct kukedns *d, const struct client *c, const struct dns_query *q)
{
	buf_reset(&d->reply);
	dns_reply_begin(&d->reply, q->name.text, q->type, DNS_NOERROR);
	question_reply(d, c, q, 0);
}

/* False if it is no name of the space's own. Such an answer is good at this moment only. */
static bool answer_own(struct kukedns *d, const struct client *c, const struct dns_query *q)
{
	const struct policy_own *own;
	size_t n;

	own = policy_find_own(&c->space->policy, q->name.text, &n);
	if (!own)
		return false;
	buf_reset(&d->reply);
	dns_reply_begin(&d->reply, q->name.text, q->type, DNS_NOERROR);
	for (size_t i = 0; i < n; i++)
		if ((q->type == DNS_A && own[i].addr.family == 4) ||
		    (q->type == DNS_AAAA && own[i].addr.family == 6))
			dns_reply_address(&d->reply, DNS_QUESTION_NAME, &own[i].addr);
	question_reply(d, c, q, 0);
	return true;
}

static bool answer_cached(struct kukedns *d, const struct client *c, const struct dns_query *q)
{
	uint32_t ttl;

	buf_reset(&d->reply);
	if (!cache_get(&d->cache, c->space->id, q->name.text, q->type, &d->reply, &ttl))
		return false;
	question_reply(d, c, q, ttl);
	return true;
}

/* Types that are no records of a zone: transfers, signatures of messages. */
static bool is_meta(unsigned type)
{
	return type == 0 || type == DNS_OPT || (type >= DNS_META && type < DNS_ANY);
}

/*
 * Of a listed name, what is never asked for. HTTPS and SVCB have addresses of their own,
 * which would not be opened.
 */
static bool is_empty(const struct space *s, unsigned type)
{
	return type == DNS_HTTPS || type == DNS_SVCB || type == DNS_ANY ||
	       (type == DNS_AAAA && !s->ipv6);
}

static void answer_valid(struct kukedns *d, const struct client *c, const struct dns_query *q)
{
	const struct policy *p = &c->space->policy;

	if (q->class != DNS_IN || is_meta(q->type)) {
		d->refused++;
		question_code(d, c, q, DNS_REFUSED);
	} else if (!p->ready) {
		question_code(d, c, q, DNS_SERVFAIL);
	} else if (q->name.plain && answer_own(d, c, q)) {
		return;
	} else if (!q->name.plain || !policy_allows(p, q->name.text)) {
		report_query(d, c->space, &c->cell, q->name.text);
		question_code(d, c, q, DNS_REFUSED);
	} else if (is_empty(c->space, q->type)) {
		answer_empty(d, c, q);
	} else if (!answer_cached(d, c, q) && !question_wait(d, c, q)) {
		question_code(d, c, q, DNS_SERVFAIL);
	}
}

void answer_query(struct kukedns *d, const struct client *c, const uint8_t *p, size_t n)
{
	struct dns_query q;
	int r;

	d->queries++;
	r = dns_query_read(p, n, &q);
	if (r > 0)
		question_code(d, c, &q, (enum dns_rcode) r);
	else if (r == 0)
		answer_valid(d, c, &q);
}
