/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "atomic.h"
#include "clock.h"
#include "firewall.h"
#include "firewall_host.h"
#include "firewall_plan.h"
#include "host_run.h"
#include "mem.h"
#include "nft_rules.h"
#include "str.h"
#include "unit.h"
#include "vec.h"

#define AUTO FIREWALL_CHOICE_AUTO
#define NFT FIREWALL_CHOICE_NFT
#define LEGACY FIREWALL_CHOICE_LEGACY

static struct kerr e;

static const struct firewall_space spaces[] = {
	{ .realm = "default",
	  .space = "default",
	  .bridge = "k-703e8b3a",
	  .subnet = { 0x0a580001, 24 },
	  .gateway = 0x0a580001,
	  .policy = FIREWALL_DEFAULT_ALLOW },
	{ .realm = "kuke-system",
	  .space = "kukeon",
	  .bridge = "k-082023b5",
	  .subnet = { 0x0a580101, 24 },
	  .gateway = 0x0a580101,
	  .policy = FIREWALL_DEFAULT_DENY },
};

static void setup(void)
{
	sandbox_enter();
	ck_assert_int_eq(setenv("XTABLES_LOCKFILE", SANDBOX "/xtables.lock", 1), 0);
}

static void make(size_t n, const char *instance, struct firewall_plan *ret)
{
	const struct firewall_input in = { .instance = instance, .spaces = spaces, .n_spaces = n };

	firewall_plan_make(&in, ret);
}

/* What is looked at, done, and looked at again fits together. */
static int apply_to(size_t n, const char *instance, enum firewall_choice choice)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	int would, r;

	make(n, instance, &p);
	would = ok(firewall_differs(&p, choice, &e), &e);
	r = ok(firewall_apply(&p, choice, &e), &e);
	ck_assert_int_eq(would, r);
	ck_assert_int_eq(ok(firewall_differs(&p, choice, &e), &e), 0);
	ck_assert_int_eq(ok(firewall_apply(&p, choice, &e), &e), 0);
	return r;
}

static int remove_instance(const char *instance)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };

	make(0, instance, &p);
	return ok(firewall_remove(&p, &e), &e);
}

static char *ruleset(void)
{
	return RUN("nft", "-nn", "-s", "list", "ruleset");
}

static void expect(const char *line)
{
	cleanup_free char *all = ruleset();

	if (!strstr(all, line))
		printf("# no '%s' in:\n%s", line, all); /* too long for libcheck */
	ck_assert_msg(strstr(all, line) != NULL, "no '%s'", line);
}

static void expect_no(const char *text)
{
	cleanup_free char *all = ruleset();

	ck_assert_msg(strstr(all, text) == NULL, "'%s' in:\n%s", text, all);
}

START_TEST(apply_and_remove)
{
	ck_assert_int_eq(remove_instance(""), 0);
	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	expect("table inet kukeon {\n");
	expect("\tchain filter-FORWARD {\n"
	       "\t\ttype filter hook forward priority -10; policy accept;\n"
	       "\t\tjump KUKEON-EGRESS\n"
	       "\t\tjump KUKEON-FORWARD comment \"kukeon-forward:jump\"\n");
	expect("\t\ttype nat hook postrouting priority 90; policy accept;\n");
	expect("\t\tct state 0x2,0x4 accept comment \"kukeon:default:default:established\"\n");
	expect("\t\toifname \"k-*\" counter drop comment \"kukeon:default:default:isolation\"\n");
	expect("\t\tiifname \"k-082023b5\" jump KUKE-EGR-0ed0463b comment "
	       "\"kukeon:kuke-system:kukeon:dispatch\"\n");
	expect("\t\tip saddr 10.88.1.0/24 ip daddr != 10.88.1.0/24 masquerade comment "
	       "\"kukeon:kuke-system:kukeon:masquerade\"\n");
	/* A space goes: its chains too. */
	ck_assert_int_eq(apply_to(1, "", NFT), 1);
	expect_no("KUKE-EGR-0ed0463b");
	expect_no("KUKE-INP-0ed0463b");
	expect("KUKE-EGR-af3172d4");
	ck_assert_int_eq(remove_instance(""), 1);
	ck_assert_int_eq(remove_instance(""), 0);
	expect_no("kuke");
	ck_assert(!firewall_world_has_legacy(FIREWALL_IPV4)); /* no legacy table was made */
}
END_TEST

/* ---- every form of a rule ---- */

struct form {
	const char *in, *out, *src, *dst, *to;
	unsigned invert, ct, families;
	enum firewall_proto proto;
	uint16_t first, last, to_port;
	bool local;
	enum firewall_verdict verdict;
	const char *text; /* as nft shows it */
};

#define FILTER .verdict = FIREWALL_ACCEPT

