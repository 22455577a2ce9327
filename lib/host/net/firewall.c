/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall.h"
#include "mem.h"
#include "str.h"
#include "vec.h"

#define PLAN_TEXT_MAX ((size_t) 16 << 20)
#define EGRESS "KUKEON-EGRESS"
#define FORWARD "KUKEON-FORWARD"
#define POSTROUTING "KUKEON-POSTROUTING"
#define ANY_BRIDGE "k-+"
#define MULTICAST                               \
	(struct ipv4_net)                       \
	{                                       \
		.addr = 0xe0000000, .prefix = 4 \
	}

static const char *const verdict_names[] = {
	[FIREWALL_ACCEPT] = "ACCEPT", [FIREWALL_DROP] = "DROP",
	[FIREWALL_RETURN] = "RETURN", [FIREWALL_MASQUERADE] = "MASQUERADE",
	[FIREWALL_JUMP] = NULL,
};
_Static_assert(ARRAY_SIZE(verdict_names) == _FIREWALL_VERDICT_MAX, "a verdict without a name");

static const char *const table_names[] = {
	[FIREWALL_FILTER] = "filter",
	[FIREWALL_NAT] = "nat",
};
_Static_assert(ARRAY_SIZE(table_names) == _FIREWALL_TABLE_MAX, "a table without a name");

const char *firewall_table_name(enum firewall_table t)
{
	assert(t >= FIREWALL_FILTER && t < _FIREWALL_TABLE_MAX);
	return table_names[t];
}

const char *firewall_rule_target(const struct firewall_rule *r)
{
	assert(r->verdict >= FIREWALL_ACCEPT && r->verdict < _FIREWALL_VERDICT_MAX);
	return r->verdict == FIREWALL_JUMP ? r->jump : verdict_names[r->verdict];
}

/* ---- names ---- */

void firewall_space_chain(const char *realm, const char *space, const char *instance,
			  char ret[FIREWALL_CHAIN_MAX])
{
	cleanup_free char *text = NULL;

	if (str_empty(instance))
		text = xasprintf("%s/%s", realm, space);
	else
		text = xasprintf("%s/%s\n%s", realm, space, instance);
	(void) snprintf(ret, FIREWALL_CHAIN_MAX, "KUKE-EGR-%08x", fnv1a32(text, strlen(text)));
}

/* Name of a top chain: plain, or with a hash of the instance if it is not the default one. */
static void top_chain(const char *name, const char *instance, char ret[FIREWALL_CHAIN_MAX])
{
	if (str_empty(instance))
		(void) snprintf(ret, FIREWALL_CHAIN_MAX, "%s", name);
	else
		(void) snprintf(ret, FIREWALL_CHAIN_MAX, "%s-%08x", name,
				fnv1a32(instance, strlen(instance)));
}

/* ---- the plan ---- */

