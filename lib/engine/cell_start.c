/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell.h"
#include "container.h"
#include "convert.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "validate.h"

/* What the phases of a start hand to each other. */
struct start {
	struct engine *e;
	const char *ns;
	struct cell_doc *doc;
	struct addr a;
	struct cell_run run;
	char *dir;
	char *hosts, *hostname, *resolv;
	struct cell_mounts mounts;
	struct container_run *runs; /* one per container of the spec */
	struct image *images;
	const char *only; /* the one container to start; NULL: all */
};

static void start_clear(struct start *s)
{
	for (size_t i = 0; s->runs && i < s->doc->spec.containers.n; i++) {
		container_run_clear(&s->runs[i]);
		image_clear(&s->images[i]);
	}
	free(s->runs);
	free(s->images);
	free(s->dir);
	free(s->hosts);
	free(s->hostname);
	free(s->resolv);
}

/* What can be known to fail before anything is made. */
static int check_host(struct start *s, struct kerr *err)
{
	for (size_t i = 0; i < s->doc->spec.containers.n; i++) {
		const struct container_spec *c = &s->doc->spec.containers.v[i];
		int r = container_is_synthesized(c) ? 0 : validate_volume_sources(c, err);

		if (r < 0)
			return kerr_wrap(err, r, "container \"%s\"", c->id);
	}
	return 0;
}

static int make_cgroup(struct start *s, struct kerr *err)
{
	char *cgroup cleanup_free = scope_cgroup(s->e, &s->a);
	enum cgroup_ensure_flags flags = CGROUP_ENSURE_TOLERANT;
	int r;

	if (s->doc->spec.nested_cgroup_runtime)
		flags |= CGROUP_ENSURE_NESTED;
	r = cgroup_ensure(s->e->cgroups, cgroup, flags, NULL, err);
	return r < 0 ? kerr_wrap(err, r, "failed to create cell cgroup") : 0;
}

static void fill_mounts(struct start *s)
{
	bool host = cell_host_network(&s->doc->spec);

	s->dir = cell_run_dir(s->e, &s->a, &s->run);
	s->hosts = layout_object(&s->e->layout, &s->a, CELL_ETC_HOSTS);
	s->hostname = layout_object(&s->e->layout, &s->a, CELL_ETC_HOSTNAME);
	s->resolv = path_join(s->dir, "resolv.conf", NULL);
	s->mounts = (struct cell_mounts){
		.dir = s->dir,
		.hosts = host ? NULL : s->hosts,
		.hostname = s->hostname,
		.resolv = s->resolv,
		.host_network = host,
	};
}

/* A start that stands is kept when something runs in it; else there is a fresh one. */
static int make_run(struct start *s, struct kerr *err)
{
	bool active = false;
	int r;

	r = cell_run_load(s->e, &s->a, &s->run, err);
	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < s->doc->status.containers.n; i++) {
		const struct container_spec *c = &s->doc->spec.containers.v[i];

		active |= !container_is_synthesized(c) &&
			  s->doc->status.containers.v[i].state == CONTAINER_STATE_READY;
	}
	if (r == 0 && active) {
		fill_mounts(s);
		return 0;
	}
	if (r == 0)
		r = cell_stop_locked(s->e, s->ns, s->doc, 0, CELL_STOP_KILL | CELL_STOP_NO_SAVE,
				     err);
	else
		r = cell_run_end(s->e, &s->a, err);
	if (r == 0)
		r = cell_run_begin(s->e, &s->a, &s->run, err);
	if (r < 0)
		return r;
	fill_mounts(s);
	return cell_run_connect(s->e, s->doc, &s->run, err);
}

static bool to_start(const struct start *s, size_t i)
{
	const struct container_spec *c = &s->doc->spec.containers.v[i];

	if (container_is_synthesized(c) || (s->only && !streq_null(c->id, s->only)))
		return false;
	return s->doc->status.containers.v[i].state != CONTAINER_STATE_READY;
}

