/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cell_load.h"
#include "cell_status.h"
#include "cell_verbs.h"
#include "container.h"
#include "container_choose.h"
#include "container_copy.h"
#include "container_volumes.h"
#include "copy_run.h"
#include "daemon_cell.h"
#include "image.h"
#include "mem.h"
#include "copy.h"
#include "model.h"
#include "path.h"
#include "scope.h"
#include "server.h"
#include "shim_state.h"
#include "status.h"
#include "str.h"

/* One request. */
struct copy {
	struct engine *e;
	struct addr a;
	const char *container; /* as asked for */
	struct copy_job job;
	struct rpc_copy_result *ret;
};

/* ---- what is asked for ---- */

static int check_job(const struct copy_job *job, struct kerr *err)
{
	bool named = (job->flags & COPY_UNPACK) != 0 &&
		     (job->flags & (COPY_ARCHIVE | COPY_CONTENTS)) == 0;

	if (str_empty(job->path))
		return kerr_plain(err, -EINVAL, "the path in the container is empty");
	if (strlen(job->path) >= COPY_PATH_MAX)
		return kerr_plain(err, -ENAMETOOLONG, "the path in the container is too long");
	if (named && str_empty(job->name))
		return kerr_plain(err, -EINVAL, "Name is empty: what is copied has none");
	if (strlen(job->name) >= NAME_MAX + 1 || strchr(job->name, '/') != NULL ||
	    streq(job->name, ".") || streq(job->name, ".."))
		return kerr_plain(err, -EINVAL,
				  "invalid Name \"%s\": it is to be one part of a path", job->name);
	return 0;
}

static int check_place(const struct copy *c, struct kerr *err)
{
	int r = scope_check(&c->a, ADDR_CELL, 0, err);

	if (r == 0 && daemon_cell_is(&c->a))
		return kerr_plain(err, -EPERM,
				  "cell \"%s\" is the daemon's own: its files are the host's",
				  c->a.cell);
	if (r == 0 && c->e->link == NULL)
		return kerr_plain(err, -EINVAL, "a copy needs a connection");
	return r;
}

/* ---- starting the copy ---- */

static int run_copy(const struct copy *c, const struct container_run *run,
		    const struct shim_status *st, int lock, struct kerr *err)
{
	struct engine *e = c->e;
	cleanup_free char *monitors = path_join(e->cgroup_root, "_monitors", NULL);
	const struct copy_how how = {
		.job = c->job,
		.run = st,
		.stage = run->stage,
		.root = run->root,
		.lock = lock,
		.cgroups = e->cgroups,
		.cgroup = run->cgroup,
		.monitors = monitors,
		.connection = e->link->fd,
	};
	int channel = -EBADF;
	int r = cgroup_ensure(e->cgroups, monitors, CGROUP_ENSURE_LEAF, NULL, err);

	if (r >= 0)
		r = copy_run(&how, &channel, err);
	if (r == -ESRCH)
		(void) kerr_wrap(err, r, "container \"%s\" of cell \"%s\"", run->name, c->a.cell);
	if (r < 0)
		return r;
	e->link->taken = channel;
	c->ret->container = xstrdup(run->name);
	return 0;
}

/* ---- a container that runs ---- */

static int check_running(const struct copy *c, struct cell_doc *cell,
			 const struct container_spec *spec, struct kerr *err)
{
	const struct container_status *st = cell_container_status(cell, spec->id);
	container_state state = st ? st->state : CONTAINER_STATE_UNKNOWN;

	/* The process that copies is in its cgroup, so it would be frozen, too. */
	if (state == CONTAINER_STATE_PAUSED || state == CONTAINER_STATE_PAUSING)
		return kerr_plain(err, -EBUSY, "container \"%s\" of cell \"%s\" is paused",
				  spec->id, c->a.cell);
	return 0;
}

static int find_state(const struct copy *c, const struct container_run *run,
		      struct shim_status *ret, struct kerr *err)
{
	int r = shim_state(&run->how.place, ret, err);

	if (r == 0 && ret->state == SHIM_STARTING)
		return kerr_plain(err, -EBUSY,
				  "container \"%s\" of cell \"%s\" is just being started",
				  run->name, c->a.cell);
	return r;
}

