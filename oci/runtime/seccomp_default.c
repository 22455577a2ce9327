/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "caps.h"
#include "mem.h"
#include "seccomp_profile.h"

/*
 * The built-in profile. Calls that programs of current distributions need are allowed.
 * Calls that need a certain capability are allowed together with it. Other known calls
 * are denied with EPERM. A call that is not listed (newer than this list) fails with
 * ENOSYS, so that a C library falls back to an older call, whatever runtime, libseccomp
 * and kernel are used.
 *
 * Runtimes skip names that their libseccomp does not know or that belong to another
 * architecture. kukeon-security(7) lists what is denied and why.
 */

#define CAP(name) (UINT64_C(1) << CAP_##name)
#define NAMES(...)                \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

static const char *const allowed[] = {
	"_llseek",
	"_newselect",
	"accept",
	"accept4",
	"access",
	"adjtimex",
	"alarm",
	"arch_prctl",
	"arm_fadvise64_64",
	"arm_sync_file_range",
	"bind",
	"breakpoint",
	"brk",
	"cacheflush",
	"cachestat",
	"capget",
	"capset",
	"chdir",
	"chmod",
	"chown",
	"chown32",
	"clock_adjtime",
	"clock_adjtime64",
	"clock_getres",
	"clock_getres_time64",
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"close",
	"close_range",
	"connect",
	"copy_file_range",
	"creat",
	"dup",
	"dup2",
	"dup3",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_ctl_old",
	"epoll_pwait",
	"epoll_pwait2",
	"epoll_wait",
	"epoll_wait_old",
	"eventfd",
	"eventfd2",
	"execve",
	"execveat",
	"exit",
	"exit_group",
	"faccessat",
	"faccessat2",
	"fadvise64",
	"fadvise64_64",
	"fallocate",
	"fanotify_mark",
	"fchdir",
	"fchmod",
	"fchmodat",
	"fchmodat2",
	"fchown",
	"fchown32",
	"fchownat",
	"fcntl",
	"fcntl64",
	"fdatasync",
	"fgetxattr",
	"file_getattr",
	"file_setattr",
	"flistxattr",
	"flock",
	"fork",
	"fremovexattr",
	"fsetxattr",
	"fstat",
	"fstat64",
	"fstatat64",
	"fstatfs",
	"fstatfs64",
	"fsync",
	"ftruncate",
	"ftruncate64",
	"futex",
	"futex_requeue",
	"futex_time64",
	"futex_wait",
	"futex_waitv",
	"futex_wake",
	"futimesat",
	"get_robust_list",
	"get_thread_area",
	"getcpu",
	"getcwd",
	"getdents",
	"getdents64",
	"getegid",
	"getegid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getgroups",
	"getgroups32",
	"getitimer",
	"getpeername",
	"getpgid",
	"getpgrp",
	"getpid",
	"getppid",
	"getpriority",
	"getrandom",
	"getresgid",
	"getresgid32",
	"getresuid",
	"getresuid32",
	"getrlimit",
	"getrusage",
	"getsid",
	"getsockname",
	"getsockopt",
	"gettid",
	"gettimeofday",
	"getuid",
	"getuid32",
	"getxattr",
	"getxattrat",
	"inotify_add_watch",
	"inotify_init",
	"inotify_init1",
	"inotify_rm_watch",
	"io_cancel",
	"io_destroy",
	"io_getevents",
	"io_pgetevents",
	"io_pgetevents_time64",
	"io_setup",
	"io_submit",
	"ioctl",
	"ioprio_get",
	"ioprio_set",
	"ipc",
	"kill",
	"landlock_add_rule",
	"landlock_create_ruleset",
	"landlock_restrict_self",
	"lchown",
	"lchown32",
	"lgetxattr",
	"link",
	"linkat",
	"listen",
	"listxattr",
	"listxattrat",
	"llistxattr",
	"lremovexattr",
	"lseek",
	"lsetxattr",
	"lsm_get_self_attr",
	"lsm_list_modules",
	"lstat",
	"lstat64",
	"madvise",
	"map_shadow_stack",
	"membarrier",
	"memfd_create",
	"memfd_secret",
	"mincore",
	"mkdir",
	"mkdirat",
	"mknod",
	"mknodat",
	"mlock",
	"mlock2",
	"mlockall",
	"mmap",
	"mmap2",
	"modify_ldt",
	"mprotect",
	"mq_getsetattr",
	"mq_notify",
	"mq_open",
	"mq_timedreceive",
	"mq_timedreceive_time64",
	"mq_timedsend",
	"mq_timedsend_time64",
	"mq_unlink",
	"mremap",
	"mseal",
	"msgctl",
	"msgget",
	"msgrcv",
	"msgsnd",
	"msync",
	"munlock",
	"munlockall",
	"munmap",
	"name_to_handle_at",
	"nanosleep",
	"newfstatat",
	"open",
	"openat",
	"openat2",
	"pause",
	"pidfd_open",
	"pidfd_send_signal",
	"pipe",
	"pipe2",
	"pkey_alloc",
	"pkey_free",
	"pkey_mprotect",
	"poll",
	"ppoll",
	"ppoll_time64",
	"prctl",
	"pread64",
	"preadv",
	"preadv2",
	"prlimit64",
	"process_mrelease",
	"pselect6",
	"pselect6_time64",
	"ptrace",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"read",
	"readahead",
	"readdir",
	"readlink",
	"readlinkat",
	"readv",
	"recv",
	"recvfrom",
	"recvmmsg",
	"recvmmsg_time64",
	"recvmsg",
	"remap_file_pages",
	"removexattr",
	"removexattrat",
	"rename",
	"renameat",
	"renameat2",
	"restart_syscall",
	"riscv_flush_icache",
	"riscv_hwprobe",
	"rmdir",
	"rseq",
	"rt_sigaction",
	"rt_sigpending",
	"rt_sigprocmask",
	"rt_sigqueueinfo",
	"rt_sigreturn",
	"rt_sigsuspend",
	"rt_sigtimedwait",
	"rt_sigtimedwait_time64",
	"rt_tgsigqueueinfo",
	"s390_pci_mmio_read",
	"s390_pci_mmio_write",
	"s390_runtime_instr",
	"sched_get_priority_max",
	"sched_get_priority_min",
	"sched_getaffinity",
	"sched_getattr",
	"sched_getparam",
	"sched_getscheduler",
	"sched_rr_get_interval",
	"sched_rr_get_interval_time64",
	"sched_setaffinity",
	"sched_setattr",
	"sched_setparam",
	"sched_setscheduler",
	"sched_yield",
	"seccomp",
	"select",
	"semctl",
	"semget",
	"semop",
	"semtimedop",
	"semtimedop_time64",
	"send",
	"sendfile",
	"sendfile64",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"set_robust_list",
	"set_thread_area",
	"set_tid_address",
	"set_tls",
	"setfsgid",
	"setfsgid32",
	"setfsuid",
	"setfsuid32",
	"setgid",
	"setgid32",
	"setgroups",
	"setgroups32",
	"setitimer",
	"setpgid",
	"setpriority",
	"setregid",
	"setregid32",
	"setresgid",
	"setresgid32",
	"setresuid",
	"setresuid32",
	"setreuid",
	"setreuid32",
	"setrlimit",
	"setsid",
	"setsockopt",
	"setuid",
	"setuid32",
	"setxattr",
	"setxattrat",
	"shmat",
	"shmctl",
	"shmdt",
	"shmget",
	"shutdown",
	"sigaction",
	"sigaltstack",
	"signal",
	"signalfd",
	"signalfd4",
	"sigpending",
	"sigprocmask",
	"sigreturn",
	"sigsuspend",
	"socketcall",
	"socketpair",
	"splice",
	"stat",
	"stat64",
	"statfs",
	"statfs64",
	"statx",
	"symlink",
	"symlinkat",
	"sync",
	"sync_file_range",
	"sync_file_range2",
	"syncfs",
	"sysinfo",
	"tee",
	"tgkill",
	"time",
	"timer_create",
	"timer_delete",
	"timer_getoverrun",
	"timer_gettime",
	"timer_gettime64",
	"timer_settime",
	"timer_settime64",
	"timerfd",
	"timerfd_create",
	"timerfd_gettime",
	"timerfd_gettime64",
	"timerfd_settime",
	"timerfd_settime64",
	"times",
	"tkill",
	"truncate",
	"truncate64",
	"ugetrlimit",
	"umask",
	"uname",
	"unlink",
	"unlinkat",
	"uretprobe",
	"utime",
	"utimensat",
	"utimensat_time64",
	"utimes",
	"vfork",
	"vmsplice",
	"wait4",
	"waitid",
	"waitpid",
	"write",
	"writev",
	NULL,
};

