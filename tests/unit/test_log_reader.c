/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "log_make.h"
#include "unit.h"

static void reader_clear(struct log_reader **r)
{
	*r = log_reader_free(*r);
}
#define cleanup_reader cleanup_(reader_clear)

/* Three files with six lines of known time, and one of an older log without. */
static struct tempdir make_three(void)
{
	struct tempdir d = tempdir_make();

	log_append(&d, "log.2", "old\n", 4);
	log_write(&d, "log.2", 10, false, "a\n");
	log_write(&d, "log.1", 20, true, "b\n");
	log_write(&d, "log.1", 30, false, "c1\nc2\n");
	log_write(&d, "log", 40, true, "d\n");
	log_write(&d, "log", 50, false, "e");
	return d;
}

static void check(const struct tempdir *d, struct log_want w, const char *want)
{
	struct log_reader *r cleanup_reader = NULL;
	struct buf out cleanup_buf = BUF_INIT(1 << 20);

	w.marks = true;
	r = log_reader_of(d, &w, NULL);
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out), want);
}

START_TEST(what_is_wanted)
{
	struct tempdir d cleanup_tempdir = make_three();

	check(&d, (struct log_want){ .tail = -1 }, "-:old\n10:a\n20:b\n30:c1\n30:c2\n40:d\n50:e");
	check(&d, (struct log_want){ .tail = 0 }, "");
	check(&d, (struct log_want){ .tail = 1 }, "50:e");
	check(&d, (struct log_want){ .tail = 3 }, "30:c2\n40:d\n50:e");
	check(&d, (struct log_want){ .tail = 6 }, "10:a\n20:b\n30:c1\n30:c2\n40:d\n50:e");
	check(&d, (struct log_want){ .tail = 99 }, "-:old\n10:a\n20:b\n30:c1\n30:c2\n40:d\n50:e");
	check(&d, (struct log_want){ .tail = -1, .since = T0 + 30 }, "30:c1\n30:c2\n40:d\n50:e");
	check(&d, (struct log_want){ .tail = -1, .since = T0 + 31 }, "40:d\n50:e");
	check(&d, (struct log_want){ .tail = -1, .since = T0 + 51 }, "");
	/* what has no time is only left out where it cannot be meant */
	check(&d, (struct log_want){ .tail = -1, .since = T0 },
	      "-:old\n10:a\n20:b\n30:c1\n30:c2\n40:d\n50:e");
	check(&d, (struct log_want){ .tail = -1, .until = T0 + 20 }, "-:old\n10:a\n20:b\n");
	check(&d, (struct log_want){ .tail = -1, .since = T0 + 15, .until = T0 + 35 },
	      "20:b\n30:c1\n30:c2\n");
	check(&d, (struct log_want){ .tail = -1, .streams = LOG_ERR }, "-:old\n20:b\n40:d\n");
	check(&d, (struct log_want){ .tail = -1, .streams = LOG_OUT },
	      "-:old\n10:a\n30:c1\n30:c2\n50:e");
	check(&d, (struct log_want){ .tail = 2, .streams = LOG_ERR }, "20:b\n40:d\n");
	check(&d, (struct log_want){ .tail = 2, .until = T0 + 30 }, "30:c1\n30:c2\n");
	check(&d, (struct log_want){ .tail = 2, .since = T0 + 30, .until = T0 + 45 },
	      "30:c2\n40:d\n");
	check(&d, (struct log_want){ .tail = 9, .since = T0 + 60 }, "");
}
END_TEST

START_TEST(lines_across_entries)
{
	struct tempdir d cleanup_tempdir = tempdir_make();

	/* A line has the time of its first byte. */
	log_write(&d, "log", 10, false, "one ");
	log_write(&d, "log", 20, false, "goes on\ntwo\nthr");
	log_write(&d, "log", 30, false, "ee\n");
	check(&d, (struct log_want){ .tail = -1 }, "10:one goes on\n20:two\n20:three\n");
	check(&d, (struct log_want){ .tail = -1, .since = T0 + 20 }, "20:two\n20:three\n");
	check(&d, (struct log_want){ .tail = -1, .until = T0 + 15 }, "10:one goes on\n");
	check(&d, (struct log_want){ .tail = 1, .since = T0 + 15 }, "20:three\n");
	tempdir_clear(&d);
	/* A prompt, and a message of the other stream behind it. */
	d = tempdir_make();
	log_write(&d, "log", 10, false, "name? ");
	log_write(&d, "log", 20, true, "no such name\n");
	log_write(&d, "log", 30, false, "bye\n");
	check(&d, (struct log_want){ .tail = -1 }, "10:name? no such name\n30:bye\n");
	check(&d, (struct log_want){ .tail = -1, .streams = LOG_ERR }, "20:no such name\n");
	check(&d, (struct log_want){ .tail = -1, .streams = LOG_OUT }, "10:name? bye\n");
}
END_TEST

