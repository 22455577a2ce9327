/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell_look.h"
#include "cell_verbs.h"
#include "cgroup_host.h"
#include "clock.h"
#include "cni_space.h"
#include "convert.h"
#include "copy.h"
#include "daemon.h"
#include "damaged.h"
#include "dir.h"
#include "egress.h"
#include "host_status.h"
#include "image_record.h"
#include "images.h"
#include "layer.h"
#include "link.h"
#include "mem.h"
#include "names_state.h"
#include "packet_filter.h"
#include "path.h"
#include "procinfo.h"
#include "scope.h"
#include "status.h"
#include "statuscheck.h"
#include "str.h"

enum {
	STATES_MAX = 8,
	SILENT_MS = 5000, /* kukedns is asked twice a second, and killed before that */
	AGAIN_MS = 10000, /* so long a new start of kukedns is told of */
	DETAIL_MAX = 65536,
};

/* A look under way. */
struct look {
	struct rpc_status_result *ret;
	struct cell_look cells;
	struct names_health names;
	int64_t n[KIND_CONTAINER + 1][STATES_MAX]; /* objects of a kind in a state */
	size_t troubles; /* of objects */
};

/* ---- the daemon and the instance ---- */

static struct ktime time_before(int64_t ms)
{
	struct ktime t = ktime_now();

	t.sec -= ms / 1000;
	t.nsec = 0;
	return t;
}

static void set_uptime(struct rpc_status_daemon *d)
{
	long per_second = sysconf(_SC_CLK_TCK);
	uint64_t ticks;
	int64_t age;

	if (d->pid == 0 || per_second <= 0 || proc_start_time((pid_t) d->pid, &ticks) < 0)
		return;
	age = clock_ms() - (int64_t) (ticks / (uint64_t) per_second) * 1000;
	d->uptime_seconds = age > 0 ? age / 1000 : 0;
	d->started_at = time_before(age > 0 ? age : 0);
}

static void look_daemon(struct engine *e, struct rpc_status_result *ret)
{
	struct rpc_status_daemon *d = &ret->daemon;
	pid_t pid = 0;
	int r = daemon_running(e->layout.run_path, e->layout.runtime_dir, &pid);

	d->state = xstrdup(r > 0 ? RPC_STATUS_RUNNING : RPC_STATUS_STOPPED);
	if (r <= 0) {
		status_check(ret, "daemon", RPC_STATUS_FAIL, "kukeond",
			     xstrdup("it does not run; cells that run go on"),
			     "sudo kuke daemon start");
		return;
	}
	d->version = xstrdup(PACKAGE_VERSION);
	d->pid = pid;
	set_uptime(d);
	status_check(ret, "daemon", RPC_STATUS_OK, "kukeond", xstrdup("it runs"), NULL);
}

static void look_instance(struct engine *e, struct rpc_status_result *ret)
{
	static const char *const cgroups[_CGROUP_MODE_MAX] = {
		[CGROUP_MODE_V2] = "v2",
		[CGROUP_MODE_V1] = "v1",
		[CGROUP_MODE_HYBRID] = "hybrid",
		[CGROUP_MODE_NONE] = "none",
	};
	struct rpc_status_instance *i = &ret->instance;

	i->run_path = xstrdup(e->layout.run_path);
	i->runtime_dir = xstrdup(e->layout.runtime_dir);
	i->namespace_suffix = xstrdup(e->suffix);
	i->cgroup_root = xstrdup(e->cgroup_root);
	i->cgroups = xstrdup(cgroups[e->cgroups->mode]);
	i->packet_filter = xstrdup(packet_filter_name(e));
	if (e->cgroups->mode == CGROUP_MODE_NONE)
		status_check(ret, "host", RPC_STATUS_FAIL, "cgroups",
			     xstrdup("no hierarchy of control groups is mounted"), NULL);
	if (streq(i->packet_filter, "none"))
		status_check(ret, "host", RPC_STATUS_FAIL, "packet filter",
			     xstrdup("this kernel has none that kukeon can use: cells have no "
				     "network beyond this host"),
			     "`kuke doctor network` says what is missing");
}

/* ---- kukedns ---- */

