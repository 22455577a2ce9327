/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_doctor.h"
#include "cgroup_host.h"
#include "cgroup_kill.h"
#include "fd.h"
#include "host_sandbox.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "unit.h"

#define DEADLINE_MS 120000

static struct kerr e;
static char top[64]; /* a group of this test's own in the real hierarchies */
static struct cgroup_host *host;

static void setup_real(void)
{
	(void) snprintf(top, sizeof(top), "/kukeon-test-%d", (int) getpid());
	ok(cgroup_host_new(NULL, &host, &e), &e);
}

static void teardown_real(void)
{
	ok(cgroup_remove(host, top, CGROUP_REMOVE_KILL, DEADLINE_MS, &e), &e);
	ck_assert_int_eq(cgroup_exists(host, top), 0);
	host = cgroup_host_free(host);
}

static void write_file(const char *dir, const char *file, const char *text)
{
	cleanup_free char *path = path_join(dir, file, NULL);
	cleanup_fd int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
}

static void expect_file(const char *dir, const char *file, const char *text)
{
	cleanup_buf struct buf b = BUF_INIT(4096);
	cleanup_free char *path = path_join(dir, file, NULL);

	ck_assert_int_eq(sys_read(AT_FDCWD, path, &b), 0);
	ck_assert_msg(streq(buf_str(&b), text), "%s: '%s' instead of '%s'", path, buf_str(&b),
		      text);
}

static char *words(const struct strlist *l)
{
	struct buf b = BUF_INIT(4096);
	size_t i;

	for (i = 0; i < l->n; i++)
		buf_addf(&b, i > 0 ? " %s" : "%s", l->v[i]);
	return buf_take(&b);
}

/* ---- which hierarchies there are ---- */

#define V2_LINE "30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

static struct cgroup_host *host_of(const char *mountinfo)
{
	struct cgroup_host *h = NULL;

	write_file(SANDBOX, "mountinfo", mountinfo);
	ok(cgroup_host_new(SANDBOX "/mountinfo", &h, &e), &e);
	return h;
}

START_TEST(detect)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *v2 = host_of(V2_LINE V2_LINE);
	cleanup_(cgroup_host_freep) struct cgroup_host *v1 =
		host_of("31 30 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
			"32 30 0:29 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
			"33 30 0:30 / /cg/net_cls rw - cgroup cgroup rw,net_cls\n");
	cleanup_(cgroup_host_freep) struct cgroup_host *hybrid =
		host_of("31 30 0:28 / /cg/memory rw - cgroup cgroup rw,memory\n"
			"32 30 0:29 / /cg/unified rw - cgroup2 cgroup2 rw\n");
	cleanup_(cgroup_host_freep) struct cgroup_host *none =
		host_of("31 30 0:28 / /tmp rw - tmpfs tmpfs rw\n");
	cleanup_free char *root = cgroup_host_root(v2);
	cleanup_free char *root1 = cgroup_host_root(v1);

	ck_assert_str_eq(cgroup_mode_name(v2->mode), "v2");
	ck_assert_uint_eq(v2->n, 1); /* mounted twice, counted once */
	ck_assert_str_eq(root, "/sys/fs/cgroup");
	ck_assert_str_eq(cgroup_mode_name(v1->mode), "v1");
	ck_assert_uint_eq(v1->n, 3);
	ck_assert_uint_eq(v1->v[0].controllers, CGROUP_V1_CPU | CGROUP_V1_CPUACCT);
	ck_assert(v1->v[1].systemd && !v1->v[2].systemd);
	ck_assert_str_eq(root1, "/cg");
	ck_assert_str_eq(cgroup_mode_name(hybrid->mode), "hybrid");
	ck_assert_str_eq(cgroup_mode_name(none->mode), "none");
	ck_assert_int_eq(cgroup_ensure(none, "/x", 0, NULL, &e), -EOPNOTSUPP);
	ck_assert_int_eq(cgroup_exists(none, "/x"), 0);
}
END_TEST

/* ---- v2 on a tree of plain files ---- */

static struct cgroup_host *fake_v2(const char *controllers)
{
	static const char *const dirs[] = { SANDBOX "/cg", SANDBOX "/cg/k", SANDBOX "/cg/k/r" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		ck_assert_int_eq(mkdir(dirs[i], 0755), 0);
		write_file(dirs[i], "cgroup.controllers", controllers);
		write_file(dirs[i], "cgroup.subtree_control", "");
	}
	return cgroup_host_new_v2(SANDBOX "/cg");
}

