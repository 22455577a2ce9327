/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>

#include "mem.h"
#include "unit.h"

START_TEST(copies)
{
	cleanup_free char *a = xstrdup("abc");
	cleanup_free char *b = xstrndup("abcdef", 3);
	cleanup_free char *c = xstrndup("ab", 30);
	cleanup_free char *d = xasprintf("%s-%d", "x", 7);
	cleanup_free char *e = xmemdup("q\0r", 4);
	cleanup_free void *none = xmalloc(0);
	cleanup_free char *zeros = xcalloc(4, 4);
	size_t i;

	ck_assert_str_eq(a, "abc");
	ck_assert_str_eq(b, "abc");
	ck_assert_str_eq(c, "ab");
	ck_assert_str_eq(d, "x-7");
	ck_assert_mem_eq(e, "q\0r", 4);
	ck_assert_ptr_nonnull(none);
	for (i = 0; i < 16; i++)
		ck_assert_int_eq(zeros[i], 0);
	ck_assert_ptr_null(xstrdup_null(NULL));
	a = xreallocarray(a, 100, 10);
	ck_assert_str_eq(a, "abc");
}
END_TEST

START_TEST(free_p_keeps_errno)
{
	char *p = xstrdup("x");

	errno = EXDEV;
	free_p(&p);
	ck_assert_ptr_null(p);
	ck_assert_int_eq(errno, EXDEV);
	free_p(&p);
}
END_TEST

START_TEST(take_ptr_empties)
{
	char *p = xstrdup("x");
	cleanup_free char *q = take_ptr(p);

	ck_assert_ptr_null(p);
	ck_assert_str_eq(q, "x");
}
END_TEST

START_TEST(overflow_aborts)
{
	volatile size_t n = SIZE_MAX / 2;
	void *p = xreallocarray(NULL, n, 3);

	ck_abort_msg("it returned %p", p);
}
END_TEST

static Suite *test_mem(void)
{
	Suite *s = suite_create("mem");
	TCase *c = tcase_create("mem");

	tcase_add_test(c, copies);
	tcase_add_test(c, free_p_keeps_errno);
	tcase_add_test(c, take_ptr_empties);
	tcase_add_test_raise_signal(c, overflow_aborts, SIGABRT);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_mem);
