/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "fd.h"
#include "kukeexec.h"
#include "str.h"

/* Ids have 32 bits in these calls, also where the first ones of Unix had 16. */
#ifdef SYS_setresuid32
#define SET_GROUPS SYS_setgroups32
#define SET_GIDS SYS_setresgid32
#define SET_UIDS SYS_setresuid32
#else
#define SET_GROUPS SYS_setgroups
#define SET_GIDS SYS_setresgid
#define SET_UIDS SYS_setresuid
#endif

enum {
	LAST_CAP = 63
};

void report_failure(enum step step, int error)
{
	struct report r = { .step = step, .value = error };

	(void) send(REPORT_FD, &r, sizeof(r), MSG_NOSIGNAL); /* fails only without a monitor */
	_exit(EXIT_FAILURE);
}

static void set_session(const struct exec_request *q)
{
	sigset_t none;

	(void) setsid(); /* a new process is no group leader, so it cannot fail */
	if ((q->head.flags & EXEC_TTY) != 0 && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		report_failure(STEP_TTY, -errno);
	(void) sigemptyset(&none);
	(void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Drop from the bounding set what the container does not have. */
static void drop_bounding(uint64_t keep)
{
	for (unsigned cap = 0; cap <= LAST_CAP; cap++) {
		if ((keep >> cap & 1) != 0 || prctl(PR_CAPBSET_READ, cap, 0, 0, 0) <= 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			report_failure(STEP_CAPS, -errno);
	}
}

static void set_user(const struct exec_request *q)
{
	const struct exec_head *h = &q->head;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    syscall(SET_GROUPS, (size_t) h->n_groups, q->body.groups) < 0 ||
	    syscall(SET_GIDS, h->gid, h->gid, h->gid) < 0 ||
	    syscall(SET_UIDS, h->uid, h->uid, h->uid) < 0 ||
	    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) /* another user may have made it so */
		report_failure(STEP_USER, -errno);
}

static void set_caps(const uint64_t caps[_EXEC_CAPS_MAX])
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	/* no more than the kernel knows, which is what the container's start did as well */
	uint64_t known = 0;

	for (unsigned cap = 0; cap <= LAST_CAP; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0)
			known |= UINT64_C(1) << cap;
	for (unsigned i = 0; i < 2; i++) {
		unsigned shift = i * 32;

		data[i].effective = (uint32_t) ((caps[EXEC_CAPS_EFFECTIVE] & known) >> shift);
		data[i].permitted = (uint32_t) ((caps[EXEC_CAPS_PERMITTED] & known) >> shift);
		data[i].inheritable = (uint32_t) ((caps[EXEC_CAPS_INHERITABLE] & known) >> shift);
	}
	if (syscall(SYS_capset, &head, data) < 0)
		report_failure(STEP_CAPS, -errno);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		report_failure(STEP_CAPS, -errno);
	for (unsigned cap = 0; cap <= LAST_CAP; cap++)
		if ((caps[EXEC_CAPS_AMBIENT] & known) >> cap & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			report_failure(STEP_CAPS, -errno);
}

static void set_filter(const struct exec_request *q)
{
	struct sock_fprog program = {
		.len = (unsigned short) (q->head.filter_bytes / sizeof(struct sock_filter)),
		.filter = (struct sock_filter *) (uintptr_t) q->body.filter,
	};

	if (program.len == 0)
		return;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, q->head.filter_flags, &program) < 0)
		report_failure(STEP_FILTER, -errno);
}

/*
 * Die with the monitor, which alone knows what becomes of this process. Changes of user
 * cancel that, so it comes after them.
 */
static void bind_to_monitor(void)
{
	char byte;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		report_failure(STEP_FORK, -errno);
	if (recv(REPORT_FD, &byte, 1, MSG_DONTWAIT) == 0)
		_exit(EXIT_FAILURE); /* it has ended already */
}

static const char *search_path(char *const *env)
{
	for (; *env != NULL; env++)
		if (str_has_prefix(*env, "PATH="))
			return *env + strlen("PATH=");
	return "/bin:/usr/bin";
}

/* execvp(3), with the container's PATH. Returns the -errno to report. */
static int execute(char *const *args, char *const *env)
{
	const char *name = args[0];
	const char *dir = search_path(env);
	char path[PATH_MAX];
	int seen = -ENOENT;
	size_t n;

	if (name[0] == '\0')
		return -ENOENT;
	if (strchr(name, '/') != NULL) {
		(void) execve(name, args, env);
		return -errno;
	}
	for (;; dir += n + 1) {
		n = strcspn(dir, ":");
		/* an empty part is the working directory */
		if (snprintf(path, sizeof(path), "%.*s%s%s", (int) n, dir, n > 0 ? "/" : "./",
			     name) < (int) sizeof(path)) {
			(void) execve(path, args, env);
			if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
				return -errno;
			if (errno == EACCES)
				seen = -EACCES;
		}
		if (dir[n] == '\0')
			return seen;
	}
}

void inside_drop_rights(const struct exec_request *q)
{
	drop_bounding(q->head.caps[EXEC_CAPS_BOUNDING]);
	set_user(q);
	set_caps(q->head.caps);
	if ((q->head.flags & EXEC_NO_NEW_PRIVS) != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		report_failure(STEP_CAPS, -errno);
}

void inside_run(const struct exec_request *q)
{
	set_session(q);
	/* Without no_new_privs it takes CAP_SYS_ADMIN, so it comes before that is dropped. */
	set_filter(q);
	if ((q->head.flags & EXEC_NO_NEW_PRIVS) == 0)
		inside_drop_rights(q);
	bind_to_monitor();
	report_failure(STEP_EXEC, execute(q->body.args, q->body.env));
}
