/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "caps.h"
#include "emit_json.h"
#include "mem.h"
#include "path.h"
#include "seccomp_filter.h"
#include "seccomp_profile.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

static char *emitted(const struct sysfilter_profile *p)
{
	struct buf text = BUF_INIT(1 << 20);
	struct jemit j;

	jemit_init(&j, &text, 0);
	seccomp_profile_emit(p, &j);
	return buf_take(&text);
}

static struct seccomp_profile with_cap(int cap)
{
	bool caps[CAPS_MAX] = { false };
	struct seccomp_profile s;

	if (cap >= 0)
		caps[cap] = true;
	seccomp_profile_default(caps, &s);
	return s;
}

/* What becomes of a name by the rules without conditions; 0: by none. */
static enum sysfilter_action action_of(const struct seccomp_profile *s, const char *name)
{
	enum sysfilter_action found = 0;
	size_t i, k;

	for (i = 0; i < s->p.n_rules; i++)
		for (k = 0; s->p.rules[i].n_args == 0 && s->p.rules[i].names[k] != NULL; k++) {
			if (!streq(s->p.rules[i].names[k], name))
				continue;
			ck_assert_msg(found == 0, "%s has two rules", name);
			found = s->p.rules[i].action;
		}
	return found;
}

/* Two rules for a call would leave it to the library which one holds. */
START_TEST(one_rule_for_each)
{
	cleanup_seccomp_profile struct seccomp_profile s = with_cap(-1);
	size_t i, k, n = 0;

	for (i = 0; i < s.p.n_rules; i++)
		for (k = 0; s.p.rules[i].n_args == 0 && s.p.rules[i].names[k] != NULL; k++, n++)
			ck_assert_int_ne(action_of(&s, s.p.rules[i].names[k]), 0);
	ck_assert_uint_gt(n, 400);
}
END_TEST

static const struct {
	const char *name;
	int cap; /* allowed with it, denied without; -1: allowed; -2: denied */
} calls[] = {
	{ "read", -1 },
	{ "ptrace", -1 },
	{ "socketcall", -1 },
	{ "keyctl", -2 },
	{ "io_uring_setup", -2 },
	{ "userfaultfd", -2 },
	{ "kexec_load", -2 },
	{ "mount", CAP_SYS_ADMIN },
	{ "unshare", CAP_SYS_ADMIN },
	{ "bpf", CAP_SYS_ADMIN },
	{ "bpf", CAP_BPF },
	{ "perf_event_open", CAP_PERFMON },
	{ "syslog", CAP_SYSLOG },
	{ "open_by_handle_at", CAP_DAC_READ_SEARCH },
	{ "reboot", CAP_SYS_BOOT },
	{ "chroot", CAP_SYS_CHROOT },
	{ "init_module", CAP_SYS_MODULE },
	{ "finit_module", CAP_SYS_MODULE },
	{ "mbind", CAP_SYS_NICE },
	{ "acct", CAP_SYS_PACCT },
	{ "process_vm_writev", CAP_SYS_PTRACE },
	{ "iopl", CAP_SYS_RAWIO },
	{ "clock_settime", CAP_SYS_TIME },
	{ "vhangup", CAP_SYS_TTY_CONFIG },
};

START_TEST(with_and_without)
{
	cleanup_seccomp_profile struct seccomp_profile without = with_cap(-1);
	cleanup_seccomp_profile struct seccomp_profile with = with_cap(calls[_i].cap);
	bool always = calls[_i].cap == -1, never = calls[_i].cap == -2;

	ck_assert_int_eq(action_of(&without, calls[_i].name),
			 always ? SYSFILTER_ALLOW : SYSFILTER_ERRNO);
	ck_assert_int_eq(action_of(&with, calls[_i].name),
			 never ? SYSFILTER_ERRNO : SYSFILTER_ALLOW);
}
END_TEST

START_TEST(text_and_back)
{
	cleanup_seccomp_profile struct seccomp_profile s = with_cap(-1);
	cleanup_seccomp_profile struct seccomp_profile again = { 0 };
	cleanup_free char *text = emitted(&s.p);
	cleanup_free char *text_again = NULL;
	struct kerr err = { 0 };

	ck_assert_msg(seccomp_profile_parse(text, strlen(text), "x", &again, &err) == 0, "%s",
		      err.msg);
	text_again = emitted(&again.p);
	ck_assert_str_eq(text, text_again);
}
END_TEST

/* ---- the filter at work, in a child ---- */