/* The text of a check that is not OK, owned by the caller; NULL: it answers. */
static char *names_trouble_now(const struct names_health *h, const char **ret_status)
{
	int64_t now = clock_ms(), silent = now - h->answered_ms;
	cleanup_buf struct buf since = BUF_INIT(64);

	*ret_status = RPC_STATUS_FAIL;
	if (!h->kept)
		return xstrdup("kukedns does not run: names are not answered where a space denies");
	if (h->answered_ms > 0 && silent > SILENT_MS)
		return xasprintf("kukedns has not answered for %lld s: names are not answered "
				 "where a space denies",
				 (long long) (silent / 1000));
	*ret_status = RPC_STATUS_WARN;
	if (h->again_ms == 0 || now - h->again_ms >= AGAIN_MS)
		return NULL;
	duration_text(&since, (now - h->again_ms) / 1000 * 1000000000);
	return xasprintf("kukedns was started again %s ago: %s", buf_str(&since), h->why);
}

static void look_names(struct engine *e, struct look *l)
{
	struct rpc_status_names *n = &l->ret->names;
	const char *status;
	char *trouble;

	if (streq(l->ret->daemon.state, RPC_STATUS_RUNNING))
		names_health_load(e, &l->names);
	if (!l->names.wanted)
		return;
	n->needed = true;
	n->spaces = (int64_t) l->names.bridges;
	n->restarts = l->names.again;
	trouble = names_trouble_now(&l->names, &status);
	if (trouble)
		status_check(l->ret, "host", status, "names", trouble,
			     "the daemon's log says more, and kukedns(8)");
	else
		status_check(l->ret, "host", RPC_STATUS_OK, "names",
			     xstrdup(l->names.answered_ms > 0 ? "kukedns answers"
							      : "kukedns is being started"),
			     NULL);
}

/* ---- images ---- */

struct image_look {
	struct rpc_status_result *ret;
	const struct image_store *store;
};

static int look_image(void *ctx, const char *file, const struct image_record *rec,
		      const struct kerr *why)
{
	struct image_look *l = ctx;
	char text[KERR_TEXT_MAX];

	l->ret->images.count++;
	if (!rec)
		status_check(l->ret, "state", RPC_STATUS_FAIL, file,
			     xasprintf("the record of an image in namespace \"%s\": %s",
				       l->store->ns, kerr_text(why, text, sizeof(text))),
			     "load or pull the image again; `kuke image verify` tells more");
	return 0;
}

/* Only their records: what files take is added up when a layer is unpacked. */
static void look_layers(struct image_look *l, struct image_store *s)
{
	cleanup_free char *dir = image_store_path(s, NS_SNAPSHOTS, NULL);
	cleanup_strlist struct strlist names = { 0 };

	if (dir_list(dir, &names) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		cleanup_free char *layer = path_join(dir, names.v[i], NULL);
		struct layer_info info;

		if (!image_store_is_hex(names.v[i]) || layer_read_info_in(layer, &info, NULL) < 0)
			continue;
		l->ret->images.layers++;
		l->ret->images.bytes += (int64_t) info.unpacked_bytes;
	}
}

static void look_images(struct look *l, struct engine *e, const char *ns)
{
	cleanup_image_store struct image_store s = { 0 };
	struct image_look look = { .ret = l->ret, .store = &s };
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	if (!scope_namespace_ready(e, ns))
		return; /* the realm's own check tells */
	r = images_store_open(e, ns, &s, &why);
	if (r == 0)
		r = image_record_walk(&s, look_image, &look, &why);
	if (r == 0)
		look_layers(&look, &s);
	else
		status_check(l->ret, "state", RPC_STATUS_FAIL, ns,
			     xasprintf("the images of this namespace cannot be listed: %s",
				       kerr_text(&why, text, sizeof(text))),
			     NULL);
}

/* ---- objects ---- */

static void count(struct look *l, enum kind kind, unsigned state)
{
	if (state < STATES_MAX)
		l->n[kind][state]++;
}

/* What is told of an object. */
struct trouble {
	const char *status; /* of the check */
	const char *state, *reason, *message; /* of the object; the last two may be NULL */
	const char *remedy;
};

/* container NULL: of the object itself. */
static void tell(struct look *l, const struct addr *a, const char *container,
		 const struct trouble *t)
{
	enum kind kind = container ? KIND_CONTAINER : store_kind(a);
	cleanup_free char *where = addr_text(a);
	cleanup_free char *name = xasprintf("%s %s%s%s", kind_info(kind)->word, where,
					    container ? "/" : "", container ? container : "");
	struct buf detail = BUF_INIT(DETAIL_MAX);

	l->troubles++;
	buf_adds(&detail, t->state);
	if (!str_empty(t->reason))
		buf_addf(&detail, " (%s)", t->reason);
	if (!str_empty(t->message))
		buf_addf(&detail, ": %s", t->message);
	status_check(l->ret, "state", t->status, name, buf_take(&detail), t->remedy);
}

