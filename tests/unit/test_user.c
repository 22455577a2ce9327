/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "str.h"
#include "tempdir.h"
#include "unit.h"
#include "user.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "bin:x:1:1::/bin:/bin/false\n"
			     "\n"
			     "# a comment\n"
			     "bob:x:1000:100:Bob:/home/bob:/bin/sh\n"
			     "0042:x:0:0::/:/bin/sh\n" /* a name made of digits must not count */
			     "huge:x:4294967296:100::/:\n"
			     "wrap:x:4294967295:100::/:\n"
			     "badgid:x:7:-1::/:\n"
			     "short:x:8\n"
			     "eve:x:1001:1001::/:"; /* no newline at the end */
static const char group[] = "root:x:0:\n"
			    "adm:x:4:root,bin\n"
			    "users:x:100:\n"
			    "grp:x:200:alice,bob\n"
			    "more:x:201:bob,alice\n"
			    "nearly:x:202:bobby,xbob\n"
			    "hugegrp:x:99999999999999999999:bob\n"
			    "dup:x:200:bob";

struct row {
	const char *user;
	enum user_resolve_flags flags;
	const char *want; /* "uid:gid:groups", or what the error says */
	bool fails;
};

static const struct row rows[] = {
	{ "", 0, "0:0:0,4", false },
	{ "root", 0, "0:0:0,4", false },
	{ "0", 0, "0:0:0,4", false },
	{ "bob", 0, "1000:100:100,200,201", false },
	{ "1000", 0, "1000:100:100,200,201", false },
	{ "bob", USER_EXACT_GROUP, "1000:100:100,200,201", false },
	{ "bob:grp", 0, "1000:200:200,201", false },
	{ "bob:grp", USER_EXACT_GROUP, "1000:200:200", false },
	{ "1000:1000", 0, "1000:1000:1000,200,201", false },
	{ "1000:1000", USER_EXACT_GROUP, "1000:1000:1000", false },
	{ "bob:0", USER_EXACT_GROUP, "1000:0:0", false },
	{ "5000", 0, "5000:0:0", false },
	{ "5000:users", 0, "5000:100:100", false },
	{ "eve", 0, "1001:1001:1001", false },
	{ "42", 0, "42:0:0", false },
	{ "0042", 0, "42:0:0", false },
	{ "2147483647:2147483647", 0, "2147483647:2147483647:2147483647", false },
	{ "2147483648", 0, "the uid is out of range", true },
	{ "4294967296", 0, "the uid is out of range", true },
	{ "4294967295", 0, "the uid is out of range", true },
	{ "18446744073709551616", 0, "the uid is out of range", true },
	{ "0:2147483648", 0, "the gid is out of range", true },
	{ "nobody", 0, "no such user", true },
	{ "-1", 0, "no such user", true },
	{ "+0", 0, "no such user", true },
	{ " 0", 0, "no such user", true },
	{ "0x0", 0, "no such user", true },
	{ "huge", 0, "is damaged", true },
	{ "wrap", 0, "is damaged", true },
	{ "badgid", 0, "is damaged", true },
	{ "short", 0, "no such user", true },
	{ "bob:nogroup", 0, "no such group", true },
	{ "bob:hugegrp", 0, "is damaged", true },
	{ "bob:", 0, "1000:100:100,200,201", false },
	{ "bob:", USER_EXACT_GROUP, "1000:100:100,200,201", false },
	{ "1000:", 0, "1000:100:100,200,201", false },
	{ "5000:", 0, "5000:0:0", false },
	{ ":grp", 0, "0:200:200,4", false },
	{ ":2000", 0, "0:2000:2000,4", false },
	{ ":2000", USER_EXACT_GROUP, "0:2000:2000", false },
	{ ":", 0, "0:0:0,4", false },
	{ "bob ", 0, "user 'bob ': no such user", true },
	{ " 1000", 0, "user ' 1000': no such user", true },
	{ "bob:grp ", 0, "user 'bob:grp ': no such group", true },
	{ "bob:grp:x", 0, "expected USER, USER:GROUP or :GROUP", true },
	{ "::", 0, "expected USER, USER:GROUP or :GROUP", true },
	{ "bob\033[31m", 0, "no such user", true },
};

/* What the functions only read. */
#define TEXT(s)                                                        \
	{                                                              \
		.data = (char *) (uintptr_t) (s), .len = sizeof(s) - 1 \
	}
static const struct buf passwd_file = TEXT(passwd), group_file = TEXT(group);
static const struct buf no_text;

static char *ids_text(const struct user_ids *u)
{
	struct buf b = BUF_INIT(4096);
	size_t i;

	buf_addf(&b, "%u:%u:", u->uid, u->gid);
	for (i = 0; i < u->n_groups; i++)
		buf_addf(&b, i == 0 ? "%u" : ",%u", u->groups[i]);
	return buf_take(&b);
}

