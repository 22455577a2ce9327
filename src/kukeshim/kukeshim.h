/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKESHIM_KUKESHIM_H
#define KUKESHIM_KUKESHIM_H

#include "defs.h"
#include "err.h"
#include "shim_proto.h"

/*
 * kukeshim: the monitor of one container and parent of its init. Memory is allocated
 * only while it starts; once the container runs, it works with struct shim.
 */

/* The command line; strings are those of argv. */
struct options {
	const char *run_dir;
	const char *data_dir;
	const char *id;
	const char *run_id;
	const char *runc;
	const char *runc_root;
	const char *log_dir;
	const char *memory_cgroup;
	const char *runtime_dir;
	const char *wake_key;
	int64_t log_max_bytes;
	int64_t log_files;
	int64_t deadline_ms;
	int64_t status_fd;
	int64_t mount_ns_fd; /* in which runc is executed; 0: that of the monitor */
	/*
	 * The container's root; 0: none. It is open as long as the monitor lives, so that the
	 * kernel writes the root's data back after the end of the container was recorded, not
	 * before.
	 */
	int64_t root_fd;
	int cgroup_fds[SHIM_CGROUPS_MAX]; /* cgroup.procs files of the monitors' cgroups */
	size_t n_cgroup_fds;
	const char *payload; /* a cgroup: run as the hook of payload.c instead of a monitor; NULL */
	bool adopt;
	char *const *process; /* argv of a host program to keep running instead of a bundle; NULL */
};

/* ---- logfile.c: the log of the container's output ---- */

enum log_stream {
	LOG_STREAM_OUT = 0,
	LOG_STREAM_ERR = 1,
	_LOG_STREAM_MAX,
};

struct logfile {
	int dir; /* -EBADF: output is discarded */
	int fd;
	int index;
	int64_t max_bytes;
	int files;
	int64_t size;
	int64_t index_size;
	bool mid_line; /* the log does not end with a newline */
	enum log_stream stream; /* of the last bytes in it */
	enum log_stream last_stream;
	uint64_t last_us; /* time of the last index entry; 0: none in this file */
	int64_t dropped;
};

/* Open or create dir/log and its index. dir NULL: output is discarded. */
int logfile_open(struct logfile *l, const char *dir, int64_t max_bytes, int files,
		 struct kerr *err);
/*
 * Append output; rotates the log when it is full. Bytes that cannot be written are
 * counted in dropped.
 */
void logfile_write(struct logfile *l, enum log_stream stream, const char *p, size_t n);

/* ---- payload.c: an OCI hook that runs before the container's program ---- */

/*
 * For a cell with nestedCgroupRuntime: move the container's process from its cgroup to
 * the child group "_payload". Then no process is in the root of the container's cgroup
 * namespace, so a runtime inside can enable controllers there. Like every hook, it gets
 * the container's state on stdin. Returns the exit status; errors are written to stderr.
 */
int payload_move(const char *cgroup);

/* ---- record.c: the runtime record and the exit record ---- */

struct shim {
	struct options opt;
	int run_dir;
	int data_dir;
	int runtime_dir; /* -EBADF: no wake-up */
	int lock; /* the runtime record, with a flock held until exit */
	int out[_LOG_STREAM_MAX]; /* reading ends of the FIFOs for stdout and stderr */
	int signals;
	int pidfd; /* of the container's init */
	struct shim_record record;
	struct logfile log;
	bool exec_failed; /* runc succeeded, but the program could not be executed */
};

/*
 * Open the record, creating it unless adopting, and lock it. -EBUSY: another monitor has
 * the lock.
 */
int record_lock(struct shim *s, struct kerr *err);
/* Write s->record as the current record. */
int record_write(struct shim *s, struct kerr *err);
/*
 * For --adopt: read the record into s->record and enter this monitor in it. -ESRCH:
 * nothing to adopt.
 */
int record_adopt(struct shim *s, struct kerr *err);

/* Write the exit record durably to data_dir, or, if that fails, to run_dir. */
void exit_record_write(struct shim *s, struct shim_exit *e);
/* The number of OOM kills in the container's cgroup so far. */
uint64_t exit_oom_kills(const struct shim *s);
/* Tell the daemon to look at the cell. Errors are ignored: a timer will make it look, too. */
void exit_wake(const struct shim *s);

/* ---- start.c ---- */

/*
 * Move to the monitors' cgroup in every hierarchy. The kernel may block here for an RCU
 * grace period, as it does when runc moves the container's init. So the monitor moves
 * while runc is working, and the two waits overlap.
 */
int join_cgroups(struct shim *s, struct kerr *err);

/*
 * Run the bundle. Returns when init executes the container's program: s->record says
 * running and s->pidfd is set. On failure err has runc's message, and all processes that
 * runc left as our children have been killed.
 */
int start_container(struct shim *s, struct kerr *err);

/* ---- process.c: a host program in place of a container ---- */

/* Execute the program; the counterpart of start_container. */
int process_start(struct shim *s, struct kerr *err);
/*
 * To be called with the wait status of the program after it ended. Returns the pause in
 * ms before it is restarted, which grows with repeated failures; -1: it exited with
 * status 0 and is not restarted.
 */
int process_pause(struct shim *s, int status);
/* The pause after the program could not be executed. */
int process_next_pause(void);
/* Restart it after the pause. -errno. */
int process_restart(struct shim *s);

/* ---- supervise.c ---- */

int supervise_open(struct shim *s, struct kerr *err); /* FIFOs and signals */
/* Copy output to the log until init has ended or timeout_ms has passed (-1: no limit). */
void supervise_watch(struct shim *s, int timeout_ms);
/* Copy output to the log until init has ended, then write the exit record and clean up. */
void supervise_run(struct shim *s);
/* Copy at most max bytes waiting in a FIFO to the log. Returns how many were copied. */
size_t supervise_pump(struct shim *s, enum log_stream stream, size_t max);
/*
 * runc_begin executes runc with these arguments and stdio (-1: /dev/null); runc_end
 * waits for it: 0 and its status, -ETIME after the deadline, or -errno.
 */
int runc_begin(const struct shim *s, char *const *argv, int out, int errfd, pid_t *ret_pid,
	       struct kerr *err);
int runc_end(pid_t pid, int deadline_ms, int *ret_status, struct kerr *err);

#endif
