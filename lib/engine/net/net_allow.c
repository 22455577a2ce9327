/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "clock.h"
#include "cni_space.h"
#include "copy.h"
#include "egress.h"
#include "hosts.h"
#include "ipnet.h"
#include "mem.h"
#include "names_state.h"
#include "net_allow.h"
#include "net_egress.h"
#include "net_rules.h"
#include "resolve.h"
#include "scope.h"
#include "str.h"
#include "temporary.h"
#include "validate.h"
#include "vec.h"
#include "wake.h"

struct wish {
	const struct rpc_allow_egress_args *args;
	struct addr space;
	struct temporary_rule rule;
};

static void wish_clear(struct wish *w)
{
	model_clear(&temporary_rule_type, &w->rule);
}

/* ---- what is wanted ---- */

/* An address needs no resolver: it is a range of one. */
static void set_place(const struct rpc_allow_egress_args *args, struct temporary_rule *ret)
{
	cleanup_free char *host = str_trim(args->host);
	char text[IPNET_TEXT_MAX];
	struct ipnet addr;

	ret->cidr = str_trim(args->cidr);
	if (!*ret->cidr && ipnet_parse_addr(host, &addr) == 0) {
		free(ret->cidr);
		ret->cidr = xstrdup(ipnet_text(&addr, text));
	} else {
		ret->host = take_ptr(host);
	}
}

/* By the rules of a manifest. */
static int check_rule(const struct temporary_rule *rule, struct kerr *err)
{
	const struct egress_rule as = { .host = rule->host,
					.cidr = rule->cidr,
					.ports = { rule->ports.v, rule->ports.n } };

	return validate_egress_rule(&as, err);
}

static int read_wish(struct wish *w, struct kerr *err)
{
	const struct rpc_allow_egress_args *args = w->args;
	int r = scope_check(&w->space, ADDR_SPACE, 0, err);

	if (r < 0)
		return r;
	set_place(args, &w->rule);
	if (args->port != 0)
		*(int64_t *) vec_grow(&w->rule.ports.v, &w->rule.ports.n,
				      sizeof(*w->rule.ports.v)) = args->port;
	r = check_rule(&w->rule, err);
	if (r == 0 && !args->end &&
	    (args->for_ms < TEMPORARY_MIN_MS || args->for_ms > TEMPORARY_MAX_MS))
		r = kerr_plain(err, -EINVAL, "a temporary rule can last from 1s to 24h");
	return r;
}

/* ---- whether it can be had ---- */

static int load_space(struct engine *e, const struct addr *a, struct space_doc *ret,
		      struct kerr *err)
{
	int r = store_load(&e->layout, a, 0, ret, err);

	return r == -ENOENT ? scope_not_found(a, err) : r;
}

static int check_space(struct engine *e, const struct addr *a, const struct space_doc *d,
		       struct kerr *err)
{
	if (cni_space_is_own(e, a, d))
		return kerr_plain(err, -EOPNOTSUPP,
				  "plugins make the network of space \"%s\": kukeon has no rules "
				  "there",
				  a->space);
	if (!egress_denies(egress_of(d)))
		return kerr_plain(err, -EINVAL,
				  "space \"%s\" has no policy that denies: a temporary rule would "
				  "change nothing",
				  a->space);
	return net_egress_check(e, egress_of(d), err);
}

/* Without a lock, because it waits for others. */
static int ask(struct engine *e, const struct wish *w, struct resolve *ret, struct kerr *err)
{
	struct egress_rule rule = { .host = w->rule.host };
	const struct egress_policy p = { .allow = { &rule, 1 } };
	struct space_doc d = { 0 };
	int r = load_space(e, &w->space, &d, err);

	if (r == 0 && !w->args->end)
		r = check_space(e, &w->space, &d, err);
	model_clear(&space_doc_type, &d);
	if (r < 0 || w->args->end)
		return r;
	return net_egress_ask(e, &w->space, &p, ret, err);
}

/* ---- the change ---- */

/* A damaged file has nothing that could be kept: it is replaced. */
static void load_list(struct engine *e, const struct addr *a, struct temporary_list *ret)
{
	if (temporary_load(e, a, ret, NULL) < 0)
		*ret = (struct temporary_list){ 0 };
	(void) temporary_drop_ended(ret, clock_ms());
}

