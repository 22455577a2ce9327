/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "mem.h"
#include "nft_rules.h"
#include "str.h"
#include "vec.h"

#define NAME_MAX_NFT 256 /* NFT_NAME_MAXLEN */

static char *attr_str(const struct rt_attr *a)
{
	char text[NAME_MAX_NFT];

	rt_attr_str(a, text, sizeof(text));
	return xstrdup(text);
}

/* ---- tables and chains ---- */

static void table_item(void *ctx, const struct nlmsghdr *h)
{
	struct nft_ruleset *s = ctx;
	struct nft_table *t = vec_grow(&s->tables, &s->n_tables, sizeof(*s->tables));
	struct rt_attrs attrs;
	struct rt_attr a;

	t->family = nft_family(h);
	nft_attrs_of(&attrs, h);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == NFTA_TABLE_NAME && !t->name)
			t->name = attr_str(&a);
		else if (a.type == NFTA_TABLE_FLAGS)
			t->flags = nft_attr_u32(&a);
	}
	if (!t->name)
		t->name = xstrdup("");
}

static void read_hook(const struct rt_attr *outer, struct nft_chain *c)
{
	struct rt_attrs attrs;
	struct rt_attr a;

	c->base = true;
	rt_attrs_in(&attrs, outer);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == NFTA_HOOK_HOOKNUM)
			c->hook = nft_attr_u32(&a);
		else if (a.type == NFTA_HOOK_PRIORITY)
			c->priority = (int32_t) nft_attr_u32(&a);
	}
}

static void chain_item(void *ctx, const struct nlmsghdr *h)
{
	struct nft_ruleset *s = ctx;
	struct nft_chain *c = vec_grow(&s->chains, &s->n_chains, sizeof(*s->chains));
	struct rt_attrs attrs;
	struct rt_attr a;

	c->family = nft_family(h);
	c->policy = NF_ACCEPT;
	nft_attrs_of(&attrs, h);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == NFTA_CHAIN_TABLE && !c->table)
			c->table = attr_str(&a);
		else if (a.type == NFTA_CHAIN_NAME && !c->name)
			c->name = attr_str(&a);
		else if (a.type == NFTA_CHAIN_HOOK)
			read_hook(&a, c);
		else if (a.type == NFTA_CHAIN_TYPE)
			rt_attr_str(&a, c->type, sizeof(c->type));
		else if (a.type == NFTA_CHAIN_POLICY)
			c->policy = nft_attr_u32(&a);
		else if (a.type == NFTA_CHAIN_USE)
			c->use = nft_attr_u32(&a);
	}
	if (!c->table)
		c->table = xstrdup("");
	if (!c->name)
		c->name = xstrdup("");
}

static int read_all(struct rt_sock *sk, struct nft_ruleset *s)
{
	int r = nft_generation(sk, &s->generation);

	if (r == 0)
		r = nft_list(sk, nft_msg_new(NFT_MSG_GETTABLE, NLM_F_DUMP, NFPROTO_UNSPEC),
			     table_item, s);
	if (r == 0)
		r = nft_list(sk, nft_msg_new(NFT_MSG_GETCHAIN, NLM_F_DUMP, NFPROTO_UNSPEC),
			     chain_item, s);
	return r;
}

int nft_ruleset_read(struct rt_sock *sk, struct nft_ruleset *ret, struct kerr *err)
{
	cleanup_(nft_ruleset_clear) struct nft_ruleset s = { 0 };
	int r = read_all(sk, &s);

	if (r == -EINVAL) /* nfnetlink has no such subsystem */
		r = -EOPNOTSUPP;
	if (r < 0)
		return r == -EINTR ? r : kerr_set(err, r, "list the tables of nf_tables");
	*ret = s;
	s = (struct nft_ruleset){ 0 };
	return 0;
}

void nft_ruleset_clear(struct nft_ruleset *s)
{
	for (size_t i = 0; i < s->n_tables; i++)
		free(s->tables[i].name);
	for (size_t i = 0; i < s->n_chains; i++) {
		free(s->chains[i].table);
		free(s->chains[i].name);
	}
	free(s->tables);
	free(s->chains);
	*s = (struct nft_ruleset){ 0 };
}

const struct nft_table *nft_table_find(const struct nft_ruleset *s, int family, const char *name)
{
	for (size_t i = 0; i < s->n_tables; i++)
		if (s->tables[i].family == family && streq(s->tables[i].name, name))
			return &s->tables[i];
	return NULL;
}

const struct nft_chain *nft_chain_find(const struct nft_ruleset *s, int family, const char *table,
				       const char *name)
{
	const struct nft_chain *c;

	for (size_t i = 0; i < s->n_chains; i++) {
		c = &s->chains[i];
		if (c->family == family && streq(c->name, name) && streq(c->table, table))
			return c;
	}
	return NULL;
}

/* ---- rules ---- */

/* Where the bytes are is only known when there are no more: an offset until then. */
static struct rt_attr keep(struct buf *b, const struct rt_attr *a)
{
	const struct rt_attr kept = { .type = a->type,
				      .n = a->n,
				      .data = (const void *) (uintptr_t) b->len };

	buf_add(b, a->data, a->n);
	while (b->len % NLMSG_ALIGNTO != 0)
		buf_addc(b, '\0');
	return kept;
}

static void rule_item(void *ctx, const struct nlmsghdr *h)
{
	struct nft_rules *rules = ctx;
	struct nft_rule *r = vec_grow(&rules->v, &rules->n, sizeof(*rules->v));
	struct rt_attrs attrs;
	struct rt_attr a;

	nft_attrs_of(&attrs, h);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == NFTA_RULE_CHAIN && !r->chain)
			r->chain = attr_str(&a);
		else if (a.type == NFTA_RULE_HANDLE)
			r->handle = nft_attr_u64(&a);
		else if (a.type == NFTA_RULE_EXPRESSIONS)
			r->exprs = keep(&rules->bytes, &a);
		else if (a.type == NFTA_RULE_USERDATA)
			r->user = keep(&rules->bytes, &a);
	}
	if (!r->chain)
		r->chain = xstrdup("");
}

static void settle(const struct nft_rules *rules, struct rt_attr *a)
{
	a->data = a->n > 0 ? rules->bytes.data + (uintptr_t) a->data : "";
}

int nft_rules_read(struct rt_sock *sk, int family, const char *table, const char *chain,
		   struct nft_rules *ret, struct kerr *err)
{
	cleanup_(nft_rules_clear) struct nft_rules rules = NFT_RULES_INIT;
	struct rt_msg *msg = nft_msg_new(NFT_MSG_GETRULE, NLM_F_DUMP, family);
	int r;

	rt_put_str(msg, NFTA_RULE_TABLE, table);
	if (chain)
		rt_put_str(msg, NFTA_RULE_CHAIN, chain);
	r = nft_list(sk, msg, rule_item, &rules);
	if (r < 0)
		return r == -EINTR
			       ? r
			       : kerr_set(err, r, "list the rules of the table '%s' of nf_tables",
					  table);
	r = buf_check(&rules.bytes, "rules of one table of nf_tables", err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < rules.n; i++) {
		settle(&rules, &rules.v[i].exprs);
		settle(&rules, &rules.v[i].user);
	}
	*ret = rules;
	rules = (struct nft_rules) NFT_RULES_INIT;
	return 0;
}

void nft_rules_clear(struct nft_rules *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].chain);
	free(r->v);
	buf_clear(&r->bytes);
	*r = (struct nft_rules) NFT_RULES_INIT;
}
