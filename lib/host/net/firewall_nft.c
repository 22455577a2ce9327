/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include "clock.h"
#include "firewall_expr.h"
#include "firewall_nft.h"
#include "mem.h"
#include "nft_msg.h"
#include "nft_rules.h"
#include "nft_sets.h"
#include "str.h"
#include "vec.h"

#define COMMIT_TRIES 5 /* when another program changes rules meanwhile */
#define TABLE "kukeon"
#define TABLE_MAX 32
#define NAME_LEN 48
#define FAMILY NFPROTO_INET
#define AHEAD 10 /* of the usual priorities; what we drop is final anyway */

/* Types of keys and data of a map, which only nft(8) looks at (its datatype.h). */
#define TYPE_INET_SERVICE 13
#define MAP_CHUNK 64 /* elements per message */

/* A chain of the table: one of the plan, or one in which packets start. */
struct want {
	bool same; /* as it is there; set by compare */
	char name[NAME_LEN];
	const struct firewall_chain *chain; /* NULL: a base chain, and the rest is of it */
	enum firewall_table table;
	enum firewall_builtin builtin;
	struct firewall_rule *jumps; /* to tops; only the array is ours */
	size_t n_jumps;
};

/* The table as it should be and as it is. */
struct run;
struct state {
	const struct firewall_plan *plan;
	char table[TABLE_MAX];
	struct rt_sock *sk;
	struct want *want;
	size_t n_want;
	struct strlist maps; /* wanted ones */
	struct nft_ruleset have;
	struct nft_rules rules;
	struct run *runs; /* sorted by the names of chains */
	size_t n_runs;
	struct nft_sets sets; /* and maps */
	int64_t now_ms;
	bool exists;
	bool rebuild; /* the table cannot be brought there by changing chains */
};

static const struct {
	uint32_t hook;
	int32_t priority; /* of nat */
} builtins[] = {
	[FIREWALL_PREROUTING] = { NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST },
	[FIREWALL_INPUT] = { NF_INET_LOCAL_IN, NF_IP_PRI_NAT_SRC },
	[FIREWALL_FORWARD] = { NF_INET_FORWARD, 0 },
	[FIREWALL_OUTPUT] = { NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST },
	[FIREWALL_POSTROUTING] = { NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC },
};
_Static_assert(ARRAY_SIZE(builtins) == _FIREWALL_BUILTIN_MAX, "a chain without a hook");

static int32_t priority(const struct want *w)
{
	return (w->table == FIREWALL_NAT ? builtins[w->builtin].priority : NF_IP_PRI_FILTER) -
	       AHEAD;
}

static void table_name(const char *tag, char ret[TABLE_MAX])
{
	(void) snprintf(ret, TABLE_MAX, tag[0] ? TABLE "-%s" : TABLE "%s", tag);
}

bool firewall_nft_is_ours(const char *table)
{
	return streq(table, TABLE) || str_has_prefix(table, TABLE "-");
}

static int fail(const struct state *s, int r, const char *what, const char *message,
		struct kerr *err)
{
	return kerr_set(err, r, "%s the nftables table '%s'%s", what, s->table, message);
}

static void state_clear(struct state *s)
{
	for (size_t i = 0; i < s->n_want; i++)
		free(s->want[i].jumps);
	free(s->want);
	free(s->runs);
	strlist_clear(&s->maps);
	nft_sets_clear(&s->sets);
	nft_ruleset_clear(&s->have);
	nft_rules_clear(&s->rules);
	rt_sock_freep(&s->sk);
}

/* ---- what is wanted ---- */

static struct want *base_chain(struct state *s, const struct firewall_hook *h)
{
	struct want *w;

	for (size_t i = 0; i < s->n_want; i++)
		if (!s->want[i].chain && s->want[i].table == h->table &&
		    s->want[i].builtin == h->builtin)
			return &s->want[i];
	w = vec_grow(&s->want, &s->n_want, sizeof(*s->want));
	w->table = h->table;
	w->builtin = h->builtin;
	(void) snprintf(w->name, sizeof(w->name), "%s-%s", firewall_table_name(h->table),
			firewall_builtin_name(h->builtin));
	return w;
}

static void add_jump(struct state *s, const struct firewall_hook *h)
{
	struct want *w = base_chain(s, h);
	struct firewall_rule *r = vec_grow(&w->jumps, &w->n_jumps, sizeof(*w->jumps));

	r->verdict = FIREWALL_JUMP;
	r->families = h->families;
	r->jump = (char *) (uintptr_t) h->chain; /* only read */
	r->comment = h->comment;
}

