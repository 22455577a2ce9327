/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "path.h"
#include "tempdir.h"
#include "unit.h"

static void expect_taken(char *got, const char *want)
{
	ck_assert_str_eq(got, want);
	free(got);
}

START_TEST(joining)
{
	expect_taken(path_join("a", "b", "c", NULL), "a/b/c");
	expect_taken(path_join("/", "b", NULL), "/b");
	expect_taken(path_join("/a/", "/b", NULL), "/a/b");
	expect_taken(path_join("a", "", "b", NULL), "a/b");
	expect_taken(path_join("", "b", NULL), "b");
	expect_taken(path_join("a", NULL), "a");
	expect_taken(path_join("", NULL), "");
	expect_taken(path_join("a", "/", "b", NULL), "a/b");
}
END_TEST

START_TEST(parts)
{
	ck_assert_str_eq(path_basename("a/b"), "b");
	ck_assert_str_eq(path_basename("b"), "b");
	ck_assert_str_eq(path_basename("a/"), "");
	expect_taken(path_dirname("a/b"), "a");
	expect_taken(path_dirname("a//b"), "a");
	expect_taken(path_dirname("b"), ".");
	expect_taken(path_dirname("/x"), "/");
	expect_taken(path_dirname("//x"), "/");
	expect_taken(path_dirname("/a/b"), "/a");
}
END_TEST

START_TEST(cleaning)
{
	static const char *const pairs[][2] = {
		{ "/", "/" },		{ "//", "/" },
		{ "/a", "/a" },		{ "/a/", "/a" },
		{ "/a//b", "/a/b" },	{ "/a/./b", "/a/b" },
		{ "/a/../b", "/b" },	{ "/..", "/" },
		{ "/../../a", "/a" },	{ "/a/b/../../..", "/" },
		{ "/a/...", "/a/..." }, { "/.a/..b", "/.a/..b" },
		{ "/a/b/..", "/a" },
	};
	char *out = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		ck_assert_int_eq(path_clean(pairs[i][0], &out), 0);
		expect_taken(out, pairs[i][1]);
	}
	out = NULL;
	ck_assert_int_eq(path_clean("a", &out), -EINVAL);
	ck_assert_int_eq(path_clean("", &out), -EINVAL);
	ck_assert_ptr_null(out);
}
END_TEST

START_TEST(making)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *deep = path_join(t.path, "a/b/c", NULL);
	cleanup_free char *file = path_join(t.path, "f", NULL);
	cleanup_free char *below = path_join(t.path, "f/x", NULL);
	cleanup_free char *slashes = path_join(t.path, "l//d/", NULL);
	struct kerr e = { 0 };
	struct stat st;

	(void) umask(077);
	ck_assert_int_eq(mkdirat(t.fd, "a", 0700), 0);
	ck_assert_int_eq(mkdir_p(deep, 0755, &e), 0);
	ck_assert_int_eq(mkdir_p(deep, 0700, &e), 0);
	ck_assert_int_eq(fstatat(t.fd, "a", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0700);
	ck_assert_int_eq(fstatat(t.fd, "a/b", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(stat(deep, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 0755);
	ck_assert_int_eq(atomic_write_at(t.fd, "f", "", 0, 0600, 0, NULL), 0);
	ck_assert_int_eq(mkdir_p(file, 0755, &e), -ENOTDIR);
	ck_assert_int_eq(mkdir_p(below, 0755, &e), -ENOTDIR);
	ck_assert_int_eq(mkdir_p("", 0755, &e), -ENOENT);
	ck_assert_int_eq(symlinkat("a", t.fd, "l"), 0); /* a link on the way is fine */
	ck_assert_int_eq(mkdir_p(slashes, 01777, &e), 0);
	ck_assert_int_eq(fstatat(t.fd, "a/d", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFDIR | 01777);
	ck_assert_int_eq(fchdir(t.fd), 0);
	ck_assert_int_eq(mkdir_p("rel/x", 0700, &e), 0);
	ck_assert_int_eq(fstatat(t.fd, "rel/x", &st, 0), 0);
}
END_TEST

START_TEST(removing)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	struct kerr e = { 0 };
	char name[32];
	int i;

	ck_assert_int_eq(remove_tree_at(t.fd, "none", 0, &e), 0);
	ck_assert_int_eq(remove_tree_at(t.fd, "none/none", 0, &e), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "keep", "x", 1, 0600, 0, NULL), 0);
	ck_assert_int_eq(mkdirat(t.fd, "outside", 0700), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "outside/f", "x", 1, 0600, 0, NULL), 0);
	ck_assert_int_eq(mkdirat(t.fd, "d", 0700), 0);
	ck_assert_int_eq(symlinkat("../outside", t.fd, "d/link"), 0);
	ck_assert_int_eq(mkfifoat(t.fd, "d/fifo", 0600), 0);
	ck_assert_int_eq(mkdirat(t.fd, "d/closed", 0700), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "d/closed/f", "x", 1, 0, 0, NULL), 0);
	ck_assert_int_eq(fchmodat(t.fd, "d/closed", 0, 0), 0);
	for (i = 0; i < 2000; i++) {
		(void) snprintf(name, sizeof(name), "d/%d", i);
		ck_assert_int_eq(mkdirat(t.fd, name, 0700), 0);
		(void) snprintf(name, sizeof(name), "d/%d/%d", i, i);
		ck_assert_int_eq(mkdirat(t.fd, name, 0700), 0);
	}
	ck_assert_int_eq(remove_tree_at(t.fd, "d/", REMOVE_TREE_SAME_FS, &e), 0);
	ck_assert_int_eq(faccessat(t.fd, "d", F_OK, 0), -1);
	ck_assert_int_eq(faccessat(t.fd, "outside/f", F_OK, 0), 0);
	ck_assert_int_eq(symlinkat("outside", t.fd, "l"), 0);
	ck_assert_int_eq(remove_tree_at(t.fd, "l", 0, &e), 0);
	ck_assert_int_eq(faccessat(t.fd, "outside/f", F_OK, 0), 0);
	ck_assert_int_eq(remove_tree_at(t.fd, "keep", 0, &e), 0);
	ck_assert_int_eq(remove_tree_at(t.fd, ".", 0, &e), -EINVAL);
	ck_assert_int_eq(remove_tree_at(t.fd, "outside/..", 0, &e), -EINVAL);
	ck_assert_int_eq(remove_tree_at(t.fd, "", 0, &e), -EINVAL);
	ck_assert_int_eq(remove_tree_at(t.fd, "/", 0, &e), -EINVAL);
}
END_TEST