static const struct form filter_forms[] = {
	{ .dst = "10.1.2.3/8", FILTER, .text = "ip daddr 10.0.0.0/8 accept" },
	{ .dst = "10.1.2.3/32",
	  .proto = FIREWALL_TCP,
	  .first = 443,
	  .last = 443,
	  FILTER,
	  .text = "ip daddr 10.1.2.3 tcp dport 443 accept" },
	{ .dst = "fd00:1::2/64",
	  .proto = FIREWALL_TCP,
	  .first = 1,
	  .last = 65535,
	  FILTER,
	  .text = "ip6 daddr fd00:1::/64 tcp dport 1-65535 accept" },
	{ .dst = "0.0.0.0/0", .proto = FIREWALL_ICMP, FILTER, .text = "meta l4proto 1 accept" },
	{ .dst = "::/0", .proto = FIREWALL_ICMPV6, FILTER, .text = "meta l4proto 58 accept" },
	{ .proto = FIREWALL_UDP, .first = 53, .last = 53, FILTER, .text = "udp dport 53 accept" },
	{ .proto = FIREWALL_UDP, FILTER, .text = "meta l4proto 17 accept" },
	{ .ct = FIREWALL_CT_RELATED, .verdict = FIREWALL_RETURN, .text = "ct state 0x4 return" },
	{ .ct = FIREWALL_CT_DNAT, .verdict = FIREWALL_RETURN, .text = "ct status 0x20 return" },
	{ .ct = FIREWALL_CT_ESTABLISHED | FIREWALL_CT_DNAT,
	  .verdict = FIREWALL_RETURN,
	  .text = "ct state 0x2 return comment \"form\"\n\t\tct status 0x20 return" },
	{ .in = "k-+",
	  .out = "k-0123abcd",
	  .invert = FIREWALL_NOT_IN,
	  .verdict = FIREWALL_DROP,
	  .text = "iifname != \"k-*\" oifname \"k-0123abcd\" counter drop" },
	{ .src = "10.0.0.0/9",
	  .out = "eth0",
	  .invert = FIREWALL_NOT_SRC | FIREWALL_NOT_OUT,
	  .verdict = FIREWALL_DROP,
	  .text = "oifname != \"eth0\" ip saddr != 10.0.0.0/9 counter drop" },
	{ .src = "fd00::1/128",
	  .verdict = FIREWALL_DROP,
	  .text = "ip6 saddr fd00::1 counter drop" },
	{ .families = FIREWALL_IPV6,
	  .verdict = FIREWALL_DROP,
	  .text = "meta nfproto 10 counter drop" },
	{ .local = true, FILTER, .text = "fib daddr type 2 accept" },
};

static const struct form nat_forms[] = {
	{ .dst = "192.0.2.2/32",
	  .to = "10.88.0.7",
	  .proto = FIREWALL_TCP,
	  .first = 8080,
	  .last = 8080,
	  .to_port = 80,
	  .text = "ip daddr 192.0.2.2 tcp dport 8080 dnat ip to 10.88.0.7:80" },
	{ .to = "10.88.0.7",
	  .local = true,
	  .proto = FIREWALL_UDP,
	  .first = 8000,
	  .last = 8010,
	  .to_port = 9000,
	  .text = "meta nfproto 2 udp dport 8000-8010 fib daddr type 2 dnat ip to 10.88.0.7:udp "
		  "dport map @ports-8000-8010-9000" },
	{ .to = "10.88.0.7",
	  .proto = FIREWALL_UDP,
	  .first = 8000,
	  .last = 8010,
	  .to_port = 8000,
	  .text = "meta nfproto 2 udp dport 8000-8010 dnat ip to 10.88.0.7" },
	{ .to = "10.88.0.8",
	  .proto = FIREWALL_UDP,
	  .first = 8000,
	  .last = 8010,
	  .text = "meta nfproto 2 udp dport 8000-8010 dnat ip to 10.88.0.8" },
	{ .to = "10.88.0.9", .text = "meta nfproto 2 dnat ip to 10.88.0.9" },
	{ .dst = "fd00::2/128",
	  .to = "fd00:88::7",
	  .proto = FIREWALL_TCP,
	  .first = 8080,
	  .last = 8080,
	  .to_port = 80,
	  .text = "ip6 daddr fd00::2 tcp dport 8080 dnat ip6 to [fd00:88::7]:80" },
	{ .to = "fd00:88::7",
	  .proto = FIREWALL_TCP,
	  .first = 1000,
	  .last = 1999,
	  .to_port = 9000,
	  .text = "meta nfproto 10 tcp dport 1000-1999 dnat ip6 to [fd00:88::7]:tcp dport map "
		  "@ports-1000-1999-9000" },
};

static void set_net(const char *text, struct ipnet *ret)
{
	if (text)
		ck_assert_int_eq(ipnet_parse(text, ret), 0);
}

static void add_form(struct firewall_chain *c, const struct form *f)
{
	struct firewall_rule *r = firewall_add_rule(c, f->to ? FIREWALL_DNAT : f->verdict);

	(void) snprintf(r->in, sizeof(r->in), "%s", f->in ? f->in : "");
	(void) snprintf(r->out, sizeof(r->out), "%s", f->out ? f->out : "");
	set_net(f->src, &r->src);
	set_net(f->dst, &r->dst);
	if (f->to)
		ck_assert_int_eq(ipnet_parse_addr(f->to, &r->to), 0);
	r->invert = f->invert;
	r->ct = f->ct;
	r->families = f->families;
	r->proto = f->proto;
	r->dport = (struct firewall_ports){ f->first, f->last };
	r->to_port = f->to_port;
	r->dst_local = f->local;
	r->comment = xstrdup("form");
}

