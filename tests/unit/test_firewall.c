/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firewall.h"
#include "firewall_host.h"
#include "firewall_plan.h"
#include "firewall_world.h"
#include "host_run.h"
#include "mem.h"
#include "str.h"
#include "unit.h"
#include "vec.h"

#define V4 "iptables-legacy"
#define V6 "ip6tables-legacy"

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
	  .policy = FIREWALL_DEFAULT_ALLOW },
};

/* ---- the pure half ---- */

/* The expected text, "~" short for the option of a comment and "%" for the match of a state. */
static char *expand(const char *text)
{
	struct buf b = BUF_INIT(1 << 16);

	for (; *text; text++) {
		if (*text == '%')
			buf_adds(&b, "-m conntrack --ctstate RELATED,ESTABLISHED");
		else if (*text == '~')
			buf_adds(&b, "-m comment --comment");
		else
			buf_addc(&b, *text);
	}
	return buf_take(&b);
}

static const char plan_of_two[] =
	"*filter\n"
	"-N KUKEON-EGRESS\n"
	"-N KUKE-EGR-af3172d4\n"
	"-N KUKE-EGR-0ed0463b\n"
	"-N KUKEON-FORWARD\n"
	"-N KUKEON-INPUT\n"
	"-N KUKE-INP-af3172d4\n"
	"-N KUKE-INP-0ed0463b\n"
	"-A FORWARD -j KUKEON-EGRESS\n"
	"-A FORWARD ~ \"kukeon-forward:jump\" -j KUKEON-FORWARD\n"
	"-A INPUT -j KUKEON-INPUT\n"
	"-A KUKEON-EGRESS ! -i k-+ ~ \"kukeon:others\" -j RETURN\n"
	"-A KUKEON-EGRESS -i k-703e8b3a ~ \"kukeon:default:default:dispatch\""
	" -j KUKE-EGR-af3172d4\n"
	"-A KUKEON-EGRESS -i k-082023b5 ~ \"kukeon:kuke-system:kukeon:dispatch\""
	" -j KUKE-EGR-0ed0463b\n"
	"-A KUKE-EGR-af3172d4 % ~ \"kukeon:default:default:established\" -j ACCEPT\n"
	"-A KUKE-EGR-af3172d4 -o k-703e8b3a ~ \"kukeon:default:default:own\" -j ACCEPT\n"
	"-A KUKE-EGR-af3172d4 -o k-+ -m conntrack --ctstate DNAT ~ \"kukeon:default:default:published\""
	" -j ACCEPT\n"
	"-A KUKE-EGR-af3172d4 -o k-+ ~ \"kukeon:default:default:isolation\" -j DROP\n"
	"-A KUKE-EGR-af3172d4 ~ \"kukeon:default:default:default\" -j ACCEPT\n"
	"-A KUKE-EGR-0ed0463b % ~ \"kukeon:kuke-system:kukeon:established\" -j ACCEPT\n"
	"-A KUKE-EGR-0ed0463b -o k-082023b5 ~ \"kukeon:kuke-system:kukeon:own\" -j ACCEPT\n"
	"-A KUKE-EGR-0ed0463b -o k-+ -m conntrack --ctstate DNAT ~ \"kukeon:kuke-system:kukeon:published\""
	" -j ACCEPT\n"
	"-A KUKE-EGR-0ed0463b -o k-+ ~ \"kukeon:kuke-system:kukeon:isolation\" -j DROP\n"
	"-A KUKE-EGR-0ed0463b ~ \"kukeon:kuke-system:kukeon:default\" -j ACCEPT\n"
	"-A KUKEON-FORWARD % ~ \"kukeon-forward:established\" -j ACCEPT\n"
	"-A KUKEON-FORWARD ! -i k-+ -o k-+ ~ \"kukeon-forward:ingress\" -j ACCEPT\n"
	"-A KUKEON-FORWARD -i k-+ ~ \"kukeon-forward:unclaimed\" -j DROP\n"
	"-A KUKEON-INPUT ! -i k-+ ~ \"kukeon:others\" -j RETURN\n"
	"-A KUKEON-INPUT -i k-703e8b3a ~ \"kukeon:default:default:dispatch\""
	" -j KUKE-INP-af3172d4\n"
	"-A KUKEON-INPUT -i k-082023b5 ~ \"kukeon:kuke-system:kukeon:dispatch\""
	" -j KUKE-INP-0ed0463b\n"
	"-A KUKE-INP-af3172d4 ~ \"kukeon:default:default:default\" -j RETURN\n"
	"-A KUKE-INP-0ed0463b ~ \"kukeon:kuke-system:kukeon:default\" -j RETURN\n";

