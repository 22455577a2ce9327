/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKESHIM_KUKESHIM_H
#define KUKESHIM_KUKESHIM_H

#include "defs.h"
#include "err.h"
#include "shim_proto.h"

/*
 * kukeshim: the parent of one container's init. It allocates while it starts;
 * once the container runs it works from what is in struct shim.
 */

/* The command line; strings are argv's. */
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
	int cgroup_fds[SHIM_CGROUPS_MAX]; /* cgroup.procs files of the monitors' group */
	size_t n_cgroup_fds;
	const char *payload; /* a cgroup: not a monitor but the hook of payload.c; NULL */
	bool adopt;
	char *const *process; /* a program of the host to keep running instead of a bundle; NULL */
};

/* ---- logfile.c: the container's output on disk ---- */

enum log_stream {
	LOG_STREAM_OUT = 0,
	LOG_STREAM_ERR = 1,
	_LOG_STREAM_MAX,
};

struct logfile {
	int dir; /* -EBADF: everything is thrown away */
	int fd;
	int index;
	int64_t max_bytes;
	int files;
	int64_t size;
	bool mid_line; /* the last byte written is not a newline */
	enum log_stream last_stream;
	uint64_t last_us; /* of the last index entry; 0: none in this file */
	int64_t dropped;
};

/* Open or make dir/log and its index. dir NULL: a log that throws away. */
int logfile_open(struct logfile *l, const char *dir, int64_t max_bytes, int files,
		 struct kerr *err);
/* Append; rotates. What cannot be written is counted in dropped. */
void logfile_write(struct logfile *l, enum log_stream stream, const char *p, size_t n);

/* ---- payload.c: a hook of the runtime, before the container's program runs ---- */

/*
 * For a cell with nestedCgroupRuntime: move the container's process from its group to the
 * leaf "_payload" of it, so that the root of its cgroup namespace has no process
 * and a runtime inside can turn on controllers there. The state of the container comes on
 * stdin, as to all hooks. The exit status; what failed is on stderr.
 */
int payload_move(const char *cgroup);

/* ---- record.c: the runtime record and the exit record ---- */

struct shim {
	struct options opt;
	int run_dir;
	int data_dir;
	int runtime_dir; /* -EBADF: no wake-up */
	int lock; /* the record, flock held for life */
	int out[_LOG_STREAM_MAX]; /* FIFOs of stdout and stderr, for reading */
	int signals;
	int pidfd; /* of init */
	struct shim_record record;
	struct logfile log;
	bool exec_failed; /* runc said yes, the program could not be executed */
};

/* Open the record (create it unless adopting) and take its lock. -EBUSY: another has it. */
int record_lock(struct shim *s, struct kerr *err);
/* Append s->record as the current line. */
int record_write(struct shim *s, struct kerr *err);
/* For --adopt: read the record into s->record and make it ours. -ESRCH: nothing to adopt. */
int record_adopt(struct shim *s, struct kerr *err);

/* Store how the run ended: durably in data_dir, where that fails in run_dir. */
void exit_record_write(struct shim *s, struct shim_exit *e);
/* OOM kills in the container's cgroup so far. */
uint64_t exit_oom_kills(const struct shim *s);
/* Tell the daemon to look at the cell. Errors do not matter: a timer finds it too. */
void exit_wake(const struct shim *s);

/* ---- start.c ---- */

/*
 * Move to the monitors' cgroup in every hierarchy. The kernel may wait for a
 * grace period in there, as runc does when it moves the container's init; so a
 * container's monitor moves while runc works, and the two wait together.
 */
int join_cgroups(struct shim *s, struct kerr *err);

/*
 * Run the bundle. Returns once init executes the container's program: s->record
 * says running and s->pidfd is set. On failure err has runc's words, and what
 * runc left among our children has been killed.
 */
int start_container(struct shim *s, struct kerr *err);

/* ---- process.c: a program of the host in place of a container ---- */

/* Execute it, as start_container does with a bundle. */
int process_start(struct shim *s, struct kerr *err);
/*
 * It has ended with that status. -1: cleanly, it stays so; else the pause in ms before
 * it is started again, which grows while it keeps failing.
 */
int process_pause(struct shim *s, int status);
/* The pause after an attempt that could not even be made. */
int process_next_pause(void);
/* Start it again after the pause. -errno. */
int process_restart(struct shim *s);

/* ---- supervise.c ---- */

int supervise_open(struct shim *s, struct kerr *err); /* FIFOs and signals */
/* Log until init has ended or timeout_ms (-1: none) passed. */
void supervise_watch(struct shim *s, int timeout_ms);
/* Log and wait until init has ended, then do all that follows. */
void supervise_run(struct shim *s);
/* Copy what waits in a FIFO into the log, at most max bytes. Returns the bytes copied. */
size_t supervise_pump(struct shim *s, enum log_stream stream, size_t max);
/*
 * Execute runc with these arguments, stdio as given (-1: /dev/null); wait for its
 * end: -ETIME, -errno, or 0 and its status.
 */
int runc_begin(const struct shim *s, char *const *argv, int out, int errfd, pid_t *ret_pid,
	       struct kerr *err);
int runc_end(pid_t pid, int deadline_ms, int *ret_status, struct kerr *err);

#endif
