/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>

#include "atomic.h"
#include "cgroup.h"
#include "cgroup_host.h"
#include "context.h"
#include "convert.h"
#include "copy.h"
#include "errkind.h"
#include "fd.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "naming.h"
#include "ns.h"
#include "path.h"
#include "scope.h"
#include "statefile.h"
#include "str.h"

#define IDENTITY_FILE_MAX 256

const char *const level_words[] = { "", "realm", "space", "stack", "cell" };

struct addr addr_of_realm(const struct realm_doc *d)
{
	return (struct addr){ .realm = d->head.metadata.name };
}

struct addr addr_of_space(const struct space_doc *d)
{
	return (struct addr){ .realm = d->spec.realm_id, .space = d->head.metadata.name };
}

struct addr addr_of_stack(const struct stack_doc *d)
{
	return (struct addr){ .realm = d->spec.realm_id,
			      .space = d->spec.space_id,
			      .stack = d->head.metadata.name };
}

struct addr addr_of_cell(const struct cell_doc *d)
{
	return (struct addr){ .realm = d->spec.realm_id,
			      .space = d->spec.space_id,
			      .stack = d->spec.stack_id,
			      .cell = d->head.metadata.name };
}

struct addr addr_of_container(const struct container_doc *d)
{
	return (struct addr){ .realm = d->spec.realm_id,
			      .space = d->spec.space_id,
			      .stack = d->spec.stack_id,
			      .cell = d->spec.cell_id ? d->spec.cell_id : "" };
}

struct addr addr_of_doc(enum kind kind, const void *doc)
{
	switch (kind) {
	case KIND_REALM:
		return addr_of_realm(doc);
	case KIND_SPACE:
		return addr_of_space(doc);
	case KIND_STACK:
		return addr_of_stack(doc);
	case KIND_CELL:
		return addr_of_cell(doc);
	case KIND_CONTAINER:
		return addr_of_container(doc);
	case KIND_INVALID:
	case KIND_CELL_PROFILE:
	case KIND_SERVER_CONFIGURATION:
	case KIND_CLIENT_CONFIGURATION:
	case _KIND_MAX:
		break;
	}
	return (struct addr){ 0 };
}

void addr_copy_set(struct addr_copy *c, const struct addr *a)
{
	const char *from[] = { a->realm, a->space, a->stack, a->cell };

	addr_copy_clear(c);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		c->names[i] = from[i] ? str_trim(from[i]) : NULL;
	c->a = (struct addr){ .realm = c->names[0],
			      .space = c->names[1],
			      .stack = c->names[2],
			      .cell = c->names[3] };
}

void addr_copy_clear(struct addr_copy *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->names); i++)
		free(c->names[i]);
	*c = (struct addr_copy){ 0 };
}

char *scope_cgroup(const struct engine *e, const struct addr *a)
{
	switch (addr_level(a)) {
	case ADDR_ROOT:
		break;
	case ADDR_REALM:
		return path_join(e->cgroup_root, a->realm, NULL);
	case ADDR_SPACE:
		return path_join(e->cgroup_root, a->realm, a->space, NULL);
	case ADDR_STACK:
		return path_join(e->cgroup_root, a->realm, a->space, a->stack, NULL);
	case ADDR_CELL:
		return path_join(e->cgroup_root, a->realm, a->space, a->stack, a->cell, NULL);
	}
	return xstrdup(e->cgroup_root);
}

char *scope_default_namespace(const struct engine *e, const char *realm)
{
	return xasprintf("%s.%s", realm, e->suffix);
}

int scope_namespace(struct engine *e, const char *realm, char **ret, struct kerr *err)
{
	struct addr a = { .realm = realm };
	struct realm_doc doc = { 0 };
	int r;

	r = store_load(&e->layout, &a, 0, &doc, err);
	if (r == -ENOENT)
		return scope_not_found(&a, err);
	if (r < 0)
		return r;
	*ret = str_empty(doc.spec.namespace) ? scope_default_namespace(e, realm)
					     : xstrdup(doc.spec.namespace);
	model_clear(&realm_doc_type, &doc);
	return 0;
}

