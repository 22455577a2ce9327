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
	JAIL_MEMORY = 512 << 20, /* address space */
	JAIL_FILES = 256,
	JAIL_WRITES = 8 << 20, /* limit of a file that is written (a manifest) */
};

/* Files that the resolver reads; missing ones are not needed. */
static const char *const resolver_files[] = {
	"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
};

/* Where distributions keep all CA certificates in one file. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
};

static int make_root(struct kerr *err)
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

/* Append a file of the host to a file in the new root. -ENOENT without a message. */
static int copy_file(int root, const char *from, const char *to, struct kerr *err)
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

static int copy_ca_certs(int root, const char *ca, struct kerr *err)
{
	const char *own = getenv("SSL_CERT_FILE");
	int r;

	r = str_empty(own) ? -ENOENT : copy_file(root, own, JAIL_CA_NAME, err);
	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(bundles); i++)
		r = copy_file(root, bundles[i], JAIL_CA_NAME, err);
	if (r < 0 && r != -ENOENT)
		return r;
	r = *ca ? copy_file(root, ca, JAIL_CA_NAME, err) : 0;
	if (r == -ENOENT)
		return kerr_set(err, r, "registryCAFile '%s'", ca);
	return r < 0 ? kerr_wrap(err, r, "registryCAFile") : 0;
}

static int fill_root(int root, const char *ca, struct kerr *err)
{
	int r;

	if (mkdirat(root, "etc", 0755) < 0)
		return kerr_set(err, -errno, "create 'etc' in the new root");
	for (size_t i = 0; i < ARRAY_SIZE(resolver_files); i++) {
		r = copy_file(root, resolver_files[i], resolver_files[i] + 1, err);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return copy_ca_certs(root, ca, err);
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

static int set_limits(struct kerr *err)
{
	int r;

	r = limit(RLIMIT_CORE, 0, err);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, JAIL_FILES, err);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, JAIL_WRITES, err);
#ifndef JAIL_ASAN
	if (r == 0)
		r = limit(RLIMIT_AS, JAIL_MEMORY, err);
#endif
	return r;
}

/* ---- system calls ---- */

/*
 * System calls that a network client needs, out of those that code for hostile input is
 * otherwise denied.
 */
static bool client_needs(const char *name)
{
	static const char *const names[] = {
		"bind",	    "clone",   "clone3", "connect",    "recvmmsg", "recvmsg",
		"sendmmsg", "sendmsg", "sendto", "setsockopt", "socket",   "socketpair",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(names[i], name))
			return true;
	return false;
}

/*
 * Allow only TCP and UDP sockets (a Unix socket could reach our own daemon), and of new
 * processes only threads, which libcurl's resolver needs. clone3 is refused, as a filter
 * cannot read its flags.
 */
static int filter(struct kerr *err)
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
	const char *names[256] = { NULL };
	const struct sysfilter_rule rules[] = {
		{ .names = names, .action = SYSFILTER_ERRNO },
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
						   .n_rules = ARRAY_SIZE(rules) };
	size_t i, n = 0;

	for (i = 0; i < sysfilter_hostile_input_n; i++)
		if (!client_needs(sysfilter_hostile_input[i]) && n + 1 < ARRAY_SIZE(names))
			names[n++] = sysfilter_hostile_input[i];
	return sysfilter_enforce(&profile, err);
}

_Static_assert(AF_INET == 2 && AF_INET6 == 10, "the families between them are listed");

int jail_enter(const char *ca, struct kerr *err)
{
	cleanup_fd int root = make_root(err);
	int r;

	if (root < 0)
		return root;
	r = fill_root(root, ca, err);
	if (r == 0)
		r = newroot_enter(root, err);
	if (r == 0)
		r = set_limits(err);
	if (r == 0)
		r = become_nobody(err);
	return r < 0 ? r : filter(err);
}