static void make_forms(struct firewall_plan *p)
{
	size_t i;

	(void) firewall_add_chain(p, FIREWALL_FILTER, FIREWALL_BOTH, "KUKEON-INPUT");
	(void) firewall_add_chain(p, FIREWALL_NAT, FIREWALL_BOTH, "KUKEON-DNAT");
	(void) firewall_add_chain(p, FIREWALL_NAT, FIREWALL_BOTH, "KUKEON-POST");
	for (i = 0; i < ARRAY_SIZE(filter_forms); i++)
		add_form(&p->chains[0], &filter_forms[i]);
	for (i = 0; i < ARRAY_SIZE(nat_forms); i++)
		add_form(&p->chains[1], &nat_forms[i]);
	(void) firewall_add_rule(&p->chains[2], FIREWALL_MASQUERADE);
	for (int b = FIREWALL_INPUT; b <= FIREWALL_OUTPUT; b++)
		(void) firewall_add_hook(p, FIREWALL_FILTER, FIREWALL_BOTH, b, "KUKEON-INPUT",
					 "KUKEON-INPUT");
	firewall_add_hook(p, FIREWALL_NAT, FIREWALL_BOTH, FIREWALL_PREROUTING, "KUKEON-DNAT",
			  "KUKEON-DNAT")
		->comment = xstrdup("a \"comment\"\nof two lines");
	(void) firewall_add_hook(p, FIREWALL_NAT, FIREWALL_IPV4, FIREWALL_OUTPUT, "KUKEON-DNAT",
				 "KUKEON-DNAT");
	(void) firewall_add_hook(p, FIREWALL_NAT, FIREWALL_BOTH, FIREWALL_POSTROUTING,
				 "KUKEON-POST", "KUKEON-POST");
}

static void expect_forms(const struct form *forms, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		cleanup_free char *line = xasprintf("\t\t%s comment \"form\"\n", forms[i].text);

		expect(line);
	}
}

START_TEST(all_forms)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	cleanup_free char *before = NULL, *text = NULL, *now = NULL, *after = NULL;
	struct firewall_chain *nat;

	make_forms(&p);
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 1);
	expect_forms(filter_forms, ARRAY_SIZE(filter_forms));
	expect_forms(nat_forms, ARRAY_SIZE(nat_forms));
	expect("\t\tjump KUKEON-DNAT comment \"a _comment__of two lines\"\n");
	expect("\t\tmeta nfproto 2 jump KUKEON-DNAT\n");
	expect("1000 : 9000");
	expect("1999 : 9999");
	ck_assert_int_eq(ok(firewall_differs(&p, NFT, &e), &e), 0);
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 0);
	nat = &p.chains[1];
	for (size_t i = 0; i < nat->n; i++) { /* each of them is looked at as a whole */
		nat->rules[i].to.addr[3] ^= 1;
		ck_assert_int_eq(ok(firewall_differs(&p, NFT, &e), &e), 1);
		nat->rules[i].to.addr[3] ^= 1;
	}
	p.chains[0].rules[1].dport.last++;
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 1);
	expect("ip daddr 10.1.2.3 tcp dport 443-444 accept");
	nat->rules[1].to_port = 9001; /* another map */
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 1);
	expect_no("ports-8000-8010-9000");
	expect("map ports-8000-8010-9001 {");
	/* What nft lists, it can load. */
	before = ruleset();
	text = RUN("nft", "list", "ruleset");
	ok(atomic_write_at(AT_FDCWD, SANDBOX "/rules", text, strlen(text), 0600, 0, &e), &e);
	free(RUN("nft", "flush", "ruleset"));
	free(RUN("nft", "-f", SANDBOX "/rules"));
	now = ruleset();
	ck_assert_str_eq(before, now);
	ck_assert_int_eq(ok(firewall_remove(&p, &e), &e), 1);
	after = ruleset();
	ck_assert_str_eq(after, "");
}
END_TEST

/* What is not known stays; only what is missing is made. */
START_TEST(kept_chain)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };

	make(2, "", &p);
	ck_assert_str_eq(p.chains[1].name, "KUKE-EGR-af3172d4");
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 1);
	firewall_add_rule(&p.chains[1], FIREWALL_DROP)->comment = xstrdup("unknown");
	p.chains[1].keep = true;
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 0);
	free(RUN("nft", "flush", "chain", "inet", "kukeon", "KUKE-EGR-af3172d4"));
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 1);
	expect("counter drop comment \"unknown\"\n");
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 0);
}
END_TEST

/* ---- addresses of names ---- */

#define SET4 "KUKE-EGR-0ed0463b-a0-4"
#define SET6 "KUKE-EGR-0ed0463b-a0-6"

static const uint16_t https[] = { 443 };

/* A space that denies, with one rule of names that have these addresses for ms. */
static void plan_of_names(const char *const *texts, int64_t ms, enum firewall_default policy,
			  struct firewall_plan *ret)
{
	struct firewall_address v[8];
	struct firewall_allow allow = { .ports = https,
					.n_ports = 1,
					.tag = "allow[0]:host=*.example",
					.names = "a0",
					.addrs = v };
	struct firewall_space s = spaces[1];
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };

	for (; texts[allow.n_addrs]; allow.n_addrs++) {
		struct firewall_address *a = &v[allow.n_addrs];

		*a = (struct firewall_address){ .until_ms = clock_ms() + ms,
						.tag = "allow[0]:host=b.example" };
		ck_assert_int_eq(ipnet_parse_addr(texts[allow.n_addrs], &a->addr), 0);
	}
	s.policy = policy;
	s.allow = &allow;
	s.n_allow = policy == FIREWALL_DEFAULT_UNKNOWN ? 0 : 1;
	firewall_plan_make(&in, ret);
}

static int apply_names(const char *const *texts, int64_t ms, enum firewall_default policy)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	int would, r;

	plan_of_names(texts, ms, policy, &p);
	would = ok(firewall_differs(&p, NFT, &e), &e);
	r = ok(firewall_apply(&p, NFT, &e), &e);
	ck_assert_int_eq(would, r);
	ck_assert_int_eq(ok(firewall_differs(&p, NFT, &e), &e), 0);
	return r;
}

