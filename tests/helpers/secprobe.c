/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secprobe [NAME…]: tries what a container should not be able to do and prints for
 * each "NAME: RESULT": "ok", "empty" (it could be opened and has nothing in it), or the
 * name of the errno. Without names: everything. What succeeds is undone. Static, so
 * that it runs in any root file system.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRATCH "/tmp/secprobe"
#define EMPTY 1000 /* beside the errnos */

static int result(long r)
{
	return r < 0 ? errno : 0;
}

/* ---- modules ---- */

static int load_module(void)
{
	return result(syscall(SYS_init_module, "no module", 9L, ""));
}

static int load_module_fd(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int r = result(syscall(SYS_finit_module, fd, "", 0));

	(void) close(fd);
	return r;
}

static int unload_module(void)
{
	return result(syscall(SYS_delete_module, "no_such_module", O_NONBLOCK));
}

/* ---- mounts ---- */

static int mount_tmpfs(void)
{
	int r = result(mount("x", SCRATCH, "tmpfs", 0, ""));

	if (r == 0)
		(void) umount2(SCRATCH, MNT_DETACH);
	return r;
}

static int mount_new_api(void)
{
	long fd = syscall(SYS_fsopen, "tmpfs", 0);

	if (fd >= 0)
		(void) close((int) fd);
	return result(fd);
}

static int unmount_masks(void)
{
	return result(umount2("/proc/kcore", MNT_DETACH));
}

static int remount_sys(void)
{
	int r = result(mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL));

	return r;
}

static int new_userns(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(result(unshare(CLONE_NEWUSER)));
	(void) waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

/* ---- the kernel's files ---- */

static int read_file(const char *path)
{
	char byte;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno;
	n = read(fd, &byte, 1);
	r = n == 0 ? EMPTY : result(n);
	(void) close(fd);
	return r;
}

static int write_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = result(fd);

	if (fd >= 0)
		(void) close(fd);
	return r;
}

static int read_kcore(void)
{
	return read_file("/proc/kcore");
}

static int read_timers(void)
{
	return read_file("/proc/timer_list");
}

static int list_firmware(void)
{
	DIR *d = opendir("/sys/firmware");
	int n = 0;

	if (d == NULL)
		return errno;
	while (readdir(d) != NULL)
		n++;
	(void) closedir(d);
	return n <= 2 ? EMPTY : 0;
}

static int write_core_pattern(void)
{
	return write_open("/proc/sys/kernel/core_pattern");
}

static int write_sysrq(void)
{
	return write_open("/proc/sysrq-trigger");
}

static int write_sysfs(void)
{
	return result(access("/sys/kernel", W_OK));
}

/* ---- processes of others: pid 1 is one with hostPID ---- */

static int ptrace_1(void)
{
	int r = result(ptrace(PTRACE_ATTACH, 1, NULL, NULL));

	if (r != 0)
		return r;
	(void) waitpid(1, NULL, __WALL);
	return result(ptrace(PTRACE_DETACH, 1, NULL, NULL));
}

static int read_memory_1(void)
{
	int fd = open("/proc/1/mem", O_RDONLY | O_CLOEXEC);
	int r = result(fd);

	if (fd >= 0)
		(void) close(fd);
	return r;
}

static int root_of_1(void)
{
	return result(access("/proc/1/root/bin", F_OK));
}

/* ---- devices ---- */

static int device(mode_t type, unsigned ma, unsigned mi)
{
	const char *path = SCRATCH "/device";
	int fd, r;

	(void) unlink(path);
	if (mknod(path, type | 0600, makedev(ma, mi)) < 0)
		return errno;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	r = result(fd);
	if (fd >= 0)
		(void) close(fd);
	(void) unlink(path);
	return r;
}

static int device_kmsg(void)
{
	return device(S_IFCHR, 1, 11);
}

static int device_loop(void)
{
	return device(S_IFCHR, 10, 237); /* loop-control */
}

static int device_null(void)
{
	return device(S_IFCHR, 1, 3);
}

/* ---- capabilities ---- */

static int raise_capability(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return errno;
	data[0].permitted |= 1u << CAP_SYS_ADMIN;
	data[0].effective |= 1u << CAP_SYS_ADMIN;
	return result(syscall(SYS_capset, &header, data));
}

static int raise_ambient(void)
{
	return result(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
}

/* A set-user-ID copy of this program, run by somebody else. */
static int setuid_program(void)
{
	const char *copy = SCRATCH "/suid";
	char arg[] = "--euid";
	char *const argv[] = { arg, arg, NULL };
	char block[65536];
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	int status = 0;
	ssize_t n;
	pid_t pid;

	while ((n = read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t) n) != n)
			return EIO;
	if (fchmod(to, 04755) < 0)
		return errno;
	(void) close(from);
	(void) close(to);
	pid = fork();
	if (pid == 0) {
		if (setresgid(1000, 1000, 1000) < 0 || setresuid(1000, 1000, 1000) < 0)
			_exit(errno);
		(void) execv(copy, argv);
		_exit(errno);
	}
	(void) waitpid(pid, &status, 0);
	(void) unlink(copy);
	return WEXITSTATUS(status);
}