static void plan_state(struct state *s)
{
	const struct firewall_plan *p = s->plan;
	char map[FIREWALL_MAP_MAX];
	struct want *w;

	for (size_t i = 0; i < p->n_chains; i++) {
		w = vec_grow(&s->want, &s->n_want, sizeof(*s->want));
		w->chain = &p->chains[i];
		(void) snprintf(w->name, sizeof(w->name), "%s", p->chains[i].name);
		for (size_t k = 0; k < p->chains[i].n; k++)
			if (firewall_expr_map(&p->chains[i].rules[k], map) &&
			    !strlist_has(&s->maps, map))
				strlist_add(&s->maps, map);
	}
	for (size_t i = 0; i < p->n_hooks; i++)
		add_jump(s, &p->hooks[i]);
}

static size_t want_rules(const struct want *w)
{
	return w->chain ? w->chain->n : w->n_jumps;
}

static const struct firewall_rule *want_rule(const struct want *w, size_t i, unsigned *ret_families)
{
	const struct firewall_rule *r = w->chain ? &w->chain->rules[i] : &w->jumps[i];

	*ret_families = w->chain ? firewall_rule_families(w->chain, r) : r->families;
	return r;
}

/* ---- what there is ---- */

static int read_table(struct state *s, struct kerr *err)
{
	int r = nft_rules_read(s->sk, FAMILY, s->table, NULL, &s->rules, err);

	return r < 0 ? r : nft_sets_read(s->sk, s->table, &s->sets, err);
}

static const struct nft_chain *have_chain(const struct state *s, const char *name)
{
	return s->exists && !s->rebuild ? nft_chain_find(&s->have, FAMILY, s->table, name) : NULL;
}

static bool fits(const struct want *w, const struct nft_chain *c)
{
	if (!c || w->chain)
		return !c || !c->base;
	return c->base && c->hook == builtins[w->builtin].hook && c->priority == priority(w) &&
	       streq(c->type, firewall_table_name(w->table)) && c->policy == NF_ACCEPT;
}

static int read_state(struct state *s, struct kerr *err)
{
	const struct nft_table *t;
	int r;

	table_name(s->plan->tag, s->table);
	s->now_ms = clock_ms();
	r = rt_open_netfilter(&s->sk, err);
	if (r == 0)
		r = nft_ruleset_read(s->sk, &s->have, err);
	if (r < 0)
		return r;
	plan_state(s);
	t = nft_table_find(&s->have, FAMILY, s->table);
	s->exists = t != NULL;
	if (!t)
		return 0;
	s->rebuild = t->flags != 0; /* dormant, or with an owner */
	for (size_t i = 0; i < s->n_want && !s->rebuild; i++)
		s->rebuild = !fits(&s->want[i], have_chain(s, s->want[i].name));
	r = read_table(s, err);
	for (size_t i = 0; r == 0 && i < s->plan->n_sets && !s->rebuild; i++) {
		const struct nft_set *have = nft_sets_find(&s->sets, s->plan->sets[i].name);

		s->rebuild = have && !nft_set_fits(have, &s->plan->sets[i]);
	}
	return r;
}

/* ---- comparing ---- */

/* before: the handle of the rule that it goes ahead of; 0: it goes to the end. */
static struct rt_msg *rule_msg_at(const struct state *s, const struct want *w, size_t i,
				  unsigned families, unsigned part, uint64_t before)
{
	struct rt_msg *msg =
		nft_msg_new(NFT_MSG_NEWRULE, NLM_F_CREATE | (before ? 0 : NLM_F_APPEND), FAMILY);
	unsigned unused;

	rt_put_str(msg, NFTA_RULE_TABLE, s->table);
	rt_put_str(msg, NFTA_RULE_CHAIN, w->name);
	if (before)
		nft_put_u64(msg, NFTA_RULE_POSITION, before);
	firewall_expr_put(msg, want_rule(w, i, &unused), families, FIREWALL_BOTH, part);
	return msg;
}

static struct rt_msg *rule_msg(const struct state *s, const struct want *w, size_t i,
			       unsigned families, unsigned part)
{
	return rule_msg_at(s, w, i, families, part, 0);
}

