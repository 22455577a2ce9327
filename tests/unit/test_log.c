/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "log.h"
#include "str.h"
#include "unit.h"

/* Standard error into memory; what is in it afterwards. */
static int capture_begin(int *ret_saved)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	*ret_saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	return fd;
}

static void capture_end(int fd, int saved, struct buf *out)
{
	ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	fd_close_p(&saved);
	(void) lseek(fd, 0, SEEK_SET);
	ck_assert_int_eq(buf_read_fd(out, fd, NULL), 0);
	fd_close_p(&fd);
}

START_TEST(logfmt)
{
	cleanup_buf struct buf out = BUF_INIT(10000);
	struct ktime t;
	char stamp[64];
	int saved;
	int fd;

	log_init(LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	fd = capture_begin(&saved);
	log_dbg("not seen");
	log_inf("two words", "plain", "a/b:c", "empty", "", "null", (char *) NULL, "quote", "a\"b",
		"slash", "a\\b", "eq", "a=b", "sp", "a b", "uml", "\xc3\xa4", "bad key", "x");
	log_wrn("one");
	log_err("\x1b[2J", "v", "a\nb\\ \xe2\x80\xae\xff\x01\t");
	capture_end(fd, saved, &out);
	(void) snprintf(stamp, sizeof(stamp), "%.*s", 24, buf_str(&out) + 5);
	ck_assert_int_eq(ktime_parse(stamp, &t), 0);
	ck_assert_int_eq(strncmp(buf_str(&out), "time=", 5), 0);
	ck_assert_int_eq(stamp[19], '.');
	buf_consume(&out, 5 + 24);
	ck_assert(str_has_prefix(buf_str(&out),
				 " level=INFO msg=\"two words\" plain=a/b:c empty=\"\" null=\"\" "
				 "quote=\"a\\\"b\" slash=a\\b eq=\"a=b\" sp=\"a b\" uml=\xc3\xa4 "
				 "\"bad key\"=x\ntime="));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "Z level=WARN msg=one\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "Z level=ERROR msg=\"\\x1b[2J\" "
						    "v=\"a\\nb\\\\ \\u202e\\xff\\x01\\t\"\n"));
}
END_TEST

START_TEST(plain)
{
	cleanup_buf struct buf out = BUF_INIT(10000);
	int saved;
	int fd;

	log_init(LOG_LEVEL_DEBUG, LOG_STYLE_PLAIN);
	fd = capture_begin(&saved);
	log_dbg("one", "k", "v w");
	capture_end(fd, saved, &out);
	ck_assert_str_eq(buf_str(&out) + 19, "Z DEBUG \"one\" k=\"v w\"\n");
}
END_TEST

START_TEST(long_records_are_cut)
{
	cleanup_buf struct buf out = BUF_INIT(100000);
	char big[20000];
	int saved;
	int fd;

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	log_init(LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	fd = capture_begin(&saved);
	log_inf("m", "a", big, "b", "c");
	log_inf("next");
	capture_end(fd, saved, &out);
	ck_assert_uint_lt(out.len, 4200);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "xxx\ntime="));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), " level=INFO msg=next\n"));
}
END_TEST

START_TEST(nobody_reads)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 20);
	char room[65536];
	int saved, fds[2];
	ssize_t n;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	log_init(LOG_LEVEL_INFO, LOG_STYLE_LOGFMT);
	for (int i = 0; i < 4000; i++)
		log_inf("more than a pipe holds");
	n = read(fds[0], room, sizeof(room));
	log_inf("somebody reads");
	log_inf("again");
	fd_close_p(&fds[1]);
	ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	fd_close_p(&saved);
	ck_assert_int_eq(buf_read_fd(&out, fds[0], NULL), 0);
	fd_close_p(&fds[0]);
	ck_assert_int_gt(n, 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), " msg=\"somebody reads\" lost="));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), " msg=again\n"));
}
END_TEST

START_TEST(levels)
{
	ck_assert_int_eq(log_level_from_name("debug"), LOG_LEVEL_DEBUG);
	ck_assert_int_eq(log_level_from_name("INFO"), LOG_LEVEL_INFO);
	ck_assert_int_eq(log_level_from_name("warning"), LOG_LEVEL_WARN);
	ck_assert_int_eq(log_level_from_name("warn"), LOG_LEVEL_WARN);
	ck_assert_int_eq(log_level_from_name("err"), LOG_LEVEL_ERROR);
	ck_assert_int_eq(log_level_from_name("error"), LOG_LEVEL_ERROR);
	ck_assert_int_eq(log_level_from_name("loud"), LOG_LEVEL_INFO);
	ck_assert_int_eq(log_level_from_name(NULL), LOG_LEVEL_INFO);
	ck_assert(log_level_known("Warning") && !log_level_known("loud") && !log_level_known(""));
	log_init(LOG_LEVEL_NONE, LOG_STYLE_PLAIN);
	ck_assert(!log_enabled(LOG_LEVEL_ERROR));
	log_init(LOG_LEVEL_WARN, LOG_STYLE_PLAIN);
	ck_assert(log_enabled(LOG_LEVEL_WARN) && !log_enabled(LOG_LEVEL_INFO));
}
END_TEST

static Suite *test_log(void)
{
	Suite *s = suite_create("log");
	TCase *c = tcase_create("log");

	tcase_add_test(c, logfmt);
	tcase_add_test(c, plain);
	tcase_add_test(c, long_records_are_cut);
	tcase_add_test(c, nobody_reads);
	tcase_add_test(c, levels);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_log);
