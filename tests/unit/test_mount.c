/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "host_sandbox.h"
#include "mem.h"
#include "mount.h"
#include "str.h"
#include "unit.h"

#define DEEP MOUNT_OVERLAY_LOWER_MAX

static struct kerr e;
static int lower[DEEP];

static void write_file(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void expect_file(const char *path, const char *text)
{
	cleanup_buf struct buf b = BUF_INIT(4096);

	ck_assert_int_eq(sys_read(AT_FDCWD, path, &b), 0);
	ck_assert_str_eq(buf_str(&b), text);
}

static int open_dir(const char *path)
{
	int fd;

	ck_assert_msg(mkdir(path, 0755) == 0 || errno == EEXIST, "%s", path);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Layer i has a file "f<i>" and its own "who". */
static void make_layers(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		cleanup_free char *dir = xasprintf(SANDBOX "/layer-%zu", i);
		cleanup_free char *file = xasprintf("%s/f%zu", dir, i);
		cleanup_free char *who = xasprintf("%s/who", dir);
		cleanup_free char *text = xasprintf("%zu", i);

		lower[i] = open_dir(dir);
		write_file(file, "x");
		write_file(who, text);
	}
	fd_close_p(&(int){ open_dir(SANDBOX "/merged") });
}

START_TEST(overlay)
{
	struct mount_overlay how = { .lower_fds = lower,
				     .n_lower = 3,
				     .target = SANDBOX "/merged" };
	int r = mount_has_overlay();

	ck_assert_int_eq(r, 1);
	make_layers(3);
	how.upper_fd = open_dir(SANDBOX "/upper");
	how.work_fd = open_dir(SANDBOX "/work");
	ok(mount_overlay(&how, &e), &e);
	ck_assert_int_eq(mount_is_point(SANDBOX "/merged"), 1);
	expect_file(SANDBOX "/merged/who", "0"); /* the topmost */
	expect_file(SANDBOX "/merged/f2", "x");
	write_file(SANDBOX "/merged/new", "n");
	expect_file(SANDBOX "/upper/new", "n");
	ck_assert_int_eq(umount2(SANDBOX "/merged", MNT_DETACH), 0);
	ck_assert_int_eq(mount_is_point(SANDBOX "/merged"), 0);
}
END_TEST

START_TEST(overlay_options)
{
	struct mount_overlay how = { .lower_fds = lower,
				     .n_lower = 1,
				     .target = SANDBOX "/merged" };
	cleanup_buf struct buf b = BUF_INIT(1 << 20);
	const char *line;

	make_layers(1);
	how.upper_fd = open_dir(SANDBOX "/upper");
	how.work_fd = open_dir(SANDBOX "/work");
	ok(mount_overlay(&how, &e), &e);
	ck_assert_int_eq(sys_read(AT_FDCWD, "/proc/self/mountinfo", &b), 0);
	line = strstr(buf_str(&b), SANDBOX "/merged ");
	ck_assert_ptr_nonnull(line);
	ck_assert_ptr_null(strstr(line, "userxattr"));
	ck_assert_ptr_null(strstr(line, "metacopy=on"));
	ck_assert_ptr_null(strstr(line, "index=on"));
	ck_assert_ptr_null(strstr(line, "redirect_dir=on"));
}
END_TEST

START_TEST(overlay_deep)
{
	struct mount_overlay how = { .lower_fds = lower,
				     .n_lower = DEEP,
				     .upper_fd = -1,
				     .work_fd = -1,
				     .target = SANDBOX "/merged" };

	make_layers(DEEP);
	ok(mount_overlay(&how, &e), &e);
	expect_file(SANDBOX "/merged/who", "0");
	expect_file(SANDBOX "/merged/f499", "x");
	ck_assert_int_eq(open(SANDBOX "/merged/new", O_CREAT | O_WRONLY, 0644), -1);
	ck_assert_int_eq(errno, EROFS);
	how.n_lower = DEEP + 1;
	ck_assert_int_eq(mount_overlay(&how, &e), -EINVAL);
}
END_TEST

START_TEST(overlay_old_kernel)
{
	struct mount_overlay how = { .lower_fds = lower,
				     .n_lower = DEEP,
				     .target = SANDBOX "/merged",
				     .flags = MOUNT_OVERLAY_BY_PAGE };
	char before[256], after[256];

	make_layers(DEEP);
	how.upper_fd = open_dir(SANDBOX "/upper");
	how.work_fd = open_dir(SANDBOX "/work");
	ck_assert_ptr_nonnull(getcwd(before, sizeof(before)));
	ok(mount_overlay(&how, &e), &e);
	ck_assert_ptr_nonnull(getcwd(after, sizeof(after)));
	ck_assert_str_eq(before, after);
	expect_file(SANDBOX "/merged/who", "0");
	expect_file(SANDBOX "/merged/f499", "x");
	write_file(SANDBOX "/merged/new", "n");
	expect_file(SANDBOX "/upper/new", "n");
	how.target = SANDBOX "/none";
	ck_assert_int_eq(mount_overlay(&how, &e), -ENOENT);
}
END_TEST

START_TEST(overlay_refused)
{
	struct mount_overlay how = { .lower_fds = lower,
				     .n_lower = 1,
				     .upper_fd = -1,
				     .work_fd = -1,
				     .target = SANDBOX "/merged" };
	cleanup_fd int file = -EBADF;

	make_layers(1);
	ck_assert_int_eq(mount_overlay(&how, &e), -EINVAL); /* read-only takes two */
	ck_assert_msg(strstr(e.msg, "lowerdir") || strstr(e.msg, "overlay"), "%s", e.msg);
	write_file(SANDBOX "/file", "x");
	file = open(SANDBOX "/file", O_PATH | O_CLOEXEC);
	lower[1] = file;
	how.n_lower = 2;
	ck_assert_int_lt(mount_overlay(&how, &e), 0);
	how.n_lower = 0;
	ck_assert_int_eq(mount_overlay(&how, &e), -EINVAL);
	ck_assert_int_eq(mount_is_point(SANDBOX "/merged"), 0);
}
END_TEST

START_TEST(private_dir)
{
	cleanup_strlist struct strlist points = { 0 };

	fd_close_p(&(int){ open_dir(SANDBOX "/p") });
	ck_assert_int_eq(mount(NULL, SANDBOX, NULL, MS_SHARED, NULL), 0);
	ok(mount_private_dir(SANDBOX "/p", &e), &e);
	ok(mount_private_dir(SANDBOX "/p", &e), &e);
	ok(mount_list_below(SANDBOX "/p", &points, &e), &e);
	ck_assert_uint_eq(points.n, 1);
	ck_assert_int_eq(mount_private_dir(SANDBOX "/missing", &e), -ENOENT);
}
END_TEST

START_TEST(list_and_detach)
{
	cleanup_strlist struct strlist points = { 0 };
	static const char *const dirs[] = { SANDBOX "/a", SANDBOX "/a/b c", SANDBOX "/a/b c/\t\\d",
					    SANDBOX "/ab" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		fd_close_p(&(int){ open_dir(dirs[i]) });
		ck_assert_int_eq(mount("tmpfs", dirs[i], "tmpfs", 0, NULL), 0);
	}
	ck_assert_int_eq(mount("tmpfs", dirs[2], "tmpfs", 0, NULL), 0); /* stacked */
	ok(mount_list_below(SANDBOX "/a/", &points, &e), &e);
	ck_assert_uint_eq(points.n, 4);
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(points.v[i], dirs[i]);
	ck_assert_int_eq(ok(mount_detach_below(SANDBOX "/a", &e), &e), 4);
	ok(mount_list_below(SANDBOX "/a", &points, &e), &e);
	ck_assert_uint_eq(points.n, 0);
	ck_assert_int_eq(mount_is_point(SANDBOX "/ab"), 1); /* a name, not a prefix */
	ck_assert_int_eq(ok(mount_detach_below(SANDBOX "/a", &e), &e), 0);
}
END_TEST

START_TEST(bind)
{
	cleanup_fd int src = -EBADF;

	write_file(SANDBOX "/src", "x");
	write_file(SANDBOX "/dst", "");
	src = open(SANDBOX "/src", O_PATH | O_CLOEXEC);
	ok(mount_bind(src, SANDBOX "/dst", MOUNT_BIND_READONLY, &e), &e);
	expect_file(SANDBOX "/dst", "x");
	ck_assert_int_eq(open(SANDBOX "/dst", O_WRONLY), -1);
	ck_assert_int_eq(errno, EROFS);
	write_file(SANDBOX "/src", "y"); /* the source stays writable */
	expect_file(SANDBOX "/dst", "y");
	ck_assert_int_eq(mount_bind(src, SANDBOX "/none", 0, &e), -ENOENT);
}
END_TEST

static int count(void *ctx, const struct mount_info *mi)
{
	int *n = ctx;

	ck_assert_str_eq(mi->point, "/a b");
	ck_assert_str_eq(mi->fstype, "overlay");
	ck_assert_str_eq(mi->super, "rw,x=1");
	ck_assert_uint_eq(mi->minor, 22);
	return ++*n == 2 ? -ECANCELED : 0;
}

START_TEST(mountinfo)
{
	int n = 0;

	write_file(SANDBOX "/mi", "1 2 0:22 / /a\\040b rw shared:1 master:2 - overlay src rw,x=1\n"
				  "garbage\n"
				  "1 2 x / /a rw - overlay src rw\n"
				  "1 2 0:22 / /a\\040b rw - overlay src rw,x=1\n"
				  "1 2 0:22 / /c rw - overlay src rw,x=1\n");
	ck_assert_int_eq(mount_each(SANDBOX "/mi", count, &n, &e), -ECANCELED);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(mount_each(SANDBOX "/none", count, &n, &e), -ENOENT);
}
END_TEST

static Suite *test_mount(void)
{
	Suite *s = suite_create("mount");
	TCase *tc = tcase_create("mount");

	tcase_add_checked_fixture(tc, sandbox_enter, NULL);
	tcase_add_test(tc, overlay);
	tcase_add_test(tc, overlay_options);
	tcase_add_test(tc, overlay_deep);
	tcase_add_test(tc, overlay_old_kernel);
	tcase_add_test(tc, overlay_refused);
	tcase_add_test(tc, private_dir);
	tcase_add_test(tc, list_and_detach);
	tcase_add_test(tc, bind);
	tcase_add_test(tc, mountinfo);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_mount);