START_TEST(table)
{
	const struct row *row = &rows[_i];
	cleanup_user_ids struct user_ids u = { 0 };
	cleanup_free char *got = NULL;
	struct kerr err = { 0 };
	int r;

	r = user_resolve_text(&passwd_file, &group_file, row->user, row->flags, &u, &err);
	if (row->fails) {
		ck_assert_int_lt(r, 0);
		ck_assert_msg(strstr(err.msg, row->want) != NULL, "'%s': %s", row->user, err.msg);
		ck_assert_ptr_null(u.groups);
		return;
	}
	ck_assert_msg(r == 0, "'%s': %s", row->user, err.msg);
	got = ids_text(&u);
	ck_assert_str_eq(got, row->want);
}
END_TEST

START_TEST(no_files)
{
	cleanup_user_ids struct user_ids u = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(user_resolve_text(&no_text, &no_text, "7:8", 0, &u, &err), 0);
	ck_assert_uint_eq(u.uid, 7);
	ck_assert_uint_eq(u.gid, 8);
	ck_assert_int_lt(user_resolve_text(&no_text, &no_text, "root", 0, &u, &err), 0);
}
END_TEST

START_TEST(many_groups)
{
	struct buf text = BUF_INIT(USER_FILE_MAX);
	cleanup_user_ids struct user_ids u = { 0 };
	struct kerr err = { 0 };
	int i;

	for (i = 0; i < 1000; i++)
		buf_addf(&text, "g%d:x:%d:bob\n", i, 5000 + i);
	ck_assert_int_eq(user_resolve_text(&passwd_file, &text, "bob", 0, &u, &err), 0);
	ck_assert_uint_eq(u.n_groups, 1001);
	buf_clear(&text);
}
END_TEST

/* A root with its etc; files are made by the tests. */
static void make_etc(const struct tempdir *t)
{
	ck_assert_int_eq(mkdirat(t->fd, "etc", 0755), 0);
}

static void put(const struct tempdir *t, const char *path, const char *text)
{
	cleanup_fd int fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static int resolve_in(const struct tempdir *t, const char *user, struct user_ids *u,
		      struct kerr *err)
{
	*u = (struct user_ids){ 0 };
	return user_resolve(t->fd, user, 0, u, err);
}

START_TEST(files_of_the_image)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_user_ids struct user_ids u = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(resolve_in(&t, "12", &u, &err), 0); /* no etc at all */
	user_ids_clear(&u);
	make_etc(&t);
	put(&t, "etc/passwd", passwd);
	ck_assert_int_eq(resolve_in(&t, "bob", &u, &err), 0);
	ck_assert_uint_eq(u.uid, 1000);
}
END_TEST

/* Absolute links lead to the image's files, not to the host's. */
START_TEST(links_stay_inside)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_user_ids struct user_ids u = { 0 };
	struct kerr err = { 0 };

	make_etc(&t);
	ck_assert_int_eq(symlinkat("/etc/real", t.fd, "etc/passwd"), 0);
	put(&t, "etc/real", "mallory:x:77:77::/:\n");
	ck_assert_int_eq(resolve_in(&t, "mallory", &u, &err), 0);
	ck_assert_uint_eq(u.uid, 77);
	user_ids_clear(&u);
	ck_assert_int_eq(unlinkat(t.fd, "etc/passwd", 0), 0);
	ck_assert_int_eq(symlinkat("../../../../../../etc/passwd", t.fd, "etc/passwd"), 0);
	ck_assert_int_lt(resolve_in(&t, "root", &u, &err), 0); /* a loop, in here */
	ck_assert_int_eq(unlinkat(t.fd, "etc/passwd", 0), 0);
	ck_assert_int_eq(symlinkat("/proc/self/root/etc/passwd", t.fd, "etc/passwd"), 0);
	ck_assert_int_lt(resolve_in(&t, "root", &u, &err), 0);
}
END_TEST

/* Neither read nor waited for. */
START_TEST(no_regular_file)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct user_ids u;
	struct kerr err = { 0 };

	make_etc(&t);
	ck_assert_int_eq(mkfifoat(t.fd, "etc/passwd", 0666), 0);
	ck_assert_int_lt(resolve_in(&t, "0", &u, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "is not a regular file"));
	ck_assert_int_eq(unlinkat(t.fd, "etc/passwd", 0), 0);
	ck_assert_int_eq(mkdirat(t.fd, "etc/passwd", 0755), 0);
	ck_assert_int_lt(resolve_in(&t, "0", &u, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "is not a regular file"));
}
END_TEST

START_TEST(too_large)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_fd int fd = -EBADF;
	struct user_ids u;
	struct kerr err = { 0 };

	make_etc(&t);
	fd = openat(t.fd, "etc/group", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_eq(ftruncate(fd, USER_FILE_MAX + 1), 0);
	ck_assert_int_lt(resolve_in(&t, "0", &u, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "at most 4194304 are allowed"));
}
END_TEST

static Suite *test_user(void)
{
	Suite *s = suite_create("user");
	TCase *c = tcase_create("user");

	tcase_add_loop_test(c, table, 0, ARRAY_SIZE(rows));
	tcase_add_test(c, no_files);
	tcase_add_test(c, many_groups);
	tcase_add_test(c, files_of_the_image);
	tcase_add_test(c, links_stay_inside);
	tcase_add_test(c, no_regular_file);
	tcase_add_test(c, too_large);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_user);
