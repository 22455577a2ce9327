/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "firewall_expr.h"
#include "firewall_nft.h"
#include "firewall_open.h"
#include "firewall_plan.h"
#include "mem.h"
#include "nft_msg.h"
#include "nft_rules.h"
#include "str.h"

#define COMMIT_TRIES 5
#ifndef NFT_TABLE_F_OWNER
#define NFT_TABLE_F_OWNER 2 /* Linux 5.12 */
#endif

enum action {
	ACTION_APPLY = 1,
	ACTION_LOOK,
	ACTION_REMOVE,
};

struct state {
	const struct firewall_plan *plan; /* the opening: one chain and its hook */
	enum action action;
	struct rt_sock *sk;
	struct nft_ruleset have;
	struct strlist *closed; /* NULL: not wanted */
};

/* One table of others. */
struct target {
	const struct state *s;
	const struct nft_table *t;
	struct rt_batch *b;
	bool any; /* of its chains has to be opened */
	bool change;
};

static const struct firewall_chain *opening(const struct state *s)
{
	return &s->plan->chains[0];
}

static const char *family_name(int family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	default:
		return "inet";
	}
}

static bool is_others(const struct nft_table *t)
{
	return (t->family == NFPROTO_IPV4 || t->family == NFPROTO_IPV6 ||
		t->family == NFPROTO_INET) &&
	       !firewall_nft_is_ours(t->name);
}

static bool is_forward(const struct target *at, const struct nft_chain *c)
{
	return c->family == at->t->family && streq(c->table, at->t->name) && c->base &&
	       c->hook == NF_INET_FORWARD && streq(c->type, "filter");
}

/* ---- messages ---- */

static struct rt_msg *rule_msg(const struct target *at, int type, int flags, const char *chain)
{
	struct rt_msg *msg = nft_msg_new(type, flags, at->t->family);

	rt_put_str(msg, NFTA_RULE_TABLE, at->t->name);
	rt_put_str(msg, NFTA_RULE_CHAIN, chain);
	return msg;
}

static void add_chain(struct target *at, int type, int flags)
{
	struct rt_msg *msg = nft_msg_new(type, flags, at->t->family);

	rt_put_str(msg, NFTA_CHAIN_TABLE, at->t->name);
	rt_put_str(msg, NFTA_CHAIN_NAME, opening(at->s)->name);
	rt_batch_add(at->b, msg);
}

/* A rule of the chain, or NULL: the jump to it. It is for every packet of the table. */
static struct rt_msg *new_rule(const struct target *at, const char *chain,
			       const struct firewall_rule *r)
{
	const struct firewall_rule jump = {
		.verdict = FIREWALL_JUMP,
		.jump = (char *) (uintptr_t) opening(at->s)->name, /* only read */
		.comment = at->s->plan->hooks[0].comment,
	};
	struct rt_msg *msg = rule_msg(at, NFT_MSG_NEWRULE,
				      r ? NLM_F_CREATE | NLM_F_APPEND : NLM_F_CREATE, chain);

	firewall_expr_put(msg, r ? r : &jump, FIREWALL_BOTH, FIREWALL_BOTH, 0);
	return msg;
}

static void delete_rule(struct target *at, const struct nft_rule *r)
{
	struct rt_msg *msg = rule_msg(at, NFT_MSG_DELRULE, 0, r->chain);

	nft_put_u64(msg, NFTA_RULE_HANDLE, r->handle);
	rt_batch_add(at->b, msg);
	at->change = true;
}

static bool same(const struct nft_rule *have, struct rt_msg *owned_want)
{
	cleanup_(rt_msg_freep) struct rt_msg *want = owned_want;
	struct rt_attrs attrs;
	struct rt_attr a;

	nft_attrs_of(&attrs, rt_msg_head(want));
	while (rt_attrs_next(&attrs, &a))
		if (a.type == NFTA_RULE_EXPRESSIONS)
			return firewall_expr_eq(&have->exprs, &a);
	return false;
}