static int extend(const char *set, enum ipnet_family family, const char *addr)
{
	struct firewall_set s = { .family = family };
	struct firewall_probe probe;
	struct ipnet a;
	int r;

	(void) snprintf(s.name, sizeof(s.name), "%s", set);
	ck_assert_int_eq(ipnet_parse_addr(addr, &a), 0);
	firewall_add_member(&s, &a, clock_ms() + 600000,
			    "kukeon:kuke-system:kukeon:allow[0]:host=c.example");
	firewall_probe(NFT, &probe);
	r = firewall_extend_probed("", &s, 1, &probe, &e);
	firewall_set_clear(&s);
	return r;
}

/* In seconds, or less by what this took. */
static void expect_timeout(const char *addr, long most)
{
	cleanup_free char *all = ruleset(), *start = xasprintf("%s timeout ", addr);
	const char *at = strstr(all, start);
	long s = at ? strtol(at + strlen(start), NULL, 10) : -1;

	ck_assert_msg(s <= most && s > most - 120, "%s: %ld", addr, s);
}

START_TEST(names_in_sets)
{
	static const char *const none[] = { NULL }, *const one[] = { "192.0.2.1", NULL };
	static const char *const more[] = { "192.0.2.1", "192.0.2.7", "2001:db8::7", NULL };

	ck_assert_int_eq(apply_names(one, 600000, FIREWALL_DEFAULT_DENY), 1);
	expect("\tset " SET4 " {\n\t\ttype ipv4_addr\n\t\tflags timeout\n");
	expect_timeout("192.0.2.1", 660);
	expect("comment \"kukeon:kuke-system:kukeon:allow[0]:host=b.example\"");
	expect("\t\tip daddr @" SET4 " tcp dport 443 accept comment "
	       "\"kukeon:kuke-system:kukeon:allow[0]:host=*.example\"\n");
	expect("\t\tip6 daddr @" SET6 " tcp dport 443 accept comment ");
	/* One more is an element, and what a plan with it would have. */
	ck_assert_int_eq(extend(SET4, IPNET_V4, "192.0.2.7"), 0);
	ck_assert_int_eq(extend(SET6, IPNET_V6, "2001:db8::7"), 0);
	expect("192.0.2.7 timeout ");
	ck_assert_int_eq(apply_names(more, 590000, FIREWALL_DEFAULT_DENY), 0);
	ck_assert_int_eq(extend(SET4, IPNET_V4, "192.0.2.7"), 0); /* again */
	ck_assert_int_eq(extend("KUKE-EGR-0ed0463b-a1-4", IPNET_V4, "192.0.2.8"), -ENOENT);
	expect_no("192.0.2.8");
	/* What lasts longer is written again, and what is over goes; the rules stay. */
	ck_assert_int_eq(apply_names(more, 3600000, FIREWALL_DEFAULT_DENY), 1);
	expect_timeout("192.0.2.7", 3660);
	ck_assert_int_eq(apply_names(more, 600000, FIREWALL_DEFAULT_DENY), 0);
	ck_assert_int_eq(apply_names(none, 0, FIREWALL_DEFAULT_DENY), 1);
	expect_no("192.0.2.");
	expect("ip daddr @" SET4);
	/* A space whose policy cannot be read keeps its rules, with their sets. */
	ck_assert_int_eq(apply_names(one, 600000, FIREWALL_DEFAULT_DENY), 1);
	ck_assert_int_eq(apply_names(none, 0, FIREWALL_DEFAULT_UNKNOWN), 0);
	expect("192.0.2.1 timeout ");
	/* Others' doings are undone, of whatever kind. */
	free(RUN("nft", "add", "element", "inet", "kukeon", SET4, "{ 192.0.2.66 }"));
	ck_assert_int_eq(apply_names(one, 600000, FIREWALL_DEFAULT_DENY), 1);
	expect_no("192.0.2.66");
	free(RUN("nft", "flush", "set", "inet", "kukeon", SET4));
	ck_assert_int_eq(apply_names(one, 600000, FIREWALL_DEFAULT_DENY), 1);
	expect("192.0.2.1 timeout ");
	free(RUN("nft", "add", "set", "inet", "kukeon", "foreign", "{ type ipv4_addr; }"));
	ck_assert_int_eq(apply_names(one, 600000, FIREWALL_DEFAULT_DENY), 1);
	expect_no("foreign");
	ck_assert_int_eq(apply_to(2, "", NFT), 1); /* a policy without names */
	expect_no(SET4);
	ck_assert_int_eq(remove_instance(""), 1);
}
END_TEST

/* More of them than a message has. */
START_TEST(many_names)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	struct firewall_address *v = xcalloc(2048, sizeof(*v));
	const struct firewall_allow allow = {
		.tag = "t", .names = "a0", .addrs = v, .n_addrs = 2048
	};
	struct firewall_space s = spaces[1];
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };

	for (uint32_t i = 0; i < 2048; i++)
		v[i] = (struct firewall_address){
			.addr = ipnet_of_ipv4((struct ipv4_net){ 0xc6120000 + 5 * i, 32 }),
			.until_ms = clock_ms() + 600000,
			.tag = "allow[0]:host=b.example",
		};
	s.allow = &allow;
	s.n_allow = 1;
	firewall_plan_make(&in, &p);
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 1);
	ck_assert_int_eq(ok(firewall_differs(&p, NFT, &e), &e), 0);
	expect("198.18.0.0 timeout");
	expect("198.18.39.251 timeout");
	free(v);
}
END_TEST