static char *keep(const struct tempdir *t, const char *link)
{
	cleanup_seccomp_profile struct seccomp_profile s = with_cap(-1);
	cleanup_free char *text = emitted(&s.p);
	cleanup_free char *dir = path_join(t->path, "filters", NULL);
	char *file = path_join(t->path, link, NULL);
	struct kerr err = { 0 };

	ck_assert_msg(seccomp_filter_keep(dir, text, file, &err) == 0, "%s", err.msg);
	return file;
}

START_TEST(kept_once)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *dir = path_join(t.path, "filters", NULL);
	cleanup_free char *a = keep(&t, "a");
	cleanup_free char *b = keep(&t, "b");
	struct stat sa, sb;

	ck_assert_int_eq(stat(a, &sa), 0);
	ck_assert_int_eq(stat(b, &sb), 0);
	ck_assert_uint_eq(sa.st_ino, sb.st_ino);
	ck_assert_uint_eq(sa.st_nlink, 3);
	ck_assert_int_eq(sa.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(dir, &sb), 0);
	ck_assert_int_eq(sb.st_mode & 07777, 0700);
	ck_assert_int_eq(unlink(a), 0);
	seccomp_filter_sweep(dir, 0);
	ck_assert_int_eq(stat(b, &sb), 0);
	ck_assert_uint_eq(sb.st_nlink, 2); /* in use: it stays */
	ck_assert_int_eq(unlink(b), 0);
	seccomp_filter_sweep(dir, 3600);
	ck_assert_int_eq(rmdir(dir), -1); /* too young */
	seccomp_filter_sweep(dir, 0);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

#define HIGH 0x100000000 /* what the kernel does not look at */

static const struct attempt {
	long nr;
	long args[3];
	int want; /* errno with the filter, 0: it works; without, each has another result */
} attempts[] = {
	{ SYS_unshare, { 0 }, EPERM },
	{ SYS_settimeofday, { 0 }, EPERM },
	{ SYS_mount, { 0 }, EPERM },
	{ SYS_bpf, { -1 }, EPERM },
	{ SYS_keyctl, { 0, -1 }, EPERM },
	{ SYS_io_uring_setup, { 0 }, EPERM },
	{ SYS_userfaultfd, { -1 }, EPERM },
	{ SYS_perf_event_open, { 0 }, EPERM },
	{ SYS_clone3, { 0 }, ENOSYS },
	{ SYS_clone, { CLONE_NEWNS | CLONE_FS }, EPERM },
	{ SYS_clone, { CLONE_NEWUSER | CLONE_FS }, EPERM },
	{ SYS_personality, { 0xffffffff }, 0 },
	{ SYS_personality, { 0x0040000 }, ENOSYS }, /* ADDR_NO_RANDOMIZE */
	{ SYS_socket, { AF_UNIX, SOCK_STREAM }, 0 },
	{ SYS_socket, { HIGH + AF_UNIX, SOCK_STREAM }, 0 },
	{ SYS_socket, { AF_INET6 + 0, -1 }, EINVAL },
	{ SYS_socket, { 38, SOCK_SEQPACKET }, EAFNOSUPPORT },
	{ SYS_socket, { HIGH + 38, SOCK_SEQPACKET }, EAFNOSUPPORT },
	{ SYS_socket, { 40, SOCK_STREAM }, EAFNOSUPPORT },
	{ SYS_socket, { HIGH + 40, SOCK_STREAM }, EAFNOSUPPORT },
	{ SYS_socket, { 37, -1 }, EINVAL },
	{ SYS_socket, { 39, -1 }, EINVAL },
	{ SYS_socket, { 45, -1 }, EINVAL },
};

static int attempt(const struct attempt *a)
{
	errno = 0;
	return syscall(a->nr, a->args[0], a->args[1], a->args[2], 0, 0) < 0 ? errno : 0;
}

#ifdef __x86_64__
/* A call of a 32-bit program: its result, as the kernel gives it. */
static int call_32(unsigned nr, unsigned a, unsigned b)
{
	int r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "0"(nr), "b"(a), "c"(b), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return r;
}

/* socketcall(SYS_SOCKET): its arguments are in memory, where no filter sees them. */
static int attempt_32(void)
{
	unsigned *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (args == MAP_FAILED)
		return 1;
	args[0] = AF_UNIX;
	args[1] = SOCK_STREAM;
	args[2] = 0;
	if (call_32(102, 1, (unsigned) (uintptr_t) args) < 0)
		return 2;
	if (call_32(359, AF_UNIX, SOCK_STREAM) < 0)
		return 3;
	if (call_32(359, 38, SOCK_SEQPACKET) != -EAFNOSUPPORT)
		return 4;
	return call_32(21, 0, 0) == -EPERM ? 0 : 5; /* mount */
}
#endif

static void install(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || sysfilter_load(fd, NULL) < 0)
		_exit(255);
}

