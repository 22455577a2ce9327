/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "clock.h"
#include "conntrack.h"
#include "log.h"
#include "mem.h"
#include "names_open.h"
#include "packet_filter.h"
#include "str.h"
#include "vec.h"

enum {
	SPACING_MS = 50, /* between two changes of legacy tables, which are replaced whole */
	SLOW_MS = 5, /* a change that takes as long */
	SHARE = 3, /* is followed by other things for as many times that */
	FAILED_MS = 1000, /* after rules that could not be written */
	ASKS_MAX = 2048, /* as kukedns has at most */
	/* What is used when its time is nearly over stays open: looked at so often. */
	AGE_MS = 15000,
	AGE_EARLY_MS = 60000,
};

_Static_assert(AGE_EARLY_MS >= 2 * AGE_MS, "each address is looked at before it is over");

static void drop_asks(struct names_opener *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->v[i].name);
	o->n = 0;
}

void names_opener_clear(struct names_opener *o)
{
	drop_asks(o);
	free(o->v);
	free(o->changed);
	net_opener_clear(&o->opener);
	*o = (struct names_opener){ .e = o->e };
}

void names_opener_forget(struct names_opener *o, const struct names_space *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n_changed; i++)
		if (o->changed[i] != s)
			o->changed[kept++] = o->changed[i];
	o->n_changed = kept;
}

static void set_changed(struct names_opener *o, struct names_space *s)
{
	for (size_t i = 0; i < o->n_changed; i++)
		if (o->changed[i] == s)
			return;
	*(struct names_space **) vec_grow(&o->changed, &o->n_changed,
					  sizeof(struct names_space *)) = s;
}

/* The addresses of a list that the policy lets be opened. */
static void take_addrs(struct names_opener *o, struct names_ask *ask, const struct names_space *s,
		       const char *list)
{
	while (*list && ask->n < DNS_ADDRS_MAX) {
		size_t n = strcspn(list, ",");
		cleanup_free char *text = xstrndup(list, n);
		struct ipnet addr;

		if (ipnet_parse_addr(text, &addr) == 0 &&
		    names_space_opens(s, &o->opener, ask->name, &addr))
			ask->addrs[ask->n++] = addr;
		list += n + (list[n] == ',');
	}
}

static bool is_name(const char *s)
{
	return *s && strlen(s) <= DNS_NAME_MAX &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(s);
}

/* It stays open beyond the time for which the cell may use the answer. */
static void open_addrs(struct names_opener *o, struct names_space *s, const struct names_ask *ask)
{
	int64_t now = clock_ms(), until = now + (ask->ttl + DNS_HELD_S) * 1000;

	for (size_t i = 0; i < ask->n; i++) {
		enum opened_result r =
			opened_add(&s->opened, ask->name, &ask->addrs[i], until, now);

		s->other |= r == OPENED_OTHER;
		if (r != OPENED_LONGER)
			set_changed(o, s);
	}
}

void names_opener_ask(struct names_opener *o, struct names_space *s, const struct proto_msg *m)
{
	struct names_ask *ask;
	const char *name = proto_msg_get(m, "name");
	int64_t ttl = proto_msg_get_i64(m, "ttl", -1), id = proto_msg_get_i64(m, "id", -1);

	if (!s || !is_name(name) || ttl < 0 || id < 0 || o->n >= ASKS_MAX)
		return;
	ask = vec_grow(&o->v, &o->n, sizeof(*o->v));
	*ask = (struct names_ask){ .id = id,
				   .space = s->id,
				   .name = xstrdup(name),
				   .ttl = ttl < DNS_TTL_MAX ? ttl : DNS_TTL_MAX };
	take_addrs(o, ask, s, proto_msg_get(m, "addrs"));
	open_addrs(o, s, ask);
}

/* ---- writing ---- */

/* A failure is told when it begins and when it ends: it is tried again every second. */
static bool write_space(struct names_opener *o, struct names_space *s, bool other)
{
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r = names_space_open(o->e, s, &o->opener, other, &err);

	if (r < 0 && !s->failing)
		log_wrn("addresses that a name has are not opened", "space", s->at.a.space, "error",
			kerr_text(&err, text, sizeof(text)));
	else if (r >= 0 && s->failing)
		log_inf("addresses that a name has are opened again", "space", s->at.a.space);
	s->failing = r < 0;
	return r >= 0;
}

