/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "ipnet.h"
#include "unit.h"

static struct ipnet net(const char *text)
{
	struct ipnet n = { 0 };

	ck_assert_msg((strchr(text, '/') ? ipnet_parse : ipnet_parse_addr)(text, &n) == 0, "%s",
		      text);
	return n;
}

START_TEST(texts)
{
	static const char *const good[] = {
		"0.0.0.0/0",	      "10.1.2.3/8",
		"255.255.255.255/32", "::/0",
		"fd00::1/64",	      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		"::ffff:1.2.3.4/96"
	};
	static const char *const bad[] = { "",	     "10.0.0.0",    "10.0.0.0/33", "10.0.0/8",
					   "::/129", "fe80::%1/64", "10.0.0.0/",   "10.0.0.0/-1",
					   "/8",     "010.0.0.0/8", ":::/0",	   "10.0.0.0/8 " };
	char text[IPNET_TEXT_MAX];
	struct ipnet n;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		n = net(good[i]);
		ck_assert_str_eq(ipnet_text(&n, text), good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(ipnet_parse(bad[i], &n) == -EINVAL, "'%s'", bad[i]);
	ck_assert_int_eq(ipnet_parse_addr("10.0.0.0/8", &n), -EINVAL);
	n = net("fd00::7");
	ck_assert_uint_eq(n.prefix, 128);
	ck_assert_str_eq(ipnet_addr_text(&n, text), "fd00::7");
	n = ipnet_of_ipv4((struct ipv4_net){ 0x0a580107, 24 });
	ck_assert_str_eq(ipnet_text(&n, text), "10.88.1.7/24");
}
END_TEST

START_TEST(inside)
{
	static const struct {
		const char *net, *addr;
		bool in;
	} rows[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.0/9", "10.127.255.255", true },
		{ "10.0.0.0/9", "10.128.0.0", false },
		{ "0.0.0.0/0", "255.0.0.1", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "10.0.0.1", false },
		{ "fd00::/63", "fd00:0:0:1::1", true },
		{ "fd00::/63", "fd00:0:0:2::1", false },
		{ "fd00::1/128", "fd00::1", true },
		{ "fd00::1/128", "fd00::2", false },
	};
	struct ipnet none = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipnet n = net(rows[i].net), a = net(rows[i].addr);

		ck_assert_msg(ipnet_contains(&n, &a) == rows[i].in, "%s in %s", rows[i].addr,
			      rows[i].net);
		ck_assert(!ipnet_contains(&none, &a));
		ck_assert(!ipnet_contains(&n, &none));
	}
}
END_TEST

START_TEST(subnets)
{
	static const char *const rows[][2] = { { "10.1.2.3/8", "10.0.0.0/8" },
					       { "10.255.2.3/9", "10.128.0.0/9" },
					       { "1.2.3.4/0", "0.0.0.0/0" },
					       { "fd00::ffff/121", "fd00::ff80/121" },
					       { "fd00::1/128", "fd00::1/128" } };
	char text[IPNET_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipnet n = ipnet_subnet(net(rows[i][0]));

		ck_assert_str_eq(ipnet_text(&n, text), rows[i][1]);
	}
}
END_TEST

START_TEST(order)
{
	/* in order */
	static const char *const rows[] = { "0.0.0.0/0", "1.0.0.0/8", "1.0.0.0/9", "1.0.0.1/8",
					    "::/0",	 "fd00::/8",  "fd00::1/8" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			struct ipnet a = net(rows[i]), b = net(rows[k]);

			ck_assert_int_eq(ipnet_cmp(&a, &b) < 0, i < k);
			ck_assert_int_eq(ipnet_cmp(&a, &b) > 0, i > k);
			ck_assert_int_eq(ipnet_eq(&a, &b), i == k);
		}
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *net;
		uint32_t number;
		const char *numbered;
	} rows[] = {
		{ "fd00:1:2::5/48", 0, "fd00:1:2::/64" },
		{ "fd00:1:2::/48", 0x0a58ff80, "fd00:1:2:ff80::/64" },
		{ "fd00::/63", 3, "fd00:0:0:1::/64" },
		{ "fd00:1::/64", 0xffffffff, "fd00:1::/64" },
		{ "fd00::/32", 0x0a580100, "fd00:0:a58:100::/64" },
		{ "fd00::/8", 0x0a580100, "fd00:0:a58:100::/64" },
	};
	const struct ipnet none = { 0 };
	char text[IPNET_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipnet n = net(rows[i].net);

		n = ipnet_numbered(&n, rows[i].number);
		ck_assert_str_eq(ipnet_text(&n, text), rows[i].numbered);
		n = ipnet_host(n, 0x10002);
		ck_assert_ptr_nonnull(strstr(ipnet_text(&n, text), ":1:2/64"));
	}
	ck_assert_int_eq(ipnet_host(none, 1).family, IPNET_NONE);
}
END_TEST

START_TEST(overlaps)
{
	static const struct {
		const char *a, *b;
		bool yes;
	} rows[] = { { "fd00::/48", "fd00:0:0:1::/64", true },
		     { "fd00::/64", "fd00:0:0:1::/64", false },
		     { "::/0", "fd00::/8", true },
		     { "::/0", "0.0.0.0/0", false },
		     { "10.0.0.0/8", "10.1.0.0/16", true } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipnet a = net(rows[i].a), b = net(rows[i].b);

		ck_assert_int_eq(ipnet_overlap(&a, &b), rows[i].yes);
		ck_assert_int_eq(ipnet_overlap(&b, &a), rows[i].yes);
	}
}
END_TEST

static Suite *test_ipnet(void)
{
	Suite *s = suite_create("ipnet");
	TCase *t = tcase_create("ipnet");

	tcase_add_test(t, texts);
	tcase_add_test(t, inside);
	tcase_add_test(t, subnets);
	tcase_add_test(t, order);
	tcase_add_test(t, numbers);
	tcase_add_test(t, overlaps);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_ipnet);
