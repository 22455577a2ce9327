/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "buf.h"
#include "mem.h"
#include "tempdir.h"
#include "unit.h"

START_TEST(builds_strings)
{
	cleanup_buf struct buf b = BUF_INIT(1000);
	struct kerr e = { 0 };
	int i;

	ck_assert_str_eq(buf_str(&b), "");
	buf_adds(&b, "");
	buf_addc(&b, 'a');
	buf_adds(&b, "bc");
	buf_addf(&b, "-%d-%s", 12, "x");
	buf_add(&b, "\0z", 2);
	ck_assert_uint_eq(b.len, 10);
	ck_assert_mem_eq(b.data, "abc-12-x\0z", 11);
	buf_reset(&b);
	buf_addu(&b, 0);
	buf_addu(&b, UINT64_MAX);
	ck_assert_str_eq(buf_str(&b), "018446744073709551615");
	buf_reset(&b);
	ck_assert_str_eq(buf_str(&b), "");
	for (i = 0; i < 100; i++)
		buf_addf(&b, "%04d", i); /* past every step of growth */
	ck_assert_uint_eq(b.len, 400);
	ck_assert_str_eq(buf_str(&b) + 396, "0099");
	ck_assert_int_eq(buf_check(&b, "it", &e), 0);
}
END_TEST

START_TEST(stops_at_its_maximum)
{
	cleanup_buf struct buf b = BUF_INIT(5);
	struct kerr e = { 0 };

	buf_adds(&b, "12345");
	ck_assert_int_eq(buf_check(&b, "it", &e), 0);
	buf_adds(&b, "");
	ck_assert(!b.failed);
	buf_addc(&b, '6');
	ck_assert(b.failed);
	ck_assert_str_eq(buf_str(&b), "12345");
	ck_assert_int_eq(buf_check(&b, "the text", &e), -E2BIG);
	ck_assert_str_eq(e.msg, "the text is larger than 5 bytes");
	buf_reset(&b);
	buf_adds(&b, "123");
	buf_addf(&b, "%d", 456);
	ck_assert(b.failed);
	ck_assert_str_eq(buf_str(&b), "12345");
	buf_clear(&b);
	ck_assert_uint_eq(b.max, 5);
	ck_assert_ptr_null(buf_room(&b, 6));
	buf_clear(&b);
	ck_assert_ptr_nonnull(buf_room(&b, 5));
}
END_TEST

START_TEST(zero_maximum)
{
	cleanup_buf struct buf b = BUF_INIT(0);

	buf_adds(&b, "x");
	ck_assert(b.failed);
	ck_assert_str_eq(buf_str(&b), "");
}
END_TEST

START_TEST(room_consume_take)
{
	cleanup_buf struct buf b = BUF_INIT(100);
	cleanup_free char *s = NULL;
	cleanup_free char *empty = NULL;

	memcpy(buf_room(&b, 6), "abcdef", 6);
	buf_commit(&b, 4);
	ck_assert_str_eq(buf_str(&b), "abcd");
	buf_consume(&b, 0);
	buf_consume(&b, 3);
	ck_assert_str_eq(buf_str(&b), "d");
	s = buf_take(&b);
	ck_assert_str_eq(s, "d");
	ck_assert_uint_eq(b.len, 0);
	ck_assert_uint_eq(b.max, 100);
	empty = buf_take(&b);
	ck_assert_str_eq(empty, "");
}
END_TEST

START_TEST(reads_descriptors)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_buf struct buf b = BUF_INIT(70000);
	cleanup_free char *data = xmalloc(70001);
	cleanup_fd int fd = openat(t.fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct kerr e = { 0 };

	memset(data, 'q', 70001);
	ck_assert_int_eq(fd_write_all(fd, data, 70000), 0);
	(void) lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(buf_read_fd(&b, fd, &e), 0);
	ck_assert_uint_eq(b.len, 70000);
	ck_assert_mem_eq(b.data, data, 70000);
	ck_assert_int_eq(fd_write_all(fd, "x", 1), 0);
	(void) lseek(fd, 0, SEEK_SET);
	buf_reset(&b);
	ck_assert_int_eq(buf_read_fd(&b, fd, &e), -E2BIG);
	ck_assert_str_eq(e.msg, "input is larger than 70000 bytes");
	buf_reset(&b);
	ck_assert_int_eq(buf_read_fd(&b, t.fd, &e), -EISDIR);
}
END_TEST

static Suite *test_buf(void)
{
	Suite *s = suite_create("buf");
	TCase *c = tcase_create("buf");

	tcase_add_test(c, builds_strings);
	tcase_add_test(c, stops_at_its_maximum);
	tcase_add_test(c, zero_maximum);
	tcase_add_test(c, room_consume_take);
	tcase_add_test(c, reads_descriptors);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_buf);