/* ---- calls that only the filter stands before ---- */

static int socket_of(int family)
{
	int fd = socket(family, SOCK_SEQPACKET, 0);
	int r = result(fd);

	if (fd >= 0)
		(void) close(fd);
	return r;
}

static int socket_alg(void)
{
	return socket_of(AF_ALG);
}

static int socket_vsock(void)
{
	return socket_of(40);
}

static int keys(void)
{
	return result(syscall(SYS_keyctl, 0, -1, 1)); /* the thread's own keyring */
}

static int bpf(void)
{
	return result(syscall(SYS_bpf, -1, NULL, 0));
}

static int perf(void)
{
	return result(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
}

static int io_uring(void)
{
	return result(syscall(SYS_io_uring_setup, 0, NULL));
}

static int user_faults(void)
{
	return result(syscall(SYS_userfaultfd, -1));
}

static int open_handle(void)
{
	return result(syscall(SYS_open_by_handle_at, -1, NULL, 0));
}

static int clone3_null(void)
{
	return result(syscall(SYS_clone3, NULL, 0));
}

/* ---- the host as a whole ---- */

static int set_time(void)
{
	return result(syscall(SYS_settimeofday, NULL, NULL));
}

static int restart(void)
{
	return result(syscall(SYS_reboot, 0, 0, 0, NULL));
}

static int swap_on(void)
{
	return result(syscall(SYS_swapon, NULL, 0));
}

static const struct probe {
	const char *name;
	int (*run)(void);
} probes[] = {
	{ "load_module", load_module },
	{ "load_module_fd", load_module_fd },
	{ "unload_module", unload_module },
	{ "mount_tmpfs", mount_tmpfs },
	{ "mount_new_api", mount_new_api },
	{ "unmount_masks", unmount_masks },
	{ "remount_sys", remount_sys },
	{ "new_userns", new_userns },
	{ "read_kcore", read_kcore },
	{ "read_timers", read_timers },
	{ "list_firmware", list_firmware },
	{ "write_core_pattern", write_core_pattern },
	{ "write_sysrq", write_sysrq },
	{ "write_sysfs", write_sysfs },
	{ "ptrace_1", ptrace_1 },
	{ "read_memory_1", read_memory_1 },
	{ "root_of_1", root_of_1 },
	{ "device_kmsg", device_kmsg },
	{ "device_loop", device_loop },
	{ "device_null", device_null },
	{ "raise_capability", raise_capability },
	{ "raise_ambient", raise_ambient },
	{ "setuid_program", setuid_program },
	{ "socket_alg", socket_alg },
	{ "socket_vsock", socket_vsock },
	{ "keys", keys },
	{ "bpf", bpf },
	{ "perf", perf },
	{ "io_uring", io_uring },
	{ "user_faults", user_faults },
	{ "open_handle", open_handle },
	{ "clone3_null", clone3_null },
	{ "set_time", set_time },
	{ "restart", restart },
	{ "swap_on", swap_on },
};

static const char *name_of(int r)
{
	static const struct {
		int r;
		const char *name;
	} names[] = {
		{ 0, "ok" },
		{ EMPTY, "empty" },
		{ EPERM, "EPERM" },
		{ EACCES, "EACCES" },
		{ EROFS, "EROFS" },
		{ ENOSYS, "ENOSYS" },
		{ EINVAL, "EINVAL" },
		{ EFAULT, "EFAULT" },
		{ ENOENT, "ENOENT" },
		{ ENOEXEC, "ENOEXEC" },
		{ ESRCH, "ESRCH" },
		{ ENXIO, "ENXIO" },
		{ EAFNOSUPPORT, "EAFNOSUPPORT" },
		{ ENODEV, "ENODEV" },
		{ EBADF, "EBADF" },
		{ ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT" },
	};
	static char other[16];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].r == r)
			return names[i].name;
	(void) snprintf(other, sizeof(other), "errno-%d", r);
	return other;
}

static void run(const struct probe *p)
{
	printf("%s: %s\n", p->name, name_of(p->run()));
	(void) fflush(stdout);
}

int main(int argc, char **argv)
{
	size_t i, n = sizeof(probes) / sizeof(probes[0]);
	int k;

	if (argc == 2 && strcmp(argv[1], "--euid") == 0)
		return geteuid() == 0 ? 0 : EPERM;
	(void) mkdir(SCRATCH, 0755);
	for (i = 0; i < n; i++) {
		if (argc == 1)
			run(&probes[i]);
		for (k = 1; k < argc; k++)
			if (strcmp(argv[k], probes[i].name) == 0)
				run(&probes[i]);
	}
	(void) rmdir(SCRATCH);
	printf("done\n");
	return 0;
}
