/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plan does with a packet, against what policies mean: for random spaces,
 * policies and packets the rules, walked as the kernel walks them, and a model that knows
 * nothing of rules agree.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firewall_plan.h"
#include "mem.h"
#include "str.h"
#include "unit.h"

#define SPACES 3
#define ALLOWS 4
#define ADDRS 3
#define ROUNDS 300
#define PACKETS 200

struct packet {
	int from; /* a space, or -1: from outside */
	int to; /* a space, -1: outside, -2: the host */
	struct ipnet dst;
	enum firewall_proto proto;
	uint16_t port;
	bool reply;
};

static struct firewall_allow allows[SPACES][ALLOWS];
static struct firewall_address addrs[SPACES][ALLOWS][ADDRS];
static uint16_t ports[SPACES][ALLOWS][2];
static struct firewall_space spaces[SPACES];
static char bridges[SPACES][FIREWALL_DEVICE_MAX];

static unsigned upto(unsigned n)
{
	return (unsigned) random() % n;
}

/* Few different addresses, so that rules and packets meet. */
static struct ipnet some_addr(bool v6)
{
	struct ipnet a = { .family = v6 ? IPNET_V6 : IPNET_V4, .prefix = v6 ? 128 : 32 };

	a.addr[0] = v6 ? 0xfd : 192;
	a.addr[v6 ? 15 : 3] = (uint8_t) upto(4);
	a.addr[1] = (uint8_t) upto(2);
	return a;
}

/* A rule of names instead, which may have the same address more than once. */
static void some_names(struct firewall_allow *a, const char *names, struct firewall_address *v)
{
	a->dst = (struct ipnet){ 0 };
	a->names = names;
	a->addrs = v;
	a->n_addrs = upto(ADDRS + 1);
	for (size_t i = 0; i < a->n_addrs; i++)
		v[i] = (struct firewall_address){ .addr = some_addr(upto(2)), .tag = "n" };
}

static void some_spaces(void)
{
	static const unsigned prefixes[] = { 0, 7, 8, 16, 30, 31, 32 };
	static const char *const names[ALLOWS] = { "a0", "a1", "a2", "t0" };

	for (int i = 0; i < SPACES; i++) {
		struct firewall_space *s = &spaces[i];

		(void) snprintf(bridges[i], sizeof(bridges[i]), "k-%08x", (unsigned) i);
		*s = (struct firewall_space){ .realm = "r",
					      .space = bridges[i],
					      .bridge = bridges[i],
					      .subnet = { 0x0a580000 + ((uint32_t) i << 8), 24 },
					      .gateway = 0x0a580001 + ((uint32_t) i << 8),
					      .policy = FIREWALL_DEFAULT_ALLOW + upto(2),
					      .allow = allows[i],
					      .n_allow = upto(ALLOWS + 1) };
		for (size_t k = 0; k < s->n_allow; k++) {
			struct firewall_allow *a = &allows[i][k];

			*a = (struct firewall_allow){ .dst = some_addr(upto(2)),
						      .ports = ports[i][k],
						      .n_ports = upto(3),
						      .tag = "t" };
			a->dst.prefix = a->dst.family == IPNET_V4 ? prefixes[upto(7)]
								  : prefixes[upto(7)] * 4;
			if (upto(2))
				some_names(a, names[k], addrs[i][k]);
			ports[i][k][0] = (uint16_t) (1 + upto(3));
			ports[i][k][1] = (uint16_t) (1 + upto(3));
		}
	}
}

static struct packet some_packet(void)
{
	struct packet p = { .from = (int) upto(SPACES + 1) - 1,
			    .to = (int) upto(SPACES + 2) - 2,
			    .dst = some_addr(upto(2)),
			    .proto = 1 + upto(_FIREWALL_PROTO_MAX - 1),
			    .port = (uint16_t) (1 + upto(3)),
			    .reply = upto(8) == 0 };

