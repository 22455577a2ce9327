/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cell_verbs.h"
#include "convert.h"
#include "daemon_cell.h"
#include "mem.h"
#include "parent_delete.h"
#include "plan_delete.h"
#include "scope.h"
#include "str.h"

/* Objects that would be gone by now, as "realm/space/…": a prefix stands for all below it. */
struct gone {
	struct engine *e;
	struct strlist paths;
};

static char *path_of(const struct addr *a, const char *container)
{
	const char *parts[] = { a->realm, a->space, a->stack, a->cell, container };
	struct buf b = BUF_INIT(4096);

	for (size_t i = 0; i < ARRAY_SIZE(parts) && !str_empty(parts[i]); i++)
		buf_addf(&b, "%s/", parts[i]);
	return buf_take(&b);
}

static bool is_gone(const struct gone *g, const char *path)
{
	for (size_t i = 0; i < g->paths.n; i++)
		if (str_has_prefix(path, g->paths.v[i]))
			return true;
	return false;
}

static int children_left(const struct gone *g, const struct addr *a, struct strlist *ret,
			 struct kerr *err)
{
	struct strlist names cleanup_strlist = { 0 };
	int r = store_list(&g->e->layout, a, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct addr child = addr_child(a, names.v[i]);
		char *path cleanup_free = path_of(&child, NULL);

		if (!is_gone(g, path))
			strlist_add(ret, names.v[i]);
	}
	return r;
}

/* The daemon's own cell ends any cascade, as it does when it is for real. */
static int check_below(const struct gone *g, const struct addr *a, struct kerr *err)
{
	struct strlist names cleanup_strlist = { 0 };
	int r;

	if (addr_level(a) == ADDR_CELL)
		return daemon_cell_refuse(a, "stop", err);
	r = children_left(g, a, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct addr child = addr_child(a, names.v[i]);

		r = check_below(g, &child, err);
	}
	return r;
}

static int plan_parent(const struct gone *g, const struct addr *a, enum delete_flags flags,
		       struct rpc_planned *ret, struct kerr *err)
{
	struct strlist names cleanup_strlist = { 0 };
	const char *child = level_words[addr_level(a) + 1];
	int r = children_left(g, a, &names, err);

	if (r == 0 && flags & DELETE_CASCADE)
		r = check_below(g, a, err);
	else if (r == 0 && names.n > 0 && !(flags & DELETE_FORCE))
		r = parent_has_children(a, names.n, err);
	for (size_t i = 0; r == 0 && flags & DELETE_CASCADE && i < names.n; i++)
		strlist_addf(&ret->deleted, "%s:%s", child, names.v[i]);
	return r < 0 ? kerr_wrap(err, r, "failed to delete %s", level_words[addr_level(a)]) : 0;
}

static int plan_container(struct gone *g, const struct addr *a, const char *id, struct kerr *err)
{
	const struct container_spec *c;
	struct cell_doc doc = { 0 };
	int r = store_load(&g->e->layout, a, 0, &doc, err);

	if (r < 0)
		return r;
	c = cell_container(&doc.spec, id);
	if (!c)
		r = kerr_plain(err, -ENOENT, "container \"%s\" not found in cell \"%s\"", id,
			       a->cell);
	else if (c->root)
		r = kerr_plain(err, -EINVAL,
			       "root container cannot be deleted directly, delete the cell instead "
			       "using 'kuke delete cell %s'",
			       a->cell);
	model_clear(&cell_doc_type, &doc);
	return r;
}

/* Of a container: its cell's. */
static struct addr target_addr(const struct rpc_plan_target *t, enum kind kind)
{
	const char *name = t->name ? t->name : "";

	return (struct addr){
		.realm = kind == KIND_REALM ? name : t->realm_name,
		.space = kind == KIND_SPACE  ? name
			 : kind > KIND_SPACE ? t->space_name
					     : NULL,
		.stack = kind == KIND_STACK  ? name
			 : kind > KIND_STACK ? t->stack_name
					     : NULL,
		.cell = kind == KIND_CELL	 ? name
			: kind == KIND_CONTAINER ? t->cell_name
						 : NULL,
	};
}

static int plan_target(struct gone *g, const struct rpc_plan_target *t, enum delete_flags flags,
		       struct rpc_planned *ret, struct kerr *err)
{
	enum kind kind = kind_from_name(t->kind ? t->kind : "");
	bool one = kind == KIND_CONTAINER;
	const char *name = t->name ? t->name : "";
	char *path cleanup_free = NULL;
	struct addr a;
	int r;

	if (kind < KIND_REALM || kind > KIND_CONTAINER)
		return kerr_plain(err, -EINVAL, "unknown kind: %s", t->kind ? t->kind : "");
	a = target_addr(t, kind);
	r = scope_check(&a, one ? ADDR_CELL : scope_level(kind), 0, err);
	if (r < 0)
		return r;
	path = path_of(&a, one ? name : NULL);
	r = is_gone(g, path) ? 0 : store_exists(&g->e->layout, &a, err);
	if (r == 0)
		return scope_not_found(&a, err);
	if (r > 0)
		r = kind >= KIND_CELL ? daemon_cell_refuse(&a, "stop", err)
				      : daemon_cell_refuse_parent(&a, err);
	if (r < 0 && kind < KIND_CELL)
		return kerr_wrap(err, r, "failed to delete %s", level_words[addr_level(&a)]);
	if (r == 0 && kind < KIND_CELL && store_exists(&g->e->layout, &a, NULL) != 0)
		r = plan_parent(g, &a, flags, ret, err);
	if (r == 0 && one)
		r = plan_container(g, &a, name, err);
	if (r == 0)
		strlist_add(&g->paths, path);
	return r;
}

void plan_delete(struct engine *e, const struct rpc_plan_delete_args *args,
		 struct rpc_plan_delete_result *ret)
{
	enum delete_flags flags =
		(args->force ? DELETE_FORCE : 0) | (args->cascade ? DELETE_CASCADE : 0);
	struct gone g = { .e = e };

	for (size_t i = 0; i < args->targets.n; i++) {
		struct rpc_planned *p = vec_grow(&ret->planned.v, &ret->planned.n, sizeof(*p));
		struct kerr err = { 0 };
		char text[KERR_TEXT_MAX];
		int r = plan_target(&g, &args->targets.v[i], flags, p, &err);

		p->action = xstrdup(r == 0 ? "deleted" : r == -ENOENT ? "not found" : "failed");
		if (r < 0)
			p->error = xstrdup(kerr_text(&err, text, sizeof(text)));
	}
	strlist_clear(&g.paths);
}

/* What fails here fails again when it is deleted, which tells it. */
static void ask_target(struct engine *e, const struct rpc_plan_target *t, bool cascade)
{
	enum kind kind = kind_from_name(t->kind);
	struct addr a = target_addr(t, kind);

	if (kind == KIND_CONTAINER)
		(void) cell_signal(e, &a, t->name, NULL);
	else if (kind == KIND_CELL)
		(void) cell_signal(e, &a, NULL, NULL);
	else if (cascade)
		parent_signal_cells(e, &a);
}

void prepare_delete(struct engine *e, const struct rpc_plan_delete_args *args,
		    struct rpc_plan_delete_result *ret)
{
	plan_delete(e, args, ret);
	for (size_t i = 0; i < args->targets.n; i++)
		if (streq(ret->planned.v[i].action, "deleted"))
			ask_target(e, &args->targets.v[i], args->cascade);
}
