/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "firewall.h"
#include "firewall_host.h"
#include "firewall_plan.h"
#include "firewall_ports.h"
#include "host_sandbox.h"
#include "mem.h"
#include "proc.h"
#include "str.h"
#include "unit.h"

static struct kerr e;

static const struct firewall_space spaces[] = {
	{ "r", "a", "k-aaaaaaaa", { 0x0a580001, 24 }, 0x0a580001, FIREWALL_DEFAULT_ALLOW, NULL, 0 },
	{ "r", "b", "k-bbbbbbbb", { 0x0a580101, 24 }, 0x0a580101, FIREWALL_DEFAULT_ALLOW, NULL, 0 },
	{ "r", "c", "k-cccccccc", { 0x0a580201, 24 }, 0x0a580201, FIREWALL_DEFAULT_DENY, NULL, 0 },
};

/* a publishes on all addresses, b on one that is not 127.0.0.0/8, c nothing. */
static const struct firewall_port ports[] = {
	{ "r:a:t:web", 0x0a580002, 0, 8080, 8080, 80, false },
	{ "r:a:t:web", 0x0a580002, 0, 8000, 8010, 9000, true },
	{ "r:b:t:dns", 0x0a580107, 0xc0000207, 53, 53, 53, true },
};

/* The lines of the plan that are about ports, and what surrounds them in their chains. */
static const char *const lines[] = {
	"-A INPUT -j KUKEON-INPUT",
	"-A KUKEON-INPUT ! -i k-+ -m comment --comment \"kukeon:others\" -j RETURN",
	"-A KUKEON-INPUT -s 127.0.0.0/8 -m comment --comment \"kukeon-ports:from-loopback\""
	" -j DROP",
	"-A KUKEON-INPUT -d 127.0.0.0/8 -m conntrack --ctstate RELATED,ESTABLISHED"
	" -m comment --comment \"kukeon-ports:answers\" -j RETURN",
	"-A KUKEON-INPUT -d 127.0.0.0/8 -m comment --comment \"kukeon-ports:to-loopback\" -j DROP",
	"-A PREROUTING -j KUKEON-PREROUTING",
	"-A OUTPUT -j KUKEON-OUTPUT",
	"-A KUKEON-POSTROUTING -d 224.0.0.0/4 -m comment --comment \"kukeon-nat:multicast\""
	" -j RETURN",
	"-A KUKEON-POSTROUTING -s 10.88.0.0/24 -d 10.88.0.0/24 -m conntrack --ctstate DNAT"
	" -m comment --comment \"kukeon:r:a:hairpin\" -j MASQUERADE",
	"-A KUKEON-POSTROUTING -s 127.0.0.0/8 -d 10.88.0.0/24 -m comment --comment"
	" \"kukeon:r:a:loopback\" -j MASQUERADE",
	"-A KUKEON-POSTROUTING -s 10.88.0.0/24 ! -d 10.88.0.0/24 -m comment --comment"
	" \"kukeon:r:a:masquerade\" -j MASQUERADE",
	"-A KUKEON-POSTROUTING -s 10.88.1.0/24 -d 10.88.1.0/24 -m conntrack --ctstate DNAT"
	" -m comment --comment \"kukeon:r:b:hairpin\" -j MASQUERADE",
	"-A KUKEON-POSTROUTING -s 10.88.1.0/24 ! -d 10.88.1.0/24 -m comment --comment"
	" \"kukeon:r:b:masquerade\" -j MASQUERADE",
	"-A KUKEON-POSTROUTING -s 10.88.2.0/24 ! -d 10.88.2.0/24 -m comment --comment"
	" \"kukeon:r:c:masquerade\" -j MASQUERADE",
	"-A KUKEON-PREROUTING -d 127.0.0.0/8 -m comment --comment \"kukeon-ports:loopback\""
	" -j RETURN",
	"-A KUKEON-PREROUTING -m addrtype --dst-type LOCAL -m comment --comment"
	" \"kukeon-ports:dispatch\" -j KUKE-PORTS",
	"-A KUKEON-OUTPUT -m addrtype --dst-type LOCAL -m comment --comment"
	" \"kukeon-ports:dispatch\" -j KUKE-PORTS",
	"-A KUKE-PORTS -p tcp -m tcp --dport 8080 -m comment --comment \"kukeon:r:a:t:web:publish\""
	" -j DNAT --to-destination 10.88.0.2:80",
	"-A KUKE-PORTS -p udp -m udp --dport 8000:8010 -m comment --comment"
	" \"kukeon:r:a:t:web:publish\" -j DNAT --to-destination 10.88.0.2:9000-9010/8000",
	"-A KUKE-PORTS -d 192.0.2.7/32 -p udp -m udp --dport 53 -m comment --comment"
	" \"kukeon:r:b:t:dns:publish\" -j DNAT --to-destination 10.88.1.7:53",
};