START_TEST(rotation_while_reading)
{
	struct tempdir d cleanup_tempdir = make_three();
	struct log_want w = { .tail = -1, .marks = true };
	struct log_reader *r cleanup_reader = log_reader_of(&d, &w, NULL);
	struct buf out cleanup_buf = BUF_INIT(1 << 20);

	log_dump(r, &out);
	buf_reset(&out);
	/* written, rotated twice, and the oldest removed, before it is looked at again */
	log_write(&d, "log", 60, false, "x\n");
	ck_assert_int_eq(renameat(d.fd, "log.1", d.fd, "log.2"), 0);
	ck_assert_int_eq(renameat(d.fd, "log", d.fd, "log.1"), 0);
	ck_assert_int_eq(renameat(d.fd, "log.idx", d.fd, "log.1.idx"), 0);
	log_write(&d, "log", 70, false, "y\n");
	ck_assert_int_eq(renameat(d.fd, "log.1", d.fd, "log.2"), 0);
	ck_assert_int_eq(renameat(d.fd, "log.1.idx", d.fd, "log.2.idx"), 0);
	ck_assert_int_eq(renameat(d.fd, "log", d.fd, "log.1"), 0);
	ck_assert_int_eq(renameat(d.fd, "log.idx", d.fd, "log.1.idx"), 0);
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out),
			 "x\n"); /* no log at this moment: y comes with the next one */
	log_write(&d, "log", 80, false, "z\n");
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out), "x\n70:y\n80:z\n");
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out), "x\n70:y\n80:z\n");
}
END_TEST

START_TEST(going_on_elsewhere)
{
	struct log_want w = { .tail = -1, .marks = true };

	/* One reader after each piece, and another one for the rest. */
	for (int pieces = 1; pieces < 8; pieces++) {
		struct tempdir d cleanup_tempdir = make_three();
		struct log_reader *first cleanup_reader = log_reader_of(&d, &w, NULL);
		struct log_reader *second cleanup_reader = NULL;
		struct buf out cleanup_buf = BUF_INIT(1 << 20);
		struct log_place place = { 0 };
		struct log_piece p;

		for (int i = 0; i < pieces && log_reader_next(first, &p, NULL) > 0; i++)
			buf_add(&out, p.p, p.n);
		log_reader_place(first, &place);
		log_write(&d, "log", 60, false, "f\n");
		ck_assert_int_eq(renameat(d.fd, "log.2", d.fd, "log.3"), 0);
		second = log_reader_of(&d, &w, &place);
		while (log_reader_next(second, &p, NULL) > 0)
			buf_add(&out, p.p, p.n);
		ck_assert_str_eq(buf_str(&out), "old\na\nb\nc1\nc2\nd\nef\n");
	}
}
END_TEST

START_TEST(whole_lines)
{
	struct tempdir d cleanup_tempdir = tempdir_make();
	struct log_want w = { .tail = -1, .marks = true, .whole_lines = true };
	struct log_reader *r cleanup_reader = NULL;
	struct buf out cleanup_buf = BUF_INIT(1 << 20);

	log_write(&d, "log", 10, false, "one\ntw");
	r = log_reader_of(&d, &w, NULL);
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out), "10:one\n");
	ck_assert(log_reader_holds(r));
	log_write(&d, "log", 20, false, "o\n");
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out), "10:one\n10:two\n");
	ck_assert(!log_reader_holds(r));
	log_write(&d, "log", 30, false, "a prompt: ");
	log_dump(r, &out);
	ck_assert(log_reader_holds(r));
	log_reader_flush(r);
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out), "10:one\n10:two\n30:a prompt: ");
	log_write(&d, "log", 40, false, "yes\nnot");
	ck_assert_int_eq(renameat(d.fd, "log", d.fd, "log.1"), 0);
	ck_assert_int_eq(renameat(d.fd, "log.idx", d.fd, "log.1.idx"), 0);
	log_write(&d, "log", 50, false, "new\n");
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out), "10:one\n10:two\n30:a prompt: yes\n40:notnew\n");
}
END_TEST