/* Calls that are allowed with any one of these capabilities. */
static const struct conditional {
	uint64_t caps;
	const char *const *names;
} conditionals[] = {
	{ CAP(SYS_ADMIN),
	  NAMES("fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "listmount",
		"lookup_dcookie", "mount", "mount_setattr", "move_mount", "open_tree",
		"open_tree_attr", "pivot_root", "quotactl", "quotactl_fd", "setdomainname",
		"sethostname", "setns", "statmount", "umount", "umount2", "unshare") },
	{ CAP(SYS_ADMIN) | CAP(BPF), NAMES("bpf") },
	{ CAP(SYS_ADMIN) | CAP(PERFMON), NAMES("perf_event_open") },
	{ CAP(SYS_ADMIN) | CAP(SYSLOG), NAMES("syslog") },
	{ CAP(DAC_READ_SEARCH), NAMES("open_by_handle_at") },
	{ CAP(SYS_BOOT), NAMES("reboot") },
	{ CAP(SYS_CHROOT), NAMES("chroot") },
	{ CAP(SYS_MODULE), NAMES("delete_module", "finit_module", "init_module") },
	{ CAP(SYS_NICE),
	  NAMES("get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node") },
	{ CAP(SYS_PACCT), NAMES("acct") },
	{ CAP(SYS_PTRACE), NAMES("kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv",
				 "process_vm_writev") },
	{ CAP(SYS_RAWIO), NAMES("ioperm", "iopl") },
	{ CAP(SYS_TIME), NAMES("clock_settime", "clock_settime64", "settimeofday", "stime") },
	{ CAP(SYS_TTY_CONFIG), NAMES("vhangup") },
};

