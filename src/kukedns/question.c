/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "chain.h"
#include "clock.h"
#include "mem.h"
#include "question.h"
#include "reports.h"
#include "str.h"

struct waiter {
	struct waiter *next;
	struct client client;
	struct dns_query query;
};

struct question {
	struct table_item item;
	uint64_t id;
	struct space *space;
	uint64_t generation; /* of the policy when it began */
	unsigned type;
	struct upstream_ask *ask; /* NULL: it is with the engine */
	struct chain chain; /* which is to be opened */
	int64_t until_ms;
	struct waiter *waiters;
	char name[];
};

/* ---- answering ---- */

static void send_out(struct kukedns *d, const struct client *c)
{
	client_send(d, c, &d->out);
	if (d->out.cap > DNS_QUERY_MAX * 4)
		buf_clear(&d->out);
}

void question_reply(struct kukedns *d, const struct client *c, const struct dns_query *q,
		    uint32_t ttl)
{
	buf_reset(&d->out);
	dns_reply_finish(&d->out, &d->reply, q, ttl, client_limit(c, q->limit));
	send_out(d, c);
}

void question_code(struct kukedns *d, const struct client *c, const struct dns_query *q,
		   enum dns_rcode rcode)
{
	buf_reset(&d->out);
	dns_reply_code(&d->out, q, rcode);
	send_out(d, c);
}

static struct buf *new_reply(struct kukedns *d)
{
	if (d->reply.cap > DNS_QUERY_MAX * 4)
		buf_clear(&d->reply);
	buf_reset(&d->reply);
	return &d->reply;
}

/* ---- the table ---- */

static uint32_t hash_of(int64_t space, const char *name, unsigned type)
{
	uint32_t h = table_hash(TABLE_HASH_START, &space, sizeof(space));

	return table_hash(table_hash(h, &type, sizeof(type)), name, strlen(name));
}

static struct question *find(const struct kukedns *d, const struct space *s, const char *name,
			     unsigned type)
{
	struct table_item *i = table_first(&d->questions, hash_of(s->id, name, type));
	struct question *q;

	for (; i; i = table_next(i)) {
		q = (struct question *) i;
		if (q->space == s && q->type == type && q->generation == s->generation &&
		    streq(q->name, name))
			return q;
	}
	return NULL;
}

static void drop_waiter(struct kukedns *d, struct question *q)
{
	struct waiter *w = q->waiters;
	struct conn *c = w->client.conn ? conn_find(d, w->client.conn) : NULL;

	q->waiters = w->next;
	if (c)
		conn_answered(c);
	q->space->n_waiting--;
	d->n_waiting--;
	free(w);
}

static void drop(struct kukedns *d, struct question *q)
{
	while (q->waiters)
		drop_waiter(d, q);
	if (q->ask)
		upstream_forget(q->ask);
	table_remove(&d->questions, &q->item);
	chain_clear(&q->chain);
	free(q);
}

static bool still_allowed(const struct question *q)
{
	return q->generation == q->space->generation || policy_allows(&q->space->policy, q->name);
}

/* End a question: all clients get the code, or with NOERROR what d->reply has. */
static void finish(struct kukedns *d, struct question *q, enum dns_rcode code, uint32_t ttl)
{
	const struct waiter *w;

	if (!still_allowed(q))
		code = DNS_REFUSED;
	if (code == DNS_NOERROR && q->generation == q->space->generation)
		cache_put(&d->cache, q->space->id, q->name, q->type, &d->reply, ttl);
	for (; q->waiters; drop_waiter(d, q)) {
		w = q->waiters;
		if (code == DNS_REFUSED)
			report_query(d, q->space, &w->client.cell, q->name);
		if (code == DNS_NOERROR)
			question_reply(d, &w->client, &w->query, ttl);
		else
			question_code(d, &w->client, &w->query, code);
	}
	drop(d, q);
}

/* ---- asking ---- */

static struct question *begin(struct kukedns *d, struct space *s, const struct dns_query *query)
{
	size_t n = strlen(query->name.text) + 1;
	struct question *q = xcalloc(1, sizeof(*q) + n);

	memcpy(q->name, query->name.text, n);
	q->ask = upstream_ask(d->upstream, q->name, query->type, q);
	if (!q->ask) {
		free(q);
		return NULL;
	}
	q->id = ++d->last_id;
	q->space = s;
	q->generation = s->generation;
	q->type = query->type;
	q->until_ms = clock_ms() + QUESTION_ASK_MS;
	table_add(&d->questions, &q->item, hash_of(s->id, q->name, q->type));
	d->asked++;
	return q;
}

bool question_wait(struct kukedns *d, const struct client *c, const struct dns_query *query)
{
	struct conn *conn = c->conn ? conn_find(d, c->conn) : NULL;
	struct question *q;
	struct waiter *w;

	if (d->n_waiting >= QUESTIONS_MAX || c->space->n_waiting >= QUESTIONS_SPACE_MAX ||
	    (conn && conn->n_waiting >= CONN_WAITING_MAX))
		return false;
	q = find(d, c->space, query->name.text, query->type);
	if (!q)
		q = begin(d, c->space, query);
	if (!q)
		return false;
	w = xcalloc(1, sizeof(*w));
	w->client = *c;
	w->query = *query;
	w->next = q->waiters;
	q->waiters = w;
	c->space->n_waiting++;
	d->n_waiting++;
	if (conn)
		conn->n_waiting++;
	return true;
}

