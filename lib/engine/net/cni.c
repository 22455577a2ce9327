/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cni.h"
#include "cni_chain.h"
#include "cni_exec.h"
#include "cni_ports.h"
#include "cni_record.h"
#include "cni_space.h"
#include "emit_json.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "pins.h"
#include "published.h"
#include "server.h"
#include "str.h"

#define NETNS_FILE "netns" /* in the directory of a start */

/* Attachments of a cell that could not be undone; with more it is not started again. */
enum {
	LEFT_MAX = 8
};

/* ---- the namespace as plugins see it ---- */

/* CNI_NETNS while plugins run. */
struct box {
	char *path;
	int fd;
};

static void box_clear(struct box *b)
{
	if (b->fd >= 0)
		(void) unlink(b->path); /* it is remade before it is used again */
	fd_close_p(&b->fd);
	free(b->path);
}

/*
 * The path of an attachment is the same for all commands, as the specification demands,
 * while the namespace is pinned where plugins do not see it: a link to the descriptor that
 * this process has of it as long as the plugins run.
 */
static int box_open(struct engine *e, const struct addr *cell, const char *start_id,
		    struct box *ret, struct kerr *err)
{
	cleanup_free char *path = layout_start(&e->layout, cell, start_id, NETNS_FILE);
	cleanup_free char *target = NULL;
	cleanup_fd int fd = pins_open(e, cell, start_id, NS_NET, err);

	if (fd < 0)
		return fd;
	target = xasprintf("/proc/%d/fd/%d", (int) getpid(), fd);
	if ((unlink(path) < 0 && errno != ENOENT) || symlink(target, path) < 0)
		return kerr_set(err, -errno, "link '%s'", path);
	ret->path = take_ptr(path);
	ret->fd = take_fd(fd);
	return 0;
}

/* ---- what plugins are told ---- */

/* CNI_ARGS: "Alphanumeric key-value pairs separated by semicolons". */
static void add_arg(struct buf *out, const char *key, const char *value)
{
	for (const char *p = value; *p; p++)
		if (!isalnum((unsigned char) *p) && !strchr("-.", *p))
			return;
	buf_addf(out, ";%s=%s", key, value);
}

static char *args_of(const struct addr *cell)
{
	struct buf out = BUF_INIT(4096);

	buf_adds(&out, "IgnoreUnknown=1");
	add_arg(&out, "KUKEON_REALM", cell->realm);
	add_arg(&out, "KUKEON_SPACE", cell->space);
	add_arg(&out, "KUKEON_STACK", cell->stack);
	add_arg(&out, "KUKEON_CELL", cell->cell);
	return buf_take(&out);
}

static void emit_aliases(struct jemit *j, const struct cni_cell *cell)
{
	cleanup_free char *full = xasprintf("%s.%s", cell->addr.cell, cell->addr.stack);

	jemit_array(j);
	jemit_str(j, cell->addr.cell);
	jemit_str(j, full);
	for (size_t i = 0; cell->aliases && i < cell->aliases->n; i++)
		jemit_str(j, cell->aliases->v[i]);
	jemit_array_end(j);
}

static void emit_cgroup(struct jemit *j, const struct cni_cell *cell)
{
	jemit_str(j, cell->cgroup);
}

static void emit_ports(struct jemit *j, const struct cni_cell *cell)
{
	cni_ports_emit(j, cell->ports);
}

static bool has_cgroup(const struct cni_cell *cell)
{
	return cell->cgroup != NULL;
}

static bool has_ports(const struct cni_cell *cell)
{
	return cell->ports->n > 0;
}

/* What kukeon knows of the capabilities that the specification's conventions name. */
static const struct {
	const char *name;
	void (*emit)(struct jemit *j, const struct cni_cell *cell);
	bool (*has)(const struct cni_cell *cell); /* NULL: always */
} capabilities[] = {
	{ "aliases", emit_aliases, NULL },
	{ "cgroupPath", emit_cgroup, has_cgroup },
	{ CNI_PORTS_CAPABILITY, emit_ports, has_ports },
};

static char *capabilities_of(const struct cni_cell *cell)
{
	struct buf out = BUF_INIT(1 << 20);
	struct jemit j;

	jemit_init(&j, &out, 0);
	jemit_object(&j);
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (capabilities[i].has && !capabilities[i].has(cell))
			continue;
		jemit_key(&j, capabilities[i].name);
		capabilities[i].emit(&j, cell);
	}
	jemit_object_end(&j);
	return buf_take(&out);
}

