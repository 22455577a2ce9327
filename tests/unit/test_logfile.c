/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>

#include "clock.h"
#include "dir.h"
#include "kukeshim.h"
#include "log_make.h"
#include "unit.h"
#include "vec.h"

/* kukeshim's side of a log, read by the other. */

static void logfile_close(struct logfile *l)
{
	fd_close_p(&l->dir);
	fd_close_p(&l->fd);
	fd_close_p(&l->index);
}

static void open_log(struct logfile *l, const struct tempdir *d, int64_t max, int files)
{
	struct kerr err = { 0 };

	ck_assert_msg(logfile_open(l, d->path, max, files, &err) == 0, "%s", err.msg);
}

static void say(struct logfile *l, enum log_stream stream, const char *text)
{
	l->last_us = 0; /* an entry for each: time does not matter here */
	logfile_write(l, stream, text, strlen(text));
}

static void assert_names(const struct tempdir *d, const char *want)
{
	struct strlist names cleanup_strlist = { 0 };
	struct buf text cleanup_buf = BUF_INIT(4096);

	dir_names(d->path, &names);
	for (size_t i = 0; i < names.n; i++)
		buf_addf(&text, "%s%s", i ? " " : "", names.v[i]);
	ck_assert_str_eq(buf_str(&text), want);
}

static off_t size_of(const struct tempdir *d, const char *name)
{
	struct stat st;

	ck_assert_int_eq(fstatat(d->fd, name, &st, 0), 0);
	return st.st_size;
}

/* How many lines have a time that belongs to them: the writer put it into the line. */
static void read_all(const struct tempdir *d, struct buf *out)
{
	struct log_want w = { .tail = -1, .marks = true };
	struct log_reader *r = log_reader_of(d, &w, NULL);
	struct log_piece p;

	while (log_reader_next(r, &p, NULL) > 0) {
		if (p.begins)
			buf_adds(out, p.mark.stream == LOG_OUT	 ? "o:"
				      : p.mark.stream == LOG_ERR ? "e:"
								 : "-:");
		buf_add(out, p.p, p.n);
	}
	log_reader_free(r);
}

START_TEST(an_interrupted_rotation)
{
	/* Which renames of the six were done when the monitor was killed. */
	static const char *const renames[][2] = { { "log.1", "log.2" },
						  { "log.1.idx", "log.2.idx" },
						  { "log", "log.1" },
						  { "log.idx", "log.1.idx" } };
	struct tempdir d cleanup_tempdir = tempdir_make();
	struct buf out cleanup_buf = BUF_INIT(1 << 16);
	struct logfile l;

	/* three files: e, o, e are their streams */
	open_log(&l, &d, 4, 3);
	say(&l, LOG_STREAM_ERR, "aaa\n");
	say(&l, LOG_STREAM_OUT, "bbb\n");
	say(&l, LOG_STREAM_ERR, "ccc\n");
	assert_names(&d, "log log.1 log.1.idx log.2 log.2.idx log.idx");
	read_all(&d, &out);
	ck_assert_str_eq(buf_str(&out), "e:aaa\no:bbb\ne:ccc\n");
	logfile_close(&l);
	ck_assert_int_eq(unlinkat(d.fd, "log.2.idx", 0), 0);
	for (int i = 0; i < _i; i++)
		ck_assert_int_eq(renameat(d.fd, renames[i][0], d.fd, renames[i][1]), 0);
	/* No line has the stream of another one, neither before the next start nor after it. */
	for (int i = 0; i < 2; i++) {
		buf_reset(&out);
		read_all(&d, &out);
		ck_assert_ptr_null(strstr(buf_str(&out), "o:aaa"));
		ck_assert_ptr_null(strstr(buf_str(&out), "e:bbb"));
		ck_assert_ptr_null(strstr(buf_str(&out), "o:ccc"));
		ck_assert_ptr_nonnull(strstr(buf_str(&out), "bbb"));
		ck_assert_ptr_nonnull(strstr(buf_str(&out), "ccc"));
		if (i == 0)
			open_log(&l, &d, 4, 3);
	}
	/* What was mended has its times. */
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "o:bbb\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "e:ccc\n"));
	say(&l, LOG_STREAM_OUT, "ddd\n");
	buf_reset(&out);
	read_all(&d, &out);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "e:ccc\no:ddd\n"));
	logfile_close(&l);
}
END_TEST

