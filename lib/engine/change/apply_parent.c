/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "apply_parent.h"
#include "cni_space.h"
#include "convert.h"
#include "copy.h"
#include "dry_run.h"
#include "egress.h"
#include "hosts.h"
#include "mem.h"
#include "model.h"
#include "net_egress.h"
#include "net_rules.h"
#include "network.h"
#include "parents.h"
#include "plan.h"
#include "resolve.h"
#include "scope.h"
#include "str.h"

/* ---- an existing object ---- */

static int load(struct engine *e, const struct addr *a, void *ret_stored, void *want,
		struct kerr *err)
{
	int r = store_load(&e->layout, a, STORE_LOAD_PASSWORDS, ret_stored, err);

	if (r == -ENOENT)
		r = scope_not_found(a, err);
	if (r == 0 && addr_level(a) == ADDR_REALM)
		r = store_unmask(&e->layout, a, want, err);
	return r;
}

/* A space is stored together with its rules; what its cells read of the policy follows. */
static int save_space(struct engine *e, const struct addr *a, struct space_doc *want,
		      const struct resolve *answers, struct kerr *err)
{
	int r;

	r = net_egress_keep(e, a, egress_of(want), answers, err);
	if (r >= 0)
		r = net_rules_hold(e, err);
	if (r < 0)
		return r;
	r = net_rules_write(e, a, want, err) < 0 ? -EIO : 0;
	if (r == 0)
		r = store_save(&e->layout, a, 0, want, err);
	if (r < 0) /* if that fails too, the next pass does it */
		(void) net_rules_write(e, NULL, NULL, NULL);
	net_rules_release(e);
	return r < 0 ? r : hosts_update(e, a, err);
}

static int save(struct engine *e, const struct addr *a, void *want, const struct resolve *answers,
		struct kerr *err)
{
	return addr_level(a) == ADDR_SPACE ? save_space(e, a, want, answers, err)
					   : store_save(&e->layout, a, 0, want, err);
}

static int look_save(struct dry_run *dry, const struct addr *a, void *want, struct kerr *err)
{
	int r = addr_level(a) == ADDR_REALM ? store_refuse_masks(want, err) : 0;

	if (r == 0)
		dry_run_store(dry, a, want);
	return r;
}

/* What a space with a network configuration of its own cannot have. want is complete. */
static int judge(struct engine *e, const struct addr *a, const void *want, struct kerr *err)
{
	if (addr_level(a) != ADDR_SPACE || !cni_space_is_own(e, a, want))
		return 0;
	return cni_space_check(want, CNI_SPACE_PROBE, err);
}

/* The object's lock is held, except in a dry run. */
static int change_locked(struct engine *e, const struct addr *a, void *want,
			 const struct resolve *answers, struct dry_run *dry,
			 struct rpc_apply_resource *res, struct kerr *err)
{
	enum kind kind = store_kind(a);
	const struct kind_info *info = kind_info(kind);
	cleanup_free void *stored = xcalloc(1, info->type->size);
	cleanup_(plan_clear) struct plan plan = { 0 };
	int r;

	r = load(e, a, stored, want, err);
	if (r < 0)
		(void) kerr_wrap(err, r, "failed to get %s", info->word);
	if (r == 0)
		r = plan_parent(kind, stored, want, &plan, err);
	if (r == 0)
		r = judge(e, a, want, err);
	if (r == 0 && plan.n > 0) {
		r = dry ? look_save(dry, a, want, err) : save(e, a, want, answers, err);
		if (r < 0)
			(void) kerr_wrap(err, r, "failed to update %s", info->word);
	}
	if (r == 0)
		apply_result_set(res, plan.action, &plan.changes, &plan.details);
	model_clear(info->type, stored);
	return r;
}

/* What is asked before the lock, because it waits for others. */
static int ask_egress(struct engine *e, const struct addr *a, const struct space_doc *want,
		      struct resolve *ret, struct kerr *err)
{
	int r = net_egress_check(e, egress_of(want), err);

	if (r == 0)
		r = net_egress_ask(e, a, egress_of(want), ret, err);
	return r < 0 ? kerr_wrap(err, r, "failed to update space") : 0;
}

static int change_parent(struct engine *e, const struct addr *a, void *want, struct dry_run *dry,
			 struct rpc_apply_resource *res, struct kerr *err)
{
	cleanup_(addr_copy_clear) struct addr_copy names = { 0 };
	cleanup_(resolve_clear) struct resolve answers = { 0 };
	int r = 0;

	addr_copy_set(&names, a);
	if (addr_level(a) == ADDR_SPACE)
		r = ask_egress(e, &names.a, want, &answers, err);
	if (r < 0)
		return r;
	if (dry)
		return change_locked(e, &names.a, want, &answers, dry, res, err);
	r = locks_take_path(e->locks, &names.a, 0, err);
	if (r < 0)
		return r;
	r = change_locked(e, &names.a, want, &answers, NULL, res, err);
	locks_drop_path(e->locks, &names.a);
	return r;
}

/* ---- a new object ---- */

static int create(struct engine *e, enum kind kind, const struct addr *a, void *want,
		  struct dry_run *dry, struct kerr *err)
{
	int r = dry ? dry_run_create_parents(dry, a, err) : parents_create(e, a, err);

	if (r < 0)
		return r;
	return dry ? dry_run_create_parent(dry, kind, want, err)
		   : parent_create(e, kind, want, err);
}

int apply_parent(struct engine *e, enum kind kind, void *want, struct dry_run *dry,
		 struct rpc_apply_resource *res, struct kerr *err)
{
	static const struct strlist none;
	static const struct strmap no_details;
	struct addr a;
	int r;

	r = doc_normalise(kind, want, NULL, err);
	if (r < 0)
		return r;
	a = addr_of_doc(kind, want);
	r = scope_check(&a, scope_level(kind), SCOPE_STRICT, err);
	if (r == 0)
		r = store_exists(&e->layout, &a, err);
	if (r > 0)
		return change_parent(e, &a, want, dry, res, err);
	if (r == 0)
		r = create(e, kind, &a, want, dry, err);
	if (r == 0)
		apply_result_set(res, PLAN_CREATED, &none, &no_details);
	return r;
}
