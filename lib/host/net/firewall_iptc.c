/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "firewall.h"
#include "firewall_entry.h"
#include "firewall_iptc.h"
#include "firewall_world.h"
#include "firewall_xtc.h"
#include "lock.h"
#include "str.h"
#include "vec.h"

#define COMMIT_TRIES 3 /* retries if another program changes a table without the lock */

/* One table of one family, and what of the plan is for it. */
struct table {
	const struct firewall_plan *plan;
	enum firewall_table id;
	enum firewall_family family;
	unsigned of; /* families of the plan: what is for one of them is looked at */
	struct xtc *x;
};

static const char *builtin(const struct firewall_hook *h)
{
	return firewall_builtin_name(h->builtin);
}

static bool chain_here(const struct table *t, const struct firewall_chain *c)
{
	return c->table == t->id && c->families & t->of;
}

static bool hook_here(const struct table *t, const struct firewall_hook *h)
{
	return h->table == t->id && h->families & t->of;
}

static bool rule_here(const struct table *t, const struct firewall_chain *c, size_t i)
{
	return firewall_rule_families(c, &c->rules[i]) & t->family;
}

/* ---- chains ---- */

static bool chain_eq(const struct table *t, const struct firewall_chain *c)
{
	struct firewall_entry want;
	const void *have;

	if (!xtc_has_chain(t->x, c->name))
		return false;
	have = xtc_first(t->x, c->name);
	if (c->keep && have)
		return true;
	for (size_t i = 0; i < c->n; i++) {
		if (!rule_here(t, c, i))
			continue;
		if (!have)
			return false;
		firewall_entry_make(&c->rules[i], t->family, &want);
		if (!firewall_entry_eq(have, xtc_target(t->x, have), &want, &c->rules[i]))
			return false;
		have = xtc_next(t->x, have);
	}
	return have == NULL;
}

static int write_chain(const struct table *t, const struct firewall_chain *c, struct kerr *err)
{
	struct firewall_entry e;

	if (!xtc_flush(t->x, c->name))
		return xtc_fail(t->x, c->name, err);
	for (size_t i = 0; i < c->n; i++) {
		if (!rule_here(t, c, i))
			continue;
		firewall_entry_make(&c->rules[i], t->family, &e);
		if (!xtc_append(t->x, c->name, &e))
			return xtc_fail(t->x, c->name, err);
	}
	return 0;
}

static bool plan_has(const struct table *t, const char *chain)
{
	for (size_t i = 0; i < t->plan->n_chains; i++)
		if (chain_here(t, &t->plan->chains[i]) && streq(t->plan->chains[i].name, chain))
			return true;
	return false;
}

static void find_jumps(const struct table *t, const char *chain, struct strlist *ret)
{
	for (const void *e = xtc_first(t->x, chain); e; e = xtc_next(t->x, e)) {
		const char *target = xtc_target(t->x, e);

		if (str_has_prefix(target, FIREWALL_INNER) && !strlist_has(ret, target))
			strlist_add(ret, target);
	}
}

/*
 * Inner chains that a top leads to, at once or by others: those that the plan does not have, or
 * all of them. Each comes after one that leads to it.
 */
static void find_inner(const struct table *t, bool all, struct strlist *ret)
{
	cleanup_strlist struct strlist found = { 0 };
	const struct firewall_hook *h;

	for (size_t i = 0; i < t->plan->n_hooks; i++) {
		h = &t->plan->hooks[i];
		if (hook_here(t, h) && xtc_has_chain(t->x, h->chain))
			find_jumps(t, h->chain, &found);
	}
	for (size_t i = 0; i < found.n; i++) /* it grows */
		find_jumps(t, found.v[i], &found);
	for (size_t i = 0; i < found.n; i++)
		if (all || (!plan_has(t, found.v[i]) && !firewall_plan_keeps(t->plan, found.v[i])))
			strlist_add(ret, found.v[i]);
}

static int delete_chain(const struct table *t, const char *name, struct kerr *err)
{
	if (!xtc_flush(t->x, name) || !xtc_delete(t->x, name))
		return xtc_fail(t->x, name, err);
	return 0;
}

/* ---- jumps of built-in chains ---- */

/* The number (from 1) of the first jump to a chain at or after rule from; 0: none. */
static unsigned find_jump(const struct table *t, const struct firewall_hook *h, unsigned from)
{
	unsigned n = 0;

	for (const void *e = xtc_first(t->x, builtin(h)); e; e = xtc_next(t->x, e))
		if (++n >= from && streq(xtc_target(t->x, e), h->chain))
			return n;
	return 0;
}

