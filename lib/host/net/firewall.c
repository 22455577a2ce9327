/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "firewall.h"
#include "mem.h"
#include "str.h"
#include "vec.h"

#define PLAN_TEXT_MAX ((size_t) 64 << 20)

static const char *const verdict_names[] = {
	[FIREWALL_ACCEPT] = "ACCEPT", [FIREWALL_DROP] = "DROP",
	[FIREWALL_RETURN] = "RETURN", [FIREWALL_MASQUERADE] = "MASQUERADE",
	[FIREWALL_DNAT] = "DNAT",     [FIREWALL_JUMP] = NULL,
};
_Static_assert(ARRAY_SIZE(verdict_names) == _FIREWALL_VERDICT_MAX, "a verdict without a name");

static const char *const table_names[] = {
	[FIREWALL_FILTER] = "filter",
	[FIREWALL_NAT] = "nat",
};
_Static_assert(ARRAY_SIZE(table_names) == _FIREWALL_TABLE_MAX, "a table without a name");

static const char *const builtin_names[] = {
	[FIREWALL_PREROUTING] = "PREROUTING",	[FIREWALL_INPUT] = "INPUT",
	[FIREWALL_FORWARD] = "FORWARD",		[FIREWALL_OUTPUT] = "OUTPUT",
	[FIREWALL_POSTROUTING] = "POSTROUTING",
};
_Static_assert(ARRAY_SIZE(builtin_names) == _FIREWALL_BUILTIN_MAX, "a chain without a name");

/* As iptables -S has them: the name of the protocol, then that of its match. */
static const char *const proto_names[] = {
	[FIREWALL_ANY_PROTO] = "", [FIREWALL_TCP] = "tcp",	    [FIREWALL_UDP] = "udp",
	[FIREWALL_ICMP] = "icmp",  [FIREWALL_ICMPV6] = "ipv6-icmp",
};
_Static_assert(ARRAY_SIZE(proto_names) == _FIREWALL_PROTO_MAX, "a protocol without a name");

const char *firewall_table_name(enum firewall_table t)
{
	assert(t >= FIREWALL_FILTER && t < _FIREWALL_TABLE_MAX);
	return table_names[t];
}

const char *firewall_builtin_name(enum firewall_builtin b)
{
	assert(b >= FIREWALL_PREROUTING && b < _FIREWALL_BUILTIN_MAX);
	return builtin_names[b];
}

const char *firewall_rule_target(const struct firewall_rule *r)
{
	assert(r->verdict >= FIREWALL_ACCEPT && r->verdict < _FIREWALL_VERDICT_MAX);
	return r->verdict == FIREWALL_JUMP ? r->jump : verdict_names[r->verdict];
}

/* ---- making ---- */

void firewall_tag(const char *instance, char ret[FIREWALL_TAG_MAX])
{
	ret[0] = '\0';
	if (!str_empty(instance))
		(void) snprintf(ret, FIREWALL_TAG_MAX, "%08x", fnv1a32(instance, strlen(instance)));
}

void firewall_top_chain(const char *name, const char *instance, char ret[FIREWALL_CHAIN_MAX])
{
	if (str_empty(instance))
		(void) snprintf(ret, FIREWALL_CHAIN_MAX, "%s", name);
	else
		(void) snprintf(ret, FIREWALL_CHAIN_MAX, "%s-%08x", name,
				fnv1a32(instance, strlen(instance)));
}

struct firewall_chain *firewall_add_chain(struct firewall_plan *p, enum firewall_table table,
					  unsigned families, const char *name)
{
	struct firewall_chain *c = vec_grow(&p->chains, &p->n_chains, sizeof(*p->chains));

	c->table = table;
	c->families = families;
	(void) snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

struct firewall_rule *firewall_add_rule(struct firewall_chain *c, enum firewall_verdict verdict)
{
	struct firewall_rule *r = vec_grow(&c->rules, &c->n, sizeof(*c->rules));

	r->verdict = verdict;
	return r;
}

struct firewall_hook *firewall_add_hook(struct firewall_plan *p, enum firewall_table table,
					unsigned families, enum firewall_builtin builtin,
					const char *group, const char *chain)
{
	struct firewall_hook *h = vec_grow(&p->hooks, &p->n_hooks, sizeof(*p->hooks));

	h->table = table;
	h->families = families;
	h->builtin = builtin;
	h->group = group;
	(void) snprintf(h->chain, sizeof(h->chain), "%s", chain);
	return h;
}

void firewall_set_name(const char *chain, const char *which, enum ipnet_family family,
		       char ret[FIREWALL_CHAIN_MAX])
{
	(void) snprintf(ret, FIREWALL_CHAIN_MAX, "%s-%s-%d", chain, which,
			family == IPNET_V4 ? 4 : 6);
}

struct firewall_set *firewall_add_set(struct firewall_plan *p, const char *name,
				      enum ipnet_family family)
{
	struct firewall_set *s = vec_grow(&p->sets, &p->n_sets, sizeof(*p->sets));

	s->family = family;
	(void) snprintf(s->name, sizeof(s->name), "%s", name);
	return s;
}

void firewall_add_member(struct firewall_set *s, const struct ipnet *addr, int64_t until_ms,
			 const char *comment)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int r = ipnet_cmp(&s->v[mid].addr, addr);

		if (r == 0) {
			if (s->v[mid].until_ms < until_ms)
				s->v[mid].until_ms = until_ms;
			return;
		}
		low = r < 0 ? mid + 1 : low;
		high = r < 0 ? high : mid;
	}
	(void) vec_grow(&s->v, &s->n, sizeof(*s->v));
	memmove(s->v + low + 1, s->v + low, (s->n - 1 - low) * sizeof(*s->v));
	s->v[low] = (struct firewall_member){ .addr = *addr,
					      .until_ms = until_ms,
					      .comment = xstrdup_null(comment) };
}

