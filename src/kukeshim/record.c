/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "fd.h"
#include "kukeshim.h"
#include "proc.h"
#include "procinfo.h"
#include "statefile.h"
#include "str.h"

enum {
	/* others hold the lock only for microseconds, while reading the state */
	LOCK_TRIES_MAX = 20,
	LOCK_PAUSE_NS = 500000,
	EVENTS_MAX = 4096,
};

static int lock_now(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };

	for (int i = 0; i < LOCK_TRIES_MAX; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		(void) nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

int record_lock(struct shim *s, struct kerr *err)
{
	int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (s->opt.adopt ? 0 : O_CREAT);
	int r;

	s->lock = openat(s->run_dir, SHIM_FILE_MONITOR, flags, 0600);
	if (s->lock < 0)
		return kerr_set(err, -errno, "open '%s/" SHIM_FILE_MONITOR "'", s->opt.run_dir);
	r = lock_now(s->lock);
	if (r == -EBUSY)
		return kerr_plain(err, r, "container '%s' has a monitor already", s->opt.id);
	if (r < 0)
		return kerr_set(err, r, "lock '%s/" SHIM_FILE_MONITOR "'", s->opt.run_dir);
	return 0;
}

int record_write(struct shim *s, struct kerr *err)
{
	cleanup_buf struct buf line = BUF_INIT(SHIM_RECORD_MAX);
	int r;

	shim_record_line(&line, &s->record);
	r = buf_check(&line, "the runtime record", err);
	if (r < 0)
		return r;
	r = fd_write_all(s->lock, line.data, line.len);
	if (r < 0)
		return kerr_set(err, r, "write '%s/" SHIM_FILE_MONITOR "'", s->opt.run_dir);
	state_size_set(s->lock);
	return 0;
}

/* Whether dir has an exit record of this run. */
static bool has_exit(int dir, const char *run_id)
{
	cleanup_buf struct buf text = BUF_INIT(SHIM_RECORD_MAX);
	struct shim_exit e;

	return file_read_at(dir, SHIM_FILE_EXIT, SHIM_RECORD_MAX, &text, NULL) == 0 &&
	       shim_exit_parse(buf_str(&text), text.len, &e) == 0 && streq(e.run_id, run_id);
}

int record_adopt(struct shim *s, struct kerr *err)
{
	char boot[SHIM_BOOT_ID_SIZE];
	struct shim_record r = { 0 };
	int q;

	q = shim_record_read(s->run_dir, SHIM_FILE_MONITOR, &r, err);
	if (q < 0)
		return kerr_plain(err, -ESRCH, "container '%s' has no runtime record", s->opt.id);
	q = boot_id(boot, err);
	if (q < 0)
		return q;
	if (r.starting || !streq(r.boot_id, boot) || has_exit(s->data_dir, r.run_id) ||
	    has_exit(s->run_dir, r.run_id))
		return kerr_plain(err, -ESRCH, "container '%s' is not running", s->opt.id);
	r.shim_pid = s->record.shim_pid;
	r.shim_start = s->record.shim_start;
	s->record = r;
	s->pidfd = pidfd_open_(r.pid);
	if (s->pidfd >= 0) {
		uint64_t start = 0;

		if (proc_start_time(r.pid, &start) < 0 || start != r.pid_start)
			fd_close_p(&s->pidfd); /* the pid has been reused by another process */
	}
	return record_write(s, err);
}

void exit_record_write(struct shim *s, struct shim_exit *e)
{
	cleanup_buf struct buf text = BUF_INIT(SHIM_RECORD_MAX);
	struct kerr err = { 0 };
	int r;

	shim_exit_text(&text, e);
	r = atomic_write_at(s->data_dir, SHIM_FILE_EXIT, buf_str(&text), text.len, 0600,
			    ATOMIC_WRITE_SUM, &err);
	if (r < 0) /* a full or broken disk: keep it in run_dir, until the reboot */
		(void) atomic_write_at(s->run_dir, SHIM_FILE_EXIT, buf_str(&text), text.len, 0600,
				       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM, &err);
}

/* Read the number in the line "oom_kill N" of a memory controller's file. */
static uint64_t oom_count(const char *dir, const char *file)
{
	cleanup_buf struct buf text = BUF_INIT(EVENTS_MAX);
	cleanup_fd int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *p;
	uint64_t n = 0;

	if (fd < 0 || sys_read(fd, file, &text) < 0)
		return 0;
	p = strstr(buf_str(&text), "oom_kill ");
	if (p == NULL)
		return 0;
	for (p += strlen("oom_kill "); *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint64_t) (*p - '0');
	return n;
}

uint64_t exit_oom_kills(const struct shim *s)
{
	uint64_t n;

	if (s->opt.memory_cgroup == NULL)
		return 0;
	n = oom_count(s->opt.memory_cgroup, "memory.events");
	return n > 0 ? n : oom_count(s->opt.memory_cgroup, "memory.oom_control");
}

void exit_wake(const struct shim *s)
{
	cleanup_fd int wake = -EBADF;
	cleanup_fd int file = -EBADF;
	cleanup_fd int sock = -EBADF;
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (s->runtime_dir < 0 || s->opt.wake_key == NULL)
		return;
	(void) mkdirat(s->runtime_dir, SHIM_DIR_WAKE, 0700); /* usually exists */
	wake = openat(s->runtime_dir, SHIM_DIR_WAKE, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (wake < 0)
		return;
	file = openat(wake, s->opt.wake_key, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	fd_close_p(&file);
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return;
	/* Through the descriptor, as the path may be too long for a socket address. */
	(void) snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d/" SHIM_SOCK_WAKE,
			s->runtime_dir);
	(void) sendto(sock, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *) &to,
		      /* no daemon listens or its queue is full: it will find the file */
		      sizeof(to));
}