static const char nat_of_two[] =
	"*nat\n"
	"-N KUKEON-POSTROUTING\n"
	"-N KUKEON-PREROUTING\n"
	"-N KUKEON-OUTPUT\n"
	"-A POSTROUTING -j KUKEON-POSTROUTING\n"
	"-A PREROUTING -j KUKEON-PREROUTING\n"
	"-A OUTPUT -j KUKEON-OUTPUT\n"
	"-A KUKEON-POSTROUTING -d 224.0.0.0/4 ~ \"kukeon-nat:multicast\" -j RETURN\n"
	"-A KUKEON-POSTROUTING -s 10.88.0.0/24 ! -d 10.88.0.0/24"
	" ~ \"kukeon:default:default:masquerade\" -j MASQUERADE\n"
	"-A KUKEON-POSTROUTING -s 10.88.1.0/24 ! -d 10.88.1.0/24"
	" ~ \"kukeon:kuke-system:kukeon:masquerade\" -j MASQUERADE\n";

/* The lines of one chain. */
static char *chain_text(const struct firewall_plan *p, enum firewall_family family,
			const char *chain)
{
	cleanup_free char *text = firewall_plan_text(p, family);
	cleanup_free char *start = xasprintf("-A %s ", chain);
	struct buf b = BUF_INIT(1 << 16);

	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
		if (str_has_prefix(line, start))
			buf_add(&b, line, (size_t) (end - line) + 1);
	return buf_take(&b);
}

START_TEST(plan)
{
	const struct firewall_input in = { .spaces = spaces, .n_spaces = 2 };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	cleanup_free char *v4 = NULL, *v6 = NULL, *filter = expand(plan_of_two);
	cleanup_free char *nat = expand(nat_of_two), *both = NULL;

	firewall_plan_make(&in, &p);
	v4 = firewall_plan_text(&p, FIREWALL_IPV4);
	v6 = firewall_plan_text(&p, FIREWALL_IPV6);
	both = xasprintf("%s%s", filter, nat);
	ck_assert_str_eq(v4, both);
	ck_assert_str_eq(v6, filter);
}
END_TEST

static void add_cidr(struct firewall_allow *a, const char *cidr, const char *tag)
{
	ck_assert_int_eq(ipnet_parse(cidr, &a->dst), 0);
	a->tag = tag;
}

