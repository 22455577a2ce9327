/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_inherit.h"
#include "cell_load.h"
#include "cell_look.h"
#include "cell_names.h"
#include "cell_ports.h"
#include "cell_run.h"
#include "cell_start.h"
#include "cell_status.h"
#include "cell_stop.h"
#include "cell_verbs.h"
#include "cellnet.h"
#include "container.h"
#include "container_check.h"
#include "container_labels.h"
#include "container_tty.h"
#include "container_verbs.h"
#include "convert.h"
#include "copy.h"
#include "daemon_cell.h"
#include "damaged.h"
#include "errkind.h"
#include "images.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "naming.h"
#include "page.h"
#include "restart.h"
#include "scope.h"
#include "shim.h"
#include "shim_state.h"
#include "status.h"
#include "str.h"
#include "validate.h"

#define ATTACH_WAIT_MS 10000 /* for a container that is being started */

/* The container a verb acts on, with its cell's lock held. */
struct subject {
	struct engine *e;
	struct addr a; /* of names; a copy, because the request's document may be changed */
	struct addr_copy names;
	char *id;
	char *ns;
	struct cell_doc doc;
	bool taken;
};

static void subject_clear(struct subject *s)
{
	if (s->taken)
		cell_release(s->e, &s->a);
	addr_copy_clear(&s->names);
	model_clear(&cell_doc_type, &s->doc);
	free(s->id);
	free(s->ns);
}

static char *wanted_id(const struct container_doc *d)
{
	return str_trim(str_empty(d->spec.id) ? d->head.metadata.name : d->spec.id);
}

static int check_names(const struct subject *s, struct kerr *err)
{
	if (str_empty(s->id))
		return kerr_setk(err, ERR_CONTAINER_NAME_REQUIRED, -EINVAL, "%s",
				 err_kind_text(ERR_CONTAINER_NAME_REQUIRED));
	return scope_check(&s->a, ADDR_CELL, 0, err);
}

static int refuse_daemon(const struct subject *s, struct kerr *err)
{
	return daemon_cell_refuse(&s->a, "start or stop", err);
}

static int subject_names(struct subject *s, struct engine *e, const struct container_doc *d,
			 struct kerr *err)
{
	struct addr asked = addr_of_container(d);

	s->e = e;
	addr_copy_set(&s->names, &asked);
	s->a = s->names.a;
	s->id = wanted_id(d);
	return check_names(s, err);
}

/* Validate the names of a new container before looking up its cell. */
static int check_new_names(struct engine *e, const struct container_doc *d, struct kerr *err)
{
	cleanup_(subject_clear) struct subject s = { 0 };
	int r = subject_names(&s, e, d, err);

	if (r == 0)
		r = scope_check(&s.a, ADDR_CELL, SCOPE_STRICT, err);
	return r < 0 ? r : validate_name(KIND_CONTAINER, s.id, err);
}

static int subject_take(struct subject *s, struct engine *e, const struct container_doc *d,
			enum cell_take_flags flags, struct kerr *err)
{
	int r = subject_names(s, e, d, err);

	if (r == 0)
		r = refuse_daemon(s, err);
	if (r == 0)
		r = cell_take(e, &s->a, flags, &s->doc, &s->ns, err);
	if (r < 0)
		return r;
	s->taken = true;
	return cell_observe(e, s->ns, &s->doc, NULL, err);
}

static int subject_end(struct subject *s, int grace_ms, enum cell_take_flags take,
		       enum cell_stop_flags flags, struct kerr *err)
{
	struct stop_how how = { .only = s->id, .grace_ms = grace_ms, .flags = flags };

	return cell_end(s->e, &s->a, take, &how, &s->doc, &s->ns, err);
}

/* If the container is being stopped, wait for that before it is started. */
static int subject_at_rest(struct subject *s, struct kerr *err)
{
	if (!cell_is_ending(s->e, &s->a, s->id))
		return 0;
	return subject_end(s, 0, CELL_TAKE_PATIENT, CELL_STOP_GO_ON, err);
}