static bool in_group(const char *target, const char *group)
{
	size_t n = strlen(group);

	return strncmp(target, group, n) == 0 && (target[n] == '\0' || target[n] == '-');
}

/* Where the jumps of a group are, over all instances, counted from 1; 0: none. */
struct group {
	unsigned first, last;
	unsigned ahead; /* of the chain's head: jumps of the group and nothing else */
};

static struct group find_group(const struct table *t, const struct firewall_hook *h)
{
	struct group g = { 0 };
	unsigned n = 0;

	for (const void *e = xtc_first(t->x, builtin(h)); e; e = xtc_next(t->x, e)) {
		n++;
		if (!in_group(xtc_target(t->x, e), h->group))
			continue;
		if (g.first == 0)
			g.first = n;
		if (g.ahead == n - 1)
			g.ahead = n;
		g.last = n;
	}
	return g;
}

static bool same_builtin(const struct table *t, const struct firewall_hook *a,
			 const struct firewall_hook *b)
{
	return hook_here(t, a) && hook_here(t, b) && a->builtin == b->builtin;
}

/*
 * Whether our jump i exists exactly once, after earlier groups and before later ones,
 * and at the head of the chain if it has to be.
 */
static bool hook_in_order(const struct table *t, size_t i)
{
	const struct firewall_hook *hook = &t->plan->hooks[i], *other;
	unsigned at = find_jump(t, hook, 1);
	struct group g;

	if (at == 0 || find_jump(t, hook, at + 1) != 0)
		return false;
	if (hook->first && at > find_group(t, hook).ahead)
		return false;
	for (size_t k = 0; k < t->plan->n_hooks; k++) {
		other = &t->plan->hooks[k];
		if (k == i || !same_builtin(t, hook, other))
			continue;
		g = find_group(t, other);
		if ((k < i && g.last > at) || (k > i && g.first != 0 && g.first < at))
			return false;
	}
	return true;
}

static bool hooks_in_order(const struct table *t)
{
	for (size_t i = 0; i < t->plan->n_hooks; i++)
		if (hook_here(t, &t->plan->hooks[i]) && !hook_in_order(t, i))
			return false;
	return true;
}

static int delete_jumps(const struct table *t, const struct firewall_hook *h)
{
	unsigned at;
	int any = 0;

	while ((at = find_jump(t, h, 1)) != 0) {
		if (!xtc_remove(t->x, builtin(h), at - 1))
			return -1;
		any = 1;
	}
	return any;
}

/*
 * Position of a new jump (from 0): after the jumps of earlier groups, or else before
 * those of its own group and of later ones.
 */
static unsigned place_hook(const struct table *t, size_t i)
{
	const struct firewall_hook *hook = &t->plan->hooks[i], *other;
	unsigned before = 0, ahead = 0;
	struct group g;

	if (hook->first)
		return 0;
	for (size_t k = 0; k < t->plan->n_hooks; k++) {
		other = &t->plan->hooks[k];
		if (!same_builtin(t, hook, other))
			continue;
		g = find_group(t, other);
		if (k < i && g.last > before)
			before = g.last;
		if (g.first > 0 && (ahead == 0 || g.first < ahead))
			ahead = g.first;
	}
	if (before > 0)
		return before;
	return ahead > 0 ? ahead - 1 : 0;
}

static int write_hooks(const struct table *t, struct kerr *err)
{
	const struct firewall_hook *hook;
	struct firewall_entry e;

	for (size_t i = 0; i < t->plan->n_hooks; i++) {
		hook = &t->plan->hooks[i];
		if (!hook_here(t, hook) || hook_in_order(t, i))
			continue;
		firewall_entry_make_hook(hook, t->family, &e);
		if (delete_jumps(t, hook) < 0)
			return xtc_fail(t->x, "remove a jump", err);
		if (!xtc_insert(t->x, builtin(hook), &e, place_hook(t, i)))
			return xtc_fail(t->x, "insert a jump", err);
	}
	return 0;
}

/* ---- one table ---- */

static bool table_eq(const struct table *t)
{
	for (size_t i = 0; i < t->plan->n_chains; i++)
		if (chain_here(t, &t->plan->chains[i]) && !chain_eq(t, &t->plan->chains[i]))
			return false;
	return hooks_in_order(t);
}