/* Denied unless a custom profile is used. */
static const char *const denied[] = {
	/* keyrings are not separated by namespaces */
	"add_key", "keyctl", "request_key",
	/*
	 * large parts of the kernel with many past vulnerabilities, which programs can
	 * do without
	 */
	"io_uring_enter", "io_uring_register", "io_uring_setup", "userfaultfd",
	/* they act on the whole host */
	"kexec_file_load", "kexec_load", "migrate_pages", "move_pages", "swapoff", "swapon",
	/* obsolete */
	"_sysctl", "bdflush", "create_module", "get_kernel_syms", "nfsservctl", "query_module",
	"sysfs", "uselib", "ustat", "vm86", "vm86old", NULL
};

static const char *const clone_name[] = { "clone", NULL };
static const char *const clone3_name[] = { "clone3", NULL };
static const char *const personality_name[] = { "personality", NULL };
static const char *const socket_name[] = { "socket", NULL };

#define CLONE_NAMESPACES 0x7e020000u /* all CLONE_NEW* flags that clone can take */
#ifdef __s390__
#define CLONE_FLAGS_ARG 1
#else
#define CLONE_FLAGS_ARG 0
#endif

/* Allow clone without new namespaces; with them it needs what unshare needs. */
#define CLONE_BIT(bit)                                             \
	{                                                          \
		CLONE_FLAGS_ARG, SYSFILTER_MASKED_EQ, (bit), (bit) \
	}
static const struct sysfilter_arg clone_plain = { CLONE_FLAGS_ARG, SYSFILTER_MASKED_EQ,
						  CLONE_NAMESPACES, 0 };
static const struct sysfilter_arg clone_new[] = {
	CLONE_BIT(0x00020000), CLONE_BIT(0x02000000), CLONE_BIT(0x04000000), CLONE_BIT(0x08000000),
	CLONE_BIT(0x10000000), CLONE_BIT(0x20000000), CLONE_BIT(0x40000000),
};

/* PER_LINUX and PER_LINUX32, each also with UNAME26; and 0xffffffff, which only queries. */
static const struct sysfilter_arg personalities[] = {
	{ 0, SYSFILTER_EQ, 0x0, 0 },	    { 0, SYSFILTER_EQ, 0x8, 0 },
	{ 0, SYSFILTER_EQ, 0x20000, 0 },    { 0, SYSFILTER_EQ, 0x20008, 0 },
	{ 0, SYSFILTER_EQ, 0xffffffff, 0 },
};

/*
 * All socket families except AF_ALG (38), which gives access to the kernel's
 * cryptography, and AF_VSOCK (40), which reaches the hypervisor from any network
 * namespace. The kernel uses only the lower half of the register, so only that is
 * compared, in ranges whose size is a power of two; comparing the whole register could
 * be bypassed through the upper half. These rules come after the one for socketcall, as
 * libseccomp would otherwise add conditions to it that 32-bit x86 cannot have.
 */