static bool is_about(const char *line, size_t n)
{
	static const char *const chains[] = {
		"-A INPUT ",	     "-A KUKEON-INPUT ",       "-A PREROUTING ",
		"-A OUTPUT ",	     "-A KUKEON-POSTROUTING ", "-A KUKEON-PREROUTING ",
		"-A KUKEON-OUTPUT ", "-A KUKE-PORTS "
	};

	if (n > 18 && strncmp(line, "-A KUKEON-INPUT -i", 18) == 0)
		return false; /* policies of spaces */
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++)
		if (n >= strlen(chains[i]) && strncmp(line, chains[i], strlen(chains[i])) == 0)
			return true;
	return false;
}

static void make(size_t n, const char *instance, struct firewall_plan *ret)
{
	const struct firewall_input in = { .instance = instance,
					   .spaces = spaces,
					   .n_spaces = ARRAY_SIZE(spaces),
					   .ports = ports,
					   .n_ports = n };

	firewall_plan_make(&in, ret);
}

static void expect(const char *plan, const char *const *want, size_t n)
{
	size_t k = 0, len;

	for (const char *line = plan; *line; line += len + (line[len] == '\n')) {
		cleanup_free char *one = NULL;

		len = strcspn(line, "\n");
		if (!is_about(line, len))
			continue;
		one = xstrndup(line, len);
		ck_assert_msg(k < n, "one more line: %s", one);
		ck_assert_str_eq(one, want[k]);
		k++;
	}
	ck_assert_msg(k == n, "missing: %s", want[k]);
}

START_TEST(text)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	cleanup_free char *have = NULL;

	make(ARRAY_SIZE(ports), NULL, &p);
	have = firewall_plan_text(&p, FIREWALL_IPV4);
	expect(have, lines, ARRAY_SIZE(lines));
}
END_TEST

/* Without ports there are the empty tops and their jumps, so that those can be removed. */
START_TEST(none)
{
	static const char *const want[] = {
		"-A INPUT -j KUKEON-INPUT",
		"-A KUKEON-INPUT ! -i k-+ -m comment --comment \"kukeon:others\" -j RETURN",
		"-A PREROUTING -j KUKEON-PREROUTING",
		"-A OUTPUT -j KUKEON-OUTPUT",
		"-A KUKEON-POSTROUTING -d 224.0.0.0/4 -m comment --comment"
		" \"kukeon-nat:multicast\" -j RETURN",
		"-A KUKEON-POSTROUTING -s 10.88.0.0/24 ! -d 10.88.0.0/24 -m comment --comment"
		" \"kukeon:r:a:masquerade\" -j MASQUERADE",
		"-A KUKEON-POSTROUTING -s 10.88.1.0/24 ! -d 10.88.1.0/24 -m comment --comment"
		" \"kukeon:r:b:masquerade\" -j MASQUERADE",
		"-A KUKEON-POSTROUTING -s 10.88.2.0/24 ! -d 10.88.2.0/24 -m comment --comment"
		" \"kukeon:r:c:masquerade\" -j MASQUERADE",
	};
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	cleanup_free char *have = NULL, *have6 = NULL;

	make(0, NULL, &p);
	have = firewall_plan_text(&p, FIREWALL_IPV4);
	expect(have, want, ARRAY_SIZE(want));
	have6 = firewall_plan_text(&p, FIREWALL_IPV6);
	ck_assert_ptr_null(strstr(have6, "PREROUTING"));
}
END_TEST

/* ---- IPv6 ---- */

#define ADDR6(...)                                                        \
	{                                                                 \
		.family = IPNET_V6, .prefix = 64, .addr = { __VA_ARGS__ } \
	}

/* a and b have IPv6, c has not; a publishes on all addresses, b on one. */
static const struct firewall_space spaces6[] = {
	{ "r",
	  "a",
	  "k-aaaaaaaa",
	  { 0x0a580001, 24 },
	  0x0a580001,
	  FIREWALL_DEFAULT_ALLOW,
	  NULL,
	  0,
	  ADDR6(0xfd, 0x6b) },
	{ "r",
	  "b",
	  "k-bbbbbbbb",
	  { 0x0a580101, 24 },
	  0x0a580101,
	  FIREWALL_DEFAULT_ALLOW,
	  NULL,
	  0,
	  ADDR6(0xfd, 0x6b, [7] = 1) },
	{ "r",
	  "c",
	  "k-cccccccc",
	  { 0x0a580201, 24 },
	  0x0a580201,
	  FIREWALL_DEFAULT_DENY,
	  NULL,
	  0,
	  { 0 } },
};