START_TEST(delegate)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *h = fake_v2("cpuset cpu io memory misc\n");
	cleanup_strlist struct strlist list = { 0 };
	cleanup_free char *text = NULL;

	ck_assert_int_eq(ok(cgroup_ensure(h, "/k/r", 0, &list, &e), &e), 0);
	text = words(&list);
	ck_assert_str_eq(text, "cpu memory io"); /* our order; no pids at the root, so none here */
	expect_file(SANDBOX "/cg", "cgroup.subtree_control", "+cpu +memory +io");
	expect_file(SANDBOX "/cg/k", "cgroup.subtree_control", "+cpu +memory +io");
	expect_file(SANDBOX "/cg/k/r", "cgroup.subtree_control", "+cpu +memory +io");
	ck_assert_int_eq(cgroup_exists(h, "/k/r"), 1);
	ck_assert_int_eq(cgroup_exists(h, "/k/x"), 0);
}
END_TEST

START_TEST(offers)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *v2 = cgroup_host_new_v2(SANDBOX);
	cleanup_(cgroup_host_freep) struct cgroup_host *v1 =
		host_of("31 30 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
			"32 30 0:29 / /cg/memory rw - cgroup cgroup rw,memory\n");
	cleanup_free char *where = NULL;

	write_file(SANDBOX, "cgroup.controllers", "cpuset cpu memory\n");
	ck_assert_int_eq(cgroup_offers(v2, "memory", &where), 1);
	ck_assert_ptr_null(where);
	ck_assert_int_eq(cgroup_offers(v2, "pids", &where), 0);
	ck_assert_str_eq(where, SANDBOX "/cgroup.controllers");
	free_p(&where);
	ck_assert_int_eq(cgroup_offers(v1, "cpu", &where), 1);
	ck_assert_int_eq(cgroup_offers(v1, "memory", &where), 1);
	ck_assert_int_eq(cgroup_offers(v1, "pids", &where), 0);
	ck_assert_str_eq(where, "the mounted cgroup v1 hierarchies");
}
END_TEST

START_TEST(weight)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *v2 = cgroup_host_new_v2(SANDBOX);

	ok(mkdir_p(SANDBOX "/g", 0755, &e), &e);
	ok(cgroup_reset_weight(v2, "/g", &e), &e); /* no controller */
	write_file(SANDBOX "/g", "cpu.weight", "39\n");
	ok(cgroup_reset_weight(v2, "/g", &e), &e);
	expect_file(SANDBOX "/g", "cpu.weight", "100");
	ok(cgroup_reset_weight(v2, "/none", &e), &e);
}
END_TEST

START_TEST(delegate_adds_only_what_is_missing)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *h = fake_v2("cpu io memory pids\n");
	cleanup_strlist struct strlist list = { 0 };
	cleanup_free char *text = NULL;

	write_file(SANDBOX "/cg", "cgroup.subtree_control", "cpu io memory pids rdma\n");
	write_file(SANDBOX "/cg/k", "cgroup.subtree_control", "io\n");
	ok(cgroup_ensure(h, "/k/r", CGROUP_ENSURE_LEAF, NULL, &e), &e);
	expect_file(SANDBOX "/cg", "cgroup.subtree_control", "cpu io memory pids rdma\n");
	/* Plain files are overwritten from the start: what was written, not more. */
	expect_file(SANDBOX "/cg/k", "cgroup.subtree_control", "+cpu +memory +pids");
	expect_file(SANDBOX "/cg/k/r", "cgroup.subtree_control", ""); /* a leaf */
	write_file(SANDBOX "/cg/k", "cgroup.subtree_control", "io cpu\n");
	ok(cgroup_subtree_controllers(h, "/k", &list, &e), &e);
	text = words(&list);
	ck_assert_str_eq(text, "io cpu");
	ck_assert_int_eq(cgroup_subtree_controllers(h, "/none", &list, &e), -ENOENT);
}
END_TEST

START_TEST(delegate_nested)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *h = fake_v2("cpuset cpu misc\n");
	cleanup_strlist struct strlist list = { 0 };
	cleanup_free char *text = NULL;

	ok(cgroup_ensure(h, "/k/r", CGROUP_ENSURE_NESTED, &list, &e), &e);
	text = words(&list);
	ck_assert_str_eq(text, "cpuset cpu misc");
}
END_TEST

