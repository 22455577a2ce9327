/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mem.h"
#include "unit.h"
#include "vec.h"

START_TEST(list_basics)
{
	cleanup_strlist struct strlist l = { 0 };
	cleanup_strlist struct strlist copy = { 0 };
	int i;

	strlist_make_empty(&l);
	ck_assert_ptr_nonnull(l.v);
	ck_assert_ptr_null(l.v[0]);
	for (i = 0; i < 70; i++) {
		strlist_addf(&l, "%02d", 69 - i);
		ck_assert_ptr_null(l.v[l.n]);
	}
	strlist_sort(&l);
	ck_assert_str_eq(l.v[0], "00");
	ck_assert_str_eq(l.v[69], "69");
	ck_assert(strlist_has(&l, "33"));
	ck_assert(!strlist_has(&l, "70"));
	ck_assert(strlist_find(&l, "00"));
	ck_assert(strlist_find(&l, "69"));
	ck_assert(!strlist_find(&l, "6"));
	ck_assert(!strlist_find(&copy, "6"));
	strlist_copy(&copy, &l);
	ck_assert(strlist_eq(&copy, &l));
	strlist_remove(&l, 0);
	strlist_remove(&l, 68);
	ck_assert_uint_eq(l.n, 68);
	ck_assert_ptr_null(l.v[68]);
	ck_assert_str_eq(l.v[67], "68");
	ck_assert(!strlist_eq(&copy, &l));
	for (i = 0; i < 70; i++) { /* adding after removing, around the powers of two */
		while (l.n > (size_t) i)
			strlist_remove(&l, l.n - 1);
		strlist_add(&l, "a");
		strlist_add_owned(&l, xstrdup("b"));
		ck_assert_ptr_null(l.v[l.n]);
	}
}
END_TEST

START_TEST(no_list_and_empty_list)
{
	cleanup_strlist struct strlist none = { 0 };
	cleanup_strlist struct strlist empty = { 0 };
	cleanup_strlist struct strlist copy = { 0 };

	strlist_make_empty(&empty);
	ck_assert(strlist_eq(&none, &empty));
	strlist_copy(&copy, &empty);
	ck_assert_ptr_nonnull(copy.v);
	strlist_copy(&copy, &none);
	ck_assert_ptr_null(copy.v);
	strlist_sort(&none);
}
END_TEST

START_TEST(map_keeps_order)
{
	cleanup_strmap struct strmap m = { 0 };
	cleanup_strmap struct strmap copy = { 0 };
	char key[8];
	unsigned i;

	for (i = 0; i < 100; i++) {
		(void) snprintf(key, sizeof(key), "%03u", i * 37 % 100);
		strmap_set(&m, key, "1");
	}
	ck_assert_uint_eq(m.n, 100);
	for (i = 1; i < m.n; i++)
		ck_assert_int_lt(strcmp(m.v[i - 1].key, m.v[i].key), 0);
	strmap_set(&m, "050", "two");
	ck_assert_uint_eq(m.n, 100);
	ck_assert_str_eq(strmap_get(&m, "050"), "two");
	ck_assert_ptr_null(strmap_get(&m, "05"));
	strmap_copy(&copy, &m);
	ck_assert(strmap_eq(&copy, &m));
	strmap_set(&copy, "000", "x");
	ck_assert(!strmap_eq(&copy, &m));
	ck_assert(strmap_remove(&m, "000"));
	ck_assert(!strmap_remove(&m, "000"));
	ck_assert(strmap_remove(&m, "099"));
	ck_assert_uint_eq(m.n, 98);
	ck_assert_str_eq(m.v[0].key, "001");
	strmap_clear(&m);
	ck_assert_ptr_null(m.v);
	strmap_make_empty(&m);
	ck_assert_ptr_nonnull(m.v);
	strmap_set(&m, "", "empty key");
	ck_assert_str_eq(strmap_get(&m, ""), "empty key");
	strmap_set(&m, "", strmap_get(&m, "")); /* a value of its own */
	ck_assert_str_eq(strmap_get(&m, ""), "empty key");
}
END_TEST

START_TEST(vec_grows_zeroed)
{
	struct item {
		int a;
		char b;
	} *v = NULL;
	size_t n = 0;
	int i;

	for (i = 0; i < 1000; i++) {
		struct item *x = vec_grow(&v, &n, sizeof(*v));

		ck_assert_ptr_eq(x, &v[i]);
		ck_assert(x->a == 0 && x->b == 0);
		x->a = i;
		x->b = 'x';
	}
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(v[i].a, i);
	n = 3; /* shorter by hand: grows from there */
	(void) vec_grow(&v, &n, sizeof(*v));
	(void) vec_grow(&v, &n, sizeof(*v));
	ck_assert_int_eq(v[2].a, 2);
	ck_assert_int_eq(v[4].a, 0);
	free(v);
}
END_TEST

static Suite *test_vec(void)
{
	Suite *s = suite_create("vec");
	TCase *c = tcase_create("vec");

	tcase_add_test(c, list_basics);
	tcase_add_test(c, no_list_and_empty_list);
	tcase_add_test(c, map_keeps_order);
	tcase_add_test(c, vec_grows_zeroed);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_vec);