#define FAMILY(value, n)                                          \
	{                                                         \
		0, SYSFILTER_MASKED_EQ, (uint32_t) - (n), (value) \
	}
static const struct sysfilter_arg families[] = {
	FAMILY(0, 32), FAMILY(32, 4), FAMILY(36, 2), FAMILY(39, 1),
	FAMILY(41, 1), FAMILY(42, 2), FAMILY(44, 4), FAMILY(48, 16),
};
static const struct sysfilter_arg families_denied[] = { FAMILY(38, 1), FAMILY(40, 1) };

/*
 * Includes 32-bit programs. x32 is left out: few kernels support it, each architecture
 * adds about a third to the filter, and a call of an architecture that is not listed
 * ends the caller.
 */
static const char *const archs[] = {
#if defined(__x86_64__)
	"SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
#elif defined(__i386__)
	"SCMP_ARCH_X86",
#elif defined(__aarch64__)
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM",
#elif defined(__arm__)
	"SCMP_ARCH_ARM",
#elif defined(__s390x__)
	"SCMP_ARCH_S390X", "SCMP_ARCH_S390",
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	"SCMP_ARCH_PPC64LE",
#elif defined(__riscv) && __riscv_xlen == 64
	"SCMP_ARCH_RISCV64",
#endif
	NULL
};

static void add_rule(struct seccomp_profile *s, const char *const *names,
		     enum sysfilter_action action, unsigned errno_ret,
		     const struct sysfilter_arg *arg)
{
	struct sysfilter_rule *rule = vec_grow(&s->rules, &s->n_rules, sizeof(*s->rules));

	rule->names = names;
	rule->action = action;
	if (action == SYSFILTER_ERRNO)
		rule->errno_ret = (struct sysfilter_errno){ true, errno_ret };
	if (arg == NULL)
		return;
	rule->args = xmemdup(arg, sizeof(*arg));
	rule->n_args = 1;
}

static void add_each(struct seccomp_profile *s, const char *const *names,
		     enum sysfilter_action action, unsigned errno_ret,
		     const struct sysfilter_arg *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_rule(s, names, action, errno_ret, &args[i]);
}

void seccomp_profile_default(const bool *caps, struct seccomp_profile *ret)
{
	struct seccomp_profile s = { 0 };
	uint64_t have = 0;

	for (size_t i = 0; i < CAPS_MAX; i++)
		have |= caps[i] ? UINT64_C(1) << i : 0;
	add_rule(&s, allowed, SYSFILTER_ALLOW, 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(conditionals); i++)
		add_rule(&s, conditionals[i].names,
			 have & conditionals[i].caps ? SYSFILTER_ALLOW : SYSFILTER_ERRNO, EPERM,
			 NULL);
	add_rule(&s, denied, SYSFILTER_ERRNO, EPERM, NULL);
	if (have & CAP(SYS_ADMIN)) {
		add_rule(&s, clone_name, SYSFILTER_ALLOW, 0, NULL);
		add_rule(&s, clone3_name, SYSFILTER_ALLOW, 0, NULL);
	} else {
		/*
		 * A filter cannot read the flags of clone3. With ENOSYS, programs use
		 * clone instead.
		 */
		add_rule(&s, clone_name, SYSFILTER_ALLOW, 0, &clone_plain);
		add_each(&s, clone_name, SYSFILTER_ERRNO, EPERM, clone_new, ARRAY_SIZE(clone_new));
		add_rule(&s, clone3_name, SYSFILTER_ERRNO, ENOSYS, NULL);
	}
	add_each(&s, personality_name, SYSFILTER_ALLOW, 0, personalities,
		 ARRAY_SIZE(personalities));
	add_each(&s, socket_name, SYSFILTER_ALLOW, 0, families, ARRAY_SIZE(families));
	add_each(&s, socket_name, SYSFILTER_ERRNO, EAFNOSUPPORT, families_denied,
		 ARRAY_SIZE(families_denied));
	s.p = (struct sysfilter_profile){
		.action = SYSFILTER_ERRNO,
		.errno_ret = { true, ENOSYS },
		.archs = archs,
		.rules = s.rules,
		.n_rules = s.n_rules,
	};
	*ret = s;
}
