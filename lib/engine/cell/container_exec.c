/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell_status.h"
#include "cell_verbs.h"
#include "cgroup.h"
#include "container.h"
#include "container_choose.h"
#include "container_exec.h"
#include "convert.h"
#include "copy.h"
#include "daemon_cell.h"
#include "exec.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "scope.h"
#include "server.h"
#include "shim_state.h"
#include "status.h"
#include "str.h"

static const char *const streams_[] = { "stdin", "stdout", "stderr" };

/* ---- what is asked for ---- */

/* An environment entry has a name and a value, and neither has a NUL (the decoder sees to it). */
static int check_env(const struct strlist *env, struct kerr *err)
{
	for (size_t i = 0; i < env->n; i++)
		if (env->v[i][0] == '=' || strchr(env->v[i], '=') == NULL)
			return kerr_plain(err, -EINVAL,
					  "invalid environment variable \"%s\": expected KEY=VALUE",
					  env->v[i]);
	return 0;
}

static int check_args(const struct rpc_exec_args *args, struct kerr *err)
{
	if (args->args.n == 0 || args->args.v[0][0] == '\0')
		return kerr_plain(err, -EINVAL, "nothing to execute: a command is required");
	if (args->args.n > EXEC_STRINGS_MAX || args->env.n > EXEC_STRINGS_MAX)
		return kerr_plain(err, -E2BIG, "too many arguments");
	if (!str_empty(args->working_dir) && args->working_dir[0] != '/')
		return kerr_plain(err, -EINVAL, "working directory \"%s\" must be absolute",
				  args->working_dir);
	if (args->detach && (args->tty || args->input || args->passed.n > 0))
		return kerr_plain(err, -EINVAL,
				  "a detached program has no terminal, no input and no output");
	if (args->tty && args->passed.n > 0)
		return kerr_plain(err, -EINVAL,
				  "a program with a terminal takes no passed descriptors");
	if (args->rows < 0 || args->rows > UINT16_MAX || args->columns < 0 ||
	    args->columns > UINT16_MAX)
		return kerr_plain(err, -EINVAL, "invalid size of the terminal");
	return check_env(&args->env, err);
}

/*
 * A process in a container can open what it has as a descriptor once more, through
 * /proc/self/fd, with the rights of the container: a file that the caller may only read could be
 * written, a directory leads out, and a terminal takes input as if it were typed. So a
 * descriptor must be of a pipe or a socket, which have no more behind them.
 */
static int check_passed(int fd, const char *name, struct kerr *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kerr_set(err, -errno, "stat the descriptor passed as %s", name);
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)) {
		int flags = fcntl(fd, F_GETFL);

		if (flags >= 0 && (flags & O_PATH) == 0)
			return 0;
	}
	return kerr_plain(err, -EINVAL,
			  "the descriptor passed as %s is neither a pipe nor a socket", name);
}

static int take_passed(const struct rpc_exec_args *args, const int *passed, size_t n, int ret[3],
		       struct kerr *err)
{
	int r = 0;

	if (n != args->passed.n)
		return kerr_plain(err, -EINVAL, "%zu descriptors were passed, %zu are named", n,
				  args->passed.n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(streams_) && !streq(args->passed.v[i], streams_[k]))
			k++;
		if (k == ARRAY_SIZE(streams_) || ret[k] >= 0)
			return kerr_plain(err, -EINVAL, "invalid stream \"%s\" in Passed",
					  args->passed.v[i]);
		r = check_passed(passed[i], streams_[k], err);
		ret[k] = passed[i];
	}
	return r;
}

/* ---- the container ---- */

static int check_state(struct cell_doc *cell, const struct container_spec *c, struct kerr *err)
{
	const struct container_status *st = cell_container_status(cell, c->id);
	container_state state = st ? st->state : CONTAINER_STATE_UNKNOWN;

	if (state == CONTAINER_STATE_PAUSED || state == CONTAINER_STATE_PAUSING)
		return kerr_plain(err, -EBUSY, "container \"%s\" of cell \"%s\" is paused", c->id,
				  cell->head.metadata.name);
	if (container_state_is_up(state))
		return 0;
	return kerr_plain(err, -ESRCH,
			  "container \"%s\" of cell \"%s\" is not running (%s); start it by "
			  "'kuke start cell %s'",
			  c->id, cell->head.metadata.name,
			  state_label(container_state_labels, state), cell->head.metadata.name);
}

