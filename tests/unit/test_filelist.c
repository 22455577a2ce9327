/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fd.h"
#include "filelist.h"
#include "mem.h"
#include "str.h"
#include "unit.h"

static const struct filelist_entry entries[] = {
	{ .type = 'd', .mode = 01777, .uid = 5, .gid = 6, .path = "" },
	{ .type = 'f',
	  .mode = 04755,
	  .uid = UINT32_MAX - 1,
	  .gid = 3000000000U,
	  .size = UINT64_MAX,
	  .crc = UINT32_MAX,
	  .path = "a name/with\nall\xff" },
	{ .type = 'l', .mode = 0777, .size = 3, .crc = 0xabc, .path = "l" },
	{ .type = 'c', .size = 259, .path = "null" },
	{ .type = 'h', .path = "h", .target = "a name/with\nall\xff" },
	{ .type = 'w', .path = "w" },
	{ .type = '-', .path = "h" },
};

START_TEST(there_and_back)
{
	cleanup_fd int fd = memfd_create("list", MFD_CLOEXEC);
	cleanup_buf struct buf b = BUF_INIT(1 << 20);
	struct filelist_writer w;
	struct filelist_entry e;
	const char *at;
	size_t i;

	filelist_writer_init(&w, fd);
	for (i = 0; i < ARRAY_SIZE(entries); i++)
		filelist_add(&w, &entries[i]);
	ck_assert_int_eq(filelist_finish(&w, NULL), 0);
	filelist_writer_clear(&w);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(buf_read_fd(&b, fd, NULL), 0);
	at = b.data;
	for (i = 0; i < ARRAY_SIZE(entries); i++) {
		ck_assert_int_eq(filelist_next(&at, b.data + b.len, &e), 1);
		ck_assert_int_eq(e.type, entries[i].type);
		ck_assert_uint_eq(e.mode, entries[i].mode);
		ck_assert_uint_eq(e.uid, entries[i].uid);
		ck_assert_uint_eq(e.gid, entries[i].gid);
		ck_assert(e.size == entries[i].size);
		ck_assert_uint_eq(e.crc, entries[i].crc);
		ck_assert_str_eq(e.path, entries[i].path);
		ck_assert(!e.target == !entries[i].target);
		if (e.target)
			ck_assert_str_eq(e.target, entries[i].target);
	}
	ck_assert_int_eq(filelist_next(&at, b.data + b.len, &e), 0);
}
END_TEST

START_TEST(full_disk)
{
	cleanup_fd int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct filelist_writer w;
	struct kerr err;

	filelist_writer_init(&w, fd);
	filelist_add(&w, &entries[0]);
	ck_assert_int_eq(filelist_finish(&w, &err), -ENOSPC);
	filelist_writer_clear(&w);
}
END_TEST

#define BAD(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}

/* The list is of a program that has met hostile input. */
START_TEST(damaged)
{
	static const struct {
		const char *p;
		size_t n;
	} bad[] = {
		BAD("f 644 0 0 1 0 unended"),
		BAD("x 644 0 0 1 0 x\0"),
		BAD("f\0"),
		BAD("f \0"),
		BAD("f644 0 0 1 0 x\0"),
		BAD("f 648 0 0 1 0 x\0"),
		BAD("f 10000 0 0 1 0 x\0"),
		BAD("f 644 4294967296 0 1 0 x\0"),
		BAD("f 644 0 -1 1 0 x\0"),
		BAD("f 644 0 0 18446744073709551616 0 x\0"),
		BAD("f 644 0 0 1 100000000 x\0"),
		BAD("f 644 0 0 1 g x\0"),
		BAD("f 644 0 0 1 \0"),
		BAD("h 0 0 0 0 0 x\0"),
		BAD("h 0 0 0 0 0 x\0y"),
		BAD("\0"),
	};
	struct filelist_entry e;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		char *copy = xmalloc(bad[i].n); /* no byte more */
		const char *at = copy;

		memcpy(copy, bad[i].p, bad[i].n);
		ck_assert_msg(filelist_next(&at, copy + bad[i].n, &e) == -EBADMSG, "%zu", i);
		free(copy);
	}
}
END_TEST

static Suite *test_filelist(void)
{
	Suite *s = suite_create("filelist");
	TCase *c = tcase_create("filelist");

	tcase_add_test(c, there_and_back);
	tcase_add_test(c, full_disk);
	tcase_add_test(c, damaged);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_filelist);