static int table_write(const struct table *t, struct kerr *err)
{
	cleanup_strlist struct strlist stale = { 0 };
	const struct firewall_chain *c;
	int r = 0;

	find_inner(t, false, &stale);
	for (size_t i = 0; i < t->plan->n_chains; i++) {
		c = &t->plan->chains[i]; /* all of them before any rule jumps there */
		if (chain_here(t, c) && !xtc_has_chain(t->x, c->name) && !xtc_create(t->x, c->name))
			return xtc_fail(t->x, c->name, err);
	}
	for (size_t i = 0; i < t->plan->n_chains && r == 0; i++) {
		c = &t->plan->chains[i];
		if (chain_here(t, c) && !chain_eq(t, c)) /* unchanged chains keep their counters */
			r = write_chain(t, c, err);
	}
	if (r == 0)
		r = write_hooks(t, err);
	for (size_t i = 0; i < stale.n && r == 0; i++)
		r = delete_chain(t, stale.v[i], err);
	return r;
}

/* 1 if something was removed. */
static int table_remove(const struct table *t, struct kerr *err)
{
	cleanup_strlist struct strlist chains = { 0 };
	const struct firewall_chain *c;
	int any = 0;
	int r;

	for (size_t i = 0; i < t->plan->n_hooks; i++) {
		if (!hook_here(t, &t->plan->hooks[i]))
			continue;
		r = delete_jumps(t, &t->plan->hooks[i]);
		if (r < 0)
			return xtc_fail(t->x, "remove a jump", err);
		any |= r;
	}
	find_inner(t, true, &chains);
	for (size_t i = 0; i < t->plan->n_chains; i++) {
		c = &t->plan->chains[i];
		if (chain_here(t, c) && xtc_has_chain(t->x, c->name) &&
		    !strlist_has(&chains, c->name))
			strlist_add(&chains, c->name);
	}
	for (size_t i = 0; i < chains.n; i++) /* they refer to each other: empty all first */
		if (!xtc_flush(t->x, chains.v[i]))
			return xtc_fail(t->x, chains.v[i], err);
	for (size_t i = 0; i < chains.n; i++) {
		r = delete_chain(t, chains.v[i], err);
		if (r < 0)
			return r;
		any = 1;
	}
	return any;
}

/* ---- all tables ---- */

enum action {
	ACTION_APPLY = 1,
	ACTION_LOOK,
	ACTION_REMOVE,
	ACTION_LOOK_REMOVE,
};

static bool removes(enum action action)
{
	return action == ACTION_REMOVE || action == ACTION_LOOK_REMOVE;
}

/* 1 changed (or would be), 0 not; -EAGAIN: another program changed the table meanwhile. */
static int do_table(struct table t, enum action action, struct kerr *err)
{
	cleanup_(xtc_freep) struct xtc *x = NULL;
	int r;

	r = xtc_open(t.family, t.id, &x, err);
	if (r < 0)
		return r;
	t.x = x;
	if (!removes(action) && table_eq(&t))
		return 0;
	if (action == ACTION_LOOK)
		return 1;
	r = action == ACTION_APPLY ? table_write(&t, err) : table_remove(&t, err);
	if (r < 0 || (removes(action) && r == 0))
		return r;
	if (action == ACTION_LOOK_REMOVE)
		return 1;
	return xtc_commit(x) ? 1 : xtc_fail(x, "commit the rules", err);
}

const char *firewall_iptc_lock_path(void)
{
	const char *path = getenv("XTABLES_LOCKFILE");

	return str_empty(path) ? "/run/xtables.lock" : path;
}

/* What to do with a table that the plan has nothing for: it may have been otherwise. */
static enum action unused(enum action action)
{
	if (action == ACTION_LOOK)
		return ACTION_LOOK_REMOVE;
	return action == ACTION_APPLY ? ACTION_REMOVE : action;
}

static int do_one(const struct firewall_plan *plan, enum firewall_table id,
		  enum firewall_family family, enum action action, struct kerr *err)
{
	struct table t = { .plan = plan, .id = id, .family = family, .of = family };
	int r = -EAGAIN;

	if (!firewall_plan_uses(plan, id, family))
		action = unused(action);
	if (removes(action)) /* as the chains are called, whichever family has them now */
		t.of = FIREWALL_BOTH;
	if (removes(action) && !xtc_exists(family, id))
		return 0;
	for (int tries = 0; r == -EAGAIN && tries < COMMIT_TRIES; tries++)
		r = do_table(t, action, err);
	return r;
}

/* Both filters come first: what is closed is closed before anything is translated. */
static int do_tables(const struct firewall_plan *with_sets, unsigned families, enum action action,
		     struct kerr *err)
{
	cleanup_(firewall_plan_clear) struct firewall_plan plan = { 0 };
	cleanup_fd int lock = -EBADF;
	int any = 0;
	int r;

