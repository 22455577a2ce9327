/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "denied_list.h"
#include "denied_log.h"
#include "engine_dir.h"
#include "fd.h"
#include "str.h"

static const struct addr space = { .realm = "r", .space = "s" };

static void set_up(void)
{
	engine_set_up();
	(void) engine_hierarchy();
}

/* "NAME DESTINATION PORT PROTOCOL COUNT\n" of each. */
static void write_down(void *ctx, const struct denied *d)
{
	buf_addf(ctx, "%s %s %lld %s %lld\n", d->name, d->destination, (long long) d->port,
		 d->protocol, (long long) d->count);
}

static void expect_text(const char *line, const char *want)
{
	cleanup_buf struct buf have = BUF_INIT(65536);

	(void) denied_log_parse(line, strlen(line), write_down, &have);
	ck_assert_str_eq(buf_str(&have), want);
}

static void check_all(void *ctx, const struct denied *d)
{
	++*(int *) ctx;
	ck_assert_int_eq(d->time.sec, 1700000000);
	ck_assert_int_eq(d->last.sec, 1700000060);
	ck_assert_str_eq(d->cell, "r/s/t/c");
	ck_assert_str_eq(d->address, "10.88.0.2");
	ck_assert_str_eq(d->name, "a.example");
	ck_assert_str_eq(d->destination, "2001:db8::1");
	ck_assert_int_eq(d->port, 443);
	ck_assert_str_eq(d->protocol, "tcp");
	ck_assert_int_eq(d->count, 7);
}

START_TEST(line_and_back)
{
	cleanup_buf struct buf text = BUF_INIT(65536);
	const struct denied d = { .time = { .sec = 1700000000, .set = true },
				  .last = { .sec = 1700000060, .set = true },
				  .cell = "r/s/t/c",
				  .address = "10.88.0.2",
				  .name = "a.example",
				  .destination = "2001:DB8:0::1",
				  .port = 443,
				  .protocol = "tcp",
				  .count = 7 };
	int n = 0;

	denied_log_line(&d, &text);
	denied_log_line(&d, &text);
	ck_assert_uint_eq(denied_log_parse(buf_str(&text), text.len, check_all, &n), text.len);
	ck_assert_int_eq(n, 2);
}
END_TEST