/* failed: by its state alone. Any message tells of something that is not as it should be. */
static void judge(struct look *l, const struct addr *a, bool failed, const char *state,
		  const char *reason, const char *message)
{
	bool damaged =
		streq_null(reason, REASON_DAMAGED) || streq_null(reason, REASON_STATE_DAMAGED);
	const struct trouble t = {
		.status = failed ? RPC_STATUS_FAIL : RPC_STATUS_WARN,
		.state = state,
		.reason = reason,
		.message = message,
		.remedy = damaged ? "restore the file, or delete the object" : NULL,
	};

	if (failed || !str_empty(message))
		tell(l, a, NULL, &t);
}

/* A deletion under way holds the realm's lock. */
static void judge_deleting(struct look *l, struct engine *e, const struct addr *a)
{
	static const struct trouble t = { .status = RPC_STATUS_WARN,
					  .state = "Deleting",
					  .message = "its deletion was not finished",
					  .remedy = "delete it again" };
	struct lock_id lock = lock_id_object(a);

	if (locks_held_elsewhere(&e->layout, &lock) == 0)
		tell(l, a, NULL, &t);
}

static int look_realm(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct look *l = ctx;
	struct realm_doc d = { 0 };
	struct kerr why = { 0 };
	int r = damaged_load(e, a, &d, &why);

	(void) unused;
	if (r == 0)
		damaged_sides(e, a, &d);
	if (r >= 0) {
		count(l, KIND_REALM, d.status.state);
		judge(l, a,
		      d.status.state == REALM_STATE_FAILED || d.status.state == REALM_STATE_UNKNOWN,
		      state_label(realm_state_labels, d.status.state), d.status.reason,
		      d.status.message);
		if (d.status.state == REALM_STATE_DELETING)
			judge_deleting(l, e, a);
	}
	if (r == 0 && !str_empty(d.spec.namespace))
		look_images(l, e, d.spec.namespace);
	model_clear(&realm_doc_type, &d);
	return 0;
}

/*
 * The word of the last pass about names is replaced by what is so now. Where kukedns does not run
 * at all, its own check says so.
 */
static void renew_names(struct look *l, struct engine *e, const struct addr *a, struct space_doc *d)
{
	char bridge[LINK_NAME_MAX];

	if (streq_null(d->status.reason, SPACE_REASON_NAMES)) {
		free_p(&d->status.reason);
		free_p(&d->status.message);
	}
	if (d->status.message || !l->names.kept || !egress_denies(egress_of(d)) ||
	    cni_space_is_own(e, a, d))
		return;
	link_bridge_name(a->realm, a->space, e->instance, bridge);
	d->status.message = names_unanswered(e, bridge);
	if (d->status.message)
		d->status.reason = xstrdup(SPACE_REASON_NAMES);
}

static int look_space(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct look *l = ctx;
	struct space_doc d = { 0 };
	struct kerr why = { 0 };
	int r = damaged_load(e, a, &d, &why);

	(void) unused;
	if (r == 0)
		damaged_sides(e, a, &d);
	if (r == 0 && d.status.state == SPACE_STATE_READY)
		renew_names(l, e, a, &d);
	if (r >= 0) {
		count(l, KIND_SPACE, d.status.state);
		judge(l, a,
		      d.status.state == SPACE_STATE_FAILED || d.status.state == SPACE_STATE_UNKNOWN,
		      state_label(space_state_labels, d.status.state), d.status.reason,
		      d.status.message);
	}
	model_clear(&space_doc_type, &d);
	return 0;
}

static int look_stack(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct look *l = ctx;
	struct stack_doc d = { 0 };
	struct kerr why = { 0 };

	(void) unused;
	if (damaged_load(e, a, &d, &why) >= 0) {
		count(l, KIND_STACK, d.status.state);
		judge(l, a,
		      d.status.state == STACK_STATE_FAILED || d.status.state == STACK_STATE_UNKNOWN,
		      state_label(stack_state_labels, d.status.state), d.status.reason,
		      d.status.message);
	}
	model_clear(&stack_doc_type, &d);
	return 0;
}