/* Whatever was done to our rules, one pass puts them back. */
START_TEST(heals)
{
#define T "inet", "kukeon"
	static const char *const damage[][14] = {
		{ "flush", "ruleset" },
		{ "flush", "table", T },
		{ "delete", "table", T },
		{ "flush", "chain", T, "filter-FORWARD" },
		{ "flush", "chain", T, "KUKE-EGR-af3172d4" },
		{ "insert", "rule", T, "KUKE-EGR-af3172d4", "accept" },
		{ "add", "rule", T, "KUKE-EGR-0ed0463b", "log" },
		{ "insert", "rule", T, "filter-FORWARD", "accept" },
		{ "add", "rule", T, "filter-FORWARD", "jump", "KUKEON-EGRESS" },
		{ "add", "rule", T, "nat-POSTROUTING", "masquerade", "random" },
		{ "add", "chain", T, "filter-FORWARD", "{", "policy", "drop", ";", "}" },
		{ "add", "table", T, "{", "flags", "dormant", ";", "}" },
		{ "add", "chain", T, "foreign" },
		{ "add", "map", T, "ports-1-2-3", "{", "type", "inet_service", ":", "inet_service",
		  ";", "}" },
	};
	cleanup_free char *before = NULL;
	size_t i, k;

	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	before = ruleset();
	for (i = 0; i < ARRAY_SIZE(damage); i++) {
		const char *argv[16] = { "nft" };
		cleanup_free char *now = NULL;

		for (k = 0; k < 14 && damage[i][k]; k++)
			argv[k + 1] = damage[i][k];
		free(host_run(argv));
		ck_assert_msg(apply_to(2, "", NFT) == 1, "damage %zu is not seen", i);
		now = ruleset();
		ck_assert_str_eq(before, now);
	}
}
END_TEST

/* A rule changed in one detail by its handle is seen, whatever the detail. */
START_TEST(details)
{
	static const struct {
		const char *chain, *find, *now;
	} changes[] = {
		{ "KUKE-EGR-af3172d4", "drop comment", "oifname \"k-*\" counter accept" },
		{ "KUKE-EGR-af3172d4", "drop comment", "oifname \"k-\" counter drop" },
		{ "KUKE-EGR-af3172d4", "ct state", "ct state established accept" },
		{ "KUKE-EGR-af3172d4", "ct state", "ct state new,established,related accept" },
		{ "KUKEON-EGRESS", "jump KUKE-EGR-0ed0463b",
		  "iifname \"k-082023b5\" goto KUKE-EGR-0ed0463b" },
		{ "KUKEON-EGRESS", "jump KUKE-EGR-0ed0463b",
		  "iifname \"k-082023b5\" jump KUKE-EGR-af3172d4" },
		{ "KUKE-INP-0ed0463b", "ip daddr 10.88.1.1", "ip daddr 10.88.1.0/24 return" },
		{ "KUKEON-POSTROUTING", "masquerade",
		  "ip saddr 10.88.0.0/24 ip daddr != 10.88.0.0/24 masquerade random" },
		{ "KUKEON-POSTROUTING", "masquerade",
		  "ip saddr 10.88.0.0/24 ip daddr != 10.88.0.0/23 masquerade" },
	};
	cleanup_free char *before = NULL;

	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	before = ruleset();
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		cleanup_free char *list =
			RUN("nft", "-a", "list", "chain", "inet", "kukeon", changes[i].chain);
		cleanup_free char *now = NULL, *text = NULL;
		char *at = strstr(list, changes[i].find);
		cleanup_free char *comment = NULL;
		char *handle;

		ck_assert_msg(at != NULL, "no '%s' in %s", changes[i].find, list);
		handle = strstr(at, "# handle ") + strlen("# handle ");
		handle = xasprintf("%.*s", (int) strcspn(handle, "\n"), handle);
		at = strstr(at, "comment \"");
		comment = xasprintf("%.*s", (int) (strchr(at + 9, '"') + 1 - at), at);
		text = xasprintf("replace rule inet kukeon %s handle %s %s %s", changes[i].chain,
				 handle, changes[i].now, comment);
		free(handle);
		free(RUN("nft", text));
		ck_assert_msg(apply_to(2, "", NFT) == 1, "not seen: %s", text);
		now = ruleset();
		ck_assert_str_eq(before, now);
	}
}
END_TEST