START_TEST(delegate_refused)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *h = fake_v2("cpu memory\n");
	cleanup_strlist struct strlist list = { 0 };

	ck_assert_int_eq(chmod(SANDBOX "/cg/k", 0755), 0);
	ck_assert_int_eq(chmod(SANDBOX "/cg/cgroup.subtree_control", 0444), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(cgroup_ensure(h, "/k/r", 0, &list, &e), -EACCES);
	ck_assert_ptr_nonnull(strstr(e.msg, "delegate 'cpu'"));
	ck_assert_ptr_null(list.v); /* untouched */
	ok(cgroup_ensure(h, "/k/r", CGROUP_ENSURE_TOLERANT, &list, &e), &e);
	ck_assert_uint_eq(list.n, 0);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(cgroup_ensure(h, "/k/r", CGROUP_ENSURE_FRESH, &list, &e), -EEXIST);
}
END_TEST

START_TEST(paths)
{
	static const char *const bad[] = { "", "/", "k", "/k/", "//k", "/k/../x", "/.", "/k/./x" };
	cleanup_(cgroup_host_freep) struct cgroup_host *h = fake_v2("cpu\n");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_int_eq(cgroup_ensure(h, bad[i], 0, NULL, &e), -EINVAL);
		ck_assert_int_eq(cgroup_remove(h, bad[i], 0, 0, &e), -EINVAL);
		ck_assert_int_eq(cgroup_kill(h, bad[i], 0, &e), -EINVAL);
	}
	ok(cgroup_ensure(h, "/k/..r", CGROUP_ENSURE_LEAF, NULL, &e), &e);
}
END_TEST

START_TEST(doctor)
{
	struct cgroup_check *v = NULL;
	size_t i, n = 0;
	static const enum cgroup_status looked[] = { CGROUP_STATUS_ENABLED,
						     CGROUP_STATUS_NEEDS_DELEGATION,
						     CGROUP_STATUS_KERNEL_MISSING,
						     CGROUP_STATUS_ENABLED };
	static const enum cgroup_status probed[] = { CGROUP_STATUS_ENABLED,
						     CGROUP_STATUS_ENABLED_BY_PROBE,
						     CGROUP_STATUS_KERNEL_MISSING,
						     CGROUP_STATUS_ENABLED };

	cgroup_host_free(fake_v2("cpu memory pids misc\n"));
	write_file(SANDBOX "/cg", "cgroup.subtree_control", "cpu pids\n");
	ok(cgroup_check_dir(SANDBOX "/cg", 0, &v, &n, &e), &e);
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(v[2].controller, "io");
	for (i = 0; i < n; i++)
		ck_assert_int_eq(v[i].status, looked[i]);
	cgroup_checks_free(v, n);
	ok(cgroup_check_dir(SANDBOX "/cg", CGROUP_CHECK_PROBE, &v, &n, &e), &e);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(v[i].status, probed[i]);
	cgroup_checks_free(v, n);
	expect_file(SANDBOX "/cg", "cgroup.subtree_control", "+memorys\n"); /* over "cpu pids" */
	ck_assert_str_eq(cgroup_status_name(CGROUP_STATUS_KERNEL_MISSING), "kernel-missing");
	ck_assert_str_eq(cgroup_status_name(CGROUP_STATUS_PERMISSION_DENIED), "permission-denied");
}
END_TEST

START_TEST(doctor_refused)
{
	struct cgroup_check *v = NULL;
	size_t n = 0;

	cgroup_host_free(fake_v2("cpu misc\n"));
	ck_assert_int_eq(chmod(SANDBOX "/cg/cgroup.subtree_control", 0444), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	ok(cgroup_check_dir(SANDBOX "/cg", CGROUP_CHECK_PROBE | CGROUP_CHECK_ALL, &v, &n, &e), &e);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(v[1].status, CGROUP_STATUS_PERMISSION_DENIED);
	cgroup_checks_free(v, n);
	ck_assert_int_eq(cgroup_check_dir(SANDBOX "/no", 0, &v, &n, &e), -ENOENT);
	ck_assert_str_eq(e.msg, "cgroup pre-flight: read " SANDBOX "/no/cgroup.controllers");
}
END_TEST

/* ---- the real hierarchies of this host ---- */

/* A child in the group (all hierarchies that can be entered), asleep. */
static pid_t sleeper(const char *path)
{
	int fds[CGROUP_FDS_MAX], pipes[2];
	size_t i, n = 0;
	pid_t pid;
	char c;

	ok(cgroup_open_procs(host, path, fds, &n, &e), &e);
	ck_assert_int_eq(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < n; i++)
			if (write(fds[i], "0", 1) != 1)
				_exit(3);
		(void) !write(pipes[1], "x", 1);
		for (;;)
			pause();
	}
	cgroup_close_procs(fds, n);
	ck_assert_int_eq(close(pipes[1]), 0);
	ck_assert_msg(read(pipes[0], &c, 1) == 1, "the child cannot enter '%s'", path);
	ck_assert_int_eq(close(pipes[0]), 0);
	return pid;
}