bool scope_namespace_ready(const struct engine *e, const char *ns)
{
	cleanup_free char *dir = layout_ns(&e->layout, ns, NS_DIR, NULL);
	struct stat st;

	return stat(dir, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The sticky bit marks a namespace whose realm is not stored yet. */
bool scope_namespace_unfinished(const struct engine *e, const char *ns)
{
	cleanup_free char *dir = layout_ns(&e->layout, ns, NS_DIR, NULL);
	struct stat st;

	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX);
}

int scope_namespace_make(const struct engine *e, const char *ns, struct kerr *err)
{
	cleanup_free char *dir = layout_ns(&e->layout, ns, NS_DIR, NULL);
	int r;

	if (scope_namespace_ready(e, ns))
		return 0;
	r = mkdir_p(dir, 0700, err);
	if (r < 0)
		return r;
	return chmod(dir, 0700 | S_ISVTX) < 0 ? kerr_set(err, -errno, "chmod '%s'", dir) : 1;
}

void scope_namespace_finish(const struct engine *e, const char *ns)
{
	cleanup_free char *dir = layout_ns(&e->layout, ns, NS_DIR, NULL);

	if (scope_namespace_unfinished(e, ns))
		(void) chmod(dir, 0700); /* on failure the next reconcile pass tries again */
}

int scope_not_found(const struct addr *a, struct kerr *err)
{
	switch (addr_level(a)) {
	case ADDR_ROOT:
		break;
	case ADDR_REALM:
		return kerr_setk(err, ERR_REALM_NOT_FOUND, -ENOENT, "realm \"%s\" not found",
				 a->realm);
	case ADDR_SPACE:
		return kerr_setk(err, ERR_SPACE_NOT_FOUND, -ENOENT,
				 "space \"%s\" not found in realm \"%s\"", a->space, a->realm);
	case ADDR_STACK:
		return kerr_setk(err, ERR_STACK_NOT_FOUND, -ENOENT,
				 "stack \"%s\" not found in realm \"%s\", space \"%s\"", a->stack,
				 a->realm, a->space);
	case ADDR_CELL:
		return kerr_setk(
			err, ERR_CELL_NOT_FOUND, -ENOENT,
			"cell \"%s\" not found in realm \"%s\", space \"%s\", stack \"%s\"",
			a->cell, a->realm, a->space, a->stack);
	}
	return kerr_plain(err, -EINVAL, "no name given");
}

int scope_refuse_deleting(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct addr realm = { .realm = a->realm };
	struct realm_doc doc = { 0 };
	int r = store_load(&e->layout, &realm, 0, &doc, NULL);
	bool deleting = r == 0 && doc.status.state == REALM_STATE_DELETING;

	model_clear(&realm_doc_type, &doc);
	if (!deleting)
		return 0;
	return kerr_plain(err, -EBUSY,
			  "realm \"%s\" is being deleted; if that was interrupted, finish with "
			  "'kuke delete realm %s --cascade'",
			  a->realm, a->realm);
}

int scope_parents_exist(struct engine *e, const struct addr *a, struct kerr *err)
{
	struct addr part = { .realm = a->realm };
	int r;

	while (addr_level(&part) < addr_level(a)) {
		r = store_exists(&e->layout, &part, err);
		if (r < 0)
			return r;
		if (r == 0)
			return scope_not_found(&part, err);
		if (addr_level(&part) == ADDR_REALM)
			part.space = a->space;
		else if (addr_level(&part) == ADDR_SPACE)
			part.stack = a->stack;
		else
			part.cell = a->cell;
	}
	return addr_level(a) > ADDR_REALM ? scope_refuse_deleting(e, a, err) : 0;
}

static int check_name(enum kind kind, int required, const char *name, enum scope_flags flags,
		      struct kerr *err)
{
	cleanup_free char *trimmed = str_trim(name);

	if (str_empty(trimmed))
		return kerr_setk(err, required, -EINVAL, "%s", err_kind_text(required));
	/* Names become path components, so '/' and a leading '.' are always refused. */
	if (flags & SCOPE_STRICT || strchr(name, '/') || name[0] == '.')
		return validate_name(kind, name, err);
	return 0;
}

int scope_check(const struct addr *a, enum addr_level level, enum scope_flags flags,
		struct kerr *err)
{
	int r;

	r = check_name(KIND_REALM, ERR_REALM_NAME_REQUIRED, a->realm, flags, err);
	if (r == 0 && level >= ADDR_SPACE)
		r = check_name(KIND_SPACE, ERR_SPACE_NAME_REQUIRED, a->space, flags, err);
	if (r == 0 && level >= ADDR_STACK)
		r = check_name(KIND_STACK, ERR_STACK_NAME_REQUIRED, a->stack, flags, err);
	if (r == 0 && level >= ADDR_CELL)
		r = check_name(KIND_CELL, ERR_CELL_NAME_REQUIRED, a->cell, flags, err);
	return r;
}

void scope_warn(const struct addr *a, const struct strlist *warnings)
{
	cleanup_free char *where = addr_text(a);

	for (size_t i = 0; i < warnings->n; i++)
		log_wrn("document has a questionable value", "object", where, "warning",
			warnings->v[i]);
}

enum addr_level scope_level(enum kind kind)
{
	static const enum kind kinds[] = { [ADDR_REALM] = KIND_REALM,
					   [ADDR_SPACE] = KIND_SPACE,
					   [ADDR_STACK] = KIND_STACK,
					   [ADDR_CELL] = KIND_CELL };

	for (size_t i = ADDR_REALM; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i] == kind)
			return (enum addr_level) i;
	return ADDR_ROOT;
}

