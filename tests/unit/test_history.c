/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history.h"
#include "tempdir.h"
#include "unit.h"

static struct history h; /* too large for a stack */

static void begin(const struct tempdir *t, int64_t max, int files)
{
	struct history_options how = { .dir = t->fd,
				       .name = "capture",
				       .max_bytes = max,
				       .files = files,
				       .mode = 0640,
				       .gid = -1 };

	history_open(&h, &how);
}

static void add(const char *text)
{
	history_add(&h, text, strlen(text));
}

static void add_many(char c, size_t n)
{
	char block[1000];

	memset(block, c, sizeof(block));
	for (size_t part; n > 0; n -= part) {
		part = n < sizeof(block) ? n : sizeof(block);
		history_add(&h, block, part);
	}
}

/* All from a place on, as text; owned by the caller. */
static char *from(uint64_t at)
{
	struct buf out = BUF_INIT(16 << 20);
	char block[777];
	ssize_t n;

	while ((n = history_read(&h, at, block, sizeof(block))) > 0) {
		buf_add(&out, block, (size_t) n);
		at += (uint64_t) n;
	}
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(at, h.head);
	return buf_take(&out);
}

static off_t size_of(const struct tempdir *t, const char *name)
{
	struct stat st;

	return fstatat(t->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : st.st_size;
}

START_TEST(begins_and_goes_on)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *all = NULL, *again = NULL;
	struct stat st;

	begin(&t, 1000, 3);
	ck_assert_int_eq(history_read(&h, 0, (char[1]){ 0 }, 1), 0);
	add("one ");
	add("two");
	all = from(history_oldest(&h));
	ck_assert_str_eq(all, "one two");
	ck_assert_int_eq(fstatat(t.fd, "capture", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	history_close(&h);
	begin(&t, 1000, 3); /* the next run */
	add(" three");
	again = from(history_oldest(&h));
	ck_assert_str_eq(again, "one two three");
	history_close(&h);
}
END_TEST

START_TEST(rotates)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *all = NULL;

	begin(&t, 1000, 3);
	for (char c = 'a'; c <= 'e'; c++)
		add_many(c, 1000);
	ck_assert_int_eq(size_of(&t, "capture"), 1000);
	ck_assert_int_eq(size_of(&t, "capture.1"), 1000);
	ck_assert_int_eq(size_of(&t, "capture.2"), 1000);
	ck_assert_int_eq(size_of(&t, "capture.3"), -1);
	ck_assert_uint_eq(history_oldest(&h), 0); /* in memory still */
	add_many('f', HISTORY_RING - 1000);
	ck_assert_uint_eq(history_oldest(&h), h.head - HISTORY_RING);
	all = from(history_oldest(&h));
	ck_assert_int_eq(all[0], 'e');
	history_close(&h);
}
END_TEST

START_TEST(more_than_memory)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *all = NULL;

	begin(&t, 100000, 4);
	for (char c = 'a'; c <= 'd'; c++)
		add_many(c, 90000);
	ck_assert_uint_eq(history_oldest(&h), 0);
	all = from(0);
	ck_assert_uint_eq(strlen(all), 360000);
	for (size_t i = 0; i < 360000; i++)
		ck_assert_int_eq(all[i], (int) ('a' + i / 90000));
	add_many('e', 90000);
	ck_assert_uint_gt(history_oldest(&h), 0);
	ck_assert_int_eq(history_read(&h, 0, (char[1]){ 0 }, 1), -ENODATA);
	history_close(&h);
}
END_TEST

/* What the container does to its own directory. */
START_TEST(hostile_directory)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *all = NULL, *late = NULL;
	struct stat st;

	ck_assert_int_eq(symlinkat("/etc/passwd", t.fd, "capture"), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", t.fd, "capture.1"), 0);
	ck_assert_int_eq(mkdirat(t.fd, "capture.2", 0700), 0);
	begin(&t, 1000, 4);
	add("x");
	ck_assert_int_eq(fstatat(t.fd, "capture", &st, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert(S_ISREG(st.st_mode) && st.st_size == 1);
	ck_assert_int_eq(unlinkat(t.fd, "capture", 0), 0);
	add("y");
	ck_assert_int_eq(size_of(&t, "capture"), 1);
	ck_assert_int_eq(unlinkat(t.fd, "capture", 0), 0);
	ck_assert_int_eq(mkdirat(t.fd, "capture", 0700), 0); /* it cannot be written now */
	add("z");
	all = from(history_oldest(&h));
	ck_assert_str_eq(all, "xyz");
	ck_assert_int_eq(unlinkat(t.fd, "capture", AT_REMOVEDIR), 0);
	add("!");
	ck_assert_int_eq(size_of(&t, "capture"), 1);
	add_many('.', 500);
	ck_assert_int_eq(ftruncate(h.file[0].fd, 0), 0);
	add_many('.', 400);
	ck_assert_int_eq(size_of(&t, "capture"), 400);
	late = from(history_oldest(&h));
	ck_assert_uint_eq(strlen(late), 904);
	history_close(&h);
}
END_TEST

/* Truncated below what is to be read, and beyond what memory has. */
START_TEST(truncated)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	char byte;

	begin(&t, 1 << 20, 2);
	add_many('a', 3 * HISTORY_RING);
	ck_assert_int_eq(history_read(&h, 0, &byte, 1), 1);
	ck_assert_int_eq(ftruncate(h.file[0].fd, 0), 0);
	ck_assert_int_eq(history_read(&h, 0, &byte, 1), -ENODATA);
	add_many('b', 1);
	ck_assert_uint_eq(history_oldest(&h), h.head - HISTORY_RING);
	history_close(&h);
}
END_TEST

START_TEST(one_file)
{
	cleanup_tempdir struct tempdir t = tempdir_make();

	begin(&t, 10, 1);
	add_many('a', 10);
	add_many('b', 10);
	ck_assert_int_eq(size_of(&t, "capture"), 10);
	ck_assert_int_eq(size_of(&t, "capture.1"), -1);
	history_close(&h);
}
END_TEST

static Suite *test_history(void)
{
	Suite *s = suite_create("history");
	TCase *t = tcase_create("all");

	tcase_add_test(t, begins_and_goes_on);
	tcase_add_test(t, rotates);
	tcase_add_test(t, more_than_memory);
	tcase_add_test(t, hostile_directory);
	tcase_add_test(t, truncated);
	tcase_add_test(t, one_file);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_history);