/* Images, records and root file systems of all, before the first one runs. */
static int create_containers(struct start *s, struct kerr *err)
{
	size_t n = s->doc->spec.containers.n;
	int r = 0;

	s->runs = xcalloc(n + 1, sizeof(*s->runs));
	s->images = xcalloc(n + 1, sizeof(*s->images));
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!to_start(s, i))
			continue;
		container_run_init(&s->runs[i], s->e, s->ns, s->doc, &s->doc->spec.containers.v[i]);
		r = container_create(&s->runs[i], &s->mounts, &s->images[i], err);
	}
	return r;
}

static int start_container(struct start *s, size_t i, struct kerr *err)
{
	struct container_status *status = &s->doc->status.containers.v[i];
	int r;

	if (!to_start(s, i))
		return 0;
	r = container_start(&s->runs[i], s->doc, &s->mounts, &s->images[i], err);
	if (r < 0)
		return r;
	status->restart_count = 0;
	status->restart_time = (struct ktime){ 0 };
	return 0;
}

/* The root first: its end is the cell's. */
static int start_containers(struct start *s, struct kerr *err)
{
	int r = 0;

	for (int workloads = 0; r == 0 && workloads <= 1; workloads++)
		for (size_t i = 0; r == 0 && i < s->doc->spec.containers.n; i++)
			if (s->doc->spec.containers.v[i].root != (workloads == 1))
				r = start_container(s, i, err);
	return r;
}

static int finish(struct start *s, struct kerr *err)
{
	int r;

	cell_set_state(s->doc, CELL_STATE_READY, NULL, NULL);
	r = cell_observe(s->e, s->ns, s->doc, NULL, err);
	return r < 0 ? r : cell_save(s->e, s->doc, 0, err);
}

struct phase {
	int (*run)(struct start *s, struct kerr *err);
	bool create; /* failing here, a new cell has not been created */
};

int cell_start_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		      enum cell_start_flags flags, struct kerr *err)
{
	static const struct phase phases[] = {
		{ check_host, true },	     { make_cgroup, true },	  { make_run, true },
		{ create_containers, true }, { start_containers, false }, { finish, false },
	};
	const char *reason = "StartCellFailed";
	struct start s cleanup_(start_clear) = { .e = e, .ns = ns, .doc = doc };
	struct kerr why = { 0 };
	int r;

	s.a = addr_of_cell(doc);
	r = scope_prepare_trees(e, &why);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(phases); i++) {
		r = phases[i].run(&s, &why);
		if (r < 0 && phases[i].create && flags & CELL_START_NEW)
			reason = "CreateCellFailed";
	}
	if (r == 0)
		return 0;
	cell_fail(e, ns, doc, reason, &why);
	if (err)
		*err = why;
	return r;
}

static int join_run(struct start *s, struct kerr *err)
{
	int r = cell_run_load(s->e, &s->a, &s->run, err);

	if (r == -ENOENT)
		return kerr_plain(
			err, r,
			"cell \"%s\" is not started, start the cell first using 'kuke start "
			"cell %s'",
			s->a.cell, s->a.cell);
	if (r == 0)
		fill_mounts(s);
	return r;
}

int cell_start_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			  struct kerr *err)
{
	struct start s cleanup_(start_clear) = { .e = e, .ns = ns, .doc = doc, .only = id };
	struct kerr why = { 0 };
	int r;

	s.a = addr_of_cell(doc);
	r = join_run(&s, err);
	if (r < 0)
		return r;
	r = check_host(&s, err);
	if (r < 0)
		return r;
	r = create_containers(&s, &why);
	if (r == 0)
		r = start_containers(&s, &why);
	if (r == 0)
		r = finish(&s, &why);
	if (r == 0)
		return 0;
	cell_fail(e, ns, doc, "StartContainerFailed", &why);
	if (err)
		*err = why;
	return r;
}
