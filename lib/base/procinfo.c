/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "path.h"
#include "procinfo.h"
#include "str.h"

enum {
	RTMIN = 34, /* as kill(1) counts: glibc reserves 32 and 33, musl also 34 */
	RTMAX = 64,
	STAT_MAX = 1024,
	STAT_STARTTIME = 22
};

/* From linux/pidfd.h (6.13); not in the headers of the oldest supported systems. */
struct pidfd_info_v0 {
	uint64_t mask;
	uint64_t cgroupid;
	uint32_t pids[3];
	uint32_t ids[8];
	int32_t exit_code;
};
_Static_assert(sizeof(struct pidfd_info_v0) == 64, "the kernel's first version has 64 bytes");
#define GET_INFO _IOWR(0xff, 11, struct pidfd_info_v0)
#define INFO_EXIT (UINT64_C(1) << 3)

int pidfd_open_(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0U);

	return fd < 0 ? -errno : (int) fd;
}

int pidfd_signal(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0U) < 0 ? -errno : 0;
}

int pidfd_wait(int pidfd, int timeout_ms)
{
	return fd_wait_readable(pidfd, timeout_ms);
}

int pidfd_exit_status(int pidfd, int *ret_status)
{
	struct pidfd_info_v0 info = { .mask = INFO_EXIT };
	int r = ioctl(pidfd, GET_INFO, &info);

	/* The process was reaped during the call: ask again. */
	if (r < 0 && errno == ESRCH) {
		info = (struct pidfd_info_v0){ .mask = INFO_EXIT };
		r = ioctl(pidfd, GET_INFO, &info);
	}
	if (r < 0) {
		if (errno == ENOTTY || errno == EINVAL || errno == ESRCH)
			return -EOPNOTSUPP; /* ESRCH: older kernels forget a reaped process */
		return -errno;
	}
	if ((info.mask & INFO_EXIT) == 0)
		return -EAGAIN;
	*ret_status = info.exit_code;
	return 0;
}

/* State and start time of /proc/PID/stat. The program's name before them may contain any byte. */
static int read_stat(pid_t pid, char *ret_state, uint64_t *ret_start)
{
	char room[STAT_MAX];
	struct buf text = { .data = room, .cap = sizeof(room) - 1, .max = sizeof(room) - 2 };
	char path[32];
	char *p;
	int r;

	(void) snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
	r = sys_read(AT_FDCWD, path, &text); /* never allocates: the buffer is large enough */
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	p = strrchr(room, ')');
	if (p == NULL || p[1] != ' ' || p[2] == '\0')
		return -EIO;
	*ret_state = p[2];
	p += 2;
	for (int field = 3; field < STAT_STARTTIME; field++) {
		p = strchr(p, ' ');
		if (p == NULL)
			return -EIO;
		p++;
	}
	p[strcspn(p, " ")] = '\0';
	return str_to_u64(p, 0, UINT64_MAX, ret_start);
}

int proc_start_time(pid_t pid, uint64_t *ret)
{
	char state;

	return read_stat(pid, &state, ret);
}

int proc_open_same(pid_t pid, uint64_t start_time)
{
	cleanup_fd int pidfd = pid > 0 ? pidfd_open_(pid) : -ESRCH;
	uint64_t start;
	char state;
	int r;

	if (pidfd == -EINVAL)
		return -ESRCH; /* a thread, not a process */
	if (pidfd < 0)
		return pidfd;
	r = read_stat(pid, &state, &start);
	if (r < 0)
		return r;
	if (start != start_time || state == 'Z' || state == 'X')
		return -ESRCH;
	return take_fd(pidfd);
}

static const struct {
	const char *name;
	int sig;
} signals[] = {
	{ "HUP", SIGHUP },
	{ "INT", SIGINT },
	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },
	{ "TRAP", SIGTRAP },
	{ "ABRT", SIGABRT },
	{ "BUS", SIGBUS },
	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },
	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },
	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT },
	{ "CHLD", SIGCHLD },
	{ "CONT", SIGCONT },
	{ "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },
	{ "TTOU", SIGTTOU },
	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },
	{ "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },
	{ "IO", SIGIO },
	{ "PWR", SIGPWR },
	{ "SYS", SIGSYS },
	/* Aliases come last, so that they are accepted but never printed. */
	{ "IOT", SIGABRT },
	{ "CLD", SIGCHLD },
	{ "POLL", SIGIO },
};

const char *signal_name(int sig, char *buf, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		if (signals[i].sig == sig) {
			(void) snprintf(buf, size, "SIG%s", signals[i].name);
			return buf;
		}
	}
	if (sig < RTMIN || sig > RTMAX)
		return NULL;
	if (sig == RTMIN)
		(void) snprintf(buf, size, "SIGRTMIN");
	else
		(void) snprintf(buf, size, "SIGRTMIN+%d", sig - RTMIN);
	return buf;
}

/* "RTMIN", "RTMIN+3", "RTMAX-2". */
static int rt_signal_from_name(const char *s)
{
	bool from_max = strncasecmp(s, "RTMAX", 5) == 0;
	uint64_t n = 0;

	if (!from_max && strncasecmp(s, "RTMIN", 5) != 0)
		return -EINVAL;
	s += 5;
	if (*s != '\0' &&
	    (*s != (from_max ? '-' : '+') || str_to_u64(s + 1, 0, RTMAX - RTMIN, &n) < 0))
		return -EINVAL;
	return from_max ? RTMAX - (int) n : RTMIN + (int) n;
}

int signal_from_name(const char *s)
{
	uint64_t n;

	if (str_to_u64(s, 1, RTMAX, &n) == 0)
		return (int) n;
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (str_case_eq(s, signals[i].name))
			return signals[i].sig;
	return rt_signal_from_name(s);
}

int boot_id(char ret[37], struct kerr *err)
{
	static const char path[] = "/proc/sys/kernel/random/boot_id";
	cleanup_buf struct buf text = BUF_INIT(64);
	int r;

	r = sys_read(AT_FDCWD, path, &text);
	if (r < 0)
		return kerr_set(err, r, "read '%s'", path);
	if (text.len < 36)
		return kerr_plain(err, -EIO, "read '%s': too short", path);
	memcpy(ret, text.data, 36);
	ret[36] = '\0';
	return 0;
}

int self_exe_dir(char **ret, struct kerr *err)
{
	cleanup_buf struct buf path = BUF_INIT(1 << 16);
	size_t room = 256;
	ssize_t n;
	char *p;

	for (;; room *= 2) {
		p = buf_room(&path, room);
		if (p == NULL)
			return kerr_set(err, -ENAMETOOLONG, "read '/proc/self/exe'");
		n = readlink("/proc/self/exe", p, room);
		if (n < 0)
			return kerr_set(err, -errno, "read '/proc/self/exe'");
		if ((size_t) n < room)
			break;
	}
	buf_commit(&path, (size_t) n);
	*ret = path_dirname(path.data);
	return 0;
}