static void expect_killed(pid_t pid)
{
	int status = 0;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void expect_children(const char *below, size_t n, const char *first)
{
	cleanup_free char *path = xasprintf("%s%s", top, below);
	cleanup_strlist struct strlist list = { 0 };

	ck_assert_int_eq(cgroup_children(host, path, &list), 0);
	ck_assert_uint_eq(list.n, n);
	if (n > 0)
		ck_assert_str_eq(list.v[0], first);
}

/* A group that one hierarchy of several lacks does not exist. */
START_TEST(live_children)
{
	cleanup_free char *one = xasprintf("%s/one", top), *two = xasprintf("%s/two", top);
	cleanup_free char *gone = NULL;

	ok(cgroup_ensure(host, one, CGROUP_ENSURE_LEAF, NULL, &e), &e);
	ok(cgroup_ensure(host, two, CGROUP_ENSURE_LEAF, NULL, &e), &e);
	expect_children("", 2, "one");
	for (size_t i = 0; i < host->n; i++) {
		if (!host->v[i].controllers && !host->v[i].v2)
			continue;
		gone = path_join(host->v[i].mount, one, NULL);
		break;
	}
	ck_assert_int_eq(rmdir(gone), 0);
	ck_assert_int_eq(cgroup_exists(host, one), 0);
	expect_children("", 1, "two");
}
END_TEST

START_TEST(live)
{
	cleanup_free char *cell = xasprintf("%s/space/cell", top);
	cleanup_free char *leaf = xasprintf("%s/leaf", cell);
	cleanup_strlist struct strlist list = { 0 };
	pid_t pid;

	ck_assert_int_eq(ok(cgroup_ensure(host, cell, CGROUP_ENSURE_TOLERANT, &list, &e), &e), 1);
	ck_assert_int_eq(ok(cgroup_ensure(host, cell, CGROUP_ENSURE_TOLERANT, NULL, &e), &e), 0);
	ck_assert_int_eq(ok(cgroup_ensure(host, leaf, CGROUP_ENSURE_LEAF, NULL, &e), &e), 1);
	ck_assert_int_eq(cgroup_exists(host, leaf), 1);
	expect_children("/space", 1, "cell");
	expect_children("/none", 0, NULL);
	ck_assert_int_eq(cgroup_populated(host, top), 0);
	pid = sleeper(leaf);
	ck_assert_int_eq(cgroup_populated(host, top), 1);
	ck_assert_int_eq(cgroup_remove(host, top, 0, 20, &e), -EBUSY);
	ok(cgroup_remove(host, cell, CGROUP_REMOVE_KILL, DEADLINE_MS, &e), &e);
	expect_killed(pid);
	ck_assert_int_eq(cgroup_exists(host, cell), 0);
	ck_assert_int_eq(cgroup_exists(host, top), 1);
	ok(cgroup_remove(host, cell, CGROUP_REMOVE_KILL, DEADLINE_MS, &e), &e);
	ck_assert_uint_eq(cgroup_oom_kills(host, cell), 0);
}
END_TEST

/* What a runtime makes below a group has its cpus and nodes without being told. */
START_TEST(live_cpuset_is_passed_on)
{
	cleanup_free char *group = xasprintf("%s/group", top);

	ok(cgroup_ensure(host, group, CGROUP_ENSURE_LEAF, NULL, &e), &e);
	for (size_t i = 0; i < host->n; i++) {
		cleanup_free char *made = path_join(host->v[i].mount, group, "made", NULL);
		static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };

		if (!(host->v[i].controllers & CGROUP_V1_CPUSET))
			continue;
		ck_assert_int_eq(mkdir(made, 0755), 0);
		for (size_t k = 0; k < ARRAY_SIZE(files); k++) {
			cleanup_free char *file = path_join(made, files[k], NULL);
			char text[64] = "";

			ck_assert_int_eq(sys_read_line(AT_FDCWD, file, text, sizeof(text)), 0);
			ck_assert_msg(text[0] >= '0' && text[0] <= '9', "'%s' is empty", file);
		}
		ck_assert_int_eq(rmdir(made), 0);
	}
}
END_TEST

