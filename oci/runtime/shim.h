/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SHIM_H
#define KUKEON_SHIM_H

#include "buf.h"
#include "cgroup.h"
#include "clock.h"
#include "defs.h"
#include "err.h"
#include "shim_proto.h"

/*
 * Starts containers under a monitor (kukeshim) and derives their state from the files it
 * leaves. The caller holds the cell's lock, except for shim_state.
 *
 * A container has two directories:
 *
 *   run_dir    <runtime dir>/containers/<ns>/<id>   tmpfs, 0700
 *     stdout, stderr       FIFOs
 *     bundle/config.json   the runtime spec, 0600
 *     monitor              the runtime record; the monitor holds a flock on it
 *     runc.log, runc.pid   runc's
 *     exit.json            only if data_dir could not be written
 *   data_dir   <run path>/namespaces/<ns>/containers/<id>
 *     exit.json            how the last run ended
 *
 * The state is derived from these files, as far as they are of the current boot:
 *
 *   no record                              SHIM_NEVER
 *   "starting" in the record               SHIM_STARTING  (monitor_alive: start in progress;
 *                                          else the monitor died: shim_clear)
 *   exit.json of the record's run          SHIM_ENDED     (monitor_alive: cleaning up)
 *   lock held                              SHIM_RUNNING
 *   lock free                              SHIM_LOST      (shim_adopt starts a new monitor)
 */
enum shim_run_state {
	SHIM_NEVER = 1,
	SHIM_STARTING,
	SHIM_RUNNING,
	SHIM_ENDED,
	SHIM_LOST,
	_SHIM_RUN_STATE_MAX,
};

struct shim_place {
	const char *run_dir;
	const char *data_dir;
	const char *boot; /* the running boot (boot_id); NULL, "": it is asked for each time */
};

struct shim_status {
	enum shim_run_state state;
	bool monitor_alive; /* the lock on the record is held */
	bool other_boot; /* the record is of an earlier boot; state is SHIM_NEVER */
	char run_id[SHIM_RUN_ID_SIZE]; /* from the record; "" without one */
	pid_t shim_pid;
	uint64_t shim_start; /* start times as in proc_start_time */
	pid_t pid; /* of the container's init; 0: not known yet */
	uint64_t pid_start;
	struct ktime started_at;
	/* the container runs, but its exit record cannot be read; err has the reason */
	bool exit_unreadable;
	bool have_exit; /* exit is valid: of this run if SHIM_ENDED, else of an earlier one */
	struct shim_exit exit;
};

/* How to run a container; used for starting and adopting. Strings are borrowed for the call. */
struct shim_start {
	struct shim_place place;
	const char *id; /* the container's id in runc, unique below runc_root */
	const char *runc; /* absolute path (runc_find) */
	const char *runc_root; /* runc's state directory for the namespace */
	/* <cell dir>/<container>, created with mode 0750; NULL: output is discarded */
	const char *log_dir;
	int64_t log_max_bytes; /* per log file; 0: 10 MiB */
	int log_files; /* number of log files, including the current one; 0: 3 */
	const struct cgroup_host *cgroups;
	const char *cgroup; /* the container's cgroup, as in the spec's cgroupsPath */
	const char *memory_cgroup; /* directory whose OOM kills are counted; NULL: none */
	/* cgroup.procs of the _monitors groups; at most SHIM_CGROUPS_MAX */
	const int *monitor_procs_fds;
	size_t n_monitor_procs_fds;
	const char *runtime_dir; /* contains wake/ and wake.sock; NULL: no wake-up */
	const char *wake_key; /* file name below wake/ */
	int mount_ns; /* namespace in which runc is executed; 0: the current one */
	int root; /* the container's root, kept mounted until its end; 0: not kept */
	int deadline_ms; /* for runc, in ms; 0: 60 s */
	/*
	 * NULL, or the argv of a host program that is kept running instead of a bundle,
	 * in the cgroup of monitor_procs_fds: kukeond in its own cell.
	 */
	char *const *process;
};

struct shim_started {
	char run_id[SHIM_RUN_ID_SIZE];
	pid_t pid;
	uint64_t pid_start;
	struct ktime started_at;
};

/*
 * Create run_dir with its FIFOs and the bundle for a new run. config is the runtime spec
 * (spec_build), or NULL for a process. Removes what an earlier run left (shim_clear).
 */
int shim_prepare(const struct shim_start *how, const struct buf *config, struct kerr *err);

/*
 * Start the prepared bundle: a kukeshim, with a session and cgroup of its own, that
 * executes `runc run` and stays when the caller exits. Returns when the container's
 * program was executed or could not be. On failure err has runc's message, and
 * processes, cgroups and runc's state are gone; logs stay.
 */
int shim_start(const struct shim_start *how, struct shim_started *ret, struct kerr *err);

/*
 * shim_start in two parts, so that the caller can do something else while runc works.
 * After a successful shim_begin, shim_finish must be called in any case: it waits,
 * closes status_fd, and cleans up after a failure. how must be the same.
 */
struct shim_pending {
	int status_fd; /* -EBADF: no start in progress */
	char run_id[SHIM_RUN_ID_SIZE];
};
int shim_begin(const struct shim_start *how, struct shim_pending *ret, struct kerr *err);
int shim_finish(const struct shim_start *how, struct shim_pending *p, struct shim_started *ret,
		struct kerr *err);

/*
 * For SHIM_LOST: start a new monitor, which takes the lock, continues logging and waits
 * for the end of the container. -EBUSY when there is a live monitor.
 */
int shim_adopt(const struct shim_start *how, struct kerr *err);

#endif