START_TEST(huge_lines_and_nuls)
{
	struct tempdir d cleanup_tempdir = tempdir_make();
	size_t n = 3 << 20;
	char *text cleanup_free = xcalloc(n, 1); /* NULs */
	struct buf out cleanup_buf = BUF_INIT(16 << 20);

	for (int whole = 0; whole < 2; whole++) {
		struct log_want w = { .tail = 1, .whole_lines = whole };
		struct log_reader *r cleanup_reader = NULL;
		struct log_piece p;

		log_append(&d, "log", "first\n", 6);
		log_append(&d, "log", text, n);
		log_append(&d, "log", "\n", 1);
		r = log_reader_of(&d, &w, NULL);
		buf_reset(&out);
		while (log_reader_next(r, &p, NULL) > 0)
			buf_add(&out, p.p, p.n);
		ck_assert_uint_eq(out.len, n + 1);
		ck_assert_int_eq(memcmp(out.data, text, n), 0);
	}
}
END_TEST

START_TEST(what_is_no_log)
{
	struct tempdir d cleanup_tempdir = tempdir_make();
	struct log_want w = { .tail = -1 };
	struct log_reader *r = NULL;
	struct kerr err = { 0 };

	ck_assert_int_eq(log_reader_new(dup(d.fd), "log", "/d/log", &w, NULL, &r, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "");
	ck_assert_int_eq(mkdirat(d.fd, "log", 0700), 0);
	ck_assert_int_lt(log_reader_new(dup(d.fd), "log", "/d/log", &w, NULL, &r, &err), 0);
	ck_assert_str_eq(err.msg, "log '/d/log' is not a regular file");
	ck_assert_int_eq(unlinkat(d.fd, "log", AT_REMOVEDIR), 0);
	ck_assert_int_eq(symlinkat("/etc/passwd", d.fd, "log"), 0);
	ck_assert_int_lt(log_reader_new(dup(d.fd), "log", "/d/log", &w, NULL, &r, &err), 0);
	ck_assert_str_eq(err.msg, "log '/d/log' is a symbolic link");
	/* without a log, but with older ones */
	ck_assert_int_eq(unlinkat(d.fd, "log", 0), 0);
	log_append(&d, "log.1", "x\n", 2);
	check(&d, w, "-:x\n");
}
END_TEST

START_TEST(truncated)
{
	struct tempdir d cleanup_tempdir = make_three();
	struct log_want w = { .tail = -1, .marks = true };
	struct log_reader *r cleanup_reader = log_reader_of(&d, &w, NULL);
	struct buf out cleanup_buf = BUF_INIT(1 << 20);
	int fd cleanup_fd = openat(d.fd, "log", O_WRONLY | O_CLOEXEC);
	int idx cleanup_fd = openat(d.fd, "log.idx", O_WRONLY | O_CLOEXEC);

	log_dump(r, &out);
	buf_reset(&out);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(ftruncate(idx, 0), 0);
	log_write(&d, "log", 90, false, "n\n");
	log_dump(r, &out);
	ck_assert_str_eq(buf_str(&out), "90:n\n");
}
END_TEST

static Suite *test_log_reader(void)
{
	Suite *s = suite_create("log_reader");
	TCase *t = tcase_create("log_reader");

	tcase_add_test(t, what_is_wanted);
	tcase_add_test(t, lines_across_entries);
	tcase_add_test(t, rotation_while_reading);
	tcase_add_test(t, going_on_elsewhere);
	tcase_add_test(t, whole_lines);
	tcase_add_test(t, huge_lines_and_nuls);
	tcase_add_test(t, what_is_no_log);
	tcase_add_test(t, truncated);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_log_reader);