static bool rule_eq(const struct nft_rule *have, const struct rt_msg *want)
{
	struct rt_attr exprs = { .data = "" }, user = { .data = "" }, a;
	struct rt_attrs attrs;

	nft_attrs_of(&attrs, rt_msg_head(want));
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == NFTA_RULE_EXPRESSIONS)
			exprs = a;
		else if (a.type == NFTA_RULE_USERDATA)
			user = a;
	}
	return have->user.n == user.n && memcmp(have->user.data, user.data, user.n) == 0 &&
	       firewall_expr_eq(&have->exprs, &exprs);
}

/* Of rules with the same chain: the first one, and how many there are. */
struct run {
	const char *chain;
	const struct nft_rule *first;
	size_t n;
};

static int by_chain(const void *a, const void *b)
{
	return strcmp(((const struct run *) a)->chain, ((const struct run *) b)->chain);
}

static void index_rules(struct state *s)
{
	const struct nft_rule *r = s->rules.v;
	struct run *run = NULL;

	for (size_t i = 0; i < s->rules.n; i++) {
		if (!run || !streq(run->chain, r[i].chain)) {
			run = vec_grow(&s->runs, &s->n_runs, sizeof(*s->runs));
			*run = (struct run){ .chain = r[i].chain, .first = &r[i] };
		}
		run->n++;
	}
	if (s->n_runs > 0)
		qsort(s->runs, s->n_runs, sizeof(*s->runs), by_chain);
}

static const struct nft_rule *rules_of(const struct state *s, const char *chain, size_t *ret_n)
{
	const struct run key = { .chain = chain };
	const struct run *run =
		s->n_runs > 0 ? bsearch(&key, s->runs, s->n_runs, sizeof(*s->runs), by_chain)
			      : NULL;

	*ret_n = run ? run->n : 0;
	return run ? run->first : NULL;
}

static bool chain_eq(const struct state *s, const struct want *w)
{
	const struct firewall_rule *r;
	const struct nft_rule *have;
	size_t n = 0, at = 0;
	unsigned families;
	bool same = true;

	if (!have_chain(s, w->name))
		return false;
	have = rules_of(s, w->name, &n);
	if (w->chain && w->chain->keep && n > 0)
		return true;
	for (size_t i = 0; i < want_rules(w) && same; i++) {
		r = want_rule(w, i, &families);
		for (unsigned part = 0; families && part < firewall_expr_parts(r) && same; part++) {
			cleanup_(rt_msg_freep) struct rt_msg *msg =
				rule_msg(s, w, i, families, part);

			same = at < n && rule_eq(&have[at++], msg);
		}
	}
	return same && at == n;
}

static bool is_wanted(const struct state *s, const char *chain)
{
	for (size_t i = 0; i < s->n_want; i++)
		if (streq(s->want[i].name, chain))
			return true;
	return false;
}

static bool is_stale(const struct state *s, const struct nft_chain *c)
{
	return c->family == FAMILY && streq(c->table, s->table) && !is_wanted(s, c->name);
}

static const struct nft_set *have_set(const struct state *s, const char *name)
{
	return s->exists && !s->rebuild ? nft_sets_find(&s->sets, name) : NULL;
}

static bool is_stale_set(const struct state *s, const char *name)
{
	for (size_t i = 0; i < s->plan->n_sets; i++)
		if (streq(s->plan->sets[i].name, name))
			return false;
	return !strlist_has(&s->maps, name) && !firewall_plan_keeps(s->plan, name);
}

static bool sets_eq(const struct state *s)
{
	for (size_t i = 0; i < s->maps.n; i++)
		if (!have_set(s, s->maps.v[i]))
			return false;
	for (size_t i = 0; i < s->plan->n_sets; i++) {
		const struct nft_set *have = have_set(s, s->plan->sets[i].name);

		if (!have || !nft_set_eq(have, &s->plan->sets[i], s->now_ms))
			return false;
	}
	for (size_t i = 0; i < s->sets.n; i++)
		if (is_stale_set(s, s->sets.v[i].name))
			return false;
	return true;
}

static bool compare(struct state *s)
{
	bool all = true;

	if (!s->exists || s->rebuild)
		return false;
	index_rules(s);
	for (size_t i = 0; i < s->n_want; i++) {
		s->want[i].same = chain_eq(s, &s->want[i]);
		all = all && s->want[i].same;
	}
	if (!all || !sets_eq(s))
		return false;
	for (size_t i = 0; i < s->have.n_chains; i++)
		if (is_stale(s, &s->have.chains[i]))
			return false;
	return true;
}

