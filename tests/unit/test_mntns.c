/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "host_pins.h"
#include "host_sandbox.h"
#include "mntns.h"
#include "mount.h"
#include "str.h"
#include "unit.h"

static struct kerr e;
static int dir;

static void setup(void)
{
	sandbox_enter();
	dir = sandbox_pins();
}

static size_t mounts(void)
{
	cleanup_strlist struct strlist points = { 0 };

	ok(mount_list_below("/", &points, &e), &e);
	return points.n;
}

static bool is_mounted(const char *path)
{
	return mount_is_point(path) > 0;
}

/* A new namespace with an empty root. */
static int make_empty(void)
{
	cleanup_mntns_visit struct mntns_visit visit = MNTNS_VISIT_INIT;
	int ns;

	ok(mntns_enter(-1, &visit, &e), &e);
	ns = ok(mntns_copy(&e), &e);
	ok(mntns_empty(&e), &e);
	ck_assert_int_eq(access("/proc", F_OK), -1);
	ck_assert_int_eq(mkdir("/of-the-empty-one", 0700), 0);
	mntns_leave(&visit);
	return ns;
}

static int pin_empty(void *ctx, struct kerr *err)
{
	cleanup_fd int ns = make_empty();
	int r = mntns_pin(dir, ctx, ns, err);

	return r < 0 ? r : take_fd(ns);
}

/* A new one is pinned in the end, whatever processors the two were made on. */
static int make_pinned(const char *name)
{
	return ok(mntns_pin_new(pin_empty, (void *) (uintptr_t) name, &e), &e);
}

static int never(void *ctx, struct kerr *err)
{
	*(int *) ctx += 1;
	return kerr_set(err, -ELOOP, "try %d", *(int *) ctx);
}

START_TEST(a_pin_that_never_is_made)
{
	char text[KERR_TEXT_MAX];
	int tries = 0;

	ck_assert_int_eq(mntns_pin_new(never, &tries, &e), -ELOOP);
	ck_assert_int_eq(tries, 8);
	ck_assert(str_has_prefix(kerr_text(&e, text, sizeof(text)), "try 8: "));
}
END_TEST

START_TEST(enter_and_leave)
{
	struct mntns_visit visit = MNTNS_VISIT_INIT;
	size_t before = mounts();
	struct stat a, b;
	int ns;

	ck_assert_int_eq(chdir(SANDBOX "/pins"), 0);
	ck_assert_int_eq(stat(".", &a), 0);
	fd_close_p(&(int){ make_pinned("empty") });
	ns = ok(mntns_open(dir, "empty", &e), &e);
	ck_assert_uint_eq(mounts(), before + 1);
	ok(mntns_enter(ns, &visit, &e), &e);
	ck_assert_int_eq(access("/of-the-empty-one", F_OK), 0);
	ck_assert_int_eq(access(SANDBOX, F_OK), -1);
	mntns_leave(&visit);
	mntns_leave(&visit); /* again */
	ck_assert_int_eq(access("/of-the-empty-one", F_OK), -1);
	ck_assert_int_eq(stat(".", &b), 0);
	ck_assert(a.st_dev == b.st_dev && a.st_ino == b.st_ino);
	ck_assert_int_eq(chdir("/"), 0);
	ok(mntns_unpin(dir, "empty", &e), &e);
	ok(mntns_unpin(dir, "empty", &e), &e); /* again */
	ck_assert_int_eq(mntns_open(dir, "empty", &e), -ENOENT);
	ck_assert_uint_eq(mounts(), before);
	fd_close_p(&ns);
}
END_TEST

