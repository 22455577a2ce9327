/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cgroup.h"
#include "cgroup_kill.h"
#include "convert.h"
#include "copy.h"
#include "create.h"
#include "errkind.h"
#include "mem.h"
#include "net_bridge.h"
#include "network.h"
#include "scope.h"
#include "validate.h"

int create_error(const struct create *c, int r, struct kerr *err)
{
	static const int kinds[] = { 0, ERR_CREATE_REALM, ERR_CREATE_SPACE, ERR_CREATE_STACK };
	int kind = kinds[addr_level(&c->a)];

	if (err && !err->kind)
		err->kind = kind;
	return kerr_wrap(err, r, "%s", err_kind_text(kind));
}

/* If the object exists, replace the wanted document by the stored one. */
static int load_stored(struct create *c, struct kerr *err)
{
	void *stored = NULL;
	int r;

	r = store_exists(&c->e->layout, &c->a, err);
	if (r <= 0)
		return r;
	stored = xcalloc(1, c->type->size);
	r = store_load(&c->e->layout, &c->a, STORE_LOAD_PASSWORDS, stored, err);
	if (r == 0)
		model_copy(c->type, c->want, stored);
	model_clear(c->type, stored);
	free(stored);
	c->existed = r == 0;
	return r;
}

static int judge(struct create *c, struct kerr *err)
{
	cleanup_strlist struct strlist warnings = { 0 };
	int r;

	r = scope_check(&c->a, scope_level(c->kind), SCOPE_STRICT, err);
	if (r == 0)
		r = doc_normalise(c->kind, c->want, &warnings, err);
	scope_warn(&c->a, &warnings);
	if (r == 0)
		r = validate_doc(c->kind, c->want, 0, err);
	return r;
}

int create_check(struct create *c, struct addr a, struct kerr *err)
{
	int r;

	addr_copy_set(&c->names, &a);
	c->a = c->names.a;
	r = judge(c, err);
	if (r == 0) {
		r = scope_parents_exist(c->e, &c->a, err);
		if (r < 0)
			r = create_error(c, r, err);
	}
	if (r < 0)
		addr_copy_clear(&c->names);
	return r;
}

int create_begin(struct create *c, struct addr a, struct kerr *err)
{
	int r;

	/* Before the lock: its file would stay for parents that never were. */
	r = create_check(c, a, err);
	if (r < 0)
		return r;
	r = scope_prepare_trees(c->e, err);
	if (r == 0)
		r = locks_take_path(c->e->locks, &c->a, 0, err);
	if (r < 0) {
		addr_copy_clear(&c->names);
		return r;
	}
	r = scope_parents_exist(c->e, &c->a, err);
	if (r == 0)
		r = load_stored(c, err);
	if (r < 0) {
		r = create_error(c, r, err);
		locks_drop_path(c->e->locks, &c->a);
		addr_copy_clear(&c->names);
		return r;
	}
	c->cgroup = scope_cgroup(c->e, &c->a);
	c->cgroup_pre = cgroup_exists(c->e->cgroups, c->cgroup) > 0;
	return 0;
}

int create_cgroup(struct create *c, struct kerr *err)
{
	int r = cgroup_ensure(c->e->cgroups, c->cgroup, c->existed ? CGROUP_ENSURE_TOLERANT : 0,
			      NULL, err);

	if (r < 0)
		return kerr_wrap(err, r, "failed to create %s cgroup",
				 level_words[addr_level(&c->a)]);
	c->cgroup_created = r > 0;
	return 0;
}

/* Undo what a failed create made. */
void create_undo(struct create *c)
{
	if (c->existed)
		return;
	if (c->cgroup_created)
		(void) cgroup_remove(c->e->cgroups, c->cgroup, 0, 1000, NULL);
	if (addr_level(&c->a) == ADDR_SPACE)
		(void) net_bridge_delete(c->e, &c->a, NULL);
	/* also removes the directory if it is empty */
	(void) store_delete(&c->e->layout, &c->a, 0, NULL);
}

void create_end(struct create *c)
{
	struct lock_id lock = lock_id_object(&c->a);

	if (locks_held(c->e->locks, &lock))
		locks_drop_path(c->e->locks, &c->a);
	addr_copy_clear(&c->names);
	free(c->cgroup);
}
