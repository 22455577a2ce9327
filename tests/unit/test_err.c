/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "err.h"
#include "unit.h"

START_TEST(set_and_text)
{
	struct kerr e = { .kind = 3 };
	char text[KERR_TEXT_MAX];

	ck_assert_int_eq(kerr_set(&e, -ENOENT, "open '%s'", "x"), -ENOENT);
	ck_assert_str_eq(e.msg, "open 'x'");
	ck_assert_int_eq(e.sys_errno, ENOENT);
	ck_assert_int_eq(e.kind, 0);
	ck_assert_str_eq(kerr_text(&e, text, sizeof(text)), "open 'x': no such file or directory");
	ck_assert_int_eq(kerr_setk(&e, 7, -EINVAL, "bad %d", 5), -EINVAL);
	ck_assert_int_eq(e.kind, 7);
	ck_assert_str_eq(kerr_text(&e, text, sizeof(text)), "bad 5");
	ck_assert_int_eq(kerr_plain(&e, -EIO, "ours"), -EIO);
	ck_assert_int_eq(e.kind, 0);
	ck_assert_str_eq(kerr_text(&e, text, sizeof(text)), "ours");
	ck_assert_str_eq(kerr_text(&e, text, 3), "ou");
	e = (struct kerr){ .sys_errno = EPERM };
	ck_assert_str_eq(kerr_text(&e, text, sizeof(text)), "operation not permitted");
}
END_TEST

/* Whoever has failed without an errno has failed all the same. */
START_TEST(what_is_returned_is_negative)
{
	struct kerr err = { 0 };

	ck_assert_int_eq(kerr_set(&err, -ENOENT, "x"), -ENOENT);
	ck_assert_int_eq(kerr_set(&err, 0, "x"), -EIO);
	ck_assert_str_eq(err.msg, "x");
	ck_assert_int_eq(kerr_plain(&err, 5, "y"), -EIO);
	ck_assert_int_eq(kerr_setk(NULL, 7, 0, "y"), -EIO);
	ck_assert_int_eq(kerr_wrap(&err, -EPERM, "z"), -EPERM);
	ck_assert_str_eq(err.msg, "z: y");
}
END_TEST

START_TEST(null_is_accepted)
{
	ck_assert_int_eq(kerr_set(NULL, -EIO, "x"), -EIO);
	ck_assert_int_eq(kerr_setk(NULL, 1, -EIO, "x"), -EIO);
	ck_assert_int_eq(kerr_plain(NULL, -EIO, "x"), -EIO);
	ck_assert_int_eq(kerr_wrap(NULL, -EIO, "x"), -EIO);
}
END_TEST

START_TEST(wrap_keeps_the_rest)
{
	struct kerr e = { 0 };
	char text[KERR_TEXT_MAX];

	(void) kerr_setk(&e, 4, -EINVAL, "inner");
	ck_assert_int_eq(kerr_wrap(&e, -EPERM, "outer '%s'", "y"), -EPERM);
	ck_assert_int_eq(e.kind, 4);
	ck_assert_str_eq(e.msg, "outer 'y': inner");
	(void) kerr_set(&e, -EACCES, "open");
	(void) kerr_wrap(&e, -EACCES, "%s", "a");
	ck_assert_str_eq(kerr_text(&e, text, sizeof(text)), "a: open: permission denied");
	e = (struct kerr){ 0 };
	(void) kerr_wrap(&e, -EIO, "alone");
	ck_assert_str_eq(e.msg, "alone");
}
END_TEST

START_TEST(arguments_may_be_the_message)
{
	struct kerr e = { 0 };

	(void) kerr_plain(&e, -EIO, "one");
	(void) kerr_plain(&e, -EIO, "%s %s", e.msg, e.msg);
	ck_assert_str_eq(e.msg, "one one");
	(void) kerr_wrap(&e, -EIO, "%s", e.msg);
	ck_assert_str_eq(e.msg, "one one: one one");
}
END_TEST

START_TEST(long_messages_end_in_dots)
{
	char big[2000];
	struct kerr e = { 0 };
	size_t n;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	(void) kerr_plain(&e, -EIO, "%s", big);
	ck_assert_uint_eq(strlen(e.msg), sizeof(e.msg) - 1);
	ck_assert_str_eq(e.msg + sizeof(e.msg) - 5, "x...");
	(void) kerr_plain(&e, -EIO, "%.500s", big);
	(void) kerr_wrap(&e, -EIO, "0123456789abcdef");
	ck_assert_str_eq(e.msg + strlen(e.msg) - 4, "x...");
	ck_assert_int_eq(strncmp(e.msg, "0123456789abcdef: xxx", 21), 0);
	(void) kerr_plain(&e, -EIO, "%.511s", big); /* fits exactly */
	ck_assert_str_eq(e.msg + 508, "xxx");
	(void) kerr_plain(&e, -EIO, "%.507s\xc3\xa4\xc3\xa4\xc3\xa4", big);
	n = strlen(e.msg); /* no half of an umlaut is left */
	ck_assert_str_eq(e.msg + n - 4, "x...");
}
END_TEST

START_TEST(errno_texts)
{
	char text[64];

	ck_assert_str_eq(errno_text(ENOENT, text, sizeof(text)), "no such file or directory");
	ck_assert_str_eq(errno_text(EACCES, text, sizeof(text)), "permission denied");
	ck_assert_str_eq(errno_text(EIO, text, sizeof(text)), "input/output error");
	ck_assert_str_eq(errno_text(EDOTDOT, text, sizeof(text)), "RFS specific error");
	ck_assert_str_eq(errno_text(ELIBSCN, text, sizeof(text)),
			 ".lib section in a.out corrupted");
	ck_assert_str_eq(errno_text(4000, text, sizeof(text)), "errno 4000");
	ck_assert_str_eq(errno_text(0, text, sizeof(text)), "errno 0");
	ck_assert_str_eq(errno_text(ENOENT, text, 3), "no");
}
END_TEST

static Suite *test_err(void)
{
	Suite *s = suite_create("err");
	TCase *c = tcase_create("err");

	tcase_add_test(c, set_and_text);
	tcase_add_test(c, what_is_returned_is_negative);
	tcase_add_test(c, null_is_accepted);
	tcase_add_test(c, wrap_keeps_the_rest);
	tcase_add_test(c, arguments_may_be_the_message);
	tcase_add_test(c, long_messages_end_in_dots);
	tcase_add_test(c, errno_texts);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_err);