static const struct firewall_port ports6[] = {
	{ .owner = "r:a:t:web",
	  .first = 8080,
	  .last = 8080,
	  .to = 80,
	  .cell6 = ADDR6(0xfd, 0x6b, [15] = 2) },
	{ .owner = "r:a:t:web",
	  .first = 8000,
	  .last = 8010,
	  .to = 9000,
	  .udp = true,
	  .cell6 = ADDR6(0xfd, 0x6b, [15] = 2) },
	{ .owner = "r:b:t:dns",
	  .first = 53,
	  .last = 53,
	  .to = 53,
	  .udp = true,
	  .cell6 = ADDR6(0xfd, 0x6b, [7] = 1, [15] = 7),
	  .host6 = { .family = IPNET_V6, .prefix = 128, .addr = { 0x20, 1, [15] = 9 } } },
};

static const char *const lines6[] = {
	"-A INPUT -j KUKEON-INPUT",
	"-A KUKEON-INPUT ! -i k-+ -m comment --comment \"kukeon:others\" -j RETURN",
	"-A PREROUTING -j KUKEON-PREROUTING",
	"-A OUTPUT -j KUKEON-OUTPUT",
	"-A KUKEON-POSTROUTING -d ff00::/8 -m comment --comment \"kukeon-nat:multicast\""
	" -j RETURN",
	"-A KUKEON-POSTROUTING -s fd6b::/64 -d fd6b::/64 -m conntrack --ctstate DNAT"
	" -m comment --comment \"kukeon:r:a:hairpin\" -j MASQUERADE",
	"-A KUKEON-POSTROUTING -s fd6b::/64 ! -d fd6b::/64 -m comment --comment"
	" \"kukeon:r:a:masquerade\" -j MASQUERADE",
	"-A KUKEON-POSTROUTING -s fd6b:0:0:1::/64 -d fd6b:0:0:1::/64 -m conntrack --ctstate DNAT"
	" -m comment --comment \"kukeon:r:b:hairpin\" -j MASQUERADE",
	"-A KUKEON-POSTROUTING -s fd6b:0:0:1::/64 ! -d fd6b:0:0:1::/64 -m comment --comment"
	" \"kukeon:r:b:masquerade\" -j MASQUERADE",
	"-A KUKEON-PREROUTING -m addrtype --dst-type LOCAL -m comment --comment"
	" \"kukeon-ports:dispatch\" -j KUKE-PORTS",
	"-A KUKEON-OUTPUT -d ::1/128 -m comment --comment \"kukeon-ports:loopback\" -j RETURN",
	"-A KUKEON-OUTPUT -m addrtype --dst-type LOCAL -m comment --comment"
	" \"kukeon-ports:dispatch\" -j KUKE-PORTS",
	"-A KUKE-PORTS -p tcp -m tcp --dport 8080 -m comment --comment \"kukeon:r:a:t:web:publish\""
	" -j DNAT --to-destination [fd6b::2]:80",
	"-A KUKE-PORTS -p udp -m udp --dport 8000:8010 -m comment --comment"
	" \"kukeon:r:a:t:web:publish\" -j DNAT --to-destination [fd6b::2]:9000-9010/8000",
	"-A KUKE-PORTS -d 2001::9/128 -p udp -m udp --dport 53 -m comment --comment"
	" \"kukeon:r:b:t:dns:publish\" -j DNAT --to-destination [fd6b:0:0:1::7]:53",
};

static void make6(size_t n_spaces, size_t n, struct firewall_plan *ret)
{
	const struct firewall_input in = {
		.spaces = spaces6, .n_spaces = n_spaces, .ports = ports6, .n_ports = n
	};

	firewall_plan_make(&in, ret);
}

START_TEST(ipv6)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	cleanup_free char *have = NULL, *have4 = NULL;

	make6(ARRAY_SIZE(spaces6), ARRAY_SIZE(ports6), &p);
	have = firewall_plan_text(&p, FIREWALL_IPV6);
	expect(have, lines6, ARRAY_SIZE(lines6));
	have4 = firewall_plan_text(&p, FIREWALL_IPV4);
	ck_assert_ptr_null(strstr(have4, "-j DNAT"));
	ck_assert_ptr_nonnull(strstr(have4, "-s 10.88.2.0/24 ! -d 10.88.2.0/24"));
}
END_TEST