static int find(struct engine *e, const struct addr *a, const char *asked,
		struct rpc_get_cell_result *cell, const struct container_spec **ret,
		struct kerr *err)
{
	int r = scope_check(a, ADDR_CELL, 0, err);

	if (r == 0 && daemon_cell_is(a))
		r = kerr_plain(err, -EPERM,
			       "cell \"%s\" is the daemon's own: no program is executed in it",
			       a->cell);
	if (r == 0)
		r = cell_get(e, a, cell, err);
	if (r == 0 && !cell->metadata_exists)
		r = scope_not_found(a, err);
	if (r == 0)
		r = container_choose(&cell->cell, asked, ret, err);
	if (r < 0)
		return r;
	assert(*ret);
	return check_state(&cell->cell, *ret, err);
}

/* ---- starting ---- */

static enum exec_flags flags_of(const struct rpc_exec_args *args)
{
	return (args->tty ? EXEC_TTY : 0) | (args->input ? EXEC_STDIN : 0) |
	       (args->detach ? EXEC_DETACH : 0);
}

static int start_in(struct engine *e, const struct container_run *run,
		    const struct rpc_exec_args *args, const struct exec_how *streams,
		    struct rpc_exec_result *ret, struct kerr *err)
{
	cleanup_free char *filter = layout_rt_container(&e->layout, run->ns, run->id, RTC_SECCOMP);
	cleanup_free char *filters = layout_rt(&e->layout, RT_SECCOMP);
	cleanup_free char *monitors = path_join(e->cgroup_root, "_monitors", NULL);
	struct exec_started started = { .channel = -EBADF };
	struct exec_how how = *streams;
	struct shim_status st = { 0 };
	int status = 0;
	int r = shim_state(&run->how.place, &st, err);

	if (r == 0)
		r = cgroup_ensure(e->cgroups, monitors, CGROUP_ENSURE_LEAF, NULL, err);
	if (r < 0)
		return r;
	how.run = &st;
	how.run_dir = run->run_dir;
	how.filter = filter;
	how.filters_dir = filters;
	how.cgroups = e->cgroups;
	how.cgroup = run->cgroup;
	how.monitors = monitors;
	how.args = &args->args;
	how.env = &args->env;
	how.user = args->user;
	how.cwd = args->working_dir;
	how.flags = flags_of(args);
	how.rows = (uint32_t) args->rows;
	how.cols = (uint32_t) args->columns;
	r = exec_start(&how, &started, &status, err);
	ret->exit_status = status;
	if (r < 0)
		return r;
	ret->exit_status = 0;
	ret->container = xstrdup(run->name);
	if (args->detach)
		fd_close_p(&started.channel);
	else
		e->link->taken = started.channel;
	return 0;
}

int container_exec(struct engine *e, const struct rpc_exec_args *args, const int *passed,
		   size_t n_passed, struct rpc_exec_result *ret, struct kerr *err)
{
	const struct addr a = { .realm = args->realm_name,
				.space = args->space_name,
				.stack = args->stack_name,
				.cell = args->cell_name };
	cleanup_container_run struct container_run run = { 0 };
	struct exec_how how = { .connection = -EBADF, .stdio = { -EBADF, -EBADF, -EBADF } };
	struct rpc_get_cell_result cell = { 0 };
	const struct container_spec *c = NULL;
	cleanup_free char *ns = NULL;
	int r = check_args(args, err);

	if (r == 0 && e->link == NULL)
		r = kerr_plain(err, -EINVAL, "exec needs a connection");
	if (r == 0)
		r = take_passed(args, passed, n_passed, how.stdio, err);
	if (r == 0)
		r = find(e, &a, args->container, &cell, &c, err);
	if (r == 0)
		r = scope_namespace(e, a.realm, &ns, err);
	if (r == 0) {
		how.connection = args->detach ? -EBADF : e->link->fd;
		container_run_init(&run, e, ns, &cell.cell, c);
		r = start_in(e, &run, args, &how, ret, err);
		if (r == -ESRCH)
			(void) kerr_wrap(err, r, "container \"%s\" of cell \"%s\"", c->id, a.cell);
	}
	model_clear(&cell_doc_type, &cell.cell);
	return r;
}
