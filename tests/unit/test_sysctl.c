/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "fd.h"
#include "host_sandbox.h"
#include "sysctl.h"
#include "unit.h"

#define FORWARD "net/ipv4/ip_forward"

static struct kerr e;

static void setup(void)
{
	sandbox_enter();
}

static char forwards(void)
{
	char text[4] = "";

	ck_assert_int_eq(sys_read_line(AT_FDCWD, "/proc/sys/" FORWARD, text, sizeof(text)), 0);
	return text[0];
}

static int own_proc(void)
{
	struct statfs fs;
	int proc = sysctl_proc();

	ck_assert_int_ge(proc, 0);
	ck_assert_int_eq(fstatfs(proc, &fs), 0);
	ck_assert_uint_eq((unsigned long) fs.f_type, 0x9fa0); /* PROC_SUPER_MAGIC */
	return proc;
}

START_TEST(written_once)
{
	cleanup_fd int own = own_proc();
	const int procs[] = { own, SYSCTL_OWN };

	for (size_t i = 0; i < ARRAY_SIZE(procs); i++) {
		ck_assert_int_eq(sysctl_set(procs[i], FORWARD, "1", &e), 1);
		ck_assert_int_eq(forwards(), '1');
		ck_assert_int_eq(sysctl_set(procs[i], FORWARD, "1", &e), 0);
		ck_assert_int_eq(sysctl_set(procs[i], FORWARD, "0", &e), 1);
		ck_assert_int_eq(forwards(), '0');
		ck_assert_int_eq(sysctl_set(procs[i], "net/ipv4/none_such", "1", &e), 0);
	}
}
END_TEST

START_TEST(refused)
{
	char text[KERR_TEXT_MAX];

	ck_assert_int_eq(sysctl_set(SYSCTL_OWN, "net/ipv4/ip_default_ttl", "0", &e), -EINVAL);
	ck_assert_str_eq(kerr_text(&e, text, sizeof(text)),
			 "write 0 to '/proc/sys/net/ipv4/ip_default_ttl': invalid argument");
}
END_TEST

/* One proc serves the namespace that its user is in at the time. */
START_TEST(of_the_namespace_of_the_caller)
{
	cleanup_fd int first = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cleanup_fd int proc = own_proc();

	ck_assert_int_ge(sysctl_set(proc, FORWARD, "0", &e), 0);
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_ge(sysctl_set(proc, FORWARD, "1", &e), 0);
	ck_assert_int_eq(forwards(), '1');
	ck_assert_int_eq(setns(first, CLONE_NEWNET), 0);
	ck_assert_int_eq(forwards(), '0');
}
END_TEST

static Suite *test_sysctl(void)
{
	Suite *s = suite_create("sysctl");
	TCase *tc = tcase_create("sysctl");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, written_once);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, of_the_namespace_of_the_caller);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_sysctl);