/* Of a cell without a word of its own: one container that failed beside others that run. */
static void judge_container(struct look *l, const struct addr *a, const struct container_status *st)
{
	cleanup_free char *text = NULL;
	struct trouble t = { .status = RPC_STATUS_FAIL,
			     .state = state_label(container_state_labels, st->state) };

	if (st->state == CONTAINER_STATE_FAILED && str_empty(st->exit_signal))
		text = xasprintf("exited with code %lld", (long long) st->exit_code);
	else if (st->state == CONTAINER_STATE_FAILED)
		text = xasprintf("was killed by %s", st->exit_signal);
	else if (st->state != CONTAINER_STATE_UNKNOWN)
		return;
	t.message = text;
	tell(l, a, st->name, &t);
}

static int look_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *unused)
{
	struct look *l = ctx;
	struct cell_doc d = { 0 };
	struct cell_status *st = &d.status;
	size_t before = l->troubles;

	(void) e;
	(void) unused;
	if (cell_describe(&l->cells, a, &d) < 0)
		return 0;
	count(l, KIND_CELL, st->state);
	if (!streq_null(st->message, STATUS_BEING_STOPPED))
		judge(l, a, st->state == CELL_STATE_FAILED || st->state == CELL_STATE_UNKNOWN,
		      state_label(cell_state_labels, st->state), st->reason, st->message);
	for (size_t i = 0; i < st->containers.n; i++) {
		count(l, KIND_CONTAINER, st->containers.v[i].state);
		if (l->troubles == before && st->state == CELL_STATE_READY)
			judge_container(l, a, &st->containers.v[i]);
	}
	model_clear(&cell_doc_type, &d);
	return 0;
}

static const struct {
	enum addr_level level;
	scope_fn *look;
	enum kind kind;
	const char *const *labels;
	unsigned states;
} kinds[] = {
	{ ADDR_REALM, look_realm, KIND_REALM, realm_state_labels, _REALM_STATE_MAX },
	{ ADDR_SPACE, look_space, KIND_SPACE, space_state_labels, _SPACE_STATE_MAX },
	{ ADDR_STACK, look_stack, KIND_STACK, stack_state_labels, _STACK_STATE_MAX },
	{ ADDR_CELL, look_cell, KIND_CELL, cell_state_labels, _CELL_STATE_MAX },
	{ ADDR_ROOT, NULL, KIND_CONTAINER, container_state_labels, _CONTAINER_STATE_MAX },
};

static void add_counts(struct look *l, enum kind kind, const char *const *labels, unsigned states)
{
	struct rpc_status_kind *k = vec_grow(&l->ret->kinds.v, &l->ret->kinds.n, sizeof(*k));

	k->kind = xstrdup(kind_info(kind)->name);
	for (unsigned s = 0; s < states && s < STATES_MAX; s++) {
		struct rpc_status_state *st;

		if (l->n[kind][s] == 0)
			continue;
		st = vec_grow(&k->states.v, &k->states.n, sizeof(*st));
		st->state = xstrdup(state_label(labels, s));
		st->count = l->n[kind][s];
		k->count += st->count;
	}
}

static void look_objects(struct engine *e, struct look *l)
{
	struct addr all = { 0 };
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == 0; i++)
		if (kinds[i].look)
			r = scope_each_name(e, kinds[i].level, &all, kinds[i].look, l, &why);
	if (r < 0)
		status_check(
			l->ret, "state", RPC_STATUS_FAIL, "objects",
			xasprintf("they cannot be listed: %s", kerr_text(&why, text, sizeof(text))),
			NULL);
	else if (l->troubles == 0)
		status_check(l->ret, "state", RPC_STATUS_OK, "objects",
			     xstrdup("all are as they should be"), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		add_counts(l, kinds[i].kind, kinds[i].labels, kinds[i].states);
}

/* ---- all of it ---- */

static void look_disks(struct engine *e, struct rpc_status_result *ret)
{
	struct stat a, b;

	(void) status_disk(ret, e->layout.run_path);
	if (stat(e->layout.run_path, &a) == 0 && stat(e->layout.runtime_dir, &b) == 0 &&
	    a.st_dev != b.st_dev)
		(void) status_disk(ret, e->layout.runtime_dir);
}

void host_status(struct engine *e, struct rpc_status_result *ret)
{
	struct look l = { .ret = ret,
			  .cells = { .e = e, .flags = CELL_LOOK_MANY | CELL_LOOK_NO_CGROUP } };

	look_daemon(e, ret);
	look_instance(e, ret);
	look_names(e, &l);
	look_objects(e, &l);
	look_disks(e, ret);
	status_settle(ret);
	cell_look_clear(&l.cells);
	names_health_clear(&l.names);
}