/* ---- the transaction ---- */

static void add_table(const struct state *s, struct rt_batch *b, int type, int flags)
{
	struct rt_msg *msg = nft_msg_new(type, flags, FAMILY);

	rt_put_str(msg, NFTA_TABLE_NAME, s->table);
	rt_batch_add(b, msg);
}

static void add_chain(const struct state *s, struct rt_batch *b, const struct want *w)
{
	struct rt_msg *msg = nft_msg_new(NFT_MSG_NEWCHAIN, NLM_F_CREATE, FAMILY);
	struct nlattr *hook;

	rt_put_str(msg, NFTA_CHAIN_TABLE, s->table);
	rt_put_str(msg, NFTA_CHAIN_NAME, w->name);
	if (!w->chain) {
		hook = rt_nest(msg, NFTA_CHAIN_HOOK);
		nft_put_u32(msg, NFTA_HOOK_HOOKNUM, builtins[w->builtin].hook);
		nft_put_u32(msg, NFTA_HOOK_PRIORITY, (uint32_t) priority(w));
		rt_nest_end(msg, hook);
		nft_put_u32(msg, NFTA_CHAIN_POLICY, NF_ACCEPT);
		rt_put_str(msg, NFTA_CHAIN_TYPE, firewall_table_name(w->table));
	}
	rt_batch_add(b, msg);
}

static void flush_chain(const struct state *s, struct rt_batch *b, const char *chain)
{
	struct rt_msg *msg = nft_msg_new(NFT_MSG_DELRULE, 0, FAMILY);

	rt_put_str(msg, NFTA_RULE_TABLE, s->table);
	rt_put_str(msg, NFTA_RULE_CHAIN, chain);
	rt_batch_add(b, msg);
}

static void delete_rule(const struct state *s, struct rt_batch *b, const struct nft_rule *rule)
{
	struct rt_msg *msg = nft_msg_new(NFT_MSG_DELRULE, 0, FAMILY);

	rt_put_str(msg, NFTA_RULE_TABLE, s->table);
	rt_put_str(msg, NFTA_RULE_CHAIN, rule->chain);
	nft_put_u64(msg, NFTA_RULE_HANDLE, rule->handle);
	rt_batch_add(b, msg);
}

/* A rule of the kernel's that is wanted: which rule of the plan, and which part of it. */
struct piece {
	size_t rule;
	unsigned families, part;
};

struct pieces {
	struct piece *v;
	size_t n;
};

static void list_pieces(const struct want *w, struct pieces *ret)
{
	const struct firewall_rule *r;
	struct piece p = { 0 };

	for (p.rule = 0; p.rule < want_rules(w); p.rule++) {
		r = want_rule(w, p.rule, &p.families);
		for (p.part = 0; p.families && p.part < firewall_expr_parts(r); p.part++)
			*(struct piece *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) = p;
	}
}

static bool stands(const struct state *s, const struct want *w, const struct piece *p,
		   const struct nft_rule *have)
{
	cleanup_(rt_msg_freep) struct rt_msg *msg = rule_msg(s, w, p->rule, p->families, p->part);

	return rule_eq(have, msg);
}

/*
 * What a chain begins and ends with already, stays: each rule costs the kernel some time and
 * a message to those that watch, and often one alone is new among hundreds.
 */
static void write_chain(const struct state *s, struct rt_batch *b, const struct want *w)
{
	struct pieces want = { 0 };
	const struct nft_rule *have = NULL;
	size_t n = 0, first = 0, tail = 0;

	if (have_chain(s, w->name))
		have = rules_of(s, w->name, &n);
	list_pieces(w, &want);
	while (first < n && first < want.n && stands(s, w, &want.v[first], &have[first]))
		first++;
	while (first + tail < n && first + tail < want.n &&
	       stands(s, w, &want.v[want.n - tail - 1], &have[n - tail - 1]))
		tail++;
	for (size_t i = first; i + tail < n; i++)
		delete_rule(s, b, &have[i]);
	for (size_t i = first; i + tail < want.n; i++)
		rt_batch_add(b, rule_msg_at(s, w, want.v[i].rule, want.v[i].families,
					    want.v[i].part, tail > 0 ? have[n - tail].handle : 0));
	free(want.v);
}