/* Host names have no spaces. NULL: there are none. */
static char *join_aliases(const struct strlist *l)
{
	struct buf out = BUF_INIT(1 << 20);

	if (!l || l->n == 0)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&out, "%s%s", i ? " " : "", l->v[i]);
	return buf_take(&out);
}

/* ---- attaching ---- */

/* An attachment under way. */
struct job {
	struct engine *e;
	const struct addr *cell;
	const char *start_id;
	struct cni_conf conf;
	struct cni_record rec;
	struct box box;
};

static void job_clear(struct job *j)
{
	cni_conf_clear(&j->conf);
	cni_record_clear(&j->rec);
	box_clear(&j->box);
}

static int job_save(struct job *j, enum cni_phase phase, enum cni_save_flags flags,
		    struct kerr *err)
{
	j->rec.phase = phase;
	return cni_record_save(j->e, j->cell, j->start_id, &j->rec, flags, err);
}

static int box_need(struct job *j, struct kerr *err)
{
	int r = box_open(j->e, j->cell, j->start_id, &j->box, err);

	return r == -ENOENT ? kerr_plain(err, r, "the cell's network namespace is not pinned") : r;
}

static struct cni_attachment attachment_of(struct job *j)
{
	return (struct cni_attachment){ .conf = &j->conf,
					.container_id = j->start_id,
					.netns = j->box.path ? j->box.path : "",
					.rec = &j->rec,
					.caller_fd = -1 };
}

/* Without the locks of the specification's exception: not beside GC. */
static int take_plugins(struct engine *e, struct kerr *err)
{
	struct lock_id lock = lock_id_plugins();

	return locks_take(e->locks, &lock, LOCKS_SHARED, err);
}

static void drop_plugins(struct engine *e)
{
	struct lock_id lock = lock_id_plugins();

	locks_drop(e->locks, &lock);
}

/* The result so far: without it, DEL of an interrupted chain could undo less. */
static int keep_step(void *ctx, struct kerr *err)
{
	return job_save(ctx, CNI_ADDING, CNI_SAVE_NOSYNC, err);
}

static void log_left(const struct job *j, const struct kerr *why)
{
	cleanup_free char *where = addr_text(j->cell);
	char text[KERR_TEXT_MAX];

	log_wrn("the network of a cell could not be undone; it will be tried again", "cell", where,
		"error", kerr_text(why, text, sizeof(text)));
}

/* DEL, and forget it. */
static int undo(struct job *j, struct kerr *err)
{
	struct cni_attachment at = attachment_of(j);
	int r;

	(void) job_save(j, CNI_DELETING, CNI_SAVE_NOSYNC, NULL); /* a full disk must not keep it */
	r = take_plugins(j->e, err);
	if (r < 0)
		return r;
	r = cni_chain_del(&at, err);
	drop_plugins(j->e);
	if (r == 0)
		r = cni_ports_release(j->e, j->cell, j->start_id, err);
	return r < 0 ? r : cni_record_remove(j->e, j->cell, j->start_id, err);
}

static int add(struct job *j, struct cni_result *ret, struct kerr *err)
{
	struct cni_attachment at = attachment_of(j);
	int r = take_plugins(j->e, err);

	if (r < 0)
		return r;
	at.caller_fd = j->e->link ? j->e->link->fd : -1;
	r = cni_chain_add(&at, keep_step, j, ret, err);
	drop_plugins(j->e);
	return r < 0 ? r : job_save(j, CNI_ADDED, 0, err);
}

static int refuse_many(struct engine *e, const struct addr *cell, struct kerr *err)
{
	cleanup_cni_refs struct cni_refs left = { 0 };
	int r = cni_refs_list(e, cell, &left, err);

	if (r < 0 || left.n < LEFT_MAX)
		return r;
	return kerr_plain(err, -EBUSY,
			  "%zu earlier attachments could not be undone by the plugins; see the "
			  "daemon's log, and repair or install them",
			  left.n);
}

static void fill_link(const struct job *j, const struct cni_result *res, struct cni_link *ret)
{
	size_t n = 0;

	*ret = (struct cni_link){ .addr = res->addr, .has_check = cni_chain_has_check(&j->conf) };
	for (size_t i = 0; i < res->devices.n; i++) {
		size_t len = strlen(res->devices.v[i]) + 1;

		if (n + len > sizeof(ret->devices))
			break;
		if (n > 0)
			ret->devices[n - 1] = ' ';
		memcpy(ret->devices + n, res->devices.v[i], len);
		n += len;
	}
}