/* Pull the image of a container, before locking the cell. */
static void need_image(struct engine *e, const struct container_doc *d, const char *image)
{
	struct addr a = addr_of_container(d);
	cleanup_free char *id = wanted_id(d);

	images_ensure_one(e, &a, id, image);
}

static int no_container(const struct subject *s, struct kerr *err)
{
	return kerr_plain(err, -ENOENT, "container \"%s\" not found in cell \"%s\"", s->id,
			  s->a.cell);
}

/* Find the container's spec; roots are refused. */
static int subject_spec(struct subject *s, const char *verb, const char *past,
			const struct container_spec **ret, struct kerr *err)
{
	const struct container_spec *c = cell_container(&s->doc.spec, s->id);

	if (!c)
		return no_container(s, err);
	if (c->root)
		return kerr_plain(err, -EINVAL,
				  "root container cannot be %s directly, %s the cell instead using "
				  "'kuke %s cell %s'",
				  past, verb, verb, s->a.cell);
	*ret = c;
	return 0;
}

static void fill_doc(const struct subject *s, const struct container_spec *c,
		     struct container_doc *ret)
{
	const struct container_status *st =
		cell_container_status((struct cell_doc *) (uintptr_t) &s->doc, s->id);
	bool damaged;

	ret->head.api_version = xstrdup("v1beta1");
	ret->head.kind = xstrdup("Container");
	ret->head.metadata.name = xstrdup(s->id);
	damaged = container_labels_load(s->e, &s->a, s->id, &ret->head.metadata.labels, NULL) < 0;
	model_copy(&container_spec_type, &ret->spec, c);
	free(ret->spec.containerd_id);
	ret->spec.containerd_id = NULL;
	if (st)
		model_copy(&container_status_type, &ret->status, st);
	if (damaged) /* the cell's status names the damaged file */
		ret->status.state = CONTAINER_STATE_UNKNOWN;
}

/* ---- start ---- */

static int check_cell_up(struct subject *s, struct cell_run *ret, struct kerr *err)
{
	const struct container_spec *root = cell_root(&s->doc.spec);
	const struct container_status *st = root ? cell_container_status(&s->doc, root->id) : NULL;
	int r = cell_run_load(s->e, &s->a, ret, err);

	if (r == -ENOENT || (r == 0 && st && !container_state_is_up(st->state)))
		return kerr_plain(err, -ESRCH,
				  "failed to start container %s: root container \"%s\" does not "
				  "exist, start the cell first using 'kuke start cell %s'",
				  s->id, root ? root->containerd_id : "", s->a.cell);
	return r;
}

int container_verb_start(struct engine *e, const struct container_doc *d,
			 struct rpc_container_done_result *ret, struct kerr *err)
{
	cleanup_(subject_clear) struct subject s = { 0 };
	const struct container_spec *c;
	struct cell_run run;
	int r;

	need_image(e, d, NULL);
	r = subject_take(&s, e, d, 0, err);
	if (r == 0)
		r = subject_at_rest(&s, err);
	if (r == 0)
		r = subject_spec(&s, "start", "started", &c, err);
	if (r == 0)
		r = check_cell_up(&s, &run, err);
	if (r == 0)
		r = cell_restart_one_locked(e, s.ns, &s.doc, s.id, 0, err);
	if (r < 0)
		return r;
	ret->done = true;
	fill_doc(&s, cell_container(&s.doc.spec, s.id), &ret->container);
	return 0;
}

/* ---- stop and kill ---- */

static bool has_ended(struct subject *s)
{
	const struct container_status *st = cell_container_status(&s->doc, s->id);

	return st && (st->state == CONTAINER_STATE_STOPPED || st->state == CONTAINER_STATE_FAILED);
}

static char *stop_warning(const struct subject *s, int r, const struct kerr *why)
{
	cleanup_free char *what = xasprintf("container \"%s\"", s->id);

	return cell_stop_warning(r, what, why);
}