START_TEST(live_kill_keeps_others)
{
	cleanup_free char *a = xasprintf("%s/a", top);
	cleanup_free char *ab = xasprintf("%s/ab", top);
	pid_t in_a, in_a2, in_ab;

	ok(cgroup_ensure(host, a, CGROUP_ENSURE_LEAF, NULL, &e), &e);
	ok(cgroup_ensure(host, ab, CGROUP_ENSURE_LEAF, NULL, &e), &e);
	in_a = sleeper(a);
	in_a2 = sleeper(a);
	in_ab = sleeper(ab);
	ok(cgroup_kill(host, a, DEADLINE_MS, &e), &e);
	expect_killed(in_a);
	expect_killed(in_a2);
	ck_assert_int_eq(waitpid(in_ab, NULL, WNOHANG), 0);
	ok(cgroup_kill(host, ab, DEADLINE_MS, &e), &e);
	expect_killed(in_ab);
	ok(cgroup_kill(host, "/kukeon-test-none", 0, &e), &e);
}
END_TEST

START_TEST(live_nested_needs_v2)
{
	if (host->mode == CGROUP_MODE_V2)
		ok(cgroup_ensure(host, top, CGROUP_ENSURE_NESTED, NULL, &e), &e);
	else
		ck_assert_int_eq(cgroup_ensure(host, top, CGROUP_ENSURE_NESTED, NULL, &e),
				 -EOPNOTSUPP);
}
END_TEST

/* Deeper than descriptors go: RLIMIT_NOFILE is 1024 at most places. */
START_TEST(live_deep)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *v2 = NULL;
	int i, fd, next;
	size_t k;

	for (k = 0; k < host->n && !host->v[k].v2; k++)
		;
	if (k == host->n)
		return; /* this host has no v2 mount to nest in */
	v2 = cgroup_host_new_v2(host->v[k].mount);
	ok(cgroup_ensure(host, top, CGROUP_ENSURE_LEAF, NULL, &e), &e);
	fd = open(host->v[k].mount, O_PATH | O_DIRECTORY);
	next = openat(fd, top + 1, O_PATH | O_DIRECTORY);
	for (i = 0; i < 300 && next >= 0; i++) {
		fd_close_p(&fd);
		fd = next;
		ck_assert_int_eq(mkdirat(fd, "a-name-of-some-length", 0755), 0);
		ck_assert_int_eq(mkdirat(fd, "b", 0755), 0);
		next = openat(fd, "a-name-of-some-length", O_PATH | O_DIRECTORY);
	}
	fd_close_p(&fd);
	fd_close_p(&next);
	ok(cgroup_remove(v2, top, 0, DEADLINE_MS, &e), &e);
	ck_assert_int_eq(cgroup_exists(v2, top), 0);
}
END_TEST

START_TEST(live_move)
{
	cleanup_(cgroup_host_freep) struct cgroup_host *v2 = NULL;
	cleanup_free char *to = xasprintf("%s/_payload", top);
	pid_t pid;
	size_t k;

	for (k = 0; k < host->n && !host->v[k].v2; k++)
		;
	if (k == host->n)
		return;
	v2 = cgroup_host_new_v2(host->v[k].mount);
	ok(cgroup_ensure(host, top, CGROUP_ENSURE_LEAF, NULL, &e), &e);
	pid = sleeper(top);
	ok(cgroup_move_procs(v2, top, to, &e), &e);
	ck_assert_int_eq(cgroup_populated(v2, to), 1);
	ok(cgroup_move_procs(v2, top, to, &e), &e); /* none left: nothing to do */
	ok(cgroup_remove(v2, top, CGROUP_REMOVE_KILL, DEADLINE_MS, &e), &e);
	expect_killed(pid);
}
END_TEST

static Suite *test_cgroup(void)
{
	Suite *s = suite_create("cgroup");
	TCase *fake = tcase_create("fake");
	TCase *live_case = tcase_create("live");

	tcase_add_checked_fixture(fake, sandbox_enter, NULL);
	tcase_add_test(fake, detect);
	tcase_add_test(fake, offers);
	tcase_add_test(fake, weight);
	tcase_add_test(fake, delegate);
	tcase_add_test(fake, delegate_adds_only_what_is_missing);
	tcase_add_test(fake, delegate_nested);
	tcase_add_test(fake, delegate_refused);
	tcase_add_test(fake, paths);
	tcase_add_test(fake, doctor);
	tcase_add_test(fake, doctor_refused);
	suite_add_tcase(s, fake);
	tcase_add_checked_fixture(live_case, setup_real, teardown_real);
	tcase_set_timeout(live_case, 30);
	tcase_add_test(live_case, live);
	tcase_add_test(live_case, live_children);
	tcase_add_test(live_case, live_cpuset_is_passed_on);
	tcase_add_test(live_case, live_kill_keeps_others);
	tcase_add_test(live_case, live_nested_needs_v2);
	tcase_add_test(live_case, live_deep);
	tcase_add_test(live_case, live_move);
	suite_add_tcase(s, live_case);
	return s;
}

UNIT_MAIN(test_cgroup);