static int put(struct wish *w, struct temporary_list *l, struct kerr *err)
{
	struct temporary *t = temporary_find(l, &w->rule);
	struct ktime until = ktime_now();

	if (!t && l->n >= TEMPORARY_MAX)
		return kerr_plain(err, -ENOSPC,
				  "space \"%s\" has %d temporary rules, and no more are possible: "
				  "take one back with --end",
				  w->space.space, TEMPORARY_MAX);
	if (!t) {
		t = vec_grow(&l->v, &l->n, sizeof(*l->v));
		model_copy(&temporary_rule_type, &t->rule, &w->rule);
	}
	t->end_ms = clock_ms() + w->args->for_ms;
	until.sec += (until.nsec / 1000000 + w->args->for_ms) / 1000;
	until.nsec = 0;
	t->rule.until = w->rule.until = until;
	return 0;
}

static int take_back(struct wish *w, struct temporary_list *l, struct kerr *err)
{
	struct temporary *t = temporary_find(l, &w->rule);

	if (!t)
		return kerr_plain(err, -ENOENT,
				  "space \"%s\" has no temporary rule for that destination",
				  w->space.space);
	temporary_remove(l, t);
	w->rule.until = ktime_now();
	w->rule.until.nsec = 0;
	return 0;
}

/* The file comes first: the rules are made of it. */
static int store(struct engine *e, const struct wish *w, const struct temporary_list *l,
		 const struct space_doc *d, const struct resolve *answers, struct kerr *err)
{
	int r = temporary_save(e, &w->space, l, err);

	if (r == 0)
		r = net_egress_keep(e, &w->space, egress_of(d), answers, err);
	if (r >= 0)
		r = net_rules_sync(e, err);
	return r < 0 ? r : 0;
}

/* What could not be put in place is not left for a pass to find. */
static void undo(struct engine *e, const struct wish *w)
{
	cleanup_temporary struct temporary_list l = { 0 };
	struct temporary *t;

	load_list(e, &w->space, &l);
	t = temporary_find(&l, &w->rule);
	if (!t)
		return;
	temporary_remove(&l, t);
	(void) temporary_save(e, &w->space, &l, NULL);
	(void) net_rules_sync(e, NULL);
}

static int change_locked(struct engine *e, struct wish *w, const struct resolve *answers,
			 struct kerr *err)
{
	cleanup_temporary struct temporary_list l = { 0 };
	struct space_doc d = { 0 };
	int r = load_space(e, &w->space, &d, err);

	if (r == 0 && !w->args->end) /* again: it may have become another one meanwhile */
		r = check_space(e, &w->space, &d, err);
	if (r == 0) {
		load_list(e, &w->space, &l);
		r = w->args->end ? take_back(w, &l, err) : put(w, &l, err);
	}
	if (r == 0) {
		r = store(e, w, &l, &d, answers, err);
		if (r < 0 && !w->args->end)
			undo(e, w);
	}
	model_clear(&space_doc_type, &d);
	return r;
}

static int change(struct engine *e, struct wish *w, const struct resolve *answers, struct kerr *err)
{
	int r = scope_prepare_trees(e, err);

	if (r == 0)
		r = locks_take_path(e->locks, &w->space, 0, err);
	if (r < 0)
		return r;
	r = change_locked(e, w, answers, err);
	locks_drop_path(e->locks, &w->space);
	if (r == 0)
		r = hosts_update(e, &w->space, err);
	return r;
}

int net_allow(struct engine *e, const struct rpc_allow_egress_args *args,
	      struct rpc_allow_egress_result *ret, struct kerr *err)
{
	cleanup_(wish_clear) struct wish w = {
		.args = args, .space = { .realm = args->realm_name, .space = args->space_name }
	};
	cleanup_(resolve_clear) struct resolve answers = { 0 };
	int r = read_wish(&w, err);

	if (r == 0)
		r = ask(e, &w, &answers, err);
	if (r == 0)
		r = change(e, &w, &answers, err);
	if (r < 0)
		return r;
	names_poke(e);
	wake_daemon(e); /* for the end */
	ret->rule = take_struct(w.rule);
	return 0;
}