int container_verb_stop(struct engine *e, const struct container_doc *d, enum cell_stop_flags flags,
			struct rpc_container_done_result *ret, struct kerr *err)
{
	bool kill = flags & CELL_STOP_KILL;
	cleanup_(subject_clear) struct subject s = { 0 };
	struct kerr why = { 0 };
	const struct container_spec *c;
	int r;

	r = subject_take(&s, e, d, CELL_TAKE_ENDING, err);
	if (r == 0)
		r = subject_spec(&s, kill ? "kill" : "stop", kill ? "killed" : "stopped", &c, err);
	if (r < 0)
		return r;
	r = subject_end(&s, cell_grace(e, CELL_STOP_GRACE_MS), 0, flags, &why);
	if (r < 0 && r != -ENOENT && has_ended(&s)) /* the whole cell was stopped */
		ret->warning = stop_warning(&s, r, &why);
	if (r < 0 && r != -ENOENT && !ret->warning) {
		if (err)
			*err = why;
		return r;
	}
	ret->done = true;
	c = cell_container(&s.doc.spec, s.id);
	if (c)
		fill_doc(&s, c, &ret->container);
	return 0;
}

/* ---- create ---- */

static int check_image(const struct subject *s, struct kerr *err)
{
	cleanup_container_run struct container_run run = { 0 };

	container_run_init(&run, s->e, s->ns, &s->doc, cell_container(&s->doc.spec, s->id));
	return container_check_image(&run, err);
}

/* Devices are made when the cell starts. */
static int check_networks(const struct subject *s, const struct container_spec *c, struct kerr *err)
{
	cleanup_strlist struct strlist joined = { 0 };

	cell_networks(&s->doc.spec, &joined);
	for (size_t i = 0; i < c->networks.n; i++)
		if (!strlist_has(&joined, c->networks.v[i]))
			return kerr_plain(
				err, -EINVAL,
				"container \"%s\": networks[%zu]: the cell has not joined "
				"\"%s\"; change the cell with 'kuke apply' instead",
				s->id, i, c->networks.v[i]);
	return 0;
}

/* In memory; labels are stored. */
static int add_container(struct subject *s, struct container_doc *d, struct kerr *err)
{
	struct container_spec *c = &d->spec;
	struct kerr why;
	int r;

	free(c->id);
	c->id = xstrdup(s->id);
	r = doc_normalise(KIND_CONTAINER, d, NULL, err);
	if (r == 0)
		r = validate_doc(KIND_CONTAINER, d, 0, err);
	if (r == 0)
		r = container_check_host(c, err);
	if (r == 0 && c->root)
		r = kerr_plain(err, -EINVAL,
			       "root container cannot be added to an existing cell, delete and "
			       "recreate cell %s",
			       s->a.cell);
	if (r < 0)
		return r;
	if (c->host_network && !cell_host_network(&s->doc.spec))
		return kerr_plain(
			err, -EINVAL,
			"container \"%s\": hostNetwork takes the whole cell to the host's "
			"network, change the cell with 'kuke apply' instead",
			s->id);
	r = check_networks(s, c, err);
	if (r < 0)
		return r;
	model_copy(&container_spec_type,
		   vec_grow(&s->doc.spec.containers.v, &s->doc.spec.containers.n, sizeof(*c)), c);
	r = cell_normalise(&s->doc, NULL, &why);
	if (r == 0)
		r = cell_inherit(s->e, &s->a, &s->doc, s->id, &why);
	if (r == 0)
		r = check_image(s, &why);
	if (r == 0)
		r = cell_ports_check(s->e, &s->doc, NULL, &why);
	if (r == 0)
		r = container_labels_save(s->e, &s->a, s->id, &d->head.metadata.labels, &why);
	if (r < 0 && err)
		*err = why;
	return r < 0 ? r : 0;
}