START_TEST(others_stay)
{
	cleanup_free char *before = NULL, *after = NULL;

	free(RUN("nft", "add table inet mine; add chain inet mine f { type filter hook forward "
			"priority 0; policy accept; }; add rule inet mine f tcp dport 22 drop; "
			"add table bridge b; add table inet kukeon2; add set inet mine s { type "
			"ipv4_addr; elements = { 192.0.2.1 } }"));
	before = ruleset();
	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	after = ruleset();
	ck_assert_int_eq(strncmp(before, after, strlen(before)), 0);
	free_p(&after);
	ck_assert_int_eq(remove_instance(""), 1);
	after = ruleset();
	ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(two_instances)
{
	cleanup_free char *alone = NULL, *after = NULL;
	cleanup_free char *table = xasprintf("table inet kukeon-%08x {", fnv1a32("dev", 3));

	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	alone = ruleset();
	ck_assert_int_eq(apply_to(1, "dev", NFT), 1);
	expect(table);
	ck_assert_int_eq(apply_to(2, "", NFT), 0);
	ck_assert_int_eq(apply_to(1, "dev", NFT), 0);
	ck_assert_int_eq(remove_instance("dev"), 1);
	after = ruleset();
	ck_assert_str_eq(alone, after);
}
END_TEST

/* What did not change keeps its counters. */
START_TEST(unchanged_chains)
{
	cleanup_free char *before = NULL, *after = NULL;

	ck_assert_int_eq(apply_to(1, "", NFT), 1);
	before = RUN("nft", "-a", "list", "chain", "inet", "kukeon", "KUKE-EGR-af3172d4");
	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	after = RUN("nft", "-a", "list", "chain", "inet", "kukeon", "KUKE-EGR-af3172d4");
	ck_assert_str_eq(before, after); /* with handles */
}
END_TEST

/* ---- what others drop ---- */

static void expect_closed(size_t n, const char *text)
{
	cleanup_strlist struct strlist l = { 0 };

	ok(firewall_closed("", &l, &e), &e);
	ck_assert_uint_eq(l.n, n);
	if (n > 0)
		ck_assert_str_eq(l.v[0], text);
}

#define OURS_NFT                                                         \
	"\tchain KUKEON-FORWARD {\n"                                     \
	"\t\tiifname \"k-*\" accept comment \"kukeon-forward:egress\"\n" \
	"\t\toifname \"k-*\" accept comment \"kukeon-forward:ingress\"\n"

/* As docker and ufw leave it: the policy of iptables-nft, whose rules it can still read. */
START_TEST(opens_iptables_nft)
{
	cleanup_free char *before = NULL, *after = NULL, *list = NULL;

	free(RUN("iptables-nft", "-P", "FORWARD", "DROP"));
	free(RUN("iptables-nft", "-A", "FORWARD", "-i", "docker0", "-j", "ACCEPT"));
	free(RUN("ip6tables-nft", "-P", "FORWARD", "DROP"));
	before = ruleset();
	ck_assert_int_eq(firewall_world(AUTO, FIREWALL_IPV4), FIREWALL_WORLD_NFT);
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	ck_assert(!firewall_world_has_legacy(FIREWALL_IPV4));
	list = RUN("iptables-nft", "-S");
	ck_assert_str_eq(
		list, "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N KUKEON-FORWARD\n"
		      "-A FORWARD -m comment --comment \"kukeon-forward:jump\" -j KUKEON-FORWARD\n"
		      "-A FORWARD -i docker0 -j ACCEPT\n"
		      "-A KUKEON-FORWARD -i k-+ -m comment --comment \"kukeon-forward:egress\" "
		      "-j ACCEPT\n"
		      "-A KUKEON-FORWARD -o k-+ -m comment --comment \"kukeon-forward:ingress\" "
		      "-j ACCEPT\n");
	free_p(&list);
	list = RUN("ip6tables-nft", "-S", "FORWARD");
	ck_assert_ptr_nonnull(strstr(list, "-j KUKEON-FORWARD"));
	expect_closed(0, NULL);
	/* Twice, or below others' rules, or with more in it: put right. */
	free(RUN("iptables-nft", "-A", "FORWARD", "-j", "KUKEON-FORWARD"));
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	free(RUN("iptables-nft", "-A", "KUKEON-FORWARD", "-j", "ACCEPT"));
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	free(RUN("iptables-nft", "-F", "FORWARD"));
	expect_closed(1, "chain 'FORWARD' of the nftables table 'ip filter'");
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	/* The policy is ACCEPT again: ours is not needed. */
	free(RUN("iptables-nft", "-P", "FORWARD", "ACCEPT"));
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	free_p(&list);
	list = RUN("iptables-nft", "-S");
	ck_assert_ptr_null(strstr(list, "KUKEON"));
	free(RUN("iptables-nft", "-P", "FORWARD", "DROP"));
	free(RUN("iptables-nft", "-A", "FORWARD", "-i", "docker0", "-j", "ACCEPT"));
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	ck_assert_int_eq(remove_instance(""), 1);
	after = ruleset();
	ck_assert_str_eq(before, after);
}
END_TEST

/* firewalld has the policy ACCEPT and rejects at the end. */
#define FIREWALLD                                                                             \
	"table inet firewalld { %s chain filter_FORWARD { type filter hook forward priority " \
	"10; policy accept; ct state established,related accept; ct state invalid drop; "     \
	"jump filter_FORWARD_POLICIES; log prefix \"x\"; reject with icmpx type "             \
	"admin-prohibited; }; chain filter_FORWARD_POLICIES { }; }"

START_TEST(opens_firewalld)
{
	cleanup_free char *text = xasprintf(FIREWALLD, "");

	free(RUN("nft", text));
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	expect("policy accept;\n\t\tjump KUKEON-FORWARD comment \"kukeon-forward:jump\"\n\t\tct state ");
	expect(OURS_NFT);
	expect_closed(0, NULL);
	/* A reload makes its table anew. */
	free(RUN("nft", "delete", "table", "inet", "firewalld"));
	free(RUN("nft", text));
	expect_closed(1, "chain 'filter_FORWARD' of the nftables table 'inet firewalld'");
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	expect(OURS_NFT);
}
END_TEST

/* A table that goes with its socket, and that nobody else can change. */
static struct rt_sock *own_table(const char *name)
{
	struct rt_batch b = RT_BATCH_INIT;
	struct rt_sock *sk = NULL;
	struct nft_ruleset now = { 0 };
	struct rt_msg *msg;
	struct nlattr *hook;
	char message[RT_MESSAGE_MAX];

	ok(rt_open_netfilter(&sk, &e), &e);
	ok(nft_ruleset_read(sk, &now, &e), &e);
	nft_batch_begin(&b, now.generation);
	msg = nft_msg_new(NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_INET);
	rt_put_str(msg, NFTA_TABLE_NAME, name);
	nft_put_u32(msg, NFTA_TABLE_FLAGS, 2); /* NFT_TABLE_F_OWNER */
	rt_batch_add(&b, msg);
	msg = nft_msg_new(NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFPROTO_INET);
	rt_put_str(msg, NFTA_CHAIN_TABLE, name);
	rt_put_str(msg, NFTA_CHAIN_NAME, "fwd");
	hook = rt_nest(msg, NFTA_CHAIN_HOOK);
	nft_put_u32(msg, NFTA_HOOK_HOOKNUM, NF_INET_FORWARD);
	nft_put_u32(msg, NFTA_HOOK_PRIORITY, 0);
	rt_nest_end(msg, hook);
	nft_put_u32(msg, NFTA_CHAIN_POLICY, NF_DROP);
	rt_put_str(msg, NFTA_CHAIN_TYPE, "filter");
	rt_batch_add(&b, msg);
	ck_assert_int_eq(nft_batch_commit(sk, &b, message), 0);
	rt_batch_clear(&b);
	nft_ruleset_clear(&now);
	return sk;
}

/* Told of by name, while all else works. */
START_TEST(owned_table)
{
	struct rt_sock *sk = own_table("theirs");

	free(RUN("nft", "add table inet x; add chain inet x c { type filter hook forward priority "
			"0; policy drop; }"));
	ck_assert_int_eq(apply_to(2, "", AUTO), 1);
	expect("table inet kukeon {");
	expect(OURS_NFT);
	expect_closed(1, "chain 'fwd' of the nftables table 'inet theirs'");
	rt_sock_freep(&sk);
	/* The kernel removes it when it has seen the socket go. */
	for (int i = 0; i < 1000; i++) {
		cleanup_free char *all = ruleset();

		if (!strstr(all, "theirs"))
			break;
	}
	expect_closed(0, NULL);
	ck_assert_int_eq(remove_instance(""), 1);
}
END_TEST

/* Between reading and writing somebody else was there: nothing is written. */
START_TEST(generations)
{
	cleanup_(nft_ruleset_clear) struct nft_ruleset now = { 0 };
	struct rt_batch b = RT_BATCH_INIT;
	struct rt_sock *sk = NULL;
	struct rt_msg *msg;
	char message[RT_MESSAGE_MAX];

	ok(rt_open_netfilter(&sk, &e), &e);
	ok(nft_ruleset_read(sk, &now, &e), &e);
	free(RUN("nft", "add", "table", "inet", "other"));
	nft_batch_begin(&b, now.generation);
	msg = nft_msg_new(NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_INET);
	rt_put_str(msg, NFTA_TABLE_NAME, "late");
	rt_batch_add(&b, msg);
	ck_assert_int_eq(nft_batch_commit(sk, &b, message), -ERESTART);
	rt_batch_clear(&b);
	rt_sock_freep(&sk);
	expect_no("late");
}
END_TEST

/* ---- which one ---- */

START_TEST(worlds)
{
	static const char *const harmless[] = {
		"add table ip6 x; add chain ip6 x c { type filter hook forward priority 0; policy "
		"drop; }",
		"add table bridge x; add chain bridge x c { type filter hook forward priority 0; "
		"policy drop; }",
		"add table inet x",
		"add table inet x; add chain inet x c; add rule inet x c drop",
		"add table ip x; add chain ip x c { type filter hook input priority 0; policy accept; }",
	};

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++) {
		free(RUN("nft", harmless[i]));
		ck_assert_msg(firewall_world(AUTO, FIREWALL_IPV4) == FIREWALL_WORLD_LEGACY, "%s",
			      harmless[i]);
		free(RUN("nft", "flush", "ruleset"));
	}
	/* A flush leaves nothing that tells. */
	ck_assert_int_eq(firewall_world(FIREWALL_CHOICE_STAY_NFT, FIREWALL_IPV4),
			 FIREWALL_WORLD_NFT);
	ck_assert_int_eq(firewall_world(NFT, FIREWALL_IPV4), FIREWALL_WORLD_NFT);
	ck_assert_int_eq(firewall_world(NFT, FIREWALL_IPV6), FIREWALL_WORLD_NFT);
	free(RUN("nft", "add table inet x; add chain inet x c { type filter hook input priority "
			"0; policy accept; }; add rule inet x c drop"));
	ck_assert_int_eq(firewall_world(AUTO, FIREWALL_IPV4), FIREWALL_WORLD_NFT);
	ck_assert_int_eq(firewall_world(AUTO, FIREWALL_IPV6), FIREWALL_WORLD_NFT);
	ck_assert_int_eq(firewall_world(LEGACY, FIREWALL_IPV4), FIREWALL_WORLD_LEGACY);
	free(RUN("iptables-legacy", "-S")); /* makes the legacy table: no rules of anybody */
	ck_assert_int_eq(firewall_world(AUTO, FIREWALL_IPV4), FIREWALL_WORLD_NFT);
	free(RUN("iptables-legacy", "-A", "INPUT", "-j", "ACCEPT"));
	ck_assert_int_eq(firewall_world(AUTO, FIREWALL_IPV4), FIREWALL_WORLD_LEGACY);
}
END_TEST