static void tell_result(const struct job *j, const struct cni_result *res)
{
	const char *plugin = j->conf.v[j->conf.n - 1].type;

	if (!res->has_address)
		log_wrn("plugins gave no address to a cell", "cell", j->cell->cell, "network",
			j->conf.name, "plugin", plugin);
	else if (!res->addr)
		log_inf("plugins gave no IPv4 address to a cell", "cell", j->cell->cell, "network",
			j->conf.name, "plugin", plugin);
}

static int prepare(struct job *j, const struct cni_cell *cell, const char *path, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(CNI_CONF_MAX);
	int r = cni_space_read(path, &j->conf, &text, err);

	if (r == 0)
		r = cni_ports_check(&j->conf, path, j->cell, cell->ports, err);
	if (r == 0)
		r = cni_chain_find(&j->conf, err);
	if (r == 0)
		r = refuse_many(j->e, j->cell, err);
	if (r == 0)
		r = box_need(j, err);
	if (r < 0)
		return r;
	j->rec = (struct cni_record){ .config = buf_take(&text),
				      .netns = xstrdup(j->box.path),
				      .args = args_of(j->cell),
				      .capabilities = capabilities_of(cell),
				      .network = xstrdup(j->conf.name),
				      .aliases = join_aliases(cell->aliases),
				      .ports = cni_ports_text(cell->ports) };
	r = job_save(j, CNI_ADDING, 0, err);
	if (r < 0)
		return r;
	r = cni_ports_claim(j->e, j->cell, j->start_id, cell->ports, err);
	if (r < 0) /* no plugin has run */
		(void) cni_record_remove(j->e, j->cell, j->start_id, NULL);
	return r;
}

int cni_attach(struct engine *e, const struct cni_cell *cell, const char *path,
	       struct cni_link *ret, struct kerr *err)
{
	cleanup_(job_clear) struct job j = {
		.e = e, .cell = &cell->addr, .start_id = cell->start_id, .box = { .fd = -EBADF }
	};
	cleanup_cni_result struct cni_result res = { 0 };
	struct kerr why = { 0 };
	int r = prepare(&j, cell, path, err);

	if (r < 0)
		return r;
	r = add(&j, &res, err);
	if (r < 0) {
		if (undo(&j, &why) < 0)
			log_left(&j, &why);
		return r;
	}
	tell_result(&j, &res);
	fill_link(&j, &res, ret);
	return 0;
}

/* ---- detaching ---- */

/*
 * A record that cannot be read: the space's configuration and the container id still let
 * plugins release what they have.
 */
static int guess(struct job *j, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(CNI_CONF_MAX);
	cleanup_(published_clear) struct published now = { 0 };
	struct cni_cell cell = { .addr = *j->cell, .ports = &now.ports };
	cleanup_free char *path = NULL;
	struct kerr why = { 0 };
	int r = cni_space_path(j->e, j->cell, &path, &why);

	if (r > 0)
		r = cni_space_read(path, &j->conf, &text, &why);
	else
		r = -ENOENT;
	if (r < 0)
		return r; /* err says what is wrong with the record */
	if (err)
		*err = (struct kerr){ 0 };
	(void) published_read(j->e, j->cell, &now, NULL); /* there may be none */
	j->rec = (struct cni_record){
		.config = buf_take(&text),
		.netns = layout_start(&j->e->layout, j->cell, j->start_id, NETNS_FILE),
		.args = args_of(j->cell),
		.capabilities = now.ports.n > 0 ? capabilities_of(&cell) : NULL,
		.network = xstrdup(j->conf.name),
	};
	return 0;
}

/* The configuration of the time of ADD. */
static int load(struct job *j, struct kerr *err)
{
	int r = cni_record_load(j->e, j->cell, j->start_id, &j->rec, err);

	if (r < 0)
		return r == -ENOENT ? r : guess(j, err);
	r = cni_conf_read(j->rec.config, strlen(j->rec.config), "record of an attachment", &j->conf,
			  err);
	return r < 0 ? guess(j, err) : 0;
}