/* If a new container cannot be started, remove it again. */
static int start_new(struct subject *s, const struct cell_run *run, struct kerr *err)
{
	struct kerr undo = { 0 };
	char text[KERR_TEXT_MAX];
	int r = cell_ports_change(s->e, &s->doc, run, err);

	if (r >= 0)
		r = cell_observe(s->e, s->ns, &s->doc, NULL, err);
	if (r == 0)
		r = cell_save(s->e, &s->doc, 0, err);
	if (r == 0)
		r = cell_names_keep_locked(s->e, &s->doc, err);
	if (r == 0)
		r = cell_restart_one_locked(s->e, s->ns, &s->doc, s->id, 0, err);
	if (r < 0 && cell_drop_container_locked(s->e, s->ns, &s->doc, s->id, &undo) < 0)
		log_wrn("cannot remove a container that failed to start", "container", s->id,
			"error", kerr_text(&undo, text, sizeof(text)));
	return r;
}

int container_verb_create(struct engine *e, struct container_doc *d,
			  struct rpc_create_container_result *ret, struct kerr *err)
{
	cleanup_(subject_clear) struct subject s = { 0 };
	struct cell_run run;
	bool existed;
	int r;

	r = check_new_names(e, d, err);
	if (r < 0)
		return r;
	if (!str_empty(d->spec.image)) /* a missing image is refused below */
		need_image(e, d, d->spec.image);
	r = subject_take(&s, e, d, 0, err);
	if (r == 0)
		r = subject_at_rest(&s, err);
	if (r == 0) /* before anything is stored: without the image it cannot start */
		r = check_cell_up(&s, &run, err);
	if (r < 0)
		return r;
	existed = cell_container(&s.doc.spec, s.id) != NULL;
	if (!existed)
		r = cell_ports_check_join(s.id, &d->spec.ports, &run, err);
	if (r == 0 && !existed)
		r = add_container(&s, d, err);
	if (r == 0)
		r = existed ? cell_restart_one_locked(e, s.ns, &s.doc, s.id, 0, err)
			    : start_new(&s, &run, err);
	if (r < 0)
		return r;
	ret->cell_exists_pre = ret->cell_exists_post = true;
	ret->container_exists_pre = existed;
	ret->container_exists_post = true;
	ret->container_created = !existed;
	ret->started = true;
	fill_doc(&s, cell_container(&s.doc.spec, s.id), &ret->container);
	return 0;
}

/* ---- delete ---- */

static int deletable(struct subject *s, const struct container_spec **ret, struct kerr *err)
{
	return subject_spec(s, "delete", "deleted", ret, err);
}

int container_check_delete(struct engine *e, const struct addr *cell, const char *id,
			   struct cell_doc *ret_rest, struct kerr *err)
{
	cleanup_(subject_clear) struct subject s = { .e = e, .a = *cell, .id = str_trim(id) };
	const struct container_spec *c;
	int r = check_names(&s, err);

	if (r == 0)
		r = refuse_daemon(&s, err);
	if (r == 0)
		r = store_load(&e->layout, &s.a, 0, &s.doc, err);
	if (r == -ENOENT)
		r = scope_not_found(&s.a, err);
	if (r < 0)
		return r;
	r = deletable(&s, &c, err);
	if (r < 0)
		return r;
	cell_take_out(&s.doc, s.id);
	*ret_rest = s.doc;
	s.doc = (struct cell_doc){ 0 };
	return 0;
}

int container_verb_delete(struct engine *e, const struct container_doc *d,
			  struct rpc_delete_container_result *ret, struct kerr *err)
{
	cleanup_(subject_clear) struct subject s = { 0 };
	const struct container_spec *c;
	int r;

	r = subject_take(&s, e, d, CELL_TAKE_ENDING, err);
	if (r < 0)
		return r;
	r = deletable(&s, &c, err);
	if (r < 0)
		return r;
	fill_doc(&s, c, &ret->container);
	r = subject_end(&s, cell_grace(e, CELL_DELETE_GRACE_MS), 0, CELL_STOP_NO_SAVE, err);
	if (r == 0)
		r = cell_drop_container_locked(e, s.ns, &s.doc, s.id, err);
	if (r < 0 && r != -ENOENT)
		return r;
	ret->cell_exists = ret->container_exists = true;
	strlist_add(&ret->deleted, "container");
	strlist_add(&ret->deleted, "task");
	return 0;
}