static char *legacy_rules(void)
{
	return RUN("iptables-legacy", "-S");
}

/* Another one is chosen: its rules come first, then the others go. */
START_TEST(switches)
{
	cleanup_free char *legacy = NULL, *again = NULL, *nft = NULL, *gone = NULL;

	ck_assert_int_eq(apply_to(2, "", LEGACY), 1);
	legacy = legacy_rules();
	ck_assert_ptr_nonnull(strstr(legacy, "KUKE-EGR-af3172d4"));
	expect_no("kukeon");
	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	nft = ruleset();
	gone = legacy_rules();
	ck_assert_ptr_null(strstr(gone, "KUKE"));
	expect("KUKE-EGR-af3172d4");
	ck_assert_int_eq(apply_to(2, "", LEGACY), 1);
	again = legacy_rules();
	ck_assert_str_eq(legacy, again);
	expect_no("kukeon");
	/* Where ours are they stay, when nobody else has any. */
	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	free(RUN("nft", "add", "table", "inet", "x"));
	ck_assert_int_eq(apply_to(2, "", AUTO), 0);
}
END_TEST

/* Rules stand in one, and what the other one drops is opened there. */
START_TEST(both_worlds)
{
	cleanup_free char *list = NULL;

	free(RUN("iptables-legacy", "-P", "FORWARD", "DROP"));
	free(RUN("nft", "add table inet x; add chain inet x c { type filter hook forward priority "
			"0; policy drop; }"));
	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	list = legacy_rules();
	ck_assert_ptr_nonnull(strstr(list, "-A KUKEON-FORWARD -i k-+ "));
	ck_assert_ptr_null(strstr(list, "KUKEON-EGRESS"));
	expect(OURS_NFT);
	ck_assert_int_eq(apply_to(2, "", AUTO), 1); /* legacy: it has a policy of others */
	free_p(&list);
	list = legacy_rules();
	ck_assert_ptr_nonnull(strstr(list, "KUKEON-EGRESS"));
	expect(OURS_NFT);
	expect_no("table inet kukeon");
	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	free(RUN("iptables-legacy", "-P", "FORWARD", "ACCEPT"));
	ck_assert_int_eq(apply_to(2, "", NFT), 1);
	free_p(&list);
	list = legacy_rules();
	ck_assert_ptr_null(strstr(list, "KUKE"));
	ck_assert_int_eq(remove_instance(""), 1);
	expect_no("KUKE");
}
END_TEST