void firewall_set_clear(struct firewall_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].comment);
	free(s->v);
	*s = (struct firewall_set){ 0 };
}

void firewall_plan_clear(struct firewall_plan *p)
{
	for (size_t i = 0; i < p->n_sets; i++)
		firewall_set_clear(&p->sets[i]);
	free(p->sets);
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

/* ---- without sets ---- */

static void copy_rule(struct firewall_chain *to, const struct firewall_rule *from)
{
	struct firewall_rule *r = firewall_add_rule(to, from->verdict);

	*r = *from;
	r->comment = xstrdup_null(from->comment);
	r->jump = xstrdup_null(from->jump);
	if (!from->set[0])
		return;
	r->families = from->set_family == IPNET_V4 ? FIREWALL_IPV4 : FIREWALL_IPV6;
	r->verdict = FIREWALL_JUMP;
	r->jump = xstrdup(from->set);
	r->set[0] = '\0';
	r->set_family = IPNET_NONE;
}

static void add_set_chain(struct firewall_plan *to, const struct firewall_set *s)
{
	struct firewall_chain *c =
		firewall_add_chain(to, FIREWALL_FILTER,
				   s->family == IPNET_V4 ? FIREWALL_IPV4 : FIREWALL_IPV6, s->name);

	for (size_t i = 0; i < s->n; i++) {
		struct firewall_rule *r = firewall_add_rule(c, FIREWALL_ACCEPT);

		r->dst = s->v[i].addr;
		r->comment = xstrdup_null(s->v[i].comment);
	}
}

void firewall_plan_without_sets(const struct firewall_plan *p, struct firewall_plan *ret)
{
	struct firewall_chain *c;
	struct firewall_hook *h;

	*ret = (struct firewall_plan){ 0 };
	memcpy(ret->tag, p->tag, sizeof(ret->tag));
	for (size_t i = 0; i < p->n_chains; i++) {
		c = firewall_add_chain(ret, p->chains[i].table, p->chains[i].families,
				       p->chains[i].name);
		c->keep = p->chains[i].keep;
		for (size_t k = 0; k < p->chains[i].n; k++)
			copy_rule(c, &p->chains[i].rules[k]);
	}
	for (size_t i = 0; i < p->n_sets; i++)
		add_set_chain(ret, &p->sets[i]);
	for (size_t i = 0; i < p->n_hooks; i++) {
		h = vec_grow(&ret->hooks, &ret->n_hooks, sizeof(*ret->hooks));
		*h = p->hooks[i];
		h->comment = xstrdup_null(p->hooks[i].comment);
	}
}

/* ---- reading ---- */

static unsigned net_families(const struct ipnet *net)
{
	switch (net->family) {
	case IPNET_V4:
		return FIREWALL_IPV4;
	case IPNET_V6:
		return FIREWALL_IPV6;
	case IPNET_NONE:
		break;
	}
	return FIREWALL_BOTH;
}

static unsigned proto_families(enum firewall_proto proto)
{
	if (proto == FIREWALL_ICMP)
		return FIREWALL_IPV4;
	return proto == FIREWALL_ICMPV6 ? FIREWALL_IPV6 : FIREWALL_BOTH;
}

unsigned firewall_rule_families(const struct firewall_chain *c, const struct firewall_rule *r)
{
	const struct ipnet in_set = { .family = r->set_family };

	return c->families & (r->families ? r->families : FIREWALL_BOTH) & net_families(&r->src) &
	       net_families(&r->dst) & net_families(&r->to) & net_families(&in_set) &
	       proto_families(r->proto);
}

bool firewall_plan_keeps(const struct firewall_plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_chains; i++) {
		size_t n = strlen(p->chains[i].name);

		if (p->chains[i].keep && strncmp(name, p->chains[i].name, n) == 0 && name[n] == '-')
			return true;
	}
	return false;
}