static struct rt_msg *map_msg(const struct state *s, int type, int flags, const char *map)
{
	struct rt_msg *msg = nft_msg_new(type, flags, FAMILY);

	if (type == NFT_MSG_NEWSETELEM) {
		rt_put_str(msg, NFTA_SET_ELEM_LIST_TABLE, s->table);
		rt_put_str(msg, NFTA_SET_ELEM_LIST_SET, map);
	} else {
		rt_put_str(msg, NFTA_SET_TABLE, s->table);
		rt_put_str(msg, NFTA_SET_NAME, map);
	}
	return msg;
}

static void put_port(struct rt_msg *msg, int type, unsigned port)
{
	uint16_t v = htons((uint16_t) port);
	struct nlattr *nest = rt_nest(msg, type);

	rt_put(msg, NFTA_DATA_VALUE, &v, sizeof(v));
	rt_nest_end(msg, nest);
}

/* Constant: while a rule uses it no program can change it, so its name says what is in it. */
static void add_map(const struct state *s, struct rt_batch *b, const struct firewall_rule *r,
		    const char *map)
{
	struct rt_msg *msg = map_msg(s, NFT_MSG_NEWSET, NLM_F_CREATE, map);
	unsigned n = (unsigned) (r->dport.last - r->dport.first) + 1;
	struct nlattr *list, *elem;

	nft_put_u32(msg, NFTA_SET_FLAGS, NFT_SET_MAP | NFT_SET_CONSTANT);
	nft_put_u32(msg, NFTA_SET_KEY_TYPE, TYPE_INET_SERVICE);
	nft_put_u32(msg, NFTA_SET_KEY_LEN, sizeof(uint16_t));
	nft_put_u32(msg, NFTA_SET_DATA_TYPE, TYPE_INET_SERVICE);
	nft_put_u32(msg, NFTA_SET_DATA_LEN, sizeof(uint16_t));
	nft_put_u32(msg, NFTA_SET_ID, 1);
	rt_batch_add(b, msg);
	for (unsigned i = 0; i < n;) {
		msg = map_msg(s, NFT_MSG_NEWSETELEM, NLM_F_CREATE, map);
		list = rt_nest(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (unsigned k = 0; k < MAP_CHUNK && i < n; k++, i++) {
			elem = rt_nest(msg, NFTA_LIST_ELEM);
			put_port(msg, NFTA_SET_ELEM_KEY, r->dport.first + i);
			put_port(msg, NFTA_SET_ELEM_DATA, r->to_port + i);
			rt_nest_end(msg, elem);
		}
		rt_nest_end(msg, list);
		rt_batch_add(b, msg);
	}
}

static void add_maps(const struct state *s, struct rt_batch *b)
{
	cleanup_strlist struct strlist done = { 0 };
	char map[FIREWALL_MAP_MAX];

	for (size_t i = 0; i < s->plan->n_chains; i++) {
		const struct firewall_chain *c = &s->plan->chains[i];

		for (size_t k = 0; k < c->n; k++) {
			if (!firewall_expr_map(&c->rules[k], map) || have_set(s, map) ||
			    strlist_has(&done, map))
				continue;
			add_map(s, b, &c->rules[k], map);
			strlist_add(&done, map);
		}
	}
}

static void write_sets(const struct state *s, struct rt_batch *b)
{
	for (size_t i = 0; i < s->plan->n_sets; i++) {
		const struct firewall_set *want = &s->plan->sets[i];
		const struct nft_set *have = have_set(s, want->name);

		if (!have)
			nft_set_create(b, s->table, want);
		if (!have || !nft_set_eq(have, want, s->now_ms))
			nft_set_replace(b, s->table, want, s->now_ms);
	}
}

/* After all chains that stay have been written: nothing leads there any more. */
static void remove_stale(const struct state *s, struct rt_batch *b)
{
	const struct nft_chain *c = s->have.chains;
	size_t i;

	for (i = 0; i < s->have.n_chains; i++)
		if (is_stale(s, &c[i]))
			flush_chain(s, b, c[i].name);
	for (i = 0; i < s->have.n_chains; i++) {
		struct rt_msg *msg;

		if (!is_stale(s, &c[i]))
			continue;
		msg = nft_msg_new(NFT_MSG_DELCHAIN, 0, FAMILY);
		rt_put_str(msg, NFTA_CHAIN_TABLE, s->table);
		rt_put_str(msg, NFTA_CHAIN_NAME, c[i].name);
		rt_batch_add(b, msg);
	}
	for (i = 0; i < s->sets.n; i++)
		if (is_stale_set(s, s->sets.v[i].name))
			nft_set_delete(b, s->table, s->sets.v[i].name);
}

static void write_state(const struct state *s, struct rt_batch *b)
{
	size_t i;

	if (s->rebuild)
		add_table(s, b, NFT_MSG_DELTABLE, 0);
	if (!s->exists || s->rebuild)
		add_table(s, b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	add_maps(s, b);
	write_sets(s, b);
	for (i = 0; i < s->n_want; i++) /* all of them before any rule jumps there */
		if (!have_chain(s, s->want[i].name))
			add_chain(s, b, &s->want[i]);
	for (i = 0; i < s->n_want; i++)
		if (!s->want[i].same)
			write_chain(s, b, &s->want[i]);
	if (s->exists && !s->rebuild)
		remove_stale(s, b);
}

enum action {
	ACTION_APPLY = 1,
	ACTION_LOOK,
	ACTION_REMOVE,
	ACTION_LOOK_REMOVE,
};

/* -EINTR, -ERESTART: another program changed rules meanwhile. */
static int act_once(const struct firewall_plan *p, enum action action, struct kerr *err)
{
	cleanup_(state_clear) struct state s = { .plan = p, .rules = NFT_RULES_INIT };
	cleanup_(rt_batch_clear) struct rt_batch b = RT_BATCH_INIT;
	char message[RT_MESSAGE_MAX];
	int r;

	r = read_state(&s, err);
	if (r < 0)
		return r;
	if (action == ACTION_APPLY || action == ACTION_LOOK ? compare(&s) : !s.exists)
		return 0;
	if (action == ACTION_LOOK || action == ACTION_LOOK_REMOVE)
		return 1;
	nft_batch_begin(&b, s.have.generation);
	if (action == ACTION_REMOVE)
		add_table(&s, &b, NFT_MSG_DELTABLE, 0);
	else
		write_state(&s, &b);
	r = nft_batch_commit(s.sk, &b, message);
	if (r == 0)
		return 1;
	return r == -ERESTART ? r : fail(&s, r, "write", message, err);
}

static int act(const struct firewall_plan *p, enum action action, struct kerr *err)
{
	int r = -EINTR;

	for (int tries = 0; (r == -EINTR || r == -ERESTART) && tries < COMMIT_TRIES; tries++)
		r = act_once(p, action, err);
	if (r == -EINTR || r == -ERESTART)
		return kerr_plain(err, -EAGAIN, "the rules of nftables change all the time");
	return r;
}

int firewall_nft_apply(const struct firewall_plan *p, struct kerr *err)
{
	return act(p, ACTION_APPLY, err);
}

int firewall_nft_differs(const struct firewall_plan *p, struct kerr *err)
{
	return act(p, ACTION_LOOK, err);
}

int firewall_nft_extend(const char *tag, const struct firewall_set *sets, size_t n,
			struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	cleanup_(rt_batch_clear) struct rt_batch b = RT_BATCH_INIT;
	char table[TABLE_MAX], message[RT_MESSAGE_MAX];
	int64_t now = clock_ms();
	int r = rt_open_netfilter(&sk, err);

	if (r < 0)
		return r;
	table_name(tag, table);
	nft_batch_begin_any(&b);
	for (size_t i = 0; i < n; i++)
		nft_set_extend(&b, table, &sets[i], now);
	r = nft_batch_commit(sk, &b, message);
	if (r < 0 && r != -ENOENT)
		return kerr_set(err, r, "write the nftables table '%s'%s", table, message);
	return r;
}

/* A kernel without nf_tables has no table of ours. */
static int act_if_there(const struct firewall_plan *p, enum action action, struct kerr *err)
{
	struct kerr why = { 0 };
	int r = act(p, action, &why);

	if (r == -EOPNOTSUPP || r == -EPROTONOSUPPORT)
		return 0;
	if (r < 0 && err)
		*err = why;
	return r;
}

int firewall_nft_remove(const struct firewall_plan *p, struct kerr *err)
{
	return act_if_there(p, ACTION_REMOVE, err);
}

int firewall_nft_has(const struct firewall_plan *p, struct kerr *err)
{
	return act_if_there(p, ACTION_LOOK_REMOVE, err);
}