	if (p.to == -2 && p.from >= 0 && upto(3) == 0)
		p.dst = ipnet_of_ipv4((struct ipv4_net){ spaces[p.from].gateway, 32 });
	if (p.proto == FIREWALL_ICMP || p.proto == FIREWALL_ICMPV6)
		p.proto = p.dst.family == IPNET_V4 ? FIREWALL_ICMP : FIREWALL_ICMPV6;
	return p;
}

/* ---- what policies mean ---- */

static bool has_dest(const struct firewall_allow *a, const struct packet *p)
{
	for (size_t i = 0; i < a->n_addrs; i++)
		if (ipnet_eq(&a->addrs[i].addr, &p->dst))
			return p->to != -2; /* no name opens the host */
	return !a->names && ipnet_contains(&a->dst, &p->dst);
}

static bool policy_allows(const struct firewall_space *s, const struct packet *p)
{
	for (size_t i = 0; i < s->n_allow; i++) {
		const struct firewall_allow *a = &s->allow[i];
		bool port = a->n_ports == 0;

		for (size_t k = 0; k < a->n_ports; k++)
			port |= p->proto == FIREWALL_TCP && a->ports[k] == p->port;
		if (port && has_dest(a, p))
			return true;
	}
	return s->policy == FIREWALL_DEFAULT_ALLOW;
}

static bool should_pass(const struct packet *p)
{
	const struct firewall_space *s = p->from >= 0 ? &spaces[p->from] : NULL;
	struct ipnet gateway;

	if (!s || p->reply)
		return true;
	if (p->to == -2) {
		gateway = ipnet_of_ipv4((struct ipv4_net){ s->gateway, 32 });
		return p->proto == FIREWALL_ICMPV6 || policy_allows(s, p) ||
		       (p->proto == FIREWALL_ICMP && ipnet_eq(&gateway, &p->dst));
	}
	if (p->to >= 0)
		return p->to == p->from;
	return policy_allows(s, p);
}

/* ---- what rules do ---- */

static bool device_fits(const char *pattern, const char *device, bool invert)
{
	size_t n = strlen(pattern);
	bool fits;

	if (n == 0)
		return true;
	fits = pattern[n - 1] == '+' ? strncmp(pattern, device, n - 1) == 0
				     : streq(pattern, device);
	return fits != invert;
}

static bool in_set(const struct firewall_plan *plan, const char *name, const struct ipnet *addr)
{
	for (size_t i = 0; i < plan->n_sets; i++)
		for (size_t k = 0; streq(plan->sets[i].name, name) && k < plan->sets[i].n; k++)
			if (ipnet_eq(&plan->sets[i].v[k].addr, addr))
				return true;
	return false;
}

static bool rule_fits(const struct firewall_plan *plan, const struct firewall_rule *r,
		      const struct packet *p)
{
	const char *in = p->from >= 0 ? bridges[p->from] : "eth0";
	const char *out = p->to >= 0 ? bridges[p->to] : p->to == -1 ? "eth0" : "";

	ck_assert_msg(r->src.family == IPNET_NONE && !r->dst_local,
		      "a form that is not walked here");
	if (!device_fits(r->in, in, r->invert & FIREWALL_NOT_IN) ||
	    !device_fits(r->out, out, r->invert & FIREWALL_NOT_OUT))
		return false;
	if (r->dst.family != IPNET_NONE && !ipnet_contains(&r->dst, &p->dst))
		return false;
	if (r->set[0] && !in_set(plan, r->set, &p->dst))
		return false;
	if (r->proto != FIREWALL_ANY_PROTO && r->proto != p->proto)
		return false;
	if (r->dport.first && (p->port < r->dport.first || p->port > r->dport.last))
		return false;
	return !r->ct || (p->reply && r->ct & FIREWALL_CT_ESTABLISHED);
}

static const struct firewall_chain *chain(const struct firewall_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_chains; i++)
		if (plan->chains[i].table == FIREWALL_FILTER && streq(plan->chains[i].name, name))
			return &plan->chains[i];
	ck_abort_msg("no chain '%s'", name);
}

