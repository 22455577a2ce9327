/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "dns_proto.h"
#include "fd.h"
#include "mem.h"
#include "proc.h"
#include "str.h"
#include "unit.h"

/* kukedns itself: what it is when it serves, and how it ends. */
enum {
	PATIENCE_MS = 60000,
};

static char name[] = "kukedns";
static const char program[] = TEST_BUILDDIR "/src/kukedns/kukedns";
static struct proto_msg msg = PROTO_MSG_INIT;

/* Its pid; *ret_engine is the engine's end of its control socket. */
static pid_t start(unsigned version, int *ret_engine)
{
	struct proc_spawn how = PROC_SPAWN_INIT;
	cleanup_free char *number = xasprintf("%u", version), *control = NULL;
	cleanup_fd int theirs = -EBADF;
	struct kerr err = { 0 };
	pid_t pid;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	*ret_engine = pair[0];
	theirs = pair[1];
	control = xasprintf("control=%d", theirs);
	how.path = program;
	how.argv = (char *[]){ name, number, control, NULL };
	how.keep_fds = &theirs;
	how.n_keep_fds = 1;
	how.flags = PROC_DIE_WITH_PARENT;
	ck_assert_msg(proc_spawn(&how, &pid, &err) == 0, "%s", err.msg);
	return pid;
}

static void hear(int engine, const char *op)
{
	int fd;

	ck_assert_int_eq(fd_wait_readable(engine, PATIENCE_MS), 1);
	ck_assert_int_eq(proto_msg_recv(&msg, engine, &fd), 1);
	ck_assert_str_eq(proto_msg_get(&msg, "op"), op);
}

static void ends(pid_t pid, int code)
{
	struct kerr err = { 0 };
	int status;

	ck_assert_msg(proc_wait(pid, PATIENCE_MS, &status, &err) == 0, "%s", err.msg);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), code);
	proto_msg_clear(&msg);
}

static const char *const status_lines[] = {
	"\nUid:\t65534\t65534\t65534\t65534\n",
	"\nGid:\t65534\t65534\t65534\t65534\n",
	"\nCapPrm:\t0000000000000000\n",
	"\nCapEff:\t0000000000000000\n",
	"\nNoNewPrivs:\t1\n",
	"\nSeccomp:\t2\n",
	"\nThreads:\t1\n",
};

START_TEST(confined)
{
	cleanup_free char *status = NULL, *root = NULL;
	cleanup_buf struct buf text = BUF_INIT(65536);
	cleanup_fd int engine = -EBADF;
	struct dirent *e;
	pid_t pid = start(DNS_PROTO_VERSION, &engine);
	DIR *dir;

	proto_msg_start(&msg, "ping");
	proto_msg_add(&msg, "n", "3");
	ck_assert_int_eq(proto_msg_send(&msg, engine, -1, 0), 0);
	hear(engine, "pong");
	status = xasprintf("/proc/%d/status", (int) pid);
	ck_assert_int_eq(sys_read(AT_FDCWD, status, &text), 0);
	for (size_t i = 0; i < ARRAY_SIZE(status_lines); i++)
		ck_assert_msg(strstr(buf_str(&text), status_lines[i]), "%s in %s", status_lines[i],
			      buf_str(&text));
	root = xasprintf("/proc/%d/root", (int) pid);
	dir = opendir(root);
	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir)))
		ck_assert_msg(e->d_name[0] == '.', "'%s' is in its root", e->d_name);
	(void) closedir(dir);
	fd_close_p(&engine);
	ends(pid, 0);
}
END_TEST

START_TEST(other_version)
{
	cleanup_fd int engine = -EBADF;
	pid_t pid = start(DNS_PROTO_VERSION + 1, &engine);

	hear(engine, "failed");
	ck_assert_str_eq(proto_msg_get(&msg, "text"), "kukedns and kukeon have different versions");
	ends(pid, 1);
}
END_TEST

START_TEST(usage)
{
	cleanup_buf struct buf said = BUF_INIT(4096);
	struct proc_spawn how = PROC_SPAWN_INIT;
	struct kerr err = { 0 };
	int status;

	how.path = program;
	how.argv = (char *[]){ name, NULL };
	ck_assert_msg(proc_run(&how, NULL, NULL, &said, PATIENCE_MS, &status, &err) == 0, "%s",
		      err.msg);
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	ck_assert_str_eq(buf_str(&said), "usage: kukedns VERSION control=FD\n");
}
END_TEST

static Suite *test_dns_program(void)
{
	Suite *s = suite_create("dns_program");
	TCase *t = tcase_create("program");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, confined);
	tcase_add_test(t, other_version);
	tcase_add_test(t, usage);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_dns_program);