static void answer(const struct names_ask *ask, bool opened, struct names_helper *h)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	cleanup_buf struct buf list = BUF_INIT(DNS_ADDRS_MAX * IPNET_TEXT_MAX);
	char text[IPNET_TEXT_MAX];

	for (size_t i = 0; opened && i < ask->n; i++)
		buf_addf(&list, "%s%s", i ? "," : "", ipnet_addr_text(&ask->addrs[i], text));
	proto_msg_start(&m, "opened");
	proto_msg_add_i64(&m, "id", ask->id);
	proto_msg_add(&m, "addrs", buf_str(&list));
	proto_msg_add(&m, "failed", opened ? "0" : "1");
	(void) names_helper_send(h, &m, -1);
}

/* Of spaces that need no change, an answer need not wait for one. */
static bool waits(const struct names_opener *o, const struct names_ask *ask)
{
	for (size_t i = 0; i < o->n_changed; i++)
		if (o->changed[i]->id == ask->space)
			return true;
	return false;
}

static void answer_all(struct names_opener *o, bool waiting, bool opened, struct names_helper *h)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->n; i++) {
		struct names_ask ask = take_struct(o->v[i]);

		if (waits(o, &ask) != waiting) {
			o->v[kept++] = ask;
			continue;
		}
		answer(&ask, opened, h);
		free(ask.name);
	}
	o->n = kept;
}

int64_t names_opener_due(const struct names_opener *o)
{
	return o->n_changed > 0 ? o->due_ms : -1;
}

static int64_t spacing(const struct names_opener *o, int64_t took_ms)
{
	enum firewall_choice choice = packet_filter_choice(o->e);
	bool nft = choice == FIREWALL_CHOICE_NFT || choice == FIREWALL_CHOICE_STAY_NFT;
	int64_t least = nft ? 0 : SPACING_MS;

	return took_ms >= SLOW_MS && took_ms * SHARE > least ? took_ms * SHARE : least;
}

/* Those that failed come first: how many. */
static size_t write_changed(struct names_opener *o)
{
	size_t failed = 0;

	for (size_t i = 0; i < o->n_changed; i++) {
		struct names_space *s = o->changed[i];

		if (write_space(o, s, false))
			continue;
		o->changed[i] = o->changed[failed];
		o->changed[failed++] = s;
	}
	return failed;
}

void names_opener_run(struct names_opener *o, struct names_helper *h)
{
	int64_t begin = clock_ms();
	size_t failed, n = o->n_changed;

	answer_all(o, false, true, h);
	if (o->n_changed == 0 || begin < names_opener_due(o))
		return;
	failed = write_changed(o);
	o->due_ms =
		failed > 0 ? clock_ms() + FAILED_MS : clock_ms() + spacing(o, clock_ms() - begin);
	o->n_changed = failed;
	answer_all(o, true, false, h); /* what is not open is not answered */
	answer_all(o, false, true, h);
	for (size_t i = failed; i < n; i++)
		names_space_set_capture(o->changed[i]);
}

/* ---- ageing ---- */

struct in_use {
	struct names_space **v;
	size_t n;
	int64_t now;
};

/* Never over: it is only looked at. */
static bool look_at_flow(const void *ctx, const struct conntrack_flow *f)
{
	const struct in_use *u = ctx;

	for (size_t i = 0; i < u->n; i++) {
		struct names_space *s = u->v[i];
		struct ipnet subnet = ipnet_of_ipv4(s->net.subnet);

		if (!ipnet_contains(&subnet, &f->from) &&
		    !(s->net.subnet6.family && ipnet_contains(&s->net.subnet6, &f->from)))
			continue;
		for (size_t k = 0; k < s->opened.n; k++)
			if (ipnet_eq(&s->opened.v[k].addr, &f->to) &&
			    s->opened.v[k].until_ms < u->now + AGE_EARLY_MS)
				s->opened.v[k].until_ms = u->now + DNS_HELD_S * 1000;
	}
	return false;
}

static bool any_ends(struct names_space *const *v, size_t n, int64_t at)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i]->opened.n; k++)
			if (v[i]->opened.v[k].saved_ms < at)
				return true;
	return false;
}

void names_opener_age(struct names_opener *o, struct names_space **v, size_t n)
{
	struct in_use used = { .v = v, .n = n, .now = clock_ms() };

	if (used.now < o->aged_ms + AGE_MS)
		return;
	o->aged_ms = used.now;
	if (!any_ends(v, n, used.now + AGE_EARLY_MS))
		return;
	(void) conntrack_forget_flows(look_at_flow, &used, NULL);
	for (size_t i = 0; i < n; i++) {
		if (!opened_age(&v[i]->opened, used.now, AGE_EARLY_MS))
			continue;
		if (write_space(o, v[i], true))
			names_space_set_capture(v[i]);
		else
			set_changed(o, v[i]);
	}
}