/* ---- many ---- */

/* What this process has used of a processor: the machine may be busy. */
static long long cpu_us(void)
{
	struct rusage u;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &u), 0);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

/* As many rules as a host with 200 spaces of 20 destinations has; what it takes is shown. */
START_TEST(many)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	struct firewall_space *v = xcalloc(200, sizeof(*v));
	struct firewall_allow *allow = xcalloc(20, sizeof(*allow));
	struct firewall_input in = { .spaces = v, .n_spaces = 200 };
	cleanup_strlist struct strlist names = { 0 };
	static const uint16_t port = 443;
	long long at[5];

	for (unsigned i = 0; i < 20; i++)
		allow[i] = (struct firewall_allow){ .dst = { .family = IPNET_V4,
							     .prefix = 24,
							     .addr = { 10, 200, (uint8_t) i } },
						    .ports = &port,
						    .n_ports = 1,
						    .tag = "allow[0]:cidr=10.200.0.0/24" };
	for (unsigned i = 0; i < 200; i++) {
		strlist_addf(&names, "s%u", i);
		strlist_addf(&names, "k-%08x", i);
		v[i] = (struct firewall_space){ .realm = "default",
						.space = names.v[2 * i],
						.bridge = names.v[2 * i + 1],
						.subnet = { 0x0a580001 + (i << 8), 24 },
						.gateway = 0x0a580001 + (i << 8),
						.policy = FIREWALL_DEFAULT_DENY,
						.allow = allow,
						.n_allow = 20 };
	}
	firewall_plan_make(&in, &p);
	at[0] = cpu_us();
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 1);
	at[1] = cpu_us();
	ck_assert_int_eq(ok(firewall_differs(&p, NFT, &e), &e), 0);
	at[2] = cpu_us();
	p.chains[1].rules[4].dst.addr[2]++;
	ck_assert_int_eq(ok(firewall_apply(&p, NFT, &e), &e), 1);
	at[3] = cpu_us();
	ck_assert_int_eq(ok(firewall_remove(&p, &e), &e), 1);
	at[4] = cpu_us();
	printf("# processor time of rules for 200 spaces of 20 destinations: written in %lld us, compared in %lld, "
	       "one changed in %lld, removed in %lld\n",
	       (at[1] - at[0]), (at[2] - at[1]), (at[3] - at[2]), (at[4] - at[3]));
	free(v);
	free(allow);
}
END_TEST

static Suite *test_firewall_nft(void)
{
	Suite *s = suite_create("firewall_nft");
	TCase *live = tcase_create("nft");

	tcase_add_checked_fixture(live, setup, NULL);
	tcase_set_timeout(live, 120);
	tcase_add_test(live, apply_and_remove);
	tcase_add_test(live, all_forms);
	tcase_add_test(live, kept_chain);
	tcase_add_test(live, names_in_sets);
	tcase_add_test(live, many_names);
	tcase_add_test(live, heals);
	tcase_add_test(live, details);
	tcase_add_test(live, others_stay);
	tcase_add_test(live, two_instances);
	tcase_add_test(live, unchanged_chains);
	tcase_add_test(live, opens_iptables_nft);
	tcase_add_test(live, opens_firewalld);
	tcase_add_test(live, owned_table);
	tcase_add_test(live, generations);
	tcase_add_test(live, worlds);
	tcase_add_test(live, switches);
	tcase_add_test(live, both_worlds);
	suite_add_tcase(s, live);
	live = tcase_create("many");
	tcase_add_checked_fixture(live, setup, NULL);
	tcase_set_timeout(live, 120);
	tcase_add_test(live, many);
	suite_add_tcase(s, live);
	return s;
}

UNIT_MAIN(test_firewall_nft);
