/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <seccomp.h>

#include "fd.h"
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
	/* credentials */
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

/* The libseccomp token of an architecture, 0 for an unknown name. */
static uint32_t arch_token(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(arch_rows); i++)
		if (streq(arch_rows[i].name, name))
			return arch_rows[i].token;
	return 0;
}

bool sysfilter_knows_arch(const char *name)
{
	return arch_token(name) != 0;
}

static const enum scmp_compare compares[] = {
	[SYSFILTER_NE] = SCMP_CMP_NE,
	[SYSFILTER_LT] = SCMP_CMP_LT,
	[SYSFILTER_LE] = SCMP_CMP_LE,
	[SYSFILTER_EQ] = SCMP_CMP_EQ,
	[SYSFILTER_GE] = SCMP_CMP_GE,
	[SYSFILTER_GT] = SCMP_CMP_GT,
	[SYSFILTER_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};
_Static_assert(ARRAY_SIZE(compares) == _SYSFILTER_OP_MAX, "an operator without a comparison");

static uint32_t action_token(enum sysfilter_action action, struct sysfilter_errno errno_ret)
{
	uint32_t value = errno_ret.set ? errno_ret.v : EPERM;

	switch (action) {
	case SYSFILTER_KILL:
		return SCMP_ACT_KILL_THREAD;
	case SYSFILTER_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SYSFILTER_TRAP:
		return SCMP_ACT_TRAP;
	case SYSFILTER_ERRNO:
		return SCMP_ACT_ERRNO(value);
	case SYSFILTER_TRACE:
		return SCMP_ACT_TRACE(value);
	case SYSFILTER_ALLOW:
		return SCMP_ACT_ALLOW;
	case SYSFILTER_LOG:
		return SCMP_ACT_LOG;
	case _SYSFILTER_ACTION_MAX:
		break;
	}
	return SCMP_ACT_KILL_PROCESS;
}

static bool has_repeated_index(const struct sysfilter_rule *rule)
{
	for (size_t i = 0; i < rule->n_args; i++)
		for (size_t k = 0; k < i; k++)
			if (rule->args[i].index == rule->args[k].index)
				return true;
	return false;
}

/* One system call of a rule. Two conditions on the same argument are alternatives. */
static int add_call(scmp_filter_ctx ctx, const struct sysfilter_rule *rule, uint32_t action, int nr)
{
	struct scmp_arg_cmp args[SYSFILTER_ARGS];
	bool each = has_repeated_index(rule);
	int r = 0;

	for (size_t i = 0; i < rule->n_args; i++)
		args[i] = (struct scmp_arg_cmp){
			.arg = rule->args[i].index,
			.op = compares[rule->args[i].op],
			.datum_a = rule->args[i].value,
			.datum_b = rule->args[i].value2,
		};
	if (!each)
		return seccomp_rule_add_array(ctx, action, nr, (unsigned) rule->n_args, args);
	for (size_t i = 0; r >= 0 && i < rule->n_args; i++)
		r = seccomp_rule_add_array(ctx, action, nr, 1, &args[i]);
	return r;
}

static int add_rule(scmp_filter_ctx ctx, const struct sysfilter_rule *rule, uint32_t otherwise,
		    struct kerr *err)
{
	uint32_t action = action_token(rule->action, rule->errno_ret);
	int nr, r;

	for (size_t i = 0; action != otherwise && rule->names[i] != NULL; i++) {
		nr = seccomp_syscall_resolve_name(rule->names[i]);
		if (nr == __NR_SCMP_ERROR)
			continue;
		r = add_call(ctx, rule, action, nr);
		if (r < 0)
			return kerr_set(err, r, "filter the system call '%s'", rule->names[i]);
	}
	return 0;
}

static int fill(scmp_filter_ctx ctx, const struct sysfilter_profile *p, uint32_t otherwise,
		struct kerr *err)
{
	int r;

	for (size_t i = 0; p->archs != NULL && p->archs[i] != NULL; i++) {
		r = seccomp_arch_add(ctx, arch_token(p->archs[i]));
		if (r < 0 && r != -EEXIST)
			return kerr_set(err, r, "filter the architecture '%s'", p->archs[i]);
	}
	for (size_t i = 0; i < p->n_rules; i++) {
		r = add_rule(ctx, &p->rules[i], otherwise, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Through a memfd: older versions of libseccomp can only export to a file. */
static int export(scmp_filter_ctx ctx, struct buf *ret, struct kerr *err)
{
	cleanup_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return kerr_set(err, -errno, "make a file in memory");
	r = seccomp_export_bpf(ctx, fd);
	if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return kerr_set(err, r, "compile a seccomp filter");
	return buf_read_fd(ret, fd, err);
}

int sysfilter_compile(const struct sysfilter_profile *p, struct buf *ret, struct kerr *err)
{
	uint32_t otherwise = action_token(p->action, p->errno_ret);
	scmp_filter_ctx ctx = seccomp_init(otherwise);
	int r;

	if (!ctx)
		return kerr_set(err, -ENOMEM, "make a seccomp filter");
	r = fill(ctx, p, otherwise, err);
	if (r == 0)
		r = export(ctx, ret, err);
	seccomp_release(ctx);
	return r;
}

int sysfilter_load(int fd, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(BPF_MAXINSNS * sizeof(struct sock_filter));
	struct sock_fprog program = { 0 };
	int r;

	r = buf_read_fd(&text, fd, err);
	if (r < 0)
		return r;
	if (text.len == 0 || text.len % sizeof(struct sock_filter) != 0)
		return kerr_plain(err, -EINVAL, "no seccomp filter");
	program.len = (unsigned short) (text.len / sizeof(struct sock_filter));
	program.filter = (struct sock_filter *) (void *) text.data;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return kerr_set(err, -errno, "install a seccomp filter");
	return 0;
}

int sysfilter_enforce(const struct sysfilter_profile *p, struct kerr *err)
{
	uint32_t otherwise = action_token(p->action, p->errno_ret);
	scmp_filter_ctx ctx;
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return kerr_set(err, -errno, "set no_new_privs");
	ctx = seccomp_init(otherwise);
	if (!ctx)
		return kerr_set(err, -ENOMEM, "make a seccomp filter");
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r == 0)
		r = fill(ctx, p, otherwise, err);
	if (r == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r < 0 ? kerr_set(err, r, "install a seccomp filter") : 0;
}