/* ---- the resolver's answer ---- */

/* Have the addresses opened; a client learns of them after that. */
static int open_addresses(struct kukedns *d, struct question *q)
{
	cleanup_buf struct buf list = BUF_INIT(DNS_ADDRS_MAX * IPADDR_TEXT_MAX);
	char text[IPADDR_TEXT_MAX];

	for (size_t i = 0; i < q->chain.n_addrs; i++) {
		revmap_set(&d->revmap, q->space->id, &q->chain.addrs[i], q->name);
		if (i > 0)
			buf_addc(&list, ',');
		buf_adds(&list, ipaddr_text(&q->chain.addrs[i], text));
	}
	proto_msg_start(&d->msg, "open");
	proto_msg_add_i64(&d->msg, "id", (int64_t) q->id);
	proto_msg_add_i64(&d->msg, "space", q->space->id);
	proto_msg_add(&d->msg, "name", q->name);
	proto_msg_add_i64(&d->msg, "ttl", q->chain.ttl);
	proto_msg_add(&d->msg, "addrs", buf_str(&list));
	q->until_ms = clock_ms() + QUESTION_OPEN_MS;
	return report_send(d);
}

static void take_addresses(struct kukedns *d, struct question *q, const struct dns_answer *a)
{
	if (chain_walk(a, q->name, q->type, &q->chain) < 0) {
		finish(d, q, DNS_SERVFAIL, 0);
	} else if (q->chain.n_addrs == 0) {
		chain_reply(&q->chain, q->name, q->type, new_reply(d));
		finish(d, q, DNS_NOERROR, q->chain.ttl);
	} else if (!still_allowed(q) || open_addresses(d, q) < 0) {
		finish(d, q, DNS_SERVFAIL, 0);
	}
}

static void pass_on(struct kukedns *d, struct question *q, const struct dns_answer *a)
{
	uint32_t ttl = a->n_answers > 0 ? a->ttl : chain_negative_ttl(a);

	dns_reply_pass(new_reply(d), a, q->name, q->type);
	finish(d, q, d->reply.failed ? DNS_SERVFAIL : DNS_NOERROR,
	       ttl > DNS_TTL_MAX ? (ttl > INT32_MAX ? 0 : DNS_TTL_MAX) : ttl);
}

static void take_answer(struct kukedns *d, struct question *q, const struct buf *answer)
{
	struct dns_answer a;

	q->ask = NULL;
	if (dns_answer_read((const uint8_t *) answer->data, answer->len, q->name, q->type, &a) <
		    0 ||
	    (a.rcode != DNS_NOERROR && a.rcode != DNS_NXDOMAIN))
		finish(d, q, DNS_SERVFAIL, 0);
	else if (q->type == DNS_A || q->type == DNS_AAAA)
		take_addresses(d, q, &a);
	else
		pass_on(d, q, &a);
}

void question_answers(struct kukedns *d)
{
	struct upstream_done done;

	while (upstream_next(d->upstream, &done)) {
		take_answer(d, done.owner, &done.answer);
		buf_clear(&done.answer);
	}
}

/* ---- the engine's answer ---- */

static bool listed(const char *list, const struct ipaddr *addr)
{
	char text[IPADDR_TEXT_MAX];
	struct ipaddr one;
	size_t n;

	for (; *list; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (n >= sizeof(text))
			continue;
		memcpy(text, list, n);
		text[n] = '\0';
		if (ipaddr_parse(text, &one) == 0 && ipaddr_eq(&one, addr))
			return true;
	}
	return false;
}

static void keep_listed(struct chain *c, const char *list)
{
	size_t k = 0;

	for (size_t i = 0; i < c->n_addrs; i++)
		if (listed(list, &c->addrs[i]))
			c->addrs[k++] = c->addrs[i];
	c->n_addrs = k;
}

void question_opened(struct kukedns *d, uint64_t id, const char *addrs, bool failed)
{
	struct table_item *i = d->questions.oldest;
	struct question *q;

	while (i && ((struct question *) i)->id != id)
		i = i->newer;
	q = (struct question *) i;
	if (!q || q->ask || q->chain.n_addrs == 0)
		return;
	keep_listed(&q->chain, addrs);
	if (q->chain.n_addrs == 0) {
		finish(d, q, failed ? DNS_SERVFAIL : DNS_REFUSED, 0);
		return;
	}
	chain_reply(&q->chain, q->name, q->type, new_reply(d));
	finish(d, q, DNS_NOERROR, q->chain.ttl);
}

/* ---- time and end ---- */

void question_expire(struct kukedns *d, int64_t now_ms)
{
	struct table_item *next;

	for (struct table_item *i = d->questions.oldest; i; i = next) {
		struct question *q = (struct question *) i;

		next = i->newer;
		if (q->until_ms <= now_ms)
			finish(d, q, DNS_SERVFAIL, 0);
	}
}

int64_t question_wakes(const struct kukedns *d)
{
	int64_t least = -1;

	for (struct table_item *i = d->questions.oldest; i; i = i->newer) {
		const struct question *q = (const struct question *) i;

		if (least < 0 || q->until_ms < least)
			least = q->until_ms;
	}
	return least;
}

void question_forget(struct kukedns *d, const struct space *s)
{
	struct table_item *next;

	for (struct table_item *i = d->questions.oldest; i; i = next) {
		struct question *q = (struct question *) i;

		next = i->newer;
		if (q->space == s)
			drop(d, q);
	}
}