/* A deny policy: what it allows, towards the world and towards the host. */
START_TEST(policy)
{
	static const uint16_t ports[] = { 80, 443 };
	struct firewall_allow allow[3] = { { .ports = ports, .n_ports = 2 } };
	struct firewall_space s = spaces[0];
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	cleanup_free char *egr4 = NULL, *egr6 = NULL, *inp4 = NULL, *inp6 = NULL;

	add_cidr(&allow[0], "192.0.2.1/32", "allow[0]:host=a.example");
	add_cidr(&allow[1], "10.0.0.0/8", "allow[1]:cidr=10.0.0.0/8");
	add_cidr(&allow[2], "fd00::/8", "allow[2]:cidr=fd00::/8");
	s.policy = FIREWALL_DEFAULT_DENY;
	s.allow = allow;
	s.n_allow = 3;
	firewall_plan_make(&in, &p);
	egr4 = chain_text(&p, FIREWALL_IPV4, "KUKE-EGR-af3172d4");
	egr6 = chain_text(&p, FIREWALL_IPV6, "KUKE-EGR-af3172d4");
	inp4 = chain_text(&p, FIREWALL_IPV4, "KUKE-INP-af3172d4");
	inp6 = chain_text(&p, FIREWALL_IPV6, "KUKE-INP-af3172d4");
#define OF "-m comment --comment \"kukeon:default:default:"
#define EGR "-A KUKE-EGR-af3172d4 "
#define INP "-A KUKE-INP-af3172d4 "
#define HEAD                                                                                 \
	EGR "-m conntrack --ctstate RELATED,ESTABLISHED " OF "established\" -j ACCEPT\n" EGR \
	    "-o k-703e8b3a " OF "own\" -j ACCEPT\n" EGR "-o k-+ " OF "isolation\" -j DROP\n"
	ck_assert_str_eq(egr4, HEAD EGR
			 "-d 192.0.2.1/32 -p tcp -m tcp --dport 80 " OF
			 "allow[0]:host=a.example\" -j ACCEPT\n" EGR
			 "-d 192.0.2.1/32 -p tcp -m tcp --dport 443 " OF
			 "allow[0]:host=a.example\" -j ACCEPT\n" EGR "-d 10.0.0.0/8 " OF
			 "allow[1]:cidr=10.0.0.0/8\" -j ACCEPT\n" EGR OF "default\" -j DROP\n");
	ck_assert_str_eq(egr6,
			 HEAD EGR "-d fd00::/8 " OF "allow[2]:cidr=fd00::/8\" -j ACCEPT\n" EGR OF
				  "default\" -j DROP\n");
	ck_assert_str_eq(inp4, INP
			 "-m conntrack --ctstate RELATED,ESTABLISHED " OF
			 "established\" -j RETURN\n" INP "-d 10.88.0.1/32 -p icmp " OF
			 "gateway\" -j RETURN\n" INP "-d 192.0.2.1/32 -p tcp -m tcp --dport 80 " OF
			 "allow[0]:host=a.example\" -j RETURN\n" INP
			 "-d 192.0.2.1/32 -p tcp -m tcp --dport 443 " OF
			 "allow[0]:host=a.example\" -j RETURN\n" INP "-d 10.0.0.0/8 " OF
			 "allow[1]:cidr=10.0.0.0/8\" -j RETURN\n" INP OF "default\" -j DROP\n");
	ck_assert_ptr_nonnull(strstr(inp6, "-p ipv6-icmp " OF "gateway\" -j RETURN\n"));
	ck_assert_ptr_nonnull(strstr(inp6, INP OF "default\" -j DROP\n"));
	ck_assert_ptr_null(strstr(inp6, "10."));
}
END_TEST

/* No chain of one instance has the name of another's, and all names are legal. */
START_TEST(instances)
{
	const struct firewall_input a = { .instance = "", .spaces = spaces, .n_spaces = 2 };
	const struct firewall_input b = { .instance = "dev.example|/kukeon-dev",
					  .spaces = spaces,
					  .n_spaces = 2 };
	struct firewall_plan pa, pb;
	size_t i, k;

	firewall_plan_make(&a, &pa);
	firewall_plan_make(&b, &pb);
	for (i = 0; i < pa.n_chains; i++)
		for (k = 0; k < pb.n_chains; k++) {
			ck_assert_str_ne(pa.chains[i].name, pb.chains[k].name);
			ck_assert_uint_lt(strlen(pb.chains[k].name), 29);
		}
	firewall_plan_clear(&pa);
	firewall_plan_clear(&pb);
}
END_TEST

/* ---- on this kernel, in a network namespace of the test's own ---- */

static void setup(void)
{
	sandbox_enter();
	ck_assert_int_eq(setenv("XTABLES_LOCKFILE", SANDBOX "/xtables.lock", 1), 0);
}

static char *rules(const char *table)
{
	return RUN("iptables-legacy", "-t", table, "-S");
}

static char *rules6(const char *table)
{
	return RUN("ip6tables-legacy", "-t", table, "-S");
}

static void expect_line(const char *table, const char *line)
{
	cleanup_free char *all = rules(table);

	ck_assert_msg(strstr(all, line) != NULL, "no '%s' in:\n%s", line, all);
}

static int remove_instance(const char *instance)
{
	const struct firewall_input in = { .instance = instance };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };

	firewall_plan_make(&in, &p);
	return firewall_remove(&p, &e);
}