static bool jumps_to_ours(const struct target *at, const struct nft_rule *r)
{
	char name[FIREWALL_CHAIN_MAX];

	firewall_expr_jump(&r->exprs, name, sizeof(name));
	return streq(name, opening(at->s)->name);
}

/* ---- the chains of others ---- */

static bool closes(const struct nft_chain *c, const struct nft_rules *rules)
{
	return c->policy == NF_DROP ||
	       (rules->n > 0 && firewall_expr_ends(&rules->v[rules->n - 1].exprs));
}

static void tell_closed(const struct target *at, const struct nft_chain *c)
{
	if (at->s->closed)
		strlist_addf(at->s->closed, "chain '%s' of the nftables table '%s %s'", c->name,
			     family_name(c->family), c->table);
}

/* The jump once where the chain closes, else not at all. */
static void settle_jumps(struct target *at, const struct nft_chain *c,
			 const struct nft_rules *rules, bool wanted)
{
	bool found = false;

	for (size_t i = 0; i < rules->n; i++) {
		const struct nft_rule *r = &rules->v[i];

		if (!jumps_to_ours(at, r))
			continue;
		if (wanted && !found && same(r, new_rule(at, c->name, NULL)))
			found = true;
		else
			delete_rule(at, r);
	}
	if (wanted && !found) {
		tell_closed(at, c);
		rt_batch_add(at->b, new_rule(at, c->name, NULL));
		at->change = true;
	}
}

/* Called for each chain that forwards, with whether it has to be opened. */
typedef void forward_fn(struct target *at, const struct nft_chain *c, const struct nft_rules *rules,
			bool wanted);

static int each_forward(struct target *at, forward_fn *fn, struct kerr *err)
{
	const struct nft_chain *c;
	int r;

	for (size_t i = 0; i < at->s->have.n_chains; i++) {
		cleanup_(nft_rules_clear) struct nft_rules rules = NFT_RULES_INIT;

		c = &at->s->have.chains[i];
		if (!is_forward(at, c))
			continue;
		r = nft_rules_read(at->s->sk, c->family, c->table, c->name, &rules, err);
		if (r < 0)
			return r;
		fn(at, c, &rules, at->s->action != ACTION_REMOVE && closes(c, &rules));
	}
	return 0;
}

static void note_wanted(struct target *at, const struct nft_chain *c, const struct nft_rules *rules,
			bool wanted)
{
	(void) rules;
	if (wanted && at->t->flags & NFT_TABLE_F_OWNER)
		tell_closed(at, c);
	at->any |= wanted;
}

/* ---- our chain ---- */

static bool chain_eq(const struct target *at, const struct nft_rules *rules)
{
	const struct firewall_chain *c = opening(at->s);

	if (rules->n != c->n)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (!same(&rules->v[i], new_rule(at, c->name, &c->rules[i])))
			return false;
	return true;
}