	firewall_plan_without_sets(with_sets, &plan);
	lock = lock_file_at(AT_FDCWD, firewall_iptc_lock_path(), LOCK_FILE_WAIT, err);
	if (lock < 0)
		return lock;
	for (int id = FIREWALL_FILTER; id < _FIREWALL_TABLE_MAX; id++) {
		for (unsigned family = FIREWALL_IPV4; family <= FIREWALL_IPV6; family <<= 1) {
			if (!(families & family))
				continue;
			r = do_one(&plan, id, family, action, err);
			if (r < 0)
				return r;
			any |= r;
		}
	}
	return any;
}

int firewall_iptc_apply(const struct firewall_plan *p, unsigned families, struct kerr *err)
{
	return do_tables(p, families, ACTION_APPLY, err);
}

int firewall_iptc_differs(const struct firewall_plan *p, unsigned families, struct kerr *err)
{
	return do_tables(p, families, ACTION_LOOK, err);
}

/* ---- members of sets ---- */

/* To where the plan has it, unless it is there. 1 added, 0 not. */
static int add_member(struct xtc *x, const struct firewall_set *set,
		      const struct firewall_member *m)
{
	const struct firewall_rule rule = { .dst = m->addr,
					    .verdict = FIREWALL_ACCEPT,
					    .comment = m->comment };
	enum firewall_family family = set->family == IPNET_V4 ? FIREWALL_IPV4 : FIREWALL_IPV6;
	struct firewall_entry e;
	unsigned at = 0;

	for (const void *have = xtc_first(x, set->name); have; have = xtc_next(x, have), at++) {
		struct ipnet dst = firewall_entry_dst(have, family);
		int r = ipnet_cmp(&dst, &m->addr);

		if (r == 0)
			return 0;
		if (r > 0)
			break;
	}
	firewall_entry_make(&rule, family, &e);
	return xtc_insert(x, set->name, &e, at) ? 1 : -1;
}

static int extend_table(enum firewall_family family, const struct firewall_set *sets, size_t n,
			struct kerr *err)
{
	cleanup_(xtc_freep) struct xtc *x = NULL;
	int any = 0;
	int r = xtc_open(family, FIREWALL_FILTER, &x, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if ((sets[i].family == IPNET_V4) != (family == FIREWALL_IPV4))
			continue;
		if (!xtc_has_chain(x, sets[i].name))
			return -ENOENT;
		for (size_t k = 0; k < sets[i].n; k++) {
			int added = add_member(x, &sets[i], &sets[i].v[k]);

			if (added < 0)
				return xtc_fail(x, sets[i].name, err);
			any |= added;
		}
	}
	if (r < 0 || !any)
		return r;
	return xtc_commit(x) ? 0 : xtc_fail(x, "commit the rules", err);
}

static bool any_of(const struct firewall_set *sets, size_t n, enum ipnet_family family)
{
	for (size_t i = 0; i < n; i++)
		if (sets[i].family == family)
			return true;
	return false;
}

int firewall_iptc_extend(const struct firewall_set *sets, size_t n, unsigned families,
			 struct kerr *err)
{
	cleanup_fd int lock =
		lock_file_at(AT_FDCWD, firewall_iptc_lock_path(), LOCK_FILE_WAIT, err);
	int r = lock < 0 ? lock : 0;

	for (unsigned f = FIREWALL_IPV4; r == 0 && f <= FIREWALL_IPV6; f <<= 1) {
		if (!(families & f) || !any_of(sets, n, f == FIREWALL_IPV4 ? IPNET_V4 : IPNET_V6))
			continue;
		r = -EAGAIN;
		for (int tries = 0; r == -EAGAIN && tries < COMMIT_TRIES; tries++)
			r = extend_table(f, sets, n, err);
	}
	return r;
}

/* Of the families, those that have tables. */
static unsigned with_tables(unsigned families)
{
	for (unsigned family = FIREWALL_IPV4; family <= FIREWALL_IPV6; family <<= 1)
		if (!firewall_world_has_legacy(family))
			families &= ~family;
	return families;
}

int firewall_iptc_remove(const struct firewall_plan *p, unsigned families, struct kerr *err)
{
	families = with_tables(families);
	return families ? do_tables(p, families, ACTION_REMOVE, err) : 0;
}

int firewall_iptc_has(const struct firewall_plan *p, unsigned families, struct kerr *err)
{
	families = with_tables(families);
	return families ? do_tables(p, families, ACTION_LOOK_REMOVE, err) : 0;
}