static int apply(size_t n)
{
	const struct firewall_input in = { .spaces = spaces, .n_spaces = n };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	int would, r;

	firewall_plan_make(&in, &p);
	would = ok(firewall_differs(&p, FIREWALL_CHOICE_AUTO, &e), &e);
	r = ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e);
	ck_assert_int_eq(would, r);
	ck_assert_int_eq(ok(firewall_differs(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	return r;
}

START_TEST(apply_and_remove)
{
	cleanup_free char *filter = NULL, *nat = NULL;

	ck_assert_int_eq(firewall_world(FIREWALL_CHOICE_AUTO, FIREWALL_IPV4),
			 FIREWALL_WORLD_LEGACY);
	ck_assert_int_eq(ok(remove_instance(""), &e), 0);
	ck_assert_int_eq(apply(2), 1);
	/* What iptables makes of the entries we built by hand. */
	expect_line("filter", "-A FORWARD -j KUKEON-EGRESS\n"
			      "-A FORWARD -m comment --comment \"kukeon-forward:jump\" -j "
			      "KUKEON-FORWARD\n");
	expect_line("filter",
		    "-A KUKE-EGR-af3172d4 -m conntrack --ctstate RELATED,ESTABLISHED -m "
		    "comment --comment \"kukeon:default:default:established\" -j ACCEPT\n");
	expect_line("filter", "-A KUKE-EGR-af3172d4 -o k-+ -m comment --comment "
			      "\"kukeon:default:default:isolation\" -j DROP\n");
	expect_line("filter", "-A KUKEON-EGRESS -i k-082023b5 -m comment --comment "
			      "\"kukeon:kuke-system:kukeon:dispatch\" -j KUKE-EGR-0ed0463b\n");
	expect_line("nat", "-A KUKEON-POSTROUTING -s 10.88.1.0/24 ! -d 10.88.1.0/24 -m comment "
			   "--comment \"kukeon:kuke-system:kukeon:masquerade\" -j MASQUERADE\n");
	/* A space goes: its chains too. */
	ck_assert_int_eq(apply(1), 1);
	filter = rules("filter");
	ck_assert_ptr_null(strstr(filter, "-0ed0463b"));
	ck_assert_ptr_nonnull(strstr(filter, "KUKE-EGR-af3172d4"));
	free_p(&filter);
	ck_assert_int_eq(ok(remove_instance(""), &e), 1);
	ck_assert_int_eq(ok(remove_instance(""), &e), 0);
	filter = rules("filter");
	nat = rules("nat");
	ck_assert_ptr_null(strstr(filter, "KUKE"));
	ck_assert_ptr_null(strstr(nat, "KUKE"));
}
END_TEST

/* ---- addresses of names: a chain for each rule and family ---- */

static int apply_names(const struct firewall_address *v, size_t n, enum firewall_default is)
{
	static const uint16_t https[] = { 443 };
	const struct firewall_allow allow = { .ports = https,
					      .n_ports = 1,
					      .tag = "allow[0]:host=*.example",
					      .names = "a0",
					      .addrs = v,
					      .n_addrs = n };
	struct firewall_space s = spaces[1];
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	int would, r;

	s.policy = is;
	s.allow = &allow;
	s.n_allow = is == FIREWALL_DEFAULT_UNKNOWN ? 0 : 1;
	firewall_plan_make(&in, &p);
	would = ok(firewall_differs(&p, FIREWALL_CHOICE_AUTO, &e), &e);
	r = ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e);
	ck_assert_int_eq(would, r);
	ck_assert_int_eq(ok(firewall_differs(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	return r;
}

static int extend(const char *set, const struct ipnet *addr)
{
	struct firewall_set s = { .family = addr->family };
	struct firewall_probe probe;
	int r;

	(void) snprintf(s.name, sizeof(s.name), "%s", set);
	firewall_add_member(&s, addr, 1, "kukeon:kuke-system:kukeon:n");
	firewall_probe(FIREWALL_CHOICE_AUTO, &probe);
	r = firewall_extend_probed("", &s, 1, &probe, &e);
	firewall_set_clear(&s);
	return r;
}

START_TEST(names_in_chains)
{
	struct firewall_address v[3] = { { .tag = "n" }, { .tag = "n" }, { .tag = "n" } };
	cleanup_free char *v6 = NULL, *before = NULL, *after = NULL;

	ck_assert_int_eq(ipnet_parse_addr("192.0.2.9", &v[0].addr), 0);
	ck_assert_int_eq(ipnet_parse_addr("192.0.2.7", &v[1].addr), 0);
	ck_assert_int_eq(ipnet_parse_addr("2001:db8::7", &v[2].addr), 0);
	ck_assert_int_eq(apply_names(v, 1, FIREWALL_DEFAULT_DENY), 1);
	expect_line("filter", "-A KUKE-EGR-0ed0463b -p tcp -m tcp --dport 443 -m comment --comment "
			      "\"kukeon:kuke-system:kukeon:allow[0]:host=*.example\" -j "
			      "KUKE-EGR-0ed0463b-a0-4\n");
	expect_line("filter", "-A KUKE-EGR-0ed0463b-a0-4 -d 192.0.2.9/32 -m comment --comment "
			      "\"kukeon:kuke-system:kukeon:n\" -j ACCEPT\n");
	/* One more is what a plan with it would have, in either family. */
	ck_assert_int_eq(extend("KUKE-EGR-0ed0463b-a0-4", &v[1].addr), 0);
	ck_assert_int_eq(extend("KUKE-EGR-0ed0463b-a0-6", &v[2].addr), 0);
	v6 = rules6("filter");
	ck_assert_ptr_nonnull(strstr(v6, "-A KUKE-EGR-0ed0463b-a0-6 -d 2001:db8::7/128 "));
	ck_assert_int_eq(apply_names(v, 3, FIREWALL_DEFAULT_DENY), 0);
	before = rules("filter");
	ck_assert_int_eq(extend("KUKE-EGR-0ed0463b-a0-4", &v[1].addr), 0); /* again */
	ck_assert_int_eq(extend("KUKE-EGR-0ed0463b-a1-4", &v[1].addr), -ENOENT);
	ck_assert_int_eq(apply_names(v, 0, FIREWALL_DEFAULT_UNKNOWN), 0); /* it keeps them */
	after = rules("filter");
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(apply_names(v, 0, FIREWALL_DEFAULT_DENY), 1);
	free_p(&after);
	after = rules("filter");
	ck_assert_ptr_null(strstr(after, "192.0.2."));
	ck_assert_int_eq(apply(2), 1); /* a policy without names: their chain goes, too */
	free_p(&after);
	after = rules("filter");
	ck_assert_ptr_null(strstr(after, "-a0-"));
	ck_assert_int_eq(apply_names(v, 3, FIREWALL_DEFAULT_DENY), 1);
	ck_assert_int_eq(ok(remove_instance(""), &e), 1);
	free_p(&after);
	after = rules("filter");
	ck_assert_ptr_null(strstr(after, "KUKE"));
}
END_TEST

/* Every form of a rule, in both families, made and read back. */
static void add_forms(struct firewall_chain *filter, struct firewall_chain *nat)
{
	static const struct {
		const char *dst, *to;
		enum firewall_proto proto;
		uint16_t first, last, to_port;
	} forms[] = {
		{ "10.1.2.3/8", NULL, FIREWALL_ANY_PROTO, 0, 0, 0 },
		{ "10.1.2.3/32", NULL, FIREWALL_TCP, 443, 443, 0 },
		{ "fd00:1::2/64", NULL, FIREWALL_TCP, 1, 65535, 0 },
		{ "0.0.0.0/0", NULL, FIREWALL_ICMP, 0, 0, 0 },
		{ "::/0", NULL, FIREWALL_ICMPV6, 0, 0, 0 },
		{ NULL, NULL, FIREWALL_UDP, 53, 53, 0 },
		{ NULL, NULL, FIREWALL_UDP, 0, 0, 0 },
		{ "192.0.2.2/32", "10.88.0.7", FIREWALL_TCP, 8080, 8080, 80 },
		{ NULL, "10.88.0.7", FIREWALL_UDP, 8000, 8010, 9000 },
		{ NULL, "10.88.0.7", FIREWALL_UDP, 8000, 8010, 0 },
		{ NULL, "10.88.0.7", FIREWALL_ANY_PROTO, 0, 0, 0 },
		{ "fd00::2/128", "fd00:88::7", FIREWALL_TCP, 8080, 8080, 80 },
		{ NULL, "fd00:88::7", FIREWALL_TCP, 8000, 8010, 9000 },
		{ NULL, "fd00:88::7", FIREWALL_UDP, 8000, 8010, 0 },
	};
	struct firewall_rule *r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		r = forms[i].to ? firewall_add_rule(nat, FIREWALL_DNAT)
				: firewall_add_rule(filter, FIREWALL_ACCEPT);
		if (forms[i].dst)
			ck_assert_int_eq(ipnet_parse(forms[i].dst, &r->dst), 0);
		if (forms[i].to)
			ck_assert_int_eq(ipnet_parse_addr(forms[i].to, &r->to), 0);
		r->dst_local = forms[i].to && !forms[i].dst;
		r->proto = forms[i].proto;
		r->dport = (struct firewall_ports){ forms[i].first, forms[i].last };
		r->to_port = forms[i].to_port;
		r->comment = xasprintf("form %zu", i);
	}
}

static void add_more_forms(struct firewall_chain *filter, struct firewall_chain *post)
{
	struct firewall_rule *r;

	for (unsigned ct = 1; ct < 8; ct++)
		firewall_add_rule(filter, FIREWALL_RETURN)->ct = ct;
	r = firewall_add_rule(filter, FIREWALL_DROP);
	(void) snprintf(r->in, sizeof(r->in), "k-+");
	(void) snprintf(r->out, sizeof(r->out), "k-0123abcd");
	r->invert = FIREWALL_NOT_IN;
	r->comment = xasprintf("long: %0300d", 7); /* longer than a comment can be */
	r = firewall_add_rule(filter, FIREWALL_DROP);
	ck_assert_int_eq(ipnet_parse("10.0.0.0/9", &r->src), 0);
	r->invert = FIREWALL_NOT_SRC | FIREWALL_NOT_OUT;
	(void) snprintf(r->out, sizeof(r->out), "eth0");
	r = firewall_add_rule(filter, FIREWALL_DROP);
	r->families = FIREWALL_IPV6;
	r->comment = xstrdup("of one family");
	(void) firewall_add_rule(post, FIREWALL_MASQUERADE);
}

/* All lines of rules that the plan's text has are lines of what iptables lists. */
static void expect_text(const struct firewall_plan *p, enum firewall_family family)
{
	cleanup_free char *text = firewall_plan_text(p, family);
	cleanup_free char *filter = family == FIREWALL_IPV4 ? rules("filter") : rules6("filter");
	cleanup_free char *nat = family == FIREWALL_IPV4 ? rules("nat") : rules6("nat");
	cleanup_free char *all = xasprintf("\n%s\n%s", filter, nat);
	size_t n = 0;

	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		cleanup_free char *want = xasprintf("\n%.*s\n", (int) (end - line), line);

		if (*line != '-')
			continue;
		ck_assert_msg(strstr(all, want) != NULL, "no '%s' in:%s", want, all);
		n++;
	}
	ck_assert_uint_gt(n, 20);
}

START_TEST(all_forms)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	struct firewall_chain *nat, *post;
	struct firewall_hook *h;

	(void) firewall_add_chain(&p, FIREWALL_FILTER, FIREWALL_BOTH, "KUKEON-INPUT");
	(void) firewall_add_chain(&p, FIREWALL_NAT, FIREWALL_BOTH, "KUKEON-DNAT");
	(void) firewall_add_chain(&p, FIREWALL_NAT, FIREWALL_BOTH, "KUKEON-POST");
	nat = &p.chains[1];
	post = &p.chains[2];
	add_forms(&p.chains[0], nat);
	add_more_forms(&p.chains[0], post);
	for (int b = FIREWALL_INPUT; b <= FIREWALL_OUTPUT; b++)
		firewall_add_hook(&p, FIREWALL_FILTER, FIREWALL_BOTH, b, "KUKEON-INPUT",
				  "KUKEON-INPUT")
			->first = true;
	h = firewall_add_hook(&p, FIREWALL_NAT, FIREWALL_BOTH, FIREWALL_PREROUTING, "KUKEON-DNAT",
			      "KUKEON-DNAT");
	h->comment = xstrdup("with a comment");
	(void) firewall_add_hook(&p, FIREWALL_NAT, FIREWALL_IPV4, FIREWALL_OUTPUT, "KUKEON-DNAT",
				 "KUKEON-DNAT");
	(void) firewall_add_hook(&p, FIREWALL_NAT, FIREWALL_BOTH, FIREWALL_POSTROUTING,
				 "KUKEON-POST", "KUKEON-POST");
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	expect_text(&p, FIREWALL_IPV4);
	expect_text(&p, FIREWALL_IPV6);
	ck_assert_int_eq(ok(firewall_differs(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	for (size_t i = 0; i < nat->n; i++) { /* each of them is looked at as a whole */
		nat->rules[i].to.addr[3] ^= 1;
		ck_assert_int_eq(ok(firewall_differs(&p, FIREWALL_CHOICE_AUTO, &e), &e), 1);
		nat->rules[i].to.addr[3] ^= 1;
	}
	p.chains[0].rules[1].dport.last++;
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	expect_text(&p, FIREWALL_IPV4);
	ck_assert_int_eq(ok(firewall_remove(&p, &e), &e), 1);
	ck_assert_int_eq(ok(firewall_remove(&p, &e), &e), 0);
}
END_TEST

/* What is not known stays; only what is missing is made. */
START_TEST(kept_chain)
{
	const struct firewall_input in = { .spaces = spaces, .n_spaces = 2 };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };

	firewall_plan_make(&in, &p);
	ck_assert_str_eq(p.chains[1].name, "KUKE-EGR-af3172d4");
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	firewall_add_rule(&p.chains[1], FIREWALL_DROP)->comment = xstrdup("unknown");
	p.chains[1].keep = true;
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	free(RUN("iptables-legacy", "-F", "KUKE-EGR-af3172d4"));
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	expect_line("filter", "-A KUKE-EGR-af3172d4 -m comment --comment unknown -j DROP\n");
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
}
END_TEST

START_TEST(others_stay)
{
	cleanup_free char *before = NULL, *after = NULL;

	free(RUN("iptables-legacy", "-N", "DOCKER-USER"));
	free(RUN("iptables-legacy", "-P", "FORWARD", "DROP"));
	free(RUN("iptables-legacy", "-A", "FORWARD", "-j", "DOCKER-USER"));
	free(RUN("iptables-legacy", "-A", "INPUT", "-s", "192.0.2.1", "-p", "tcp", "--dport", "22",
		 "-j", "REJECT"));
	before = rules("filter");
	ck_assert_int_eq(apply(2), 1);
	expect_line("filter", "-P FORWARD DROP\n");
	expect_line("filter", "-A INPUT -s 192.0.2.1/32 -p tcp");
	expect_line("filter", "KUKEON-FORWARD\n-A FORWARD -j DOCKER-USER\n");
	ck_assert_int_eq(ok(remove_instance(NULL), &e), 1);
	after = rules("filter");
	ck_assert_str_eq(before, after);
}
END_TEST

/* Rules of others that came ahead of what closes a space come after it. */
START_TEST(first_of_all)
{
	static const char order[] = "-P FORWARD ACCEPT\n"
				    "-A FORWARD -j KUKEON-EGRESS\n"
				    "-A FORWARD -j ACCEPT\n"
				    "-A FORWARD -m comment --comment \"kukeon-forward:jump\" "
				    "-j KUKEON-FORWARD\n";
	cleanup_free char *now = NULL;

	ck_assert_int_eq(apply(2), 1);
	free(RUN(V4, "-D", "FORWARD", "1"));
	free(RUN(V4, "-I", "FORWARD", "-j", "ACCEPT"));
	free(RUN(V4, "-I", "FORWARD", "2", "-j", "KUKEON-EGRESS"));
	ck_assert_int_eq(apply(2), 1);
	now = RUN(V4, "-S", "FORWARD");
	ck_assert_str_eq(now, order);
}
END_TEST

/* Whatever was done to our rules, one pass puts them back. */
START_TEST(heals)
{
	static const char *const damage[][9] = {
		{ V4, "-F", "FORWARD" },
		{ V4, "-F" },
		{ V4, "-F", "KUKE-EGR-af3172d4" },
		{ V4, "-D", "KUKE-EGR-af3172d4", "3" },
		{ V4, "-D", "KUKEON-FORWARD", "1" },
		{ V4, "-D", "FORWARD", "1" },
		{ V4, "-I", "FORWARD", "-j",
		  "KUKEON-FORWARD" }, /* ahead of EGRESS: shadows the DROP */
		{ V4, "-A", "FORWARD", "-j", "KUKEON-EGRESS" },
		{ V4, "-I", "KUKE-EGR-af3172d4", "-j", "ACCEPT" },
		{ V4, "-R", "KUKE-EGR-af3172d4", "3", "-o", "k-+", "-j", "RETURN" },
		{ V4, "-I", "KUKEON-EGRESS", "-j", "ACCEPT" },
		{ V6, "-F" },
		{ V6, "-D", "FORWARD", "1" },
		{ V6, "-F", "KUKE-EGR-af3172d4" },
		{ V6, "-I", "KUKE-EGR-af3172d4", "-s", "fd00::1", "-j", "ACCEPT" },
		{ V4, "-t", "nat", "-F" },
		{ V4, "-t", "nat", "-D", "KUKEON-POSTROUTING", "2" },
	};
	cleanup_free char *filter = NULL, *filter6 = NULL, *nat = NULL;
	size_t i, k;

	ck_assert_int_eq(apply(2), 1);
	filter = rules("filter");
	filter6 = rules6("filter");
	ck_assert_ptr_nonnull(strstr(filter6, "-A KUKE-EGR-af3172d4"));
	nat = rules("nat");
	for (i = 0; i < ARRAY_SIZE(damage); i++) {
		const char *argv[10] = { NULL };
		cleanup_free char *filter_now = NULL, *filter6_now = NULL, *nat_now = NULL;

		for (k = 0; k < 9 && damage[i][k]; k++)
			argv[k] = damage[i][k];
		free(host_run(argv));
		ck_assert_msg(apply(2) == 1, "damage %zu is not seen", i);
		filter_now = rules("filter");
		filter6_now = rules6("filter");
		nat_now = rules("nat");
		ck_assert_str_eq(filter, filter_now);
		ck_assert_str_eq(filter6, filter6_now);
		ck_assert_str_eq(nat, nat_now);
	}
}
END_TEST

START_TEST(two_instances)
{
	const struct firewall_input dev = { .instance = "dev", .spaces = spaces, .n_spaces = 1 };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	cleanup_free char *alone = NULL, *after = NULL, *both = NULL;
	cleanup_free char *order =
		xasprintf("-P FORWARD ACCEPT\n"
			  "-A FORWARD -j KUKEON-EGRESS-%08x\n"
			  "-A FORWARD -j KUKEON-EGRESS\n"
			  "-A FORWARD -m comment --comment \"kukeon-forward:jump\" "
			  "-j KUKEON-FORWARD-%08x\n",
			  fnv1a32("dev", 3), fnv1a32("dev", 3));

	ck_assert_int_eq(apply(2), 1);
	alone = rules("filter");
	firewall_plan_make(&dev, &p);
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	/* All DROPs ahead of all ACCEPTs, and neither moves the other's jumps. */
	both = RUN("iptables-legacy", "-S", "FORWARD");
	ck_assert_int_eq(strncmp(both, order, strlen(order)), 0);
	ck_assert_int_eq(apply(2), 0);
	ck_assert_int_eq(ok(firewall_differs(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	ck_assert_int_eq(ok(remove_instance("dev"), &e), 1);
	after = rules("filter");
	ck_assert_str_eq(alone, after);
}
END_TEST

START_TEST(chain_in_use)
{
	ck_assert_int_eq(apply(1), 1);
	free(RUN("iptables-legacy", "-A", "INPUT", "-j", "KUKE-EGR-af3172d4"));
	ck_assert_int_lt(remove_instance(""), 0);
	ck_assert_ptr_nonnull(strstr(e.msg, "KUKE-EGR-af3172d4"));
	expect_line("filter", "-A FORWARD -j KUKEON-EGRESS\n"); /* nothing was committed */
}
END_TEST

START_TEST(lock)
{
	const struct firewall_input in = { .spaces = spaces, .n_spaces = 1 };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };

	firewall_plan_make(&in, &p);
	ck_assert_int_eq(setenv("XTABLES_LOCKFILE", SANDBOX "/none/lock", 1), 0);
	ck_assert_int_eq(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), -ENOENT);
	ck_assert_int_eq(setenv("XTABLES_LOCKFILE", SANDBOX "/lock", 1), 0);
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	ck_assert_int_eq(access(SANDBOX "/lock", F_OK), 0);
}
END_TEST

static Suite *test_firewall(void)
{
	Suite *s = suite_create("firewall");
	TCase *pure = tcase_create("plan");
	TCase *live = tcase_create("iptc");

	tcase_add_test(pure, plan);
	tcase_add_test(pure, policy);
	tcase_add_test(pure, instances);
	suite_add_tcase(s, pure);
	tcase_add_checked_fixture(live, setup, NULL);
	tcase_set_timeout(live, 60);
	tcase_add_test(live, apply_and_remove);
	tcase_add_test(live, names_in_chains);
	tcase_add_test(live, all_forms);
	tcase_add_test(live, kept_chain);
	tcase_add_test(live, others_stay);
	tcase_add_test(live, first_of_all);
	tcase_add_test(live, heals);
	tcase_add_test(live, two_instances);
	tcase_add_test(live, chain_in_use);
	tcase_add_test(live, lock);
	suite_add_tcase(s, live);
	return s;
}

UNIT_MAIN(test_firewall);
