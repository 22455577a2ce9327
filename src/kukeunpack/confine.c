/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "confine.h"
#include "newroot.h"
#include "sysfilter.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_ASAN 1
#endif
#endif

enum {
	CONFINE_MEMORY =
		/* address space: a zstd window of 128 MiB, and the records of directories */
		768 << 20,
	CONFINE_FILES = 64,
};

/*
 * System calls needed for writing files, and those that the C library and the sanitizers
 * make by themselves.
 */
static const char *const allowed_calls[] = {
	/* memory, time, exit */
	"brk",
	"clock_gettime",
	"exit",
	"exit_group",
	"futex",
	"getpid",
	"getrandom",
	"gettid",
	"gettimeofday",
	"madvise",
	"mmap",
	"mmap2",
	"mprotect",
	"mremap",
	"munmap",
	"restart_syscall",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_yield",
	"sigaltstack",
	"tgkill",
	/* descriptors */
	"_llseek",
	"close",
	"fcntl",
	"fcntl64",
	"lseek",
	"pread64",
	"pwrite64",
	"read",
	"readv",
	"write",
	"writev",
	/* files below the root */
	"arm_sync_file_range",
	"fallocate",
	"fchmod",
	"fchmodat",
	"fchmodat2",
	"fchown",
	"fchown32",
	"fchownat",
	"fsetxattr",
	"fstat",
	"fstat64",
	"fstatat64",
	"ftruncate",
	"ftruncate64",
	"getdents64",
	"linkat",
	"mkdirat",
	"mknodat",
	"newfstatat",
	"openat",
	"openat2",
	"readlinkat",
	"statx",
	"symlinkat",
	"sync_file_range",
	"sync_file_range2",
	"umask",
	"unlinkat",
	"utimensat",
	"utimensat_time64",
	NULL,
};

static const int kept_caps[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP,
};

/* Make target the root of a new mount namespace that contains nothing else. */
static int enter_root(int target, struct kerr *err)
{
	int fd, r;

	fd = (int) syscall(SYS_open_tree, target, "",
			   AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return kerr_set(err, -errno, "clone the target directory's mount");
	r = newroot_enter(fd, err);
	(void) close(fd);
	(void) close(target);
	return r;
}

static int limit(int what, rlim_t value, struct kerr *err)
{
	struct rlimit l;
	int r;

	r = getrlimit(what, &l);
	if (r == 0) {
		l.rlim_cur = l.rlim_cur < value ? l.rlim_cur : value;
		l.rlim_max = l.rlim_max < value ? l.rlim_max : value;
		r = setrlimit(what, &l);
	}
	return r < 0 ? kerr_set(err, -errno, "set a resource limit") : 0;
}

static int set_limits(const struct unpack_limits *limits, struct kerr *err)
{
	int r;

	r = limit(RLIMIT_CORE, 0, err);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, CONFINE_FILES, err);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, limits->max_bytes, err);
#ifndef CONFINE_ASAN
	if (r == 0)
		r = limit(RLIMIT_AS, CONFINE_MEMORY, err);
#endif
	return r;
}

static int install_filter(struct kerr *err)
{
	const struct sysfilter_rule rule = {
		.names = allowed_calls,
		.action = SYSFILTER_ALLOW,
	};
	const struct sysfilter_profile profile = {
		.action = SYSFILTER_ERRNO,
		.rules = &rule,
		.n_rules = 1,
	};

	return sysfilter_enforce(&profile, err);
}

int confine_to(int target, const struct unpack_limits *limits, struct kerr *err)
{
	int root, r;

	r = enter_root(target, err);
	if (r < 0)
		return r;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return kerr_set(err, -errno, "open the target directory");
	r = caps_keep_only(kept_caps, ARRAY_SIZE(kept_caps), err);
	if (r == 0)
		r = set_limits(limits, err);
	if (r == 0)
		r = install_filter(err);
	if (r < 0) {
		(void) close(root);
		return r;
	}
	return root;
}