/* 0: the copy has begun; 1: the container does not run. */
static int copy_running(const struct copy *c, struct kerr *err)
{
	cleanup_container_run struct container_run run = { 0 };
	struct rpc_get_cell_result cell = { 0 };
	const struct container_spec *spec = NULL;
	cleanup_free char *ns = NULL;
	struct shim_status st = { 0 };
	int r = cell_get(c->e, &c->a, &cell, err);

	if (r == 0 && !cell.metadata_exists)
		r = scope_not_found(&c->a, err);
	if (r == 0)
		r = container_choose(&cell.cell, c->container, &spec, err);
	if (r == 0)
		r = check_running(c, &cell.cell, spec, err);
	if (r == 0)
		r = scope_namespace(c->e, c->a.realm, &ns, err);
	if (r == 0) {
		container_run_init(&run, c->e, ns, &cell.cell, spec);
		r = find_state(c, &run, &st, err);
	}
	if (r == 0)
		r = st.state == SHIM_RUNNING ? run_copy(c, &run, &st, -EBADF, err) : 1;
	model_clear(&cell_doc_type, &cell.cell);
	return r;
}

/* ---- a container that does not ---- */

static int copy_mounted(const struct copy *c, struct container_run *run,
			const struct cell_doc *cell, struct kerr *err)
{
	const struct lock_id lock = lock_id_object(&c->a);
	struct image image = { 0 };
	int r = container_create(run, NULL, &image, err);

	if (r == 0)
		r = container_sync(run, err);
	if (r == 0)
		r = container_mount_volumes(run, cell, &image, err);
	if (r == 0)
		r = run_copy(c, run, NULL, locks_fd(c->e->locks, &lock), err);
	image_clear(&image);
	return r;
}

/* 0: the copy has begun; 1: the container runs by now. */
static int copy_stopped(const struct copy *c, struct kerr *err)
{
	cleanup_container_run struct container_run run = { 0 };
	const struct container_spec *spec = NULL;
	cleanup_free char *ns = NULL;
	struct shim_status st = { 0 };
	struct cell_doc cell = { 0 };
	int r = cell_take(c->e, &c->a, 0, &cell, &ns, err);

	if (r < 0)
		return r;
	r = container_choose(&cell, c->container, &spec, err);
	if (r == 0) {
		container_run_init(&run, c->e, ns, &cell, spec);
		r = find_state(c, &run, &st, err);
	}
	if (r == 0)
		r = st.state == SHIM_RUNNING ? 1 : copy_mounted(c, &run, &cell, err);
	cell_release(c->e, &c->a);
	model_clear(&cell_doc_type, &cell);
	return r;
}

static int copy(const struct copy *c, struct kerr *err)
{
	int r = check_place(c, err);

	if (r == 0)
		r = check_job(&c->job, err);
	if (r == 0)
		r = copy_running(c, err);
	if (r > 0)
		r = copy_stopped(c, err);
	if (r > 0)
		r = copy_running(c, err);
	return r > 0 ? kerr_plain(err, -EBUSY, "the container is being started and stopped") : r;
}

int container_copy_in(struct engine *e, const struct rpc_copy_in_args *args,
		      struct rpc_copy_result *ret, struct kerr *err)
{
	const struct copy c = {
		.e = e,
		.a = { .realm = args->realm_name,
		       .space = args->space_name,
		       .stack = args->stack_name,
		       .cell = args->cell_name },
		.container = args->container,
		.job = { .flags = COPY_UNPACK | COPY_CONTAINER | (args->owner ? COPY_OWNER : 0) |
				  (args->archive ? COPY_ARCHIVE : 0) |
				  (args->contents ? COPY_CONTENTS : 0),
			 .path = args->path ? args->path : "",
			 .name = args->name ? args->name : "" },
		.ret = ret,
	};

	return copy(&c, err);
}

int container_copy_out(struct engine *e, const struct rpc_copy_out_args *args,
		       struct rpc_copy_result *ret, struct kerr *err)
{
	const struct copy c = {
		.e = e,
		.a = { .realm = args->realm_name,
		       .space = args->space_name,
		       .stack = args->stack_name,
		       .cell = args->cell_name },
		.container = args->container,
		.job = { .flags = COPY_CONTAINER | (args->follow ? COPY_FOLLOW : 0),
			 .path = args->path ? args->path : "",
			 .name = args->name ? args->name : "" },
		.ret = ret,
	};

	return copy(&c, err);
}