static struct firewall_chain *add_chain(struct firewall_plan *p, enum firewall_table table,
					const char *name)
{
	struct firewall_chain *c = vec_grow(&p->chains, &p->n_chains, sizeof(*p->chains));

	c->table = table;
	(void) snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

static struct firewall_rule *add_rule(struct firewall_chain *c, enum firewall_verdict verdict)
{
	struct firewall_rule *r = vec_grow(&c->rules, &c->n, sizeof(*c->rules));

	r->verdict = verdict;
	return r;
}

static void set_device(char to[16], const char *name)
{
	(void) snprintf(to, 16, "%s", name);
}

static char *space_tag(const struct firewall_space *s, const char *role)
{
	return xasprintf("kukeon:%s:%s:%s", s->realm, s->space, role);
}

/*
 * Rules for traffic that leaves the bridge of a space. They precede every ACCEPT,
 * because the jump to EGRESS precedes that to FORWARD.
 */
static void add_space(struct firewall_plan *p, const struct firewall_input *in,
		      const struct firewall_space *s)
{
	struct firewall_chain *c;
	struct firewall_rule *r;
	char name[FIREWALL_CHAIN_MAX];

	firewall_space_chain(s->realm, s->space, in->instance, name);
	c = add_chain(p, FIREWALL_FILTER, name);
	r = add_rule(c, FIREWALL_RETURN);
	r->ct = FIREWALL_CT_RELATED | FIREWALL_CT_ESTABLISHED;
	r->comment = space_tag(s, "established");
	r = add_rule(c, FIREWALL_RETURN); /* only matches with br_netfilter */
	set_device(r->out, s->bridge);
	r->comment = space_tag(s, "own");
	r = add_rule(c, FIREWALL_DROP);
	set_device(r->out, ANY_BRIDGE);
	r->comment = space_tag(s, "isolation");
	r = add_rule(c, FIREWALL_RETURN);
	r->comment = space_tag(s, "default");
}

static void add_egress(struct firewall_plan *p, const struct firewall_input *in)
{
	struct firewall_chain *c;
	struct firewall_rule *r;
	char name[FIREWALL_CHAIN_MAX];

	c = add_chain(p, FIREWALL_FILTER, p->master);
	for (size_t i = 0; i < in->n_spaces; i++) {
		firewall_space_chain(in->spaces[i].realm, in->spaces[i].space, in->instance, name);
		r = add_rule(c, FIREWALL_JUMP);
		set_device(r->in, in->spaces[i].bridge);
		r->comment = space_tag(&in->spaces[i], "dispatch");
		r->jump = xstrdup(name);
	}
	for (size_t i = 0; i < in->n_spaces; i++)
		add_space(p, in, &in->spaces[i]);
}

static void add_forward(struct firewall_plan *p, const char *name)
{
	struct firewall_chain *c = add_chain(p, FIREWALL_FILTER, name);
	struct firewall_rule *r;

	r = add_rule(c, FIREWALL_ACCEPT);
	r->ct = FIREWALL_CT_RELATED | FIREWALL_CT_ESTABLISHED;
	r->comment = xstrdup("kukeon-forward:established");
	r = add_rule(c, FIREWALL_ACCEPT);
	set_device(r->in, ANY_BRIDGE);
	r->comment = xstrdup("kukeon-forward:egress");
	r = add_rule(c, FIREWALL_ACCEPT);
	set_device(r->out, ANY_BRIDGE);
	r->comment = xstrdup("kukeon-forward:ingress");
}

static void add_nat(struct firewall_plan *p, const char *name, const struct firewall_input *in)
{
	struct firewall_chain *c = add_chain(p, FIREWALL_NAT, name);
	struct firewall_rule *r;

	r = add_rule(c, FIREWALL_RETURN);
	r->dst = MULTICAST;
	r->comment = xstrdup("kukeon-nat:multicast");
	for (size_t i = 0; i < in->n_spaces; i++) {
		r = add_rule(c, FIREWALL_MASQUERADE);
		r->src = ipv4_subnet(in->spaces[i].subnet);
		r->dst = r->src;
		r->invert = FIREWALL_NOT_DST;
		r->comment = space_tag(&in->spaces[i], "masquerade");
	}
}

static struct firewall_hook *add_hook(struct firewall_plan *p, enum firewall_table table,
				      const char *builtin, const char *group, const char *chain)
{
	struct firewall_hook *h = vec_grow(&p->hooks, &p->n_hooks, sizeof(*p->hooks));

	h->table = table;
	h->builtin = builtin;
	h->group = group;
	(void) snprintf(h->chain, sizeof(h->chain), "%s", chain);
	return h;
}

void firewall_plan_make(const struct firewall_input *in, struct firewall_plan *ret)
{
	char forward[FIREWALL_CHAIN_MAX], nat[FIREWALL_CHAIN_MAX];

	*ret = (struct firewall_plan){ 0 };
	top_chain(EGRESS, in->instance, ret->master);
	top_chain(FORWARD, in->instance, forward);
	top_chain(POSTROUTING, in->instance, nat);
	add_egress(ret, in);
	add_forward(ret, forward);
	add_nat(ret, nat, in);
	(void) add_hook(ret, FIREWALL_FILTER, "FORWARD", EGRESS, ret->master);
	add_hook(ret, FIREWALL_FILTER, "FORWARD", FORWARD, forward)->comment =
		xstrdup("kukeon-forward:jump");
	(void) add_hook(ret, FIREWALL_NAT, "POSTROUTING", POSTROUTING, nat);
}

void firewall_plan_clear(struct firewall_plan *p)
{
	for (size_t i = 0; i < p->n_chains; i++) {
		for (size_t k = 0; k < p->chains[i].n; k++) {
			free(p->chains[i].rules[k].comment);
			free(p->chains[i].rules[k].jump);
		}
		free(p->chains[i].rules);
	}
	for (size_t i = 0; i < p->n_hooks; i++)
		free(p->hooks[i].comment);
	free(p->chains);
	free(p->hooks);
	*p = (struct firewall_plan){ 0 };
}

/* ---- as text ---- */

static void text_part(struct buf *b, bool invert, const char *option, const char *value)
{
	if (value[0])
		buf_addf(b, "%s %s %s", invert ? " !" : "", option, value);
}

static void text_net(struct buf *b, bool invert, const char *option, struct ipv4_net net)
{
	char text[IPV4_NET_TEXT_MAX];

	if (net.prefix > 0)
		text_part(b, invert, option, ipv4_net_text(net, text));
}

static void text_rule(struct buf *b, const char *chain, const struct firewall_rule *r)
{
	buf_addf(b, "-A %s", chain);
	text_net(b, r->invert & FIREWALL_NOT_SRC, "-s", r->src);
	text_net(b, r->invert & FIREWALL_NOT_DST, "-d", r->dst);
	text_part(b, r->invert & FIREWALL_NOT_IN, "-i", r->in);
	text_part(b, r->invert & FIREWALL_NOT_OUT, "-o", r->out);
	if (r->ct)
		buf_addf(b, " -m conntrack --ctstate %s%s%s",
			 r->ct & FIREWALL_CT_RELATED ? "RELATED" : "",
			 r->ct == (FIREWALL_CT_RELATED | FIREWALL_CT_ESTABLISHED) ? "," : "",
			 r->ct & FIREWALL_CT_ESTABLISHED ? "ESTABLISHED" : "");
	if (r->comment)
		buf_addf(b, " -m comment --comment \"%s\"", r->comment);
	buf_addf(b, " -j %s\n", firewall_rule_target(r));
}

char *firewall_plan_text(const struct firewall_plan *p)
{
	struct buf b = BUF_INIT(PLAN_TEXT_MAX);
	enum firewall_table t;

	for (t = FIREWALL_FILTER; t < _FIREWALL_TABLE_MAX; t++) {
		buf_addf(&b, "*%s\n", firewall_table_name(t));
		for (size_t i = 0; i < p->n_chains; i++)
			if (p->chains[i].table == t)
				buf_addf(&b, "-N %s\n", p->chains[i].name);
		for (size_t i = 0; i < p->n_hooks; i++) {
			if (p->hooks[i].table != t)
				continue;
			buf_addf(&b, "-A %s", p->hooks[i].builtin);
			if (p->hooks[i].comment)
				buf_addf(&b, " -m comment --comment \"%s\"", p->hooks[i].comment);
			buf_addf(&b, " -j %s\n", p->hooks[i].chain);
		}
		for (size_t i = 0; i < p->n_chains; i++)
			for (size_t k = 0; p->chains[i].table == t && k < p->chains[i].n; k++)
				text_rule(&b, p->chains[i].name, &p->chains[i].rules[k]);
	}
	return buf_take(&b);
}
