/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cgroup_freeze.h"
#include "cgroup_kill.h"
#include "fd.h"
#include "lock.h"
#include "mem.h"
#include "path.h"
#include "procinfo.h"
#include "runc.h"
#include "shim.h"
#include "shim_state.h"
#include "statefile.h"
#include "str.h"

enum {
	/* polling interval while a monitor starts; no event announces its record */
	SETTLE_POLL_MS = 5,
	CLEAR_KILL_MS = 10000, /* time for processes to die and cgroups to become empty */
	CLEAR_SETTLE_MS = 40000, /* time for the monitor's own clean-up, including runc delete */
};

/* All errors but a missing file count as a damaged record. */
static int damaged(int r)
{
	return r == -ENOENT ? r : -EBADMSG;
}

/*
 * The monitor's record and, asked first, whether its lock is held; both of one open
 * file. -ENOENT: there is no record (yet).
 */
static int read_record(const struct shim_place *place, struct shim_record *ret, bool *ret_held,
		       struct kerr *err)
{
	cleanup_free char *path = path_join(place->run_dir, SHIM_FILE_MONITOR, NULL);
	cleanup_fd int fd = file_open_at(AT_FDCWD, path);
	int r = fd >= 0 ? lock_fd_held(fd) : fd;

	*ret_held = r > 0;
	if (r < 0 && r != -ENOENT)
		(void) kerr_set(err, r, "check lock '%s'", path);
	if (r >= 0)
		r = shim_record_read_fd(fd, path, ret, err);
	return r < 0 ? damaged(r) : 0;
}

/*
 * -ENOENT: no exit record. A damaged one is an error, as it may be the only trace of the
 * run.
 */
static int read_exit(const char *dir, struct shim_exit *ret, struct kerr *err)
{
	cleanup_free char *path = path_join(dir, SHIM_FILE_EXIT, NULL);
	cleanup_buf struct buf text = BUF_INIT(SHIM_RECORD_MAX);
	int r;

	r = state_read_at(AT_FDCWD, path, SHIM_RECORD_MAX, &text, err);
	if (r < 0)
		return damaged(r);
	r = shim_exit_parse(buf_str(&text), text.len, ret);
	return r < 0 ? kerr_plain(err, -EBADMSG, "'%s' is damaged", path) : 0;
}

/* Find the exit record of this run, else that of an earlier one. */
static int find_exit(const struct shim_place *place, struct shim_status *st, struct kerr *err)
{
	struct shim_exit e;
	int r;

	r = read_exit(place->data_dir, &e, err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		st->exit = e;
		st->have_exit = true;
		if (streq(e.run_id, st->run_id))
			return 0;
	}
	r = read_exit(place->run_dir, &e, err);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		st->exit = e;
		st->have_exit = true;
	}
	return 0;
}

static void copy_record(struct shim_status *st, const struct shim_record *rec)
{
	memcpy(st->run_id, rec->run_id, sizeof(st->run_id));
	st->shim_pid = rec->shim_pid;
	st->shim_start = rec->shim_start;
	st->pid = rec->pid;
	st->pid_start = rec->pid_start;
	st->started_at = rec->started_at;
}

static int is_other_boot(const struct shim_place *place, const struct shim_record *rec,
			 struct kerr *err)
{
	char boot[SHIM_BOOT_ID_SIZE];
	int r;

	if (!str_empty(place->boot))
		return !streq(place->boot, rec->boot_id);
	r = boot_id(boot, err);
	return r < 0 ? r : !streq(boot, rec->boot_id);
}

static enum shim_run_state derive(const struct shim_status *st, bool have_record,
				  const struct shim_record *rec)
{
	if (!have_record)
		return st->monitor_alive ? SHIM_STARTING : SHIM_NEVER;
	if (st->other_boot)
		return SHIM_NEVER;
	if (st->have_exit && streq(st->exit.run_id, rec->run_id))
		return SHIM_ENDED;
	if (rec->starting)
		return SHIM_STARTING;
	return st->monitor_alive ? SHIM_RUNNING : SHIM_LOST;
}

int shim_state(const struct shim_place *place, struct shim_status *ret, struct kerr *err)
{
	struct shim_status st = { 0 };
	struct shim_record rec = { 0 };
	struct kerr why = { 0 };
	bool have_record;
	int r;

	/*
	 * Check the lock before the exit record: a monitor writes the record before it
	 * releases the lock.
	 */
	r = read_record(place, &rec, &st.monitor_alive, err);
	if (r < 0 && r != -ENOENT)
		return r;
	have_record = r == 0;
	if (have_record) {
		copy_record(&st, &rec);
		r = is_other_boot(place, &rec, err);
		if (r < 0)
			return r;
		st.other_boot = r > 0;
	}
	r = find_exit(place, &st, &why);
	if (r < 0 && have_record && st.monitor_alive && !st.other_boot && !rec.starting) {
		/*
		 * The container is running or just ending, so how an earlier run ended
		 * does not matter.
		 */
		st.exit_unreadable = true;
		st.have_exit = false;
		st.exit = (struct shim_exit){ 0 };
		if (err)
			*err = why;
	} else if (r < 0) {
		if (err)
			*err = why;
		return r;
	}
	st.state = derive(&st, have_record, &rec);
	*ret = st;
	return 0;
}

