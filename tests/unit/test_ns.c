/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "host_pins.h"
#include "host_sandbox.h"
#include "mount.h"
#include "ns.h"
#include "unit.h"

#define ALL (NS_NET | NS_IPC | NS_UTS)

static struct kerr e;
static int dir;

static void setup(void)
{
	sandbox_enter();
	dir = sandbox_pins();
}

static bool lo_is_up(void)
{
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq req = { .ifr_name = "lo" };

	ck_assert_int_eq(ioctl(fd, SIOCGIFFLAGS, &req), 0);
	return (req.ifr_flags & IFF_UP) != 0;
}

START_TEST(pin_and_unpin)
{
	cleanup_fd int net = -EBADF, uts = -EBADF;
	char name[65];
	struct stat st;

	ok(ns_pin(-1, dir, ALL, "a-cell", &e), &e);
	net = ok(ns_open(dir, NS_NET, &e), &e);
	uts = ok(ns_open(dir, NS_UTS, &e), &e);
	ck_assert_int_eq(ns_is_own(net, NS_NET), 0);
	ck_assert(!lo_is_up());
	ck_assert_int_eq(setns(net, CLONE_NEWNET), 0);
	ck_assert(lo_is_up());
	ck_assert_int_eq(ns_is_own(net, NS_NET), 1);
	ck_assert_int_eq(ns_open(dir, NS_NET, &e), -EPERM); /* now it is ours */
	ck_assert_int_eq(setns(uts, CLONE_NEWUTS), 0);
	ck_assert_int_eq(gethostname(name, sizeof(name)), 0);
	ck_assert_str_eq(name, "a-cell");
	ok(ns_unpin(-1, dir, &e), &e);
	ck_assert_int_eq(fstatat(dir, "net", &st, 0), -1);
	ck_assert_int_eq(ns_open(dir, NS_NET, &e), -ENOENT);
	ok(ns_unpin(-1, dir, &e), &e); /* again */
}
END_TEST

START_TEST(some_kinds)
{
	ok(ns_pin(-1, dir, NS_IPC, NULL, &e), &e);
	fd_close_p(&(int){ ok(ns_open(dir, NS_IPC, &e), &e) });
	ck_assert_int_eq(ns_open(dir, NS_NET, &e), -ENOENT);
	/* A second pin of the same name fails and leaves the first alone. */
	ck_assert_int_eq(ns_pin(-1, dir, ALL, NULL, &e), -EEXIST);
	ck_assert_int_eq(ns_open(dir, NS_NET, &e), -ENOENT);
	fd_close_p(&(int){ ok(ns_open(dir, NS_IPC, &e), &e) });
	ok(ns_unpin(-1, dir, &e), &e);
}
END_TEST

/* What a crash, or a removal of the mount by another, leaves. */
START_TEST(partial)
{
	ok(ns_pin(-1, dir, ALL, NULL, &e), &e);
	ck_assert_int_eq(umount2(SANDBOX "/pins/net", MNT_DETACH), 0);
	ck_assert_int_eq(ns_open(dir, NS_NET, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "no longer a net namespace"));
	ck_assert_int_eq(unlinkat(dir, "net", 0), 0);
	ok(ns_unpin(-1, dir, &e), &e);
	ck_assert_int_eq(unlinkat(dir, "uts", 0), -1);
	/* A link in the place of a pin is neither followed nor taken for one. */
	ck_assert_int_eq(symlinkat("/proc/self/ns/net", dir, "net"), 0);
	ck_assert_int_eq(ns_open(dir, NS_NET, &e), -ELOOP);
	ok(ns_unpin(-1, dir, &e), &e);
	ck_assert_int_eq(ns_open(dir, NS_NET, &e), -ENOENT);
}
END_TEST

/* The namespace of another kind under the name of a pin. */
START_TEST(wrong_kind)
{
	fd_close_p(&(int){ openat(dir, "net", O_CREAT | O_WRONLY, 0600) });
	ck_assert_int_eq(mount("/proc/self/ns/uts", SANDBOX "/pins/net", NULL, MS_BIND, NULL), 0);
	ck_assert_int_eq(ns_open(dir, NS_NET, &e), -EINVAL);
	ok(ns_unpin(-1, dir, &e), &e);
}
END_TEST

START_TEST(hostname_bounds)
{
	char name[70];

	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	ok(ns_pin(-1, dir, NS_UTS, name, &e), &e);
	ok(ns_unpin(-1, dir, &e), &e);
	memset(name, 'a', sizeof(name));
	name[65] = '\0';
	ck_assert_int_eq(ns_pin(-1, dir, NS_UTS, name, &e), -EINVAL);
	ck_assert_int_eq(ns_open(dir, NS_UTS, &e), -ENOENT);
}
END_TEST

START_TEST(failure_leaves_nothing)
{
	cleanup_strlist struct strlist points = { 0 };
	struct stat st;

	/* The files can be made, the namespaces cannot: capabilities are gone. */
	ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_lt(ns_pin(-1, dir, ALL, NULL, &e), 0);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(fchmod(dir, 0777), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(ns_pin(-1, dir, ALL, NULL, &e), -EPERM);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(fstatat(dir, "net", &st, 0), -1);
	ok(mount_list_below(SANDBOX "/pins", &points, &e), &e);
	ck_assert_uint_eq(points.n, 1);
}
END_TEST

START_TEST(identity)
{
	char a[NS_IDENTITY_MAX], b[NS_IDENTITY_MAX];

	ok(ns_mount_identity(a, &e), &e);
	ok(ns_mount_identity(b, &e), &e);
	ck_assert_str_eq(a, b);
	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ok(ns_mount_identity(b, &e), &e);
	ck_assert_str_ne(a, b);
	ck_assert_int_eq(strncmp(a, b, 36), 0); /* the boot */
}
END_TEST

static Suite *test_ns(void)
{
	Suite *s = suite_create("ns");
	TCase *tc = tcase_create("ns");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, pin_and_unpin);
	tcase_add_test(tc, some_kinds);
	tcase_add_test(tc, partial);
	tcase_add_test(tc, wrong_kind);
	tcase_add_test(tc, hostname_bounds);
	tcase_add_test(tc, failure_leaves_nothing);
	tcase_add_test(tc, identity);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_ns);