/* Written once, equal then; and gone when no space has IPv6 any more. */
START_TEST(ipv6_on_this_kernel)
{
	static const enum firewall_choice choices[] = { FIREWALL_CHOICE_LEGACY,
							FIREWALL_CHOICE_NFT };
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 }, without = { 0 };

	sandbox_enter();
	ck_assert_int_eq(setenv("XTABLES_LOCKFILE", SANDBOX "/xtables.lock", 1), 0);
	make6(ARRAY_SIZE(spaces6), ARRAY_SIZE(ports6), &p);
	make(0, NULL, &without);
	ck_assert_int_eq(ok(firewall_apply(&p, choices[_i], &e), &e), 1);
	ck_assert_int_eq(ok(firewall_differs(&p, choices[_i], &e), &e), 0);
	ck_assert_int_eq(ok(firewall_apply(&p, choices[_i], &e), &e), 0);
	ck_assert_int_eq(ok(firewall_differs(&without, choices[_i], &e), &e), 1);
	ck_assert_int_eq(ok(firewall_apply(&without, choices[_i], &e), &e), 1);
	ck_assert_int_eq(ok(firewall_differs(&without, choices[_i], &e), &e), 0);
	ck_assert_int_eq(ok(firewall_apply(&p, choices[_i], &e), &e), 1);
	ck_assert_int_eq(ok(firewall_remove(&without, &e), &e), 1);
	ck_assert_int_eq(ok(firewall_remove(&p, &e), &e), 0);
}
END_TEST

/* ---- on this kernel ---- */

static char *rules(const char *table)
{
	const char *const argv[] = { "iptables-legacy", "-t", table, "-S", NULL };
	struct proc_spawn how = PROC_SPAWN_INIT;
	struct buf out = BUF_INIT(1 << 20);
	int status = 0;

	how.path = argv[0];
	how.argv = (char *const *) (uintptr_t) argv;
	ok(proc_run(&how, NULL, &out, NULL, 10000, &status, &e), &e);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return buf_take(&out);
}

/* What iptables reads of the committed rules, for two instances; and nothing is left of them. */
START_TEST(on_this_kernel)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 }, fewer = { 0 }, other = { 0 };
	cleanup_free char *filter = NULL, *nat = NULL;

	sandbox_enter();
	ck_assert_int_eq(setenv("XTABLES_LOCKFILE", SANDBOX "/xtables.lock", 1), 0);
	make(ARRAY_SIZE(ports), NULL, &p);
	make(0, NULL, &fewer);
	make(1, "dev", &other);
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	ck_assert_int_eq(ok(firewall_apply(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	filter = rules("filter");
	nat = rules("nat");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		ck_assert_msg(strstr(filter, lines[i]) || strstr(nat, lines[i]), "no %s in\n%s%s",
			      lines[i], filter, nat);
	ck_assert_int_eq(ok(firewall_apply(&other, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	ck_assert_int_eq(ok(firewall_differs(&p, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	ck_assert_int_eq(ok(firewall_apply(&fewer, FIREWALL_CHOICE_AUTO, &e), &e), 1);
	ck_assert_int_eq(ok(firewall_differs(&other, FIREWALL_CHOICE_AUTO, &e), &e), 0);
	free_p(&nat);
	nat = rules("nat");
	ck_assert_ptr_null(strstr(nat, "KUKE-PORTS\n"));
	ck_assert_ptr_nonnull(strstr(nat, "KUKE-PORTS-"));
	ck_assert_int_eq(ok(firewall_remove(&other, &e), &e), 1);
	ck_assert_int_eq(ok(firewall_remove(&fewer, &e), &e), 1);
	free_p(&nat);
	free_p(&filter);
	nat = rules("nat");
	filter = rules("filter");
	ck_assert_ptr_null(strstr(nat, "KUKE"));
	ck_assert_ptr_null(strstr(filter, "KUKE"));
}
END_TEST

static Suite *test_firewall_ports(void)
{
	Suite *s = suite_create("firewall_ports");
	TCase *tc = tcase_create("firewall_ports");

	tcase_add_test(tc, text);
	tcase_add_test(tc, none);
	tcase_add_test(tc, ipv6);
	tcase_add_loop_test(tc, ipv6_on_this_kernel, 0, 2);
	tcase_add_test(tc, on_this_kernel);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_firewall_ports);