int shim_open_init(const struct shim_status *st)
{
	if (st->state != SHIM_RUNNING && st->state != SHIM_LOST)
		return -ESRCH;
	return proc_open_same(st->pid, st->pid_start);
}

static bool is_settled(const struct shim_status *st)
{
	return !st->monitor_alive || (st->state != SHIM_STARTING && st->state != SHIM_ENDED);
}

int shim_settle(const struct shim_place *place, int timeout_ms, struct shim_status *ret,
		struct kerr *err)
{
	int64_t deadline = clock_ms() + timeout_ms;
	struct shim_status st;
	int r;

	for (;;) {
		cleanup_fd int shim = -EBADF;
		int left;

		r = shim_state(place, &st, err);
		if (r < 0)
			return r;
		if (is_settled(&st)) {
			*ret = st;
			return 0;
		}
		left = clock_left(deadline);
		if (left == 0)
			return kerr_plain(err, -ETIME, "the monitor of '%s' is still busy",
					  place->run_dir);
		shim = proc_open_same(st.shim_pid, st.shim_start);
		if (shim < 0 || st.state == SHIM_STARTING)
			left = left < SETTLE_POLL_MS ? left : SETTLE_POLL_MS;
		if (shim >= 0)
			(void) pidfd_wait(shim, left); /* the state is read again in any case */
		else
			(void) usleep((useconds_t) left * 1000);
	}
}

static void kill_if_same(pid_t pid, uint64_t start)
{
	cleanup_fd int fd = proc_open_same(pid, start);

	if (fd < 0)
		return;
	(void) pidfd_signal(fd, SIGKILL); /* it may have ended by itself */
	(void) pidfd_wait(fd, CLEAR_KILL_MS);
}

/*
 * Kill what is alive of a run. When the container ends, its monitor writes the exit
 * record and ends too.
 */
static int end_run(const struct shim_start *how, struct shim_status *st, struct kerr *err)
{
	int r;

	cgroup_thaw(how->cgroups, how->cgroup); /* frozen processes do not die */
	if (st->state == SHIM_RUNNING || st->state == SHIM_LOST)
		kill_if_same(st->pid, st->pid_start);
	else if (st->state == SHIM_STARTING && st->monitor_alive)
		kill_if_same(st->shim_pid, st->shim_start);
	if (!st->monitor_alive)
		return 0;
	r = cgroup_kill(how->cgroups, how->cgroup, CLEAR_KILL_MS, err);
	if (r < 0)
		return r;
	if (st->state == SHIM_RUNNING) {
		cleanup_fd int shim = proc_open_same(st->shim_pid, st->shim_start);

		if (shim >= 0 && pidfd_wait(shim, CLEAR_SETTLE_MS) == 0)
			/* the monitor hangs; killing it loses nothing now */
			kill_if_same(st->shim_pid, st->shim_start);
	}
	return shim_settle(&how->place, CLEAR_SETTLE_MS, st, err);
}

static int refuse_running(const struct shim_start *how, const struct shim_status *st,
			  struct kerr *err)
{
	cleanup_fd int init = shim_open_init(st);

	if (st->state == SHIM_RUNNING || init >= 0 ||
	    (st->state == SHIM_STARTING && st->monitor_alive))
		return kerr_plain(err, -EBUSY, "container '%s' is running", how->id);
	return 0;
}

int shim_clear(const struct shim_start *how, enum shim_clear_flags flags, struct kerr *err)
{
	struct shim_status st;
	int r;

	r = shim_state(&how->place, &st, err);
	if (r == -EBADMSG) /* a damaged record: clean up as if there were none */
		st = (struct shim_status){ .state = SHIM_NEVER };
	else if (r < 0)
		return r;
	if (st.state == SHIM_ENDED && st.monitor_alive)
		r = shim_settle(&how->place, CLEAR_SETTLE_MS, &st, err);
	else if ((flags & SHIM_CLEAR_KILL) != 0)
		r = end_run(how, &st, err);
	else
		r = refuse_running(how, &st, err);
	if (r < 0)
		return r;
	r = cgroup_remove(how->cgroups, how->cgroup, CGROUP_REMOVE_KILL, CLEAR_KILL_MS, err);
	if (r < 0)
		return r;
	r = runc_forget(how->runc_root, how->id, err);
	if (r < 0)
		return r;
	return remove_tree_at(AT_FDCWD, how->place.run_dir, REMOVE_TREE_SAME_FS, err);
}