/* Several times PATH_MAX deep, with something beside each directory. */
START_TEST(removing_a_deep_tree)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	static const char name[] = "abcdefghijklmnopqrstuvwxyz";
	cleanup_fd int dir = -EBADF;
	struct kerr e = { 0 };
	int next;
	int i;

	ck_assert_int_eq(mkdirat(t.fd, "d", 0700), 0);
	dir = openat(t.fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < 700; i++) {
		ck_assert_int_eq(mkdirat(dir, name, 0700), 0);
		ck_assert_int_eq(mkdirat(dir, ".rm-0", 0700), 0); /* names we might use */
		ck_assert_int_eq(mkdirat(dir, ".rm-0/x", 0700), 0);
		next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(next, 0);
		fd_close_p(&dir);
		dir = next;
	}
	ck_assert_int_eq(remove_tree_at(AT_FDCWD, t.path, 0, &e), 0);
	ck_assert_int_eq(faccessat(AT_FDCWD, t.path, F_OK, 0), -1);
}
END_TEST

/* In a mount namespace of its own: a mount below is refused, and what it shows stays. */
START_TEST(removing_stops_at_mounts)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *d = path_join(t.path, "d", NULL);
	cleanup_free char *point = path_join(t.path, "d/m", NULL);
	cleanup_free char *other = path_join(t.path, "other", NULL);
	struct kerr e = { 0 };

	if (geteuid() != 0)
		return; /* the build as a user has no mounts to fear */
	ck_assert_int_eq(mkdir_p(point, 0700, NULL), 0);
	ck_assert_int_eq(mkdir_p(other, 0700, NULL), 0);
	ck_assert_int_eq(atomic_write_at(t.fd, "other/f", "x", 1, 0600, 0, NULL), 0);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(mount(other, point, NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(remove_tree_at(AT_FDCWD, d, REMOVE_TREE_SAME_FS, &e), -EXDEV);
	ck_assert_int_eq(remove_tree_at(AT_FDCWD, d, 0, &e), -EBUSY);
	ck_assert_int_eq(remove_tree_at(AT_FDCWD, point, REMOVE_TREE_SAME_FS, &e), -EXDEV);
	ck_assert_int_eq(faccessat(t.fd, "other/f", F_OK, 0), 0);
	ck_assert_int_eq(umount2(point, MNT_DETACH), 0);
	ck_assert_int_eq(remove_tree_at(AT_FDCWD, d, REMOVE_TREE_SAME_FS, &e), 0);
	ck_assert_int_eq(faccessat(t.fd, "other/f", F_OK, 0), 0);
}
END_TEST

static Suite *test_path(void)
{
	Suite *s = suite_create("path");
	TCase *c = tcase_create("path");

	tcase_add_test(c, joining);
	tcase_add_test(c, parts);
	tcase_add_test(c, cleaning);
	tcase_add_test(c, making);
	tcase_add_test(c, removing);
	tcase_add_test(c, removing_a_deep_tree);
	tcase_add_test(c, removing_stops_at_mounts);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_path);
