/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The planner of the firewall: spaces with names, policies and destinations of any bytes,
 * and published ports.
 * Whatever they are, the plan can be written for both families, each rule fits the form
 * of the kernel, and a space that is not open ends with DROP.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fence.h"
#include "firewall_entry.h"
#include "firewall_plan.h"
#include "mem.h"
#include "str.h"

/* What the kernel asks of a program of classic BPF: it ends, and leads nowhere else. */
static void check_program(const struct fence_program *p)
{
	if (p->n == 0 || p->n > FENCE_PROGRAM_MAX || BPF_CLASS(p->v[p->n - 1].code) != BPF_RET)
		abort();
	for (unsigned i = 0; i < p->n; i++)
		if (BPF_CLASS(p->v[i].code) == BPF_JMP &&
		    (i + 1 + p->v[i].jt >= p->n || i + 1 + p->v[i].jf >= p->n))
			abort();
}

static void check_fence(const struct firewall_input *in, const struct firewall_space *s)
{
	struct fence f;

	fence_make(in, s, &f);
	if ((f.n == 0) != (s->policy == FIREWALL_DEFAULT_ALLOW))
		abort();
	for (size_t i = 0; i < f.n; i++)
		check_program(&f.v[i]);
	fence_clear(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPACES_MAX 8
#define ALLOWS_MAX 8
#define ADDRS_MAX 4
#define PORTS_MAX 6

struct input {
	const uint8_t *p;
	size_t n;
};

static uint8_t byte(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

/* Up to 15 bytes without a NUL, owned by the caller. */
static char *text(struct input *in)
{
	size_t n = byte(in) % 16;
	char *s = xcalloc(n + 1, 1);

	for (size_t i = 0; i < n; i++) {
		s[i] = (char) byte(in);
		if (s[i] == '\0')
			s[i] = '-';
	}
	return s;
}

/* Of a family by chance; without one if asked so. */
static struct ipnet some_net(struct input *in, bool may_lack)
{
	struct ipnet net = { 0 };
	uint8_t b = byte(in);

	if (may_lack && b & 2)
		return net;
	net.family = b & 1 ? IPNET_V6 : IPNET_V4;
	net.prefix = byte(in) % (ipnet_bits(net.family) + 1);
	for (unsigned i = 0; i < ipnet_bits(net.family) / 8; i++)
		net.addr[i] = byte(in);
	return net;
}

/* Of one family, and no range is empty. */
static void fill_port(struct input *in, struct firewall_port *p)
{
	uint8_t n;

	*p = (struct firewall_port){ .owner = text(in), .udp = byte(in) & 1 };
	p->cell6 = some_net(in, true);
	if (p->cell6.family == IPNET_V4)
		p->cell6 = (struct ipnet){ 0 };
	if (p->cell6.family == IPNET_NONE) {
		p->cell = byte(in) * 0x01010101U;
		p->host = byte(in) * 0x01010101U;
	} else {
		p->host6 = some_net(in, true);
		if (p->host6.family == IPNET_V4)
			p->host6 = (struct ipnet){ 0 };
	}
	n = byte(in);
	p->first = (uint16_t) (1 + byte(in));
	p->last = (uint16_t) (p->first + n);
	p->to = (uint16_t) (1 + byte(in));
}

/* A rule of names, whose numbers are its own. */
static void fill_names(struct input *in, struct firewall_allow *a, size_t rule,
		       struct firewall_address *addrs)
{
	a->names = xasprintf("%c%zu", byte(in) % 2 ? 'a' : 't', rule);
	a->n_addrs = byte(in) % (ADDRS_MAX + 1);
	for (size_t i = 0; i < a->n_addrs; i++) {
		struct ipnet net = some_net(in, false);

		if (net.family != IPNET_NONE)
			net.prefix = ipnet_bits(net.family);
		addrs[i] = (struct firewall_address){ .addr = net,
						      .until_ms = byte(in),
						      .tag = a->tag };
	}
	a->addrs = addrs;
}

static void fill_allow(struct input *in, struct firewall_allow *a, uint16_t ports[4])
{
	a->dst = some_net(in, false);
	a->n_ports = byte(in) % 4;
	for (size_t i = 0; i < a->n_ports; i++)
		ports[i] = (uint16_t) (byte(in) + 1);
	a->ports = ports;
	a->tag = text(in);
}

static void check_chain(const struct firewall_chain *c)
{
	struct firewall_entry entry;

	for (unsigned family = FIREWALL_IPV4; family <= FIREWALL_IPV6; family <<= 1)
		for (size_t i = 0; i < c->n; i++)
			if (firewall_rule_families(c, &c->rules[i]) & family) {
				firewall_entry_make(&c->rules[i], family, &entry);
				if (!firewall_entry_eq(entry.bytes,
						       firewall_rule_target(&c->rules[i]), &entry,
						       &c->rules[i]))
					abort();
			}
}

static void check_closed(const struct firewall_plan *p, const struct firewall_space *s,
			 const char *instance, enum firewall_builtin builtin)
{
	char name[FIREWALL_CHAIN_MAX];

	firewall_space_chain(s->realm, s->space, instance, builtin, name);
	for (size_t i = 0; i < p->n_chains; i++)
		if (streq(p->chains[i].name, name) && s->policy != FIREWALL_DEFAULT_ALLOW) {
			const struct firewall_chain *c = &p->chains[i];

			if (c->n == 0 || c->rules[c->n - 1].verdict != FIREWALL_DROP)
				abort();
			return; /* spaces of one name share the first */
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .p = data, .n = size };
	static struct firewall_space spaces[SPACES_MAX];
	static struct firewall_allow allows[SPACES_MAX][ALLOWS_MAX];
	static uint16_t ports[SPACES_MAX][ALLOWS_MAX][4];
	static struct firewall_address addrs[SPACES_MAX][ALLOWS_MAX][ADDRS_MAX];
	static struct firewall_port published[PORTS_MAX];
	char *instance = text(&in);
	struct firewall_input fi = { .instance = instance, .spaces = spaces, .ports = published };
	struct firewall_plan plan, chains;

	fi.n_spaces = byte(&in) % (SPACES_MAX + 1);
	memset(allows, 0, sizeof(allows));
	for (size_t i = 0; i < fi.n_spaces; i++) {
		struct firewall_space *s = &spaces[i];

		*s = (struct firewall_space){ .realm = text(&in),
					      .space = text(&in),
					      .bridge = text(&in),
					      .subnet = { byte(&in) * 0x01010101U, byte(&in) % 33 },
					      .gateway = byte(&in) * 0x01010101U,
					      .policy = FIREWALL_DEFAULT_ALLOW + byte(&in) % 3,
					      .allow = allows[i],
					      .n_allow = byte(&in) % (ALLOWS_MAX + 1) };
		for (size_t k = 0; k < s->n_allow; k++)
			fill_allow(&in, &allows[i][k], ports[i][k]);
		for (size_t k = 0; k < s->n_allow; k++)
			if (byte(&in) % 2)
				fill_names(&in, &allows[i][k], k, addrs[i][k]);
		s->subnet6 = some_net(&in, true);
		if (s->subnet6.family == IPNET_V4)
			s->subnet6 = (struct ipnet){ 0 };
	}
	fi.n_ports = byte(&in) % (PORTS_MAX + 1);
	for (size_t i = 0; i < fi.n_ports; i++)
		fill_port(&in, &published[i]);
	firewall_plan_make(&fi, &plan);
	free(firewall_plan_text(&plan, FIREWALL_IPV4));
	free(firewall_plan_text(&plan, FIREWALL_IPV6));
	firewall_plan_without_sets(&plan, &chains);
	for (size_t i = 0; i < chains.n_chains; i++)
		check_chain(&chains.chains[i]);
	firewall_plan_clear(&chains);
	for (size_t i = 0; i < fi.n_spaces; i++) {
		bool twin = false;

		check_fence(&fi, &spaces[i]);
		for (size_t k = 0; k < i; k++)
			twin |= streq(spaces[k].realm, spaces[i].realm) &&
				streq(spaces[k].space, spaces[i].space);
		if (!twin && !strchr(spaces[i].realm, '/') && !strchr(spaces[i].space, '/')) {
			check_closed(&plan, &spaces[i], instance, FIREWALL_FORWARD);
			check_closed(&plan, &spaces[i], instance, FIREWALL_INPUT);
		}
	}
	firewall_plan_clear(&plan);
	for (size_t i = 0; i < fi.n_ports; i++)
		free((void *) (uintptr_t) published[i].owner);
	for (size_t i = 0; i < fi.n_spaces; i++) {
		free((void *) (uintptr_t) spaces[i].realm);
		free((void *) (uintptr_t) spaces[i].space);
		free((void *) (uintptr_t) spaces[i].bridge);
		for (size_t k = 0; k < spaces[i].n_allow; k++) {
			free((void *) (uintptr_t) allows[i][k].tag);
			free((void *) (uintptr_t) allows[i][k].names);
		}
	}
	free(instance);
	return 0;
}