/* ---- reading ---- */

static int subject_read(struct subject *s, struct engine *e, const struct container_doc *d,
			struct kerr *err)
{
	struct rpc_get_cell_result cell = { 0 };
	int r = subject_names(s, e, d, err);

	if (r == 0)
		r = cell_get(e, &s->a, &cell, err);
	if (r < 0)
		return r;
	s->doc = cell.cell;
	if (!cell.metadata_exists)
		return kerr_setk(err, ERR_CELL_NOT_FOUND, -ENOENT,
				 "failed to get cell \"%s\": cell not found", s->a.cell);
	if (!cell_container(&s->doc.spec, s->id))
		return kerr_plain(err, -ENOENT,
				  "container \"%s\" not found in cell \"%s\" at run-path \"%s\"",
				  s->id, s->a.cell, e->layout.run_path);
	return 0;
}

int container_verb_get(struct engine *e, const struct container_doc *d,
		       struct rpc_get_container_result *ret, struct kerr *err)
{
	cleanup_(subject_clear) struct subject s = { 0 };
	int r = subject_read(&s, e, d, err);

	if (r < 0)
		return r;
	ret->cell_exists = ret->container_exists = true;
	fill_doc(&s, cell_container(&s.doc.spec, s.id), &ret->container);
	return 0;
}

/* Return whether its policy restarts it. */
static bool is_owed(struct subject *s, const struct container_run *run,
		    const struct shim_status *st)
{
	cleanup_restarts struct restarts list = { 0 };

	int stopped = container_was_stopped(run, st, NULL);

	if (stopped < 0 || restarts_load(s->e, &s->a, &list, NULL) < 0)
		return false;
	return restart_is_owed(run->spec->restart_policy, restarts_find(&list, s->id), st,
			       stopped > 0);
}

/* Return whether more log output is to come: NULL while the container runs, else RPC_LOG_*. */
static const char *log_writer(struct subject *s)
{
	cleanup_container_run struct container_run run = { 0 };
	const struct container_spec *c = cell_container(&s->doc.spec, s->id);
	struct shim_status st;
	struct cell_run start;

	if (container_is_synthesized(c) || daemon_cell_is(&s->a))
		return NULL;
	container_run_init(&run, s->e, s->ns, &s->doc, c);
	if (shim_state(&run.how.place, &st, NULL) < 0 || st.state == SHIM_RUNNING ||
	    st.state == SHIM_LOST)
		return NULL;
	if (cell_run_load(s->e, &s->a, &start, NULL) < 0)
		return RPC_LOG_ENDED;
	if (!start.complete || (st.state == SHIM_STARTING && st.monitor_alive) ||
	    is_owed(s, &run, &st))
		return RPC_LOG_WAITS;
	return RPC_LOG_ENDED;
}

static bool is_attachable(const struct subject *s)
{
	const struct container_spec *c = cell_container(&s->doc.spec, s->id);

	return c && c->attachable && !container_is_synthesized(c) && !daemon_cell_is(&s->a);
}

int container_verb_log(struct engine *e, const struct container_doc *d, struct rpc_log_result *ret,
		       struct kerr *err)
{
	cleanup_(subject_clear) struct subject s = { 0 };
	int r = subject_read(&s, e, d, err);

	if (r < 0)
		return r;
	ret->host_log_path = layout_container(&e->layout, &s.a, s.id, CONTAINER_LOG);
	ret->host_capture_path =
		is_attachable(&s) ? layout_container(&e->layout, &s.a, s.id, CONTAINER_TTY_CAPTURE)
				  : xstrdup("");
	r = scope_namespace(e, s.a.realm, &s.ns, err);
	if (r == 0)
		ret->writer = xstrdup_null(log_writer(&s));
	return r;
}