/* Before any jump leads there. */
static int fill_chain(struct target *at, struct kerr *err)
{
	cleanup_(nft_rules_clear) struct nft_rules rules = NFT_RULES_INIT;
	const struct firewall_chain *c = opening(at->s);
	bool exists = nft_chain_find(&at->s->have, at->t->family, at->t->name, c->name) != NULL;
	int r = 0;

	if (exists)
		r = nft_rules_read(at->s->sk, at->t->family, at->t->name, c->name, &rules, err);
	if (r < 0 || (exists && chain_eq(at, &rules)))
		return r;
	at->change = true;
	if (exists)
		rt_batch_add(at->b, rule_msg(at, NFT_MSG_DELRULE, 0, c->name));
	else
		add_chain(at, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	for (size_t i = 0; i < c->n; i++)
		rt_batch_add(at->b, new_rule(at, c->name, &c->rules[i]));
	return 0;
}

static void remove_chain(struct target *at)
{
	const char *name = opening(at->s)->name;

	if (!nft_chain_find(&at->s->have, at->t->family, at->t->name, name))
		return;
	rt_batch_add(at->b, rule_msg(at, NFT_MSG_DELRULE, 0, name));
	add_chain(at, NFT_MSG_DELCHAIN, 0);
	at->change = true;
}

/* ---- one table ---- */

static int look_at_table(struct target *at, struct kerr *err)
{
	int r = each_forward(at, note_wanted, err);

	if (r < 0 || at->t->flags & NFT_TABLE_F_OWNER)
		return r;
	if (at->any)
		r = fill_chain(at, err);
	if (r == 0)
		r = each_forward(at, settle_jumps, err);
	if (r == 0 && !at->any)
		remove_chain(at);
	return r;
}

/* 1 changed; a table that cannot be changed does not keep the others from it. */
static int act_on_table(struct state *s, const struct nft_table *t, struct kerr *err)
{
	cleanup_(rt_batch_clear) struct rt_batch b = RT_BATCH_INIT;
	struct target at = { .s = s, .t = t, .b = &b };
	char message[RT_MESSAGE_MAX];
	int r;

	nft_batch_begin(&b, s->have.generation);
	r = look_at_table(&at, err);
	if (r < 0 || !at.change)
		return r;
	if (s->action == ACTION_LOOK)
		return 1;
	r = nft_batch_commit(s->sk, &b, message);
	if (r == 0) {
		s->have.generation++; /* if it is another one by now, the next commit tells */
		return 1;
	}
	if (r != -ERESTART && s->action == ACTION_APPLY)
		return 0; /* firewall_open_closed tells */
	return r == -ERESTART ? r
			      : kerr_set(err, r, "take '%s' out of the nftables table '%s'%s",
					 opening(s)->name, t->name, message);
}

static void state_clear(struct state *s)
{
	nft_ruleset_clear(&s->have);
	rt_sock_freep(&s->sk);
}

static int act_once(const struct firewall_plan *p, enum action action, struct strlist *ret_closed,
		    struct kerr *err)
{
	cleanup_(
		state_clear) struct state s = { .plan = p, .action = action, .closed = ret_closed };
	struct kerr why = { 0 };
	int any = 0;
	int r;

	if (ret_closed)
		strlist_clear(ret_closed);
	r = rt_open_netfilter(&s.sk, &why);
	if (r == 0)
		r = nft_ruleset_read(s.sk, &s.have, &why);
	if (r == -EOPNOTSUPP || r == -EPROTONOSUPPORT)
		return 0; /* a kernel without nf_tables */
	if (r < 0 && err)
		*err = why;
	if (r < 0)
		return r;
	for (size_t i = 0; i < s.have.n_tables; i++) {
		r = is_others(&s.have.tables[i]) ? act_on_table(&s, &s.have.tables[i], err) : 0;
		if (r < 0)
			return r;
		any |= r;
	}
	return any;
}

static int act(const struct firewall_plan *p, enum action action, struct strlist *ret_closed,
	       struct kerr *err)
{
	cleanup_(firewall_plan_clear) struct firewall_plan open = { 0 };
	int any = 0, r = -EINTR;

	firewall_plan_opening(p, &open);
	for (int tries = 0; (r == -EINTR || r == -ERESTART) && tries < COMMIT_TRIES; tries++) {
		r = act_once(&open, action, ret_closed, err);
		any |= r > 0;
	}
	if (r == -EINTR || r == -ERESTART)
		return kerr_plain(err, -EAGAIN, "the rules of nftables change all the time");
	return r < 0 ? r : any;
}

int firewall_open_apply(const struct firewall_plan *p, struct kerr *err)
{
	return act(p, ACTION_APPLY, NULL, err);
}

int firewall_open_closed(const struct firewall_plan *p, struct strlist *ret, struct kerr *err)
{
	return act(p, ACTION_LOOK, ret, err);
}

int firewall_open_differs(const struct firewall_plan *p, struct kerr *err)
{
	return act(p, ACTION_LOOK, NULL, err);
}

int firewall_open_remove(const struct firewall_plan *p, struct kerr *err)
{
	return act(p, ACTION_REMOVE, NULL, err);
}