/* A process whose root was changed comes back to that, not to the namespace's. */
START_TEST(leave_to_a_changed_root)
{
	struct mntns_visit visit = MNTNS_VISIT_INIT;
	cleanup_fd int ns = make_pinned("empty");

	ck_assert_int_eq(mkdir(SANDBOX "/root", 0700), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/root/proc", 0700), 0);
	ck_assert_int_eq(mount("/proc", SANDBOX "/root/proc", NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(chroot(SANDBOX "/root"), 0);
	ck_assert_int_eq(chdir("/proc"), 0);
	ok(mntns_enter(ns, &visit, &e), &e);
	ck_assert_int_eq(access("/of-the-empty-one", F_OK), 0);
	mntns_leave(&visit);
	ck_assert_int_eq(access(SANDBOX, F_OK), -1);
	ck_assert_int_eq(access("/proc/self", F_OK), 0);
	ck_assert_int_eq(access("self", F_OK), 0);
}
END_TEST

START_TEST(what_is_not_a_namespace)
{
	struct mntns_visit visit = MNTNS_VISIT_INIT;
	cleanup_fd int uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(mntns_enter(uts, &visit, &e), -EINVAL);
	ck_assert_int_lt(visit.home, 0);
	ck_assert_int_eq(mntns_open(dir, "none", &e), -ENOENT);
	/* A file without a mount, as a crash between the two leaves it, and another kind. */
	fd_close_p(&(int){ openat(dir, "none", O_CREAT | O_WRONLY, 0600) });
	ck_assert_int_eq(mntns_open(dir, "none", &e), -ENOENT);
	ok(mntns_pin(dir, "none", uts, &e), &e);
	ck_assert_int_eq(mntns_open(dir, "none", &e), -ENOENT);
	ok(mntns_unpin(dir, "none", &e), &e);
	/* A link is neither followed nor taken for a pin. */
	ck_assert_int_eq(symlinkat("/proc/self/ns/mnt", dir, "none"), 0);
	ck_assert_int_eq(mntns_open(dir, "none", &e), -ELOOP);
	ck_assert_int_lt(mntns_pin(dir, "none", uts, &e), 0);
	ok(mntns_unpin(dir, "none", &e), &e);
	ck_assert_int_eq(unlinkat(dir, "none", 0), -1);
}
END_TEST

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* Where numbers are handed out per processor, one of the two orders is the wrong one. */
START_TEST(pins_of_any_processor)
{
	int cpus = (int) sysconf(_SC_NPROCESSORS_ONLN);

	for (int i = 0; i < 2 * cpus; i++) {
		stay_on(i % cpus);
		sandbox_enter();
		fd_close_p(&dir);
		dir = sandbox_pins();
		stay_on((i + 1) % cpus);
		fd_close_p(&(int){ make_pinned("empty") });
	}
}
END_TEST

/* Mounts in the copy are seen by nobody else, and go with it. */
START_TEST(a_copy_is_private)
{
	struct mntns_visit visit = MNTNS_VISIT_INIT;
	size_t before;
	int copy;

	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/a", 0700), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/b", 0700), 0);
	before = mounts();
	ok(mntns_enter(-1, &visit, &e), &e);
	copy = ok(mntns_copy(&e), &e);
	ck_assert_int_eq(mount("tmpfs", SANDBOX "/a", "tmpfs", 0, NULL), 0);
	ck_assert(is_mounted(SANDBOX "/a"));
	mntns_leave(&visit);
	ck_assert(!is_mounted(SANDBOX "/a"));
	ck_assert_int_eq(mount("tmpfs", SANDBOX "/b", "tmpfs", 0, NULL), 0);
	ok(mntns_enter(copy, &visit, &e), &e);
	ck_assert(is_mounted(SANDBOX "/a"));
	ck_assert(!is_mounted(SANDBOX "/b"));
	mntns_leave(&visit);
	ck_assert_int_eq(umount2(SANDBOX "/b", 0), 0);
	ck_assert_uint_eq(mounts(), before);
	fd_close_p(&copy);
}
END_TEST

START_TEST(keep_only)
{
	struct mntns_visit visit = MNTNS_VISIT_INIT;
	cleanup_strlist struct strlist paths = { 0 };
	static const char *const types[] = { "proc", "ramfs", NULL };
	cleanup_fd int copy = -EBADF;
	size_t before;

	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/a", 0700), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/ab", 0700), 0);
	ck_assert_int_eq(mount("tmpfs", SANDBOX "/a", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", SANDBOX "/ab", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/a/b", 0700), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/t", 0700), 0);
	ck_assert_int_eq(mount("tmpfs", SANDBOX "/t", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/t/r", 0700), 0);
	ck_assert_int_eq(mount("ramfs", SANDBOX "/t/r", "ramfs", 0, NULL), 0);
	ck_assert_int_eq(mount("tmpfs", SANDBOX "/a/b", "tmpfs", 0, NULL), 0);
	ck_assert_int_eq(mkdir(SANDBOX "/a/b/c", 0700), 0);
	ck_assert_int_eq(symlink("a/b", SANDBOX "/link"), 0);
	strlist_add(&paths, SANDBOX "/link/c");
	strlist_add(&paths, SANDBOX "/missing/one");
	before = mounts();
	ok(mntns_enter(-1, &visit, &e), &e);
	copy = ok(mntns_copy(&e), &e);
	ok(mntns_keep_only(&paths, types, &e), &e);
	ck_assert(is_mounted("/proc"));
	ck_assert(is_mounted(SANDBOX "/a/b"));
	ck_assert(!is_mounted(SANDBOX "/ab"));
	ck_assert(is_mounted(SANDBOX "/t")); /* holds one of a type that is kept */
	ck_assert(is_mounted(SANDBOX "/t/r"));
	ck_assert_int_eq(access(SANDBOX "/link/c", F_OK), 0);
	ck_assert_uint_lt(mounts(), before);
	mntns_leave(&visit);
	ck_assert_uint_eq(mounts(), before);
	ck_assert(is_mounted(SANDBOX "/ab"));
}
END_TEST

static Suite *test_mntns(void)
{
	Suite *s = suite_create("mntns");
	TCase *tc = tcase_create("mntns");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, enter_and_leave);
	tcase_add_test(tc, leave_to_a_changed_root);
	tcase_add_test(tc, what_is_not_a_namespace);
	tcase_add_test(tc, a_pin_that_never_is_made);
	tcase_add_test(tc, pins_of_any_processor);
	tcase_add_test(tc, a_copy_is_private);
	tcase_add_test(tc, keep_only);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_mntns);