bool firewall_plan_uses(const struct firewall_plan *p, enum firewall_table table,
			enum firewall_family family)
{
	for (size_t i = 0; i < p->n_chains; i++)
		if (p->chains[i].table == table && p->chains[i].families & family)
			return true;
	return false;
}

/* ---- as text ---- */

static void text_part(struct buf *b, bool invert, const char *option, const char *value)
{
	if (value[0])
		buf_addf(b, "%s %s %s", invert ? " !" : "", option, value);
}

static void text_net(struct buf *b, bool invert, const char *option, const struct ipnet *net)
{
	struct ipnet subnet = ipnet_subnet(*net);
	char text[IPNET_TEXT_MAX];

	if (net->prefix > 0)
		text_part(b, invert, option, ipnet_text(&subnet, text));
}

static void text_ports(struct buf *b, const struct firewall_rule *r)
{
	if (!r->dport.first)
		return;
	buf_addf(b, " -m %s --dport %u", proto_names[r->proto], r->dport.first);
	if (r->dport.last != r->dport.first)
		buf_addf(b, ":%u", r->dport.last);
}

static void text_ct(struct buf *b, unsigned ct)
{
	static const char *const names[] = { "RELATED", "ESTABLISHED", "DNAT" };
	const char *before = " -m conntrack --ctstate ";

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(ct & 1U << i))
			continue;
		buf_addf(b, "%s%s", before, names[i]);
		before = ",";
	}
}

static void text_comment(struct buf *b, const char *comment)
{
	if (comment)
		buf_addf(b, " -m comment --comment \"%.*s\"", FIREWALL_COMMENT_MAX - 1, comment);
}

static void text_dnat(struct buf *b, const struct firewall_rule *r)
{
	unsigned n = (unsigned) (r->dport.last - r->dport.first);
	char addr[IPNET_TEXT_MAX];

	(void) ipnet_addr_text(&r->to, addr);
	buf_addf(b,
		 r->to.family == IPNET_V6 && r->to_port ? " --to-destination [%s]"
							: " --to-destination %s",
		 addr);
	if (r->to_port && n == 0)
		buf_addf(b, ":%u", r->to_port);
	else if (r->to_port)
		buf_addf(b, ":%u-%u/%u", r->to_port, r->to_port + n, r->dport.first);
}

static void text_rule(struct buf *b, const char *chain, const struct firewall_rule *r)
{
	buf_addf(b, "-A %s", chain);
	text_net(b, r->invert & FIREWALL_NOT_SRC, "-s", &r->src);
	text_net(b, r->invert & FIREWALL_NOT_DST, "-d", &r->dst);
	text_part(b, r->invert & FIREWALL_NOT_IN, "-i", r->in);
	text_part(b, r->invert & FIREWALL_NOT_OUT, "-o", r->out);
	text_part(b, false, "-p", proto_names[r->proto]);
	text_ports(b, r);
	if (r->dst_local)
		buf_adds(b, " -m addrtype --dst-type LOCAL");
	text_ct(b, r->ct);
	text_comment(b, r->comment);
	buf_addf(b, " -j %s", firewall_rule_target(r));
	if (r->verdict == FIREWALL_DNAT)
		text_dnat(b, r);
	buf_addc(b, '\n');
}

static void text_hook(struct buf *b, const struct firewall_hook *h)
{
	buf_addf(b, "-A %s", firewall_builtin_name(h->builtin));
	text_comment(b, h->comment);
	buf_addf(b, " -j %s\n", h->chain);
}

static void text_table(struct buf *b, const struct firewall_plan *p, enum firewall_table t,
		       enum firewall_family family)
{
	const struct firewall_chain *c;

	buf_addf(b, "*%s\n", firewall_table_name(t));
	for (size_t i = 0; i < p->n_chains; i++)
		if (p->chains[i].table == t && p->chains[i].families & family)
			buf_addf(b, "-N %s\n", p->chains[i].name);
	for (size_t i = 0; i < p->n_hooks; i++)
		if (p->hooks[i].table == t && p->hooks[i].families & family)
			text_hook(b, &p->hooks[i]);
	for (size_t i = 0; i < p->n_chains; i++) {
		c = &p->chains[i];
		for (size_t k = 0; c->table == t && k < c->n; k++)
			if (firewall_rule_families(c, &c->rules[k]) & family)
				text_rule(b, c->name, &c->rules[k]);
	}
}

char *firewall_plan_text(const struct firewall_plan *p, enum firewall_family family)
{
	cleanup_(firewall_plan_clear) struct firewall_plan chains = { 0 };
	struct buf b = BUF_INIT(PLAN_TEXT_MAX);
	enum firewall_table t;

	firewall_plan_without_sets(p, &chains);
	for (t = FIREWALL_FILTER; t < _FIREWALL_TABLE_MAX; t++)
		if (firewall_plan_uses(&chains, t, family))
			text_table(&b, &chains, t, family);
	return buf_take(&b);
}
