/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "chain.h"
#include "dns_build.h"
#include "unit.h"

static struct packet m;

static int walk(unsigned type, struct chain *c)
{
	struct dns_answer a;

	ck_assert_int_eq(dns_answer_read(m.p, m.n, "example.com", type, &a), 0);
	return chain_walk(&a, "example.com", type, c);
}

static void begin(unsigned rcode)
{
	packet_begin(&m, 0x8180 | rcode, "example.com", DNS_A);
}

START_TEST(plain)
{
	cleanup_chain struct chain c = { 0 };
	char text[IPADDR_TEXT_MAX];

	begin(0);
	packet_address(&m, "example.com", 300, "192.0.2.1");
	packet_address(&m, "Example.Com", 200, "192.0.2.2");
	packet_address(&m, "example.com", 300, "192.0.2.1"); /* again */
	packet_address(&m, "other.com", 1, "192.0.2.3"); /* of another name */
	packet_address(&m, "example.com", 1, "2001:db8::1"); /* not asked for */
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	ck_assert_uint_eq(c.n_addrs, 2);
	ck_assert_str_eq(ipaddr_text(&c.addrs[1], text), "192.0.2.2");
	ck_assert_uint_eq(c.ttl, 200);
	ck_assert_uint_eq(c.names.n, 0);
}
END_TEST

START_TEST(along)
{
	cleanup_chain struct chain c = { 0 };

	begin(0); /* in any order */
	packet_address(&m, "c.test", 300, "192.0.2.1");
	packet_cname(&m, "b.test", 40, "c.test");
	packet_address(&m, "x.test", 1, "192.0.2.9");
	packet_cname(&m, "x.test", 1, "y.test");
	packet_cname(&m, "EXAMPLE.com", 50, "B.test");
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	ck_assert_uint_eq(c.names.n, 2);
	ck_assert_str_eq(c.names.v[0], "b.test");
	ck_assert_str_eq(c.names.v[1], "c.test");
	ck_assert_uint_eq(c.n_addrs, 1);
	ck_assert_uint_eq(c.ttl, 40);
}
END_TEST

START_TEST(replied)
{
	cleanup_buf struct buf reply = BUF_INIT(DNS_REPLY_MAX);
	cleanup_chain struct chain c = { 0 }, again = { 0 };
	struct dns_answer a;

	begin(0);
	packet_cname(&m, "example.com", 50, "b.test");
	packet_cname(&m, "b.test", 50, "c.test");
	packet_address(&m, "c.test", 300, "192.0.2.1");
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	chain_reply(&c, "example.com", DNS_A, &reply);
	ck_assert_int_eq(
		dns_answer_read((uint8_t *) reply.data, reply.len, "example.com", DNS_A, &a), 0);
	ck_assert_int_eq(chain_walk(&a, "example.com", DNS_A, &again), 0);
	ck_assert(strlist_eq(&c.names, &again.names));
	ck_assert_uint_eq(again.n_addrs, 1);
	ck_assert(ipaddr_eq(&c.addrs[0], &again.addrs[0]));
}
END_TEST

START_TEST(circles)
{
	cleanup_chain struct chain c = { 0 };
	char name[32], next[32];

	begin(0);
	packet_cname(&m, "example.com", 50, "b.test");
	packet_cname(&m, "b.test", 50, "b.test");
	ck_assert_int_eq(walk(DNS_A, &c), -ELOOP);
	begin(0);
	packet_cname(&m, "example.com", 50, "b.test");
	packet_cname(&m, "b.test", 50, "example.com");
	ck_assert_int_eq(walk(DNS_A, &c), -ELOOP);
	begin(0);
	packet_cname(&m, "example.com", 50, "n0.test");
	for (int i = 0; i < CHAIN_MAX; i++) {
		(void) snprintf(name, sizeof(name), "n%d.test", i);
		(void) snprintf(next, sizeof(next), "n%d.test", i + 1);
		packet_cname(&m, name, 50, next);
	}
	ck_assert_int_eq(walk(DNS_A, &c), -ELOOP);
}
END_TEST

START_TEST(nothing)
{
	cleanup_chain struct chain c = { 0 };

	begin(0);
	packet_cname(&m, "example.com", 500, "b.test");
	packet_soa(&m, 500, 10);
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	ck_assert_uint_eq(c.rcode, DNS_NOERROR);
	ck_assert_uint_eq(c.n_addrs, 0);
	ck_assert_uint_eq(c.names.n, 1);
	ck_assert_uint_eq(c.ttl, 10);
	chain_clear(&c);
	begin(DNS_NXDOMAIN);
	packet_soa(&m, 500, 500);
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	ck_assert_uint_eq(c.rcode, DNS_NXDOMAIN);
	ck_assert_uint_eq(c.ttl, CHAIN_NEGATIVE_TTL);
	chain_clear(&c);
	begin(DNS_NXDOMAIN);
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	ck_assert_uint_eq(c.ttl, CHAIN_UNSAID_TTL);
	begin(DNS_SERVFAIL);
	ck_assert_int_eq(walk(DNS_A, &c), -EBADMSG);
	packet_begin(&m, 0x8180, "example.com", DNS_TXT);
	packet_record(&m, PACKET_ANSWER, "example.com", DNS_TXT, 5);
	packet_16(&m, 2);
	packet_bytes(&m, "\001x", 2);
	ck_assert_int_eq(walk(DNS_TXT, &c), -EINVAL);
}
END_TEST

START_TEST(limits)
{
	cleanup_chain struct chain c = { 0 };
	char text[IPADDR_TEXT_MAX];

	begin(0);
	for (int i = 0; i < DNS_ADDRS_MAX + 10; i++) {
		(void) snprintf(text, sizeof(text), "192.0.2.%d", i);
		packet_address(&m, "example.com", UINT32_C(100000), text);
	}
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	ck_assert_uint_eq(c.n_addrs, DNS_ADDRS_MAX);
	ck_assert_uint_eq(c.ttl, DNS_TTL_MAX);
	chain_clear(&c);
	begin(0);
	packet_address(&m, "example.com", UINT32_C(0x80000001), "192.0.2.1"); /* negative: none */
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	ck_assert_uint_eq(c.ttl, 0);
	chain_clear(&c);
	begin(0); /* a target that no host can have */
	packet_cname(&m, "example.com", 50, "b c.test");
	packet_address(&m, "b c.test", 5, "192.0.2.1");
	ck_assert_int_eq(walk(DNS_A, &c), 0);
	ck_assert_uint_eq(c.n_addrs, 0);
}
END_TEST

static Suite *test_dns_chain(void)
{
	Suite *s = suite_create("dns_chain");
	TCase *t = tcase_create("chain");

	tcase_add_test(t, plain);
	tcase_add_test(t, along);
	tcase_add_test(t, replied);
	tcase_add_test(t, circles);
	tcase_add_test(t, nothing);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_dns_chain);
