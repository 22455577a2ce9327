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
 * Containers that run: starting one under a kukeshim, and deriving its state
 * from what kukeshim leaves behind. The caller holds the cell's lock in every
 * function but shim_state.
 *
 * Two directories belong to a container:
 *
 *   run_dir    <runtime dir>/containers/<ns>/<id>   tmpfs, 0700
 *     stdout, stderr       FIFOs
 *     bundle/config.json   the runtime spec, 0600
 *     monitor              the runtime record; its flock is held by the shim
 *     runc.log, runc.pid   runc's
 *     exit.json            only when data_dir could not be written
 *   data_dir   <run path>/namespaces/<ns>/containers/<id>
 *     exit.json            how the last run ended
 *
 * State is derived from these alone, of the running boot:
 *
 *   no record                              SHIM_NEVER
 *   "starting" in the record               SHIM_STARTING  (monitor_alive: a shim is at it;
 *                                          else it died: shim_clear, nothing to lose)
 *   exit.json of the record's run          SHIM_ENDED     (monitor_alive: clean-up is going on)
 *   lock held                              SHIM_RUNNING
 *   lock free                              SHIM_LOST      (shim_adopt takes over)
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
};

struct shim_status {
	enum shim_run_state state;
	bool monitor_alive; /* the lock on the record is held */
	bool other_boot; /* the record is of an earlier boot: state is SHIM_NEVER */
	char run_id[SHIM_RUN_ID_SIZE]; /* of the record; "" without one */
	pid_t shim_pid;
	uint64_t shim_start; /* start times as of proc_start_time */
	pid_t pid; /* container's init; 0 before it is known */
	uint64_t pid_start;
	struct ktime started_at;
	bool exit_unreadable; /* it runs, but there is an exit record that cannot be read: err */
	bool have_exit; /* exit: of this run (SHIM_ENDED), else of the last one before */
	struct shim_exit exit;
};

/*
 * Read the state. Takes no lock and changes nothing; a record that is being
 * written counts as the one before. Unreadable files are errors.
 */
int shim_state(const struct shim_place *place, struct shim_status *ret, struct kerr *err);

/*
 * Wait while a shim starts or cleans up: until the state is not SHIM_STARTING
 * with a live monitor and not SHIM_ENDED with one. -ETIME when timeout_ms passed.
 */
int shim_settle(const struct shim_place *place, int timeout_ms, struct shim_status *ret,
		struct kerr *err);

/* Whether a container of this status is there to be signalled: a pidfd, or -ESRCH. */
int shim_open_init(const struct shim_status *st);

/*
 * How to run a container. Strings are borrowed for the call. What a new run and
 * an adoption need is the same, so one struct serves both.
 */
struct shim_start {
	struct shim_place place;
	const char *id; /* runc's name of it, unique below runc_root */
	const char *runc; /* absolute path (runc_find) */
	const char *runc_root; /* runc's state directory of the namespace */
	const char *log_dir; /* <cell dir>/<container>, made 0750; NULL: output is thrown away */
	int64_t log_max_bytes; /* of one log file; 0: 10 MiB */
	int log_files; /* with the current one; 0: 3 */
	const struct cgroup_host *cgroups;
	const char *cgroup; /* the container's, as the spec's cgroupsPath */
	const char *memory_cgroup; /* its absolute directory whose OOM kills count; NULL: none */
	const int *monitor_procs_fds; /* cgroup.procs of _monitors; at most SHIM_CGROUPS_MAX */
	size_t n_monitor_procs_fds;
	const char *runtime_dir; /* holds wake/ and wake.sock; NULL: no wake-up */
	const char *wake_key; /* file name below wake/ */
	int deadline_ms; /* for runc; 0: 60 s */
	/*
	 * NULL, or the argv of a program of the host that is kept running in place of
	 * a bundle, in the cgroup of monitor_procs_fds: kukeond's own cell.
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
 * Make run_dir with its FIFOs and the bundle of a new run. config is the
 * runtime spec (spec_build), NULL for a process. Clears what an earlier run left (shim_clear).
 */
int shim_prepare(const struct shim_start *how, const struct buf *config, struct kerr *err);

/*
 * Run the prepared bundle: a kukeshim of its own session and cgroup, which runs
 * `runc run` and then outlives us. Blocks until the container's own program has
 * been executed or could not be. On failure err has runc's reason, and nothing
 * is left running: cgroups and runc's state are gone, logs stay.
 */
int shim_start(const struct shim_start *how, struct shim_started *ret, struct kerr *err);

/*
 * shim_start in two halves, so that the caller can work while runc does. After
 * a success of shim_begin shim_finish must be called, whatever happens between:
 * it waits, closes status_fd and cleans up after a failure. how is the same.
 */
struct shim_pending {
	int status_fd; /* -EBADF: nothing is pending */
	char run_id[SHIM_RUN_ID_SIZE];
};
int shim_begin(const struct shim_start *how, struct shim_pending *ret, struct kerr *err);
int shim_finish(const struct shim_start *how, struct shim_pending *p, struct shim_started *ret,
		struct kerr *err);

/*
 * For SHIM_LOST: a new shim takes the lock, goes on logging and waits for the
 * container's end. -EBUSY when a monitor is there after all.
 */
int shim_adopt(const struct shim_start *how, struct kerr *err);

/*
 * Remove all that is left of a run that is not running: kills what is in its
 * cgroups, removes them, runc's state and run_dir. exit.json in data_dir stays.
 * Refuses a live monitor (-EBUSY) unless SHIM_CLEAR_KILL, which ends shim and
 * container first. Repeatable; a container that never ran is success.
 */
enum shim_clear_flags {
	SHIM_CLEAR_KILL = 1 << 0,
};
int shim_clear(const struct shim_start *how, enum shim_clear_flags flags, struct kerr *err);

#endif
