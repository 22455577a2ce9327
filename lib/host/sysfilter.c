/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/prctl.h>

#include <seccomp.h>

#include "str.h"
#include "sysfilter.h"

const char *const sysfilter_hostile_input[] = {
	/* programs and processes */
	"clone",
	"clone3",
	"execve",
	"execveat",
	"fork",
	"kcmp",
	"kill",
	"pidfd_getfd",
	"pidfd_open",
	"pidfd_send_signal",
	"process_madvise",
	"process_vm_readv",
	"process_vm_writev",
	"ptrace",
	"rt_sigqueueinfo",
	"rt_tgsigqueueinfo",
	"tkill",
	"vfork",
	/* mounts and namespaces */
	"chroot",
	"fsconfig",
	"fsmount",
	"fsopen",
	"fspick",
	"mount",
	"mount_setattr",
	"move_mount",
	"name_to_handle_at",
	"open_by_handle_at",
	"open_tree",
	"pivot_root",
	"setns",
	"statmount",
	"umount",
	"umount2",
	"unshare",
	/* the network */
	"accept",
	"accept4",
	"bind",
	"connect",
	"listen",
	"recvmmsg",
	"recvmsg",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"setsockopt",
	"socket",
	"socketcall",
	"socketpair",
	/* the kernel */
	"acct",
	"add_key",
	"adjtimex",
	"bpf",
	"clock_adjtime",
	"clock_settime",
	"create_module",
	"delete_module",
	"fanotify_init",
	"finit_module",
	"init_module",
	"io_setup",
	"io_uring_enter",
	"io_uring_register",
	"io_uring_setup",
	"ioperm",
	"iopl",
	"kexec_file_load",
	"kexec_load",
	"keyctl",
	"landlock_create_ruleset",
	"lookup_dcookie",
	"migrate_pages",
	"modify_ldt",
	"move_pages",
	"nfsservctl",
	"perf_event_open",
	"personality",
	"quotactl",
	"quotactl_fd",
	"reboot",
	"request_key",
	"setdomainname",
	"sethostname",
	"settimeofday",
	"swapoff",
	"swapon",
	"syslog",
	"userfaultfd",
	"vhangup",
	/* who we are */
	"capset",
	"setfsgid",
	"setfsuid",
	"setgid",
	"setgroups",
	"setregid",
	"setresgid",
	"setresuid",
	"setreuid",
	"setuid",
};
const size_t sysfilter_hostile_input_n = ARRAY_SIZE(sysfilter_hostile_input);

int sysfilter_deny(const char *const *names, size_t n, struct kerr *err)
{
	scmp_filter_ctx ctx;
	size_t i;
	int nr, r;

	r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (r < 0)
		return kerr_set(err, -errno, "set no_new_privs");
	ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx)
		return kerr_set(err, -ENOMEM, "make a seccomp filter");
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	for (i = 0; r >= 0 && i < n; i++) {
		nr = seccomp_syscall_resolve_name(names[i]);
		if (nr == __NR_SCMP_ERROR)
			continue; /* this libseccomp is older than the call */
		r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), nr, 0);
		if (r == -EDOM)
			r = 0; /* not on this architecture */
	}
	if (r >= 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r < 0 ? kerr_set(err, r, "install a seccomp filter") : 0;
}

/* ---- profiles ---- */

static const struct {
	const char *name;
	uint32_t token;
} arch_rows[] = {
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
	{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
	{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
};

/* The token of an architecture, 0 for a name that is none. */
static uint32_t arch_token(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(arch_rows); i++)
		if (streq(arch_rows[i].name, name))
			return arch_rows[i].token;
	return 0;
}

bool sysfilter_knows_arch(const char *name)
{
	return arch_token(name) != 0;
}