/* cgroup v1 has no cgroup.subtree_control, so the list stays empty. */
void scope_observe_nested(struct engine *e, const char *cgroup, bool *ret_ready,
			  struct strlist *ret_controllers)
{
	*ret_ready = cgroup && cgroup_exists(e->cgroups, cgroup) > 0;
	strlist_clear(ret_controllers);
	if (*ret_ready && e->cgroups->mode == CGROUP_MODE_V2)
		(void) cgroup_subtree_controllers(e->cgroups, cgroup, ret_controllers, NULL);
}

void scope_observe_cgroup(struct engine *e, const char *cgroup, bool *ret_ready,
			  struct strlist *ret_controllers)
{
	static const char *const wanted[] = { "cpu", "memory", "io", "pids" };
	cleanup_strlist struct strlist enabled = { 0 };

	scope_observe_nested(e, cgroup, ret_ready, &enabled);
	strlist_clear(ret_controllers);
	/* runc enables every controller above its container; report only those kukeon enables. */
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (strlist_has(&enabled, wanted[i]))
			strlist_add(ret_controllers, wanted[i]);
}

/* The runtime directory is from an earlier boot: the state in it no longer applies. */
static int forget_last_boot(struct engine *e, struct kerr *err)
{
	static const enum rt_file trees[] = { RT_CELLS,	   RT_CONTAINERS, RT_RUNC,   RT_INTENTS,
					      RT_RESTARTS, RT_STOPS,	  RT_BOOTED, RT_SECCOMP,
					      RT_MOUNTS,   RT_PUBLISHED,  RT_NFT,    RT_NAMES,
					      RT_SOCKETS };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(trees); i++) {
		cleanup_free char *dir = layout_rt(&e->layout, trees[i]);

		r = remove_tree_at(AT_FDCWD, dir, REMOVE_TREE_SAME_FS, err);
	}
	return r;
}

/* Format: "<boot id> <device>:<inode>", as ns_mount_identity writes it. */
static bool is_identity(const char *s)
{
	const size_t boot = 36;
	size_t n;

	if (strspn(s, "0123456789abcdef-") != boot || s[boot] != ' ')
		return false;
	s += boot + 1;
	n = strspn(s, "0123456789");
	return n > 0 && s[n] == ':' && s[n + 1] && !s[n + 1 + strspn(s + n + 1, "0123456789")];
}

/*
 * Read which boot and mount namespace the runtime directory belongs to. -ENOENT if none
 * is recorded yet. An unreadable record is an error: treating it as an earlier boot's
 * would discard the state of running cells.
 */
static int read_identity(const char *file, struct buf *ret, struct kerr *err)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r = state_read_at(AT_FDCWD, file, IDENTITY_FILE_MAX, ret, &why);

	if (r == -ENOENT || (r == 0 && is_identity(buf_str(ret))))
		return r;
	if (r == 0)
		(void) kerr_plain(&why, -EBADMSG, "'%s' is damaged", file);
	return kerr_plain(err, -EBADMSG,
			  "%s: the file records the boot of its directory; remove the file if the "
			  "host has not been restarted since, else the directory",
			  kerr_text(&why, text, sizeof(text)));
}

/*
 * Mounts made in one mount namespace cannot be undone from another. The first engine of
 * a boot records its namespace; engines in another one are refused.
 */