/* What a cell makes up gets neither into another line nor to a terminal. */
START_TEST(hostile)
{
	cleanup_buf struct buf text = BUF_INIT(65536), have = BUF_INIT(65536);
	char name[DENIED_NAME_MAX + 10];
	struct denied d = { .name = "a\n{\"time\":1}\x1b[2J\xff",
			    .cell = "r/s/t/c\n",
			    .address = "no address",
			    .destination = "10.0.0.1\n",
			    .port = 70000,
			    .protocol = "t\nc",
			    .count = -5 };

	denied_log_line(&d, &text);
	ck_assert_ptr_eq(strchr(buf_str(&text), '\n'), buf_str(&text) + text.len - 1);
	(void) denied_log_parse(buf_str(&text), text.len, write_down, &have);
	ck_assert_str_eq(buf_str(&have), "a\\n{\"time\":1}\\x1b[2J\\xff  0  1\n");
	buf_reset(&text);
	buf_reset(&have);
	memset(name, 0x1b, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	d.name = name;
	denied_log_line(&d, &text);
	(void) denied_log_parse(buf_str(&text), text.len, write_down, &have);
	ck_assert_uint_eq(have.len, 4 * DENIED_NAME_MAX + strlen("  0  1\n"));
	d = (struct denied){ 0 };
	buf_reset(&text);
	denied_log_line(&d, &text);
	expect_text(buf_str(&text), "  0  1\n");
}
END_TEST

#define GOOD                                                                                       \
	"{\"time\":\"2026-01-01T00:00:00Z\",\"last\":\"2026-01-01T00:00:00Z\",\"cell\":\"\","      \
	"\"address\":\"\",\"name\":\"good\",\"destination\":\"\",\"port\":0,\"protocol\":\"dns\"," \
	"\"count\":1}\n"

START_TEST(damaged_lines)
{
	expect_text("", "");
	expect_text("\n\n", "");
	expect_text(GOOD "x\n" GOOD, "good  0 dns 1\ngood  0 dns 1\n");
	expect_text("{\"time\":\"2026\n" GOOD, "good  0 dns 1\n");
	expect_text("{}\n[]\nnull\n" GOOD "{\"time\":", "good  0 dns 1\n");
	expect_text("{\"time\":1,\"last\":2}\n" GOOD, "good  0 dns 1\n");
}
END_TEST

static void append(const char *name)
{
	const struct denied d = { .name = name, .protocol = "dns" };
	struct kerr err = { 0 };

	ck_assert_msg(denied_log_append(e, &space, &d, &err) == 0, "%s", err.msg);
}

static void expect_log(struct denied_at *at, const char *want)
{
	cleanup_buf struct buf have = BUF_INIT(1 << 20);
	struct kerr err = { 0 };

	ck_assert_msg(denied_log_read(e, &space, at, write_down, &have, &err) == 0, "%s", err.msg);
	ck_assert_str_eq(buf_str(&have), want);
}

START_TEST(on_disk)
{
	cleanup_free char *file = layout_object(&e->layout, &space, SPACE_DENIED);
	const struct addr none = { .realm = "r", .space = "none" };
	struct denied_at at = { 0 };
	struct kerr err = { 0 };
	struct stat st;
	int fd;

	expect_log(&at, "");
	append("a");
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	append("b");
	expect_log(&at, "a  0 dns 1\nb  0 dns 1\n");
	expect_log(&at, "");
	append("c");
	expect_log(&at, "c  0 dns 1\n");
	/* A writer was killed: the next line is one of its own. */
	fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(fd_write_all(fd, "{\"time\":", 8), 0);
	expect_log(&at, "");
	append("d");
	expect_log(&at, "d  0 dns 1\n");
	(void) close(fd);
	ck_assert_int_eq(denied_log_append(e, &none, &(struct denied){ 0 }, &err), -ENOENT);
}
END_TEST

struct seen {
	int n, last;
};

static void count(void *ctx, const struct denied *d)
{
	struct seen *s = ctx;
	int64_t number = 0;

	ck_assert_int_eq(str_to_i64(d->name, 0, 1000000, &number), 0);
	if (s->n > 0) /* in order, and none twice */
		ck_assert_int_eq((int) number, s->last + 1);
	s->last = (int) number;
	s->n++;
}

/* Two files at most, and who reads on loses nothing by a rotation. */
START_TEST(rotation)
{
	cleanup_free char *file = layout_object(&e->layout, &space, SPACE_DENIED);
	cleanup_free char *old = layout_object(&e->layout, &space, SPACE_DENIED_OLD);
	struct seen late = { 0 }, begun = { 0 };
	struct denied_at at = { 0 }, from_start = { 0 };
	struct kerr err = { 0 };
	struct stat st;

	for (int i = 0; i < 6000; i++) {
		cleanup_free char *name = xasprintf("%d", i);

		append(name);
		if (i % 700 == 0)
			ck_assert_int_eq(denied_log_read(e, &space, &at, count, &begun, &err), 0);
	}
	ck_assert_int_eq(denied_log_read(e, &space, &at, count, &begun, &err), 0);
	ck_assert_int_eq(begun.n, 6000);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_le(st.st_size, DENIED_LOG_MAX);
	ck_assert_int_eq(stat(old, &st), 0);
	ck_assert_int_le(st.st_size, DENIED_LOG_MAX);
	ck_assert_int_eq(denied_log_read(e, &space, &from_start, count, &late, &err), 0);
	ck_assert_int_eq(late.last, 5999);
	ck_assert_int_gt(late.n, 1000);
	ck_assert_int_lt(late.n, 6000);
}
END_TEST

/* Arguments are not written to. */
#define TEXT(s) ((char *) (uintptr_t) (s))

static void list(struct rpc_list_denied_args args, const char *after, const char *want,
		 char **ret_next)
{
	struct rpc_list_denied_result r = { 0 };
	cleanup_buf struct buf have = BUF_INIT(65536);
	struct kerr err = { 0 };

	args.after = TEXT(after);
	ck_assert_msg(denied_list(e, &args, &r, &err) == 0, "%s", err.msg);
	for (size_t i = 0; i < r.denied.n; i++) {
		buf_addf(&have, "%s\n", r.denied.v[i].name);
		model_clear(&rpc_denied_type, &r.denied.v[i]);
	}
	ck_assert_str_eq(buf_str(&have), want);
	ck_assert(!r.more);
	free(r.denied.v);
	if (ret_next)
		*ret_next = r.next;
	else
		free(r.next);
}

START_TEST(listed)
{
	cleanup_free char *next = NULL, *then = NULL;
	const struct addr other = engine_space("r", "other");
	struct denied d = { .cell = "r/s/t/c", .name = "of c" };
	struct rpc_list_denied_result r = { 0 }, bad = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(denied_log_append(e, &space, &d, &err), 0);
	d = (struct denied){ .cell = "r/other/t/d",
			     .name = "of d",
			     .time = { .sec = 1700000000, .set = true } };
	ck_assert_int_eq(denied_log_append(e, &other, &d, &err), 0);
	list((struct rpc_list_denied_args){ 0 }, "", "of d\nof c\n", &next);
	list((struct rpc_list_denied_args){ 0 }, next, "", &then);
	ck_assert_str_eq(next, then);
	list((struct rpc_list_denied_args){ .space_name = TEXT("s") }, "", "of c\n", NULL);
	list((struct rpc_list_denied_args){ .cell_name = TEXT("d") }, NULL, "of d\n", NULL);
	list((struct rpc_list_denied_args){ .stack_name = TEXT("x") }, "", "", NULL);
	list((struct rpc_list_denied_args){ .realm_name = TEXT("x") }, "", "", NULL);
	list((struct rpc_list_denied_args){ .since = TEXT("2024-01-01T00:00:00Z") }, "", "of c\n",
	     NULL);
	append("more");
	list((struct rpc_list_denied_args){ .wait_ms = 60000 }, next, "more\n", NULL);
	list((struct rpc_list_denied_args){ .wait_ms = 1 }, NULL, "of d\nof c\nmore\n", NULL);
	ck_assert_int_eq(
		denied_list(e, &(struct rpc_list_denied_args){ .since = TEXT("soon") }, &r, &err),
		-EINVAL);
	ck_assert_int_eq(
		denied_list(e, &(struct rpc_list_denied_args){ .after = TEXT("x=1") }, &bad, &err),
		-EINVAL);
	free(r.next);
	free(bad.next);
}
END_TEST

static Suite *test_denied_log(void)
{
	Suite *s = suite_create("denied_log");
	TCase *t = tcase_create("pure");
	TCase *disk = tcase_create("disk");

	tcase_add_test(t, line_and_back);
	tcase_add_test(t, hostile);
	tcase_add_test(t, damaged_lines);
	suite_add_tcase(s, t);
	tcase_add_checked_fixture(disk, set_up, engine_tear_down);
	tcase_add_test(disk, on_disk);
	tcase_add_test(disk, rotation);
	tcase_add_test(disk, listed);
	tcase_set_timeout(disk, 120);
	suite_add_tcase(s, disk);
	return s;
}

UNIT_MAIN(test_denied_log);