int cni_detach_start(struct engine *e, const struct addr *cell, const char *start_id,
		     struct kerr *err)
{
	cleanup_(job_clear) struct job j = {
		.e = e, .cell = cell, .start_id = start_id, .box = { .fd = -EBADF }
	};
	struct kerr why = { 0 };
	int r = load(&j, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (j.rec.phase != CNI_ADDED) /* their runner may have died before they ended */
		cni_kill_left(start_id);
	/* A namespace that is gone, or that is our own, is none: the specification allows that. */
	r = box_open(e, cell, start_id, &j.box, &why);
	if (r == -EPERM)
		log_wrn("the network namespace of a cell is our own; plugins do not get it", "cell",
			cell->cell);
	return undo(&j, err);
}

int cni_detach(struct engine *e, const struct addr *cell, struct kerr *err)
{
	cleanup_cni_refs struct cni_refs refs = { 0 };
	int r = cni_refs_list(e, cell, &refs, err);

	for (size_t i = 0; i < refs.n; i++) {
		struct kerr why = { 0 };
		int k = cni_detach_start(e, cell, refs.v[i].start_id, &why);

		if (k < 0 && r == 0) {
			r = k;
			if (err)
				*err = why;
		}
	}
	return r < 0 ? r : refs.n > 0;
}

int cni_check(struct engine *e, const struct addr *cell, const char *start_id, struct kerr *err)
{
	cleanup_(job_clear) struct job j = {
		.e = e, .cell = cell, .start_id = start_id, .box = { .fd = -EBADF }
	};
	struct cni_attachment at;
	int r = cni_record_load(e, cell, start_id, &j.rec, err);

	if (r == -ENOENT)
		return kerr_plain(err, r, "the record of its attachment is lost");
	if (r == 0)
		r = cni_conf_read(j.rec.config, strlen(j.rec.config), "record of an attachment",
				  &j.conf, err);
	if (r < 0 || !cni_chain_has_check(&j.conf))
		return r;
	r = box_need(&j, err);
	if (r == 0)
		r = take_plugins(e, err);
	if (r < 0)
		return r;
	at = attachment_of(&j);
	r = cni_chain_check(&at, err);
	drop_plugins(e);
	return r;
}

/* ---- spaces ---- */

typedef int record_fn(void *ctx, const struct cni_ref *ref, const struct cni_record *rec);

enum each_flags {
	EACH_ALL = 1 << 0, /* a record that cannot be read is an error; else it is left out */
};

static int each_record(struct engine *e, const struct addr *space, enum each_flags flags,
		       record_fn *fn, void *ctx, struct kerr *err)
{
	cleanup_cni_refs struct cni_refs refs = { 0 };
	int r = cni_refs_list(e, space, &refs, err);

	for (size_t i = 0; r == 0 && i < refs.n; i++) {
		cleanup_cni_record struct cni_record rec = { 0 };
		struct addr cell = cni_ref_cell(space, &refs.v[i]);
		struct kerr why = { 0 };
		int k = cni_record_load(e, &cell, refs.v[i].start_id, &rec, &why);

		if (k == 0)
			r = fn(ctx, &refs.v[i], &rec);
		else if (flags & EACH_ALL && k != -ENOENT)
			r = kerr_plain(err, k, "%s", why.msg);
	}
	return r;
}

struct tell_address {
	lease_fn *fn;
	void *ctx;
};

static int tell_address(void *ctx, const struct cni_ref *ref, const struct cni_record *rec)
{
	const struct tell_address *t = ctx;
	struct lease l = { .addr = rec->addr, .stack = ref->stack, .cell = ref->cell };
	cleanup_free char *names = xstrdup(rec->aliases ? rec->aliases : "");
	char *at = names, *name;

	if (rec->phase != CNI_ADDED || !rec->addr)
		return 0;
	while ((name = strsep(&at, " ")) != NULL)
		if (name[0])
			strlist_add(&l.aliases, name);
	t->fn(t->ctx, &l);
	strlist_clear(&l.aliases);
	return 0;
}

int cni_each_address(struct engine *e, const struct addr *space, lease_fn *fn, void *ctx,
		     struct kerr *err)
{
	struct tell_address t = { .fn = fn, .ctx = ctx };

