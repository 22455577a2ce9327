/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "fd.h"
#include "jail.h"
#include "newroot.h"
#include "str.h"
#include "sysfilter.h"

#if defined(__SANITIZE_ADDRESS__)
#define JAIL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JAIL_ASAN 1
#endif
#endif

#ifdef __s390x__
#define CLONE_FLAGS_ARG 1
#else
#define CLONE_FLAGS_ARG 0
#endif

enum {
	JAIL_ID = 65534, /* the overflow ids: they own nothing */
	JAIL_MAX_FILE = 4 << 20, /* limit of a file copied into the new root */
};

int jail_root(struct kerr *err)
{
	cleanup_fd int fs = (int) syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int fd = -1;

	if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "size", "16m", 0) >= 0 &&
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "mode", "0755", 0) >= 0 &&
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) >= 0)
		fd = (int) syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
				   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? kerr_set(err, -errno, "make an empty root") : fd;
}

int jail_copy(int root, const char *from, const char *to, struct kerr *err)
{
	cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	cleanup_buf struct buf text = BUF_INIT(JAIL_MAX_FILE);
	cleanup_fd int out = -EBADF;
	int r;

	if (in < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? -ENOENT
			       : kerr_set(err, -errno, "open '%s'", from);
	r = buf_read_fd(&text, in, err);
	if (r < 0)
		return kerr_wrap(err, r, "read '%s'", from);
	out = openat(root, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0444);
	if (out < 0)
		return kerr_set(err, -errno, "create '%s' in the new root", to);
	buf_addc(&text, '\n');
	r = fd_write_all(out, text.data, text.len);
	return r < 0 ? kerr_set(err, r, "write '%s' in the new root", to) : 0;
}

static int become_nobody(struct kerr *err)
{
	int r;

	if (setgroups(0, NULL) < 0 || setresgid(JAIL_ID, JAIL_ID, JAIL_ID) < 0 ||
	    setresuid(JAIL_ID, JAIL_ID, JAIL_ID) < 0)
		return kerr_set(err, -errno, "change to user and group 65534");
	r = caps_keep_only(NULL, 0, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return kerr_set(err, -errno, "make the process undumpable");
	return 0;
}

static int limit(int what, rlim_t value, struct kerr *err)
{
	struct rlimit l = { .rlim_cur = value, .rlim_max = value }, old;
	int r;

	r = getrlimit(what, &old);
	if (r == 0 && old.rlim_max < value)
		l = (struct rlimit){ .rlim_cur = old.rlim_max, .rlim_max = old.rlim_max };
	if (r == 0)
		r = setrlimit(what, &l);
	return r < 0 ? kerr_set(err, -errno, "set a resource limit") : 0;
}

static int set_limits(const struct jail *j, struct kerr *err)
{
	int r;

	r = limit(RLIMIT_CORE, 0, err);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, j->files, err);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, j->writes, err);
#ifndef JAIL_ASAN
	if (r == 0)
		r = limit(RLIMIT_AS, j->memory, err);
#endif
	return r;
}

/* ---- system calls ---- */

/*
 * System calls that a network client needs, out of those that code for hostile input is
 * otherwise denied.
 */
static const char *const client_calls[] = {
	"bind", "connect", "recvmsg", "sendmsg", "sendto", "setsockopt", "socket", NULL,
};
static const char *const thread_calls[] = { "clone", "clone3", NULL };
static const char *const no_calls[] = { NULL };

static bool listed(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (streq(*names, name))
			return true;
	return false;
}

struct denied {
	const char *names[256]; /* ends with NULL */
	size_t n;
};

static void deny(struct denied *d, const struct jail *j, const char *name)
{
	if (!listed(client_calls, name) && !listed(j->calls, name) &&
	    !(j->threads && listed(thread_calls, name)) && d->n + 1 < ARRAY_SIZE(d->names))
		d->names[d->n++] = name;
}

/*
 * Allow only TCP and UDP sockets (a Unix socket could reach our own daemon), and of new
 * processes only threads, or none. clone3 is refused, as a filter cannot read its flags.
 */
static int filter(const struct jail *j, struct kerr *err)
{
	static const char *const new_socket[] = { "socket", NULL };
	static const char *const new_process[] = { "clone", NULL };
	static const char *const new_process3[] = { "clone3", NULL };
	static const struct sysfilter_arg no_thread = { .index = CLONE_FLAGS_ARG,
							.op = SYSFILTER_MASKED_EQ,
							.value = CLONE_THREAD };
	/*
	 * All families but AF_INET and AF_INET6, one condition each, as a rule can have
	 * only a few.
	 */
	static const struct sysfilter_arg families[] = {
		{ .op = SYSFILTER_LT, .value = 2 }, { .op = SYSFILTER_GT, .value = 10 },
		{ .op = SYSFILTER_EQ, .value = 3 }, { .op = SYSFILTER_EQ, .value = 4 },
		{ .op = SYSFILTER_EQ, .value = 5 }, { .op = SYSFILTER_EQ, .value = 6 },
	};
	static const struct sysfilter_arg more_families[] = {
		{ .op = SYSFILTER_EQ, .value = 7 },
		{ .op = SYSFILTER_EQ, .value = 8 },
		{ .op = SYSFILTER_EQ, .value = 9 },
	};
	struct denied d = { .n = 0 };
	const struct sysfilter_rule rules[] = {
		{ .names = d.names, .action = SYSFILTER_ERRNO },
		{ new_socket,
		  SYSFILTER_ERRNO,
		  { true, EAFNOSUPPORT },
		  families,
		  ARRAY_SIZE(families) },
		{ new_socket,
		  SYSFILTER_ERRNO,
		  { true, EAFNOSUPPORT },
		  more_families,
		  ARRAY_SIZE(more_families) },
		{ new_process, SYSFILTER_ERRNO, { 0 }, &no_thread, 1 },
		{ .names = new_process3, SYSFILTER_ERRNO, { true, ENOSYS } },
	};
	const struct sysfilter_profile profile = { .action = SYSFILTER_ALLOW,
						   .rules = rules,
						   .n_rules = ARRAY_SIZE(rules) -
							      (j->threads ? 0 : 2) };

	for (size_t i = 0; i < sysfilter_hostile_input_n; i++)
		deny(&d, j, sysfilter_hostile_input[i]);
	for (const char *const *more = j->denied ? j->denied : no_calls; *more; more++)
		deny(&d, j, *more);
	return sysfilter_enforce(&profile, err);
}

_Static_assert(AF_INET == 2 && AF_INET6 == 10, "the families between them are listed");

int jail_enter(const struct jail *j, int root, struct kerr *err)
{
	int r;

	r = newroot_enter(root, err);
	if (r == 0)
		r = set_limits(j, err);
	if (r == 0)
		r = become_nobody(err);
	return r < 0 ? r : filter(j, err);
}