static int in_child(const char *filter, int (*fn)(const struct attempt *), const struct attempt *a)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (filter != NULL)
			install(filter);
		_exit(fn(a));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "status %#x", (unsigned) status);
	return WEXITSTATUS(status);
}

START_TEST(at_work)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *file = keep(&t, "f");

	ck_assert_int_eq(in_child(file, attempt, &attempts[_i]), attempts[_i].want);
	if (attempts[_i].want == EPERM)
		ck_assert_int_ne(in_child(NULL, attempt, &attempts[_i]), EPERM);
}
END_TEST

#ifdef __x86_64__
/* The jump's distance of one instruction, or -1: it is no jump. */
static int jump(const struct sock_filter *f, uint32_t acc)
{
	switch (f->code) {
	case BPF_JMP | BPF_JA:
		return (int) f->k;
	case BPF_JMP | BPF_JEQ | BPF_K:
		return acc == f->k ? f->jt : f->jf;
	case BPF_JMP | BPF_JGE | BPF_K:
		return acc >= f->k ? f->jt : f->jf;
	case BPF_JMP | BPF_JGT | BPF_K:
		return acc > f->k ? f->jt : f->jf;
	case BPF_JMP | BPF_JSET | BPF_K:
		return (acc & f->k) != 0 ? f->jt : f->jf;
	default:
		return -1;
	}
}

/* What the filter in the file answers, as the kernel would compute it. */
static uint32_t answer(const char *file, const struct seccomp_data *data)
{
	cleanup_buf struct buf text = BUF_INIT(1 << 20);
	const struct sock_filter *f;
	uint32_t acc = 0;
	size_t i;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(buf_read_fd(&text, fd, NULL), 0);
	ck_assert_int_eq(close(fd), 0);
	f = (const struct sock_filter *) (const void *) text.data;
	for (i = 0; i < text.len / sizeof(*f); i++) {
		int far = jump(&f[i], acc);

		if (far >= 0) {
			i += (size_t) far;
		} else if (f[i].code == (BPF_LD | BPF_W | BPF_ABS)) {
			ck_assert_uint_le(f[i].k, sizeof(*data) - sizeof(acc));
			memcpy(&acc, (const char *) data + f[i].k, sizeof(acc));
		} else if (f[i].code == (BPF_ALU | BPF_AND | BPF_K)) {
			acc &= f[i].k;
		} else {
			ck_assert_int_eq(f[i].code, BPF_RET | BPF_K);
			return f[i].k;
		}
	}
	ck_abort_msg("the filter has no end");
	return 0;
}

static const struct {
	uint32_t arch;
	int nr;
	uint64_t args[2];
	uint32_t want;
} answers[] = {
	{ AUDIT_ARCH_X86_64, SYS_getpid, { 0 }, SECCOMP_RET_ALLOW },
	{ AUDIT_ARCH_X86_64, SYS_mount, { 0 }, SECCOMP_RET_ERRNO | EPERM },
	{ AUDIT_ARCH_X86_64, SYS_socket, { 38, 5 }, SECCOMP_RET_ERRNO | EAFNOSUPPORT },
	/* 32-bit programs: socketcall, socket, mount, getpid. */
	{ AUDIT_ARCH_I386, 102, { 1 }, SECCOMP_RET_ALLOW },
	{ AUDIT_ARCH_I386, 359, { AF_UNIX, SOCK_STREAM }, SECCOMP_RET_ALLOW },
	{ AUDIT_ARCH_I386, 359, { 38, SOCK_SEQPACKET }, SECCOMP_RET_ERRNO | EAFNOSUPPORT },
	{ AUDIT_ARCH_I386, 21, { 0 }, SECCOMP_RET_ERRNO | EPERM },
	{ AUDIT_ARCH_I386, 20, { 0 }, SECCOMP_RET_ALLOW },
	/* No such numbers belong to this machine. */
	{ AUDIT_ARCH_AARCH64, 172, { 0 }, SECCOMP_RET_KILL_THREAD },
	{ AUDIT_ARCH_X86_64, 0x40000000 + SYS_getpid, { 0 }, SECCOMP_RET_KILL_THREAD },
};

START_TEST(answers_by_architecture)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *file = keep(&t, "f");
	struct seccomp_data data = {
		.nr = answers[_i].nr,
		.arch = answers[_i].arch,
		.args = { answers[_i].args[0], answers[_i].args[1] },
	};

	uint32_t said = answer(file, &data);

	if (said == SECCOMP_RET_KILL_PROCESS)
		said = SECCOMP_RET_KILL_THREAD; /* there is but one */
	ck_assert_msg(said == answers[_i].want, "%#x", said);
}
END_TEST