/* Why one cannot attach, by what the container does instead of running. */
static int refuse_attach(struct subject *s, const struct shim_status *st, struct kerr *err)
{
	const char *what = "is not running; kuke start cell";

	if (st->state == SHIM_ENDED)
		what = "has ended; kuke log shows its output, to run it again: kuke start cell";
	if (st->state == SHIM_STARTING && st->monitor_alive)
		what = "is being started; try again, or look with: kuke get cell";
	return kerr_setk(err, ERR_ATTACH_NOT_RUNNING, -ESRCH,
			 "container \"%s\" in cell \"%s\" %s %s", s->id, s->a.cell, what,
			 s->a.cell);
}

int container_verb_attach(struct engine *e, const struct container_doc *d,
			  struct rpc_attach_result *ret, struct kerr *err)
{
	cleanup_(subject_clear) struct subject s = { 0 };
	cleanup_container_run struct container_run run = { 0 };
	struct shim_status st;
	int r = subject_read(&s, e, d, err);

	if (r < 0)
		return r;
	if (!is_attachable(&s))
		return kerr_setk(err, ERR_ATTACH_NOT_SUPPORTED, -EOPNOTSUPP, "%s",
				 err_kind_text(ERR_ATTACH_NOT_SUPPORTED));
	r = scope_namespace(e, s.a.realm, &s.ns, err);
	if (r < 0)
		return r;
	container_run_init(&run, e, s.ns, &s.doc, cell_container(&s.doc.spec, s.id));
	r = shim_settle(&run.how.place, ATTACH_WAIT_MS, &st, err);
	if (r < 0 && r != -ETIME)
		return r;
	if (st.state != SHIM_RUNNING && st.state != SHIM_LOST)
		return refuse_attach(&s, &st, err);
	return container_tty_socket(&run, &ret->host_socket_path, err);
}

/* Specs only, as in the original list; damaged cells have none to show. */
static int list_specs_of(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct page *page = ctx;
	cleanup_free char *name = page_name(a);
	struct cell_doc d = { 0 };

	(void) err;
	if (damaged_load(e, a, &d, NULL) < 0)
		return 0;
	for (size_t i = 0; i < d.spec.containers.n; i++)
		page_put(page, name, i, &container_spec_type, &d.spec.containers.v[i]);
	d.spec.containers.n = 0; /* they are cleared or in the reply */
	model_clear(&cell_doc_type, &d);
	return 0;
}

int container_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err)
{
	return scope_each_name(e, ADDR_CELL, filter, list_specs_of, page, err);
}

static void list_doc(struct page *page, struct subject *s, const char *name, size_t i)
{
	const struct container_spec *c = &s->doc.spec.containers.v[i];
	struct container_doc d = { 0 };

	if (page_skips(page, name, i))
		return;
	free(s->id);
	s->id = xstrdup_null(c->id);
	fill_doc(s, c, &d);
	d.spec.containerd_id = xstrdup_null(c->containerd_id); /* the field of the original list */
	page_put(page, name, i, &container_doc_type, &d);
}

struct doc_walk {
	struct cell_look look;
	struct page *page;
};

static int list_docs_of(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct doc_walk *w = ctx;
	struct page *page = w->page;
	cleanup_free char *name = page_name(a);
	cleanup_(subject_clear) struct subject s = { .e = e, .a = *a };

	(void) err;
	if (page_skips(page, name, SIZE_MAX) || cell_describe(&w->look, a, &s.doc) < 0)
		return 0;
	for (size_t i = 0; i < s.doc.spec.containers.n; i++)
		list_doc(page, &s, name, i);
	return 0;
}

int container_list_docs(struct engine *e, const struct addr *filter, struct page *page,
			struct kerr *err)
{
	struct doc_walk w = {
		.look = { .e = e,
			  .flags = CELL_LOOK_MANY | CELL_LOOK_NO_CGROUP | CELL_LOOK_NO_LABELS },
		.page = page,
	};
	int r = scope_each_name(e, ADDR_CELL, filter, list_docs_of, &w, err);

	cell_look_clear(&w.look);
	return r;
}