START_TEST(the_index_is_bounded)
{
	struct tempdir d cleanup_tempdir = tempdir_make();
	struct buf out cleanup_buf = BUF_INIT(1 << 20);
	struct logfile l;

	open_log(&l, &d, 1600, 2);
	for (int i = 0; i < 250; i++)
		say(&l, i % 2 ? LOG_STREAM_OUT : LOG_STREAM_ERR, "\n");
	ck_assert_int_eq(size_of(&d, "log.idx"), 50 * 16);
	ck_assert_int_eq(size_of(&d, "log.1.idx"), 1600);
	ck_assert_int_eq(size_of(&d, "log.1"), 100);
	/* One line without an end, in bytes of both streams. */
	for (int i = 0; i < 1000; i++)
		say(&l, i % 2 ? LOG_STREAM_OUT : LOG_STREAM_ERR, "x");
	ck_assert_int_le(size_of(&d, "log.idx"), 1600);
	ck_assert_int_eq(size_of(&d, "log"), 1050);
	read_all(&d, &out);
	ck_assert_uint_gt(out.len, 1150);
	logfile_close(&l);
}
END_TEST

START_TEST(a_torn_entry)
{
	struct tempdir d cleanup_tempdir = tempdir_make();
	struct buf out cleanup_buf = BUF_INIT(1 << 16);
	struct log_index_entry beyond = { htole64(999), htole64(T0 << 1) };
	struct logfile l;

	open_log(&l, &d, 1000, 2);
	say(&l, LOG_STREAM_ERR, "a\n");
	logfile_close(&l);
	log_append(&d, "log.idx", &beyond, sizeof(beyond)); /* its output is lost */
	log_append(&d, "log.idx", "torn", 4);
	read_all(&d, &out);
	ck_assert_str_eq(buf_str(&out), "-:a\n");
	open_log(&l, &d, 1000, 2);
	ck_assert_int_eq(size_of(&d, "log.idx"), 16);
	say(&l, LOG_STREAM_OUT, "b\n");
	buf_reset(&out);
	read_all(&d, &out);
	ck_assert_str_eq(buf_str(&out), "e:a\no:b\n");
	logfile_close(&l);
}
END_TEST

START_TEST(something_in_the_way)
{
	struct tempdir d cleanup_tempdir = tempdir_make();
	struct buf out cleanup_buf = BUF_INIT(1 << 16);
	struct logfile l;

	ck_assert_int_eq(mkdirat(d.fd, "log.1", 0700), 0);
	open_log(&l, &d, 4, 2);
	say(&l, LOG_STREAM_OUT, "aaa\n");
	say(&l, LOG_STREAM_ERR, "bbb\n");
	ck_assert_int_eq(unlinkat(d.fd, "log.1", AT_REMOVEDIR), 0);
	read_all(&d, &out);
	ck_assert_str_eq(buf_str(&out), "e:bbb\n");
	ck_assert_int_eq(l.dropped, 0);
	logfile_close(&l);
}
END_TEST

/* Lines of chance, rotated again and again, and a reader that follows. */
START_TEST(followed)
{
	struct tempdir d cleanup_tempdir = tempdir_make();
	struct log_want w = { .tail = -1, .marks = true, .whole_lines = _i & 1 };
	struct buf wrote cleanup_buf = BUF_INIT(64 << 20), got cleanup_buf = BUF_INIT(64 << 20);
	struct log_reader *r = NULL;
	uint64_t last = 0;
	struct log_piece p;
	struct logfile l;

	srandom(1000 + (unsigned) _i);
	open_log(&l, &d, 3000, 3);
	r = log_reader_of(&d, &w, NULL);
	for (int i = 0; i < 20000; i++) {
		struct buf text cleanup_buf = BUF_INIT(4096);
		long n = random() % 200;

		buf_addf(&text, "%d ", i);
		for (long k = 0; k < n; k++)
			buf_addc(&text, random() % 40 ? 'x' : '\n');
		buf_addc(&text, '\n');
		buf_add(&wrote, text.data, text.len);
		say(&l, random() % 2 ? LOG_STREAM_OUT : LOG_STREAM_ERR, buf_str(&text));
		/* less often than it is rotated away, where three files may be behind */
		if (random() % 4)
			continue;
		while (log_reader_next(r, &p, NULL) > 0) {
			buf_add(&got, p.p, p.n);
			ck_assert_uint_ge(p.mark.us, last);
			last = p.mark.us;
		}
	}
	while (log_reader_next(r, &p, NULL) > 0)
		buf_add(&got, p.p, p.n);
	ck_assert_uint_eq(got.len, wrote.len);
	ck_assert_int_eq(memcmp(got.data, wrote.data, got.len), 0);
	ck_assert_int_eq(l.dropped, 0);
	log_reader_free(r);
	logfile_close(&l);
}
END_TEST

static Suite *test_logfile(void)
{
	Suite *s = suite_create("logfile");
	TCase *t = tcase_create("logfile");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, an_interrupted_rotation, 0, 5);
	tcase_add_test(t, the_index_is_bounded);
	tcase_add_test(t, a_torn_entry);
	tcase_add_test(t, something_in_the_way);
	tcase_add_loop_test(t, followed, 0, 4);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_logfile);