	return each_record(e, space, 0, tell_address, &t, err);
}

static int tell_start(struct engine *e, const struct addr *cell, const char *start_id,
		      const struct strlist *aliases, struct kerr *err)
{
	cleanup_cni_record struct cni_record rec = { 0 };
	cleanup_free char *want = join_aliases(aliases);
	int r = cni_record_load(e, cell, start_id, &rec, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (rec.phase != CNI_ADDED || streq_null(rec.aliases, want))
		return 0;
	free(rec.aliases);
	rec.aliases = take_ptr(want);
	r = cni_record_save(e, cell, start_id, &rec, 0, err);
	return r < 0 ? r : 1;
}

int cni_tell(struct engine *e, const struct addr *cell, const struct strlist *aliases,
	     struct kerr *err)
{
	cleanup_cni_refs struct cni_refs refs = { 0 };
	int k, r = cni_refs_list(e, cell, &refs, err);

	for (size_t i = 0; r >= 0 && i < refs.n; i++) {
		k = tell_start(e, cell, refs.v[i].start_id, aliases, err);
		r = k < 0 ? k : r | k;
	}
	return r;
}

/* ---- garbage collection ---- */

/* Attachments of one network, whichever space they are of. */
struct valid {
	const char *network;
	struct jemit j;
};

static int add_valid(void *ctx, const struct cni_ref *ref, const struct cni_record *rec)
{
	struct valid *v = ctx;

	if (!streq(rec->network, v->network))
		return 0;
	jemit_object(&v->j);
	jemit_key(&v->j, "containerID");
	jemit_str(&v->j, ref->start_id);
	jemit_key(&v->j, "ifname");
	jemit_str(&v->j, CNI_IFNAME);
	jemit_object_end(&v->j);
	return 0;
}

static int all_valid(struct engine *e, struct valid *v, struct kerr *err)
{
	cleanup_strlist struct strlist realms = { 0 };
	int r = store_names(&e->layout, &(struct addr){ 0 }, &realms, err);

	jemit_array(&v->j);
	for (size_t i = 0; r == 0 && i < realms.n; i++) {
		struct addr realm = { .realm = realms.v[i] };
		cleanup_strlist struct strlist spaces = { 0 };

		r = store_names(&e->layout, &realm, &spaces, err);
		for (size_t k = 0; r == 0 && k < spaces.n; k++) {
			struct addr space = addr_child(&realm, spaces.v[k]);

			r = each_record(e, &space, EACH_ALL, add_valid, v, err);
		}
	}
	jemit_array_end(&v->j);
	return r;
}

static int collect(struct engine *e, const struct cni_conf *c, struct kerr *err)
{
	struct lock_id lock = lock_id_plugins();
	cleanup_buf struct buf text = BUF_INIT(CNI_CONF_MAX);
	struct valid v = { .network = c->name };
	int r = locks_take(e->locks, &lock, LOCKS_TRY, err);

	if (r < 0)
		return r == -EWOULDBLOCK ? 0 : r;
	jemit_init(&v.j, &text, 0);
	r = all_valid(e, &v, err);
	if (r == 0)
		r = buf_check(&text, "list of attachments", err);
	if (r == 0)
		r = cni_chain_gc(c, buf_str(&text), err);
	locks_drop(e->locks, &lock);
	return r;
}

int cni_collect(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_cni_conf struct cni_conf conf = { 0 };
	cleanup_free char *path = NULL;
	int r = cni_space_path(e, space, &path, err);

	if (r > 0)
		r = cni_space_read(path, &conf, NULL, err);
	if (r < 0 || !path || conf.version < CNI_1_1_0 || conf.no_gc)
		return r;
	return collect(e, &conf, err);
}

int cni_delete_space(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_free char *dir = layout_object(&e->layout, space, SPACE_ATTACHMENTS);
	cleanup_cni_refs struct cni_refs refs = { 0 };
	int r = cni_refs_list(e, space, &refs, err);

	for (size_t i = 0; i < refs.n; i++) {
		struct addr cell = cni_ref_cell(space, &refs.v[i]);
		struct kerr why = { 0 };
		char text[KERR_TEXT_MAX];

		if (cni_detach_start(e, &cell, refs.v[i].start_id, &why) < 0)
			log_wrn("a network is deleted with an attachment that its plugins did not "
				"undo; they may have left something on the host",
				"space", space->space, "cell", cell.cell, "error",
				kerr_text(&why, text, sizeof(text)));
	}
	if (r == 0)
		r = remove_tree_at(AT_FDCWD, dir, 0, err);
	for (size_t i = 0; r >= 0 && i < refs.n; i++) {
		struct addr cell = cni_ref_cell(space, &refs.v[i]);

		r = cni_ports_keep(e, &cell, err);
	}
	return r < 0 ? r : 0;
}
