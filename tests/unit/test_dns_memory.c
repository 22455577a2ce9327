/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <unistd.h>

#include "cache.h"
#include "clock.h"
#include "dns_msg.h"
#include "revmap.h"
#include "unit.h"

static struct buf *text(struct buf *b, const char *s)
{
	buf_reset(b);
	buf_adds(b, s);
	return b;
}

static struct buf got = BUF_INIT(65536);
static uint32_t ttl;

static const char *kept(struct cache *c, int64_t space, const char *name, unsigned type)
{
	buf_reset(&got);
	return cache_get(c, space, name, type, &got, &ttl) ? buf_str(&got) : "";
}

START_TEST(cache)
{
	cleanup_buf struct buf b = BUF_INIT(65536);
	struct cache c = { 0 };

	ck_assert_str_eq(kept(&c, 1, "a", DNS_A), "");
	cache_put(&c, 1, "a", DNS_A, text(&b, "one"), 3000);
	cache_put(&c, 2, "a", DNS_A, text(&b, "two"), 1);
	cache_put(&c, 1, "a", DNS_AAAA, text(&b, "three"), 3000);
	cache_put(&c, 1, "b", DNS_A, text(&b, "nothing"), 0);
	ck_assert_uint_eq(c.table.n, 3);
	ck_assert_str_eq(kept(&c, 1, "a", DNS_A), "one");
	ck_assert_uint_le(ttl, 3000);
	ck_assert_uint_gt(ttl, 2000);
	cache_put(&c, 1, "a", DNS_A, text(&b, "four"), 3000);
	ck_assert_str_eq(kept(&c, 1, "a", DNS_A), "four");
	ck_assert_uint_eq(c.table.n, 3);
	for (int64_t until = clock_ms() + 1001; clock_ms() < until;)
		ck_assert_int_eq(usleep(50000), 0);
	ck_assert_str_eq(kept(&c, 2, "a", DNS_A), "");
	ck_assert_uint_eq(c.table.n, 2);
	cache_put(&c, 3, "a", DNS_A, text(&b, "five"), 3000);
	cache_forget(&c, 1);
	ck_assert_str_eq(kept(&c, 1, "a", DNS_A), "");
	ck_assert_str_eq(kept(&c, 3, "a", DNS_A), "five");
	cache_forget(&c, 3);
	ck_assert_uint_eq(c.table.n, 0);
	ck_assert_uint_eq(c.bytes, 0);
	table_clear(&c.table);
	buf_clear(&got);
}
END_TEST

START_TEST(cache_bounds)
{
	cleanup_buf struct buf b = BUF_INIT(65536);
	struct cache c = { 0 };
	char name[32];

	for (int i = 0; i < CACHE_MAX + 10; i++) {
		(void) snprintf(name, sizeof(name), "n%d", i);
		cache_put(&c, 1, name, DNS_A, text(&b, "x"), 3000);
	}
	ck_assert_uint_eq(c.table.n, CACHE_MAX);
	ck_assert_str_eq(kept(&c, 1, "n9", DNS_A), ""); /* the oldest went */
	ck_assert_str_eq(kept(&c, 1, "n10", DNS_A), "x");
	buf_reset(&b);
	for (int i = 0; i < CACHE_REPLY_MAX; i++)
		buf_addc(&b, 'x');
	for (int i = 0; i < CACHE_MAX; i++) {
		(void) snprintf(name, sizeof(name), "n%d", i);
		cache_put(&c, 1, name, DNS_TXT, &b, 3000);
		ck_assert_uint_le(c.bytes, CACHE_BYTES);
	}
	buf_addc(&b, 'x');
	cache_put(&c, 1, "large", DNS_TXT, &b, 3000);
	ck_assert_str_eq(kept(&c, 1, "large", DNS_TXT), "");
	cache_forget(&c, 1);
	ck_assert_uint_eq(c.bytes, 0);
	table_clear(&c.table);
	buf_clear(&got);
}
END_TEST

START_TEST(names_of_addresses)
{
	struct ipaddr a = { .family = 4, .b = { 192, 0, 2, 1 } }, other = a;
	struct revmap r = { .table = { 0 } };

	other.family = 6;
	revmap_set(&r, 1, &a, "one.test");
	ck_assert_str_eq(revmap_get(&r, 1, &a), "one.test");
	ck_assert_str_eq(revmap_get(&r, 2, &a), "");
	ck_assert_str_eq(revmap_get(&r, 1, &other), "");
	revmap_set(&r, 1, &a, "two.test");
	ck_assert_str_eq(revmap_get(&r, 1, &a), "two.test");
	revmap_set(&r, 2, &a, "three.test");
	for (unsigned i = 0; i < REVMAP_MAX - 1; i++) {
		other.b[0] = (uint8_t) (i >> 8);
		other.b[1] = (uint8_t) i;
		revmap_set(&r, 1, &other, "many.test");
		revmap_set(&r, 2, &a, "three.test"); /* it stays, as it is used */
	}
	ck_assert_uint_eq(r.table.n, REVMAP_MAX);
	ck_assert_str_eq(revmap_get(&r, 1, &a), "");
	ck_assert_str_eq(revmap_get(&r, 2, &a), "three.test");
	revmap_forget(&r, 1);
	ck_assert_uint_eq(r.table.n, 1);
	revmap_forget(&r, 2);
	table_clear(&r.table);
}
END_TEST

static Suite *test_dns_memory(void)
{
	Suite *s = suite_create("dns_memory");
	TCase *t = tcase_create("memory");

	tcase_add_test(t, cache);
	tcase_add_test(t, cache_bounds);
	tcase_add_test(t, names_of_addresses);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_dns_memory);