/* fn in a child with the filter (NULL: without): its status, as of waitpid. */
static int child_status(const char *filter, int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (filter)
			install(filter);
		_exit(fn());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int getpid_32(void)
{
	return call_32(20, 0, 0) == getpid() ? 0 : 1;
}

/*
 * A kernel without an entry for 32-bit programs (no CONFIG_IA32_EMULATION, or
 * switched off) ends who tries it. What the filter says of them is shown above.
 */
START_TEST(at_work_32)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *file = keep(&t, "f");
	int entry = child_status(NULL, getpid_32);

	if (entry == 0) {
		ck_assert_int_eq(child_status(file, attempt_32), 0);
	} else {
		ck_assert_msg(WIFSIGNALED(entry) && WTERMSIG(entry) == SIGSEGV, "%#x",
			      (unsigned) entry);
		ck_assert_int_eq(child_status(file, attempt_32), entry);
	}
}
END_TEST
#endif

#ifdef __x86_64__
START_TEST(x32_ends_the_caller)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *file = keep(&t, "f");
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		install(file);
		(void) syscall(0x40000000 + SYS_getpid);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
END_TEST
#endif

START_TEST(no_filter)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_fd int fd = openat(t.fd, "x", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct kerr err = { 0 };

	ck_assert_int_eq(sysfilter_load(fd, &err), -EINVAL);
	ck_assert_int_eq(write(fd, "abc", 3), 3);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(sysfilter_load(fd, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "no seccomp filter");
}
END_TEST

/* ---- files of others ---- */

#define RULE(text) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{" text "}]}"
#define ERRNO_X "\"names\":[\"x\"],\"action\":\"SCMP_ACT_ERRNO\""

static const struct {
	const char *text;
	const char *says; /* after "seccomp profile '/p': " */
} profiles[] = {
	{ "", "seccomp profile '/p': unexpected end of JSON input" },
	{ "[]", "seccomp profile '/p': not an object" },
	{ "{}", "seccomp profile '/p': action: unknown action" },
	{ "{\"defaultAction\":\"ALLOW\"}", "seccomp profile '/p': ALLOW: unknown action" },
	{ "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
	  "seccomp profile '/p': SCMP_ACT_NOTIFY: unknown action" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[{\"architecture\":\"x\"}]}",
	  "seccomp profile '/p': archMap: unknown key (the form is" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"x86_64\"]}",
	  "seccomp profile '/p': x86_64: unknown architecture" },
	{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":4096}",
	  "seccomp profile '/p': errnoRet: not an error number" },
	{ RULE("\"action\":\"SCMP_ACT_ALLOW\""),
	  "seccomp profile '/p': syscalls[0]: names: missing" },
	{ RULE(ERRNO_X ",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}"),
	  "seccomp profile '/p': syscalls[0]: includes: unknown key" },
	{ RULE("\"names\":[1],\"action\":\"SCMP_ACT_ALLOW\""),
	  "seccomp profile '/p': syscalls[0]: names: an entry is not a name" },
	{ RULE(ERRNO_X ",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]"),
	  "seccomp profile '/p': syscalls[0]: args: index is not 0 to 5" },
	{ RULE(ERRNO_X ",\"args\":[{\"index\":0,\"value\":1,\"op\":\"==\"}]"),
	  "seccomp profile '/p': syscalls[0]: args: unknown operator" },
	{ RULE(ERRNO_X ",\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]"),
	  "seccomp profile '/p': syscalls[0]: args: value is not a number" },
};

START_TEST(profile_refused)
{
	cleanup_seccomp_profile struct seccomp_profile s = { 0 };
	const char *text = profiles[_i].text;
	struct kerr err = { 0 };

	ck_assert_int_eq(seccomp_profile_parse(text, strlen(text), "/p", &s, &err), -EINVAL);
	ck_assert_msg(str_has_prefix(err.msg, profiles[_i].says), "%s", err.msg);
}
END_TEST

static Suite *test_seccomp(void)
{
	Suite *s = suite_create("seccomp");
	TCase *c = tcase_create("seccomp");

	tcase_add_test(c, one_rule_for_each);
	tcase_add_loop_test(c, with_and_without, 0, ARRAY_SIZE(calls));
	tcase_add_test(c, text_and_back);
	tcase_add_test(c, kept_once);
	tcase_add_loop_test(c, at_work, 0, ARRAY_SIZE(attempts));
#ifdef __x86_64__
	tcase_add_loop_test(c, answers_by_architecture, 0, ARRAY_SIZE(answers));
	tcase_add_test(c, at_work_32);
	tcase_add_test(c, x32_ends_the_caller);
#endif
	tcase_add_test(c, no_filter);
	tcase_add_loop_test(c, profile_refused, 0, ARRAY_SIZE(profiles));
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_seccomp);
