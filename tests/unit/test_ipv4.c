/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "ipv4.h"
#include "unit.h"

START_TEST(parse)
{
	char text[IPV4_NET_TEXT_MAX];
	struct ipv4_net net = { 7, 7 };
	uint32_t addr = 7;

	ck_assert_int_eq(ipv4_parse("10.88.0.1", &addr), 0);
	ck_assert_uint_eq(addr, 0x0a580001);
	ck_assert_str_eq(ipv4_text(addr, text), "10.88.0.1");
	ck_assert_int_eq(ipv4_net_parse("255.255.255.255/32", &net), 0);
	ck_assert_str_eq(ipv4_net_text(net, text), "255.255.255.255/32");
	ck_assert_int_eq(ipv4_net_parse("0.0.0.0/0", &net), 0);
	ck_assert_uint_eq(net.prefix, 0);
}
END_TEST

START_TEST(refuse)
{
	static const char *const bad[] = {
		"",	   "10.0.0.0",		"10.0.0.0/",   "10.0.0.0/33", "10.0.0/8",
		"/8",	   "10.0.0.0/-1",	"10.0.0.0/8 ", " 10.0.0.0/8", "010.0.0.0/8",
		"::1/128", "100.100.100.1000/8"
	};
	struct ipv4_net net = { 7, 7 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_msg(ipv4_net_parse(bad[i], &net) == -EINVAL, "'%s' is taken", bad[i]);
		ck_assert_uint_eq(net.addr, 7);
	}
}
END_TEST

static struct ipv4_net net_of(const char *s)
{
	struct ipv4_net net;

	ck_assert_int_eq(ipv4_net_parse(s, &net), 0);
	return net;
}

START_TEST(subnets)
{
	struct ipv4_net net = net_of("10.88.3.7/24");

	ck_assert_uint_eq(ipv4_first(net), 0x0a580300);
	ck_assert_uint_eq(ipv4_last(net), 0x0a5803ff);
	ck_assert(ipv4_net_eq(ipv4_subnet(net), net_of("10.88.3.0/24")));
	ck_assert(ipv4_contains(net, 0x0a5803ff));
	ck_assert(!ipv4_contains(net, 0x0a580400));
	ck_assert(ipv4_overlap(net, net_of("10.88.0.0/16")));
	ck_assert(ipv4_overlap(net_of("10.88.0.0/16"), net));
	ck_assert(ipv4_overlap(net, net_of("0.0.0.0/0")));
	ck_assert(!ipv4_overlap(net, net_of("10.88.2.0/24")));
	ck_assert(!ipv4_overlap(net, net_of("10.88.2.0/23")) == false);
	ck_assert_uint_eq(ipv4_mask(0), 0);
	ck_assert_uint_eq(ipv4_mask(32), UINT32_MAX);
	ck_assert_uint_eq(ipv4_mask(31), 0xfffffffe);
}
END_TEST

static Suite *test_ipv4(void)
{
	Suite *s = suite_create("ipv4");
	TCase *tc = tcase_create("ipv4");

	tcase_add_test(tc, parse);
	tcase_add_test(tc, refuse);
	tcase_add_test(tc, subnets);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_ipv4);