static int check_mount_namespace(struct engine *e, struct kerr *err)
{
	cleanup_free char *file = layout_rt(&e->layout, RT_BOOT);
	cleanup_buf struct buf old = BUF_INIT(IDENTITY_FILE_MAX);
	char mine[NS_IDENTITY_MAX];
	int r;

	r = ns_mount_identity(mine, err);
	if (r < 0)
		return r;
	r = read_identity(file, &old, err);
	if (r == 0 && strncmp(buf_str(&old), mine, 37) == 0) {
		if (streq(buf_str(&old), mine))
			return 0;
		return kerr_plain(err, -EXDEV,
				  "'%s' belongs to another mount namespace; does the service set "
				  "PrivateMounts=, PrivateTmp= or ProtectSystem=?",
				  e->layout.runtime_dir);
	}
	if (r < 0 && r != -ENOENT)
		return r;
	r = r == 0 ? forget_last_boot(e, err) : 0;
	if (r < 0)
		return r;
	return atomic_write_at(AT_FDCWD, file, mine, strlen(mine), 0600,
			       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM, err);
}

/*
 * What is made in it has its group, by the set-group-ID bit. Who is not of its group gets to
 * nothing in it, so a group that is no longer named has lost all of it.
 */
static int make_data(const struct engine *e, const char *data, struct kerr *err)
{
	gid_t gid = (gid_t) e->socket_gid;
	struct stat st;
	int r = mkdir_p(data, 02750, err);

	if (r < 0)
		return r;
	if (lstat(data, &st) < 0 || (st.st_gid != gid && lchown(data, (uid_t) -1, gid) < 0))
		return kerr_set(err, -errno, "give '%s' to group %lld", data, (long long) gid);
	return 0;
}

int scope_prepare_trees(struct engine *e, struct kerr *err)
{
	cleanup_free char *data = layout_run(&e->layout, RUN_DATA);
	cleanup_free char *cells = layout_rt(&e->layout, RT_CELLS);
	int r;

	if (e->mounts_checked)
		return 0;
	r = mkdir_p(e->layout.run_path, 0755, err);
	if (r == 0)
		r = make_data(e, data, err);
	if (r == 0)
		r = mkdir_p(e->layout.runtime_dir, 0755, err);
	if (r == 0)
		r = check_mount_namespace(e, err);
	if (r == 0)
		r = mkdir_p(cells, 0700, err);
	e->mounts_checked = r == 0;
	return r;
}

/* ---- walking ---- */

static bool matches(const char *filter, const char *name)
{
	return str_empty(filter) || streq(filter, name);
}

static const char *filter_name(const struct addr *filter, enum addr_level level)
{
	switch (level) {
	case ADDR_ROOT:
		break;
	case ADDR_REALM:
		return filter->realm;
	case ADDR_SPACE:
		return filter->space;
	case ADDR_STACK:
		return filter->stack;
	case ADDR_CELL:
		return filter->cell;
	}
	return NULL;
}

/* A walk over the objects of a level. */
struct walk {
	struct engine *e;
	enum addr_level level;
	const struct addr *filter;
	bool names_only; /* fn finds out by itself whether there is an object */
	scope_fn *fn;
	void *ctx;
};

static int each_below(const struct walk *w, const struct addr *parent, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	enum addr_level here = addr_level(parent) + 1;
	bool any = here == w->level && w->names_only;
	int r = (any ? store_names : store_list)(&w->e->layout, parent, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct addr a = addr_child(parent, names.v[i]);

		if (!matches(filter_name(w->filter, here), names.v[i]))
			continue;
		r = here == w->level ? w->fn(w->ctx, w->e, &a, err) : each_below(w, &a, err);
	}
	return r;
}

int scope_each(struct engine *e, enum addr_level level, const struct addr *filter, scope_fn *fn,
	       void *ctx, struct kerr *err)
{
	struct walk w = { .e = e, .level = level, .filter = filter, .fn = fn, .ctx = ctx };
	struct addr root = { 0 };

	return each_below(&w, &root, err);
}

int scope_each_name(struct engine *e, enum addr_level level, const struct addr *filter,
		    scope_fn *fn, void *ctx, struct kerr *err)
{
	struct walk w = {
		.e = e, .level = level, .filter = filter, .names_only = true, .fn = fn, .ctx = ctx
	};
	struct addr root = { 0 };

	return each_below(&w, &root, err);
}