/* RETURN: the chain has no verdict. */
static enum firewall_verdict walk(const struct firewall_plan *plan, const char *name,
				  const struct packet *p)
{
	unsigned family = p->dst.family == IPNET_V4 ? FIREWALL_IPV4 : FIREWALL_IPV6;
	const struct firewall_chain *c = chain(plan, name);
	enum firewall_verdict v;

	for (size_t i = 0; i < c->n; i++) {
		const struct firewall_rule *r = &c->rules[i];

		if (!(firewall_rule_families(c, r) & family) || !rule_fits(plan, r, p))
			continue;
		v = r->verdict == FIREWALL_JUMP ? walk(plan, r->jump, p) : r->verdict;
		if (r->verdict != FIREWALL_JUMP || v != FIREWALL_RETURN)
			return v;
	}
	return FIREWALL_RETURN;
}

/* A host that accepts what has no verdict, and so one where all depends on our rules. */
static bool passes(const struct firewall_plan *plan, const struct packet *p)
{
	enum firewall_builtin b = p->to == -2 ? FIREWALL_INPUT : FIREWALL_FORWARD;
	enum firewall_verdict v = FIREWALL_RETURN;

	for (size_t i = 0; i < plan->n_hooks && v == FIREWALL_RETURN; i++)
		if (plan->hooks[i].table == FIREWALL_FILTER && plan->hooks[i].builtin == b)
			v = walk(plan, plan->hooks[i].chain, p);
	return v != FIREWALL_DROP;
}

START_TEST(rules_mean_the_policy)
{
	const struct firewall_input in = { .spaces = spaces, .n_spaces = SPACES };
	unsigned passed = 0, dropped = 0;

	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		cleanup_(firewall_plan_clear) struct firewall_plan plan = { 0 }, chains = { 0 };

		some_spaces();
		firewall_plan_make(&in, &plan);
		firewall_plan_without_sets(&plan, &chains);
		for (int k = 0; k < PACKETS; k++) {
			struct packet p = some_packet();
			bool want = should_pass(&p);
			char addr[IPNET_TEXT_MAX];

			ck_assert_msg(passes(&plan, &p) == want && passes(&chains, &p) == want,
				      "round %d: from %d to %d (%s) proto %u port %u reply %d: %d",
				      i, p.from, p.to, ipnet_text(&p.dst, addr), p.proto, p.port,
				      p.reply, want);
			*(want ? &passed : &dropped) += 1;
		}
	}
	ck_assert_uint_gt(passed, ROUNDS * PACKETS / 10); /* both are met often */
	ck_assert_uint_gt(dropped, ROUNDS * PACKETS / 10);
}
END_TEST

/* A space whose chain is empty or gone lets nothing out, whatever its policy was. */
START_TEST(without_its_chain)
{
	const struct firewall_input in = { .spaces = spaces, .n_spaces = SPACES };

	srandom(2);
	for (int i = 0; i < ROUNDS; i++) {
		cleanup_(firewall_plan_clear) struct firewall_plan plan = { 0 };
		char name[FIREWALL_CHAIN_MAX];
		size_t n;

		some_spaces();
		firewall_plan_make(&in, &plan);
		firewall_space_chain("r", bridges[0], NULL, FIREWALL_FORWARD, name);
		for (size_t k = 0; k < plan.n_chains; k++)
			if (streq(plan.chains[k].name, name)) {
				n = plan.chains[k].n;
				plan.chains[k].n = 0;
				for (int m = 0; m < PACKETS; m++) {
					struct packet p = some_packet();

					if (p.from == 0 && p.to != -2 && !p.reply)
						ck_assert(!passes(&plan, &p));
				}
				plan.chains[k].n = n; /* for clearing it */
			}
	}
}
END_TEST

static Suite *test_firewall_model(void)
{
	Suite *s = suite_create("firewall_model");
	TCase *t = tcase_create("model");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, rules_mean_the_policy);
	tcase_add_test(t, without_its_chain);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_firewall_model);
