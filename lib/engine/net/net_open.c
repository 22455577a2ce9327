/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridge_fence.h"
#include "clock.h"
#include "copy.h"
#include "egress.h"
#include "egress_hosts.h"
#include "firewall_flow.h"
#include "mem.h"
#include "model.h"
#include "names_state.h"
#include "net_egress.h"
#include "net_input.h"
#include "net_open.h"
#include "net_rules.h"
#include "packet_filter.h"
#include "rt.h"
#include "str.h"
#include "temporary.h"
#include "vec.h"

struct net_open {
	uint64_t epoch;
	int64_t until_ms; /* when a temporary rule ends */
	struct net_input in; /* of this space alone */
	struct space_doc doc; /* its policy */
	struct egress_hosts hosts;
	struct fence fence;
};

static void clear(struct net_open *s)
{
	net_input_clear(&s->in);
	model_clear(&space_doc_type, &s->doc);
	egress_hosts_clear(&s->hosts);
	fence_clear(&s->fence);
	*s = (struct net_open){ 0 };
}

struct net_open *net_open_free(struct net_open *s)
{
	if (s)
		clear(s);
	free(s);
	return NULL;
}

const struct fence *net_open_fence(const struct net_open *s)
{
	return s && s->fence.n > 0 ? &s->fence : NULL;
}

bool net_open_lets(const struct net_open *s, const struct conntrack_flow *f)
{
	return s && s->in.n > 0 && firewall_flow_judge(&s->in.fi, f).why == FLOW_RULE;
}

struct rt_sock *net_opener_rt(struct net_opener *o)
{
	if (!o->rt)
		(void) rt_open(&o->rt, NULL);
	return o->rt;
}

void net_opener_clear(struct net_opener *o)
{
	rt_sock_freep(&o->rt);
	*o = (struct net_opener){ 0 };
}

/* ---- all again ---- */

static int64_t first_end(struct engine *e, const struct addr *space)
{
	cleanup_temporary struct temporary_list l = { 0 };
	int64_t end = INT64_MAX;

	if (temporary_load(e, space, &l, NULL) < 0)
		return 0;
	for (size_t i = 0; i < l.n; i++)
		if (l.v[i].end_ms < end)
			end = l.v[i].end_ms;
	return end;
}

/* Read what the rules of a space are made of. A space without a fence is not known. */
static void learn(struct engine *e, const struct addr *space, struct net_open *s)
{
	const struct firewall_space *f;

	clear(s);
	if (net_input_read_one(e, space, NULL, &s->in, NULL) < 0 || s->in.n == 0)
		return;
	f = &s->in.v[0];
	if (f->policy != FIREWALL_DEFAULT_DENY || net_egress_load(e, space, &s->doc, NULL) <= 0)
		return;
	(void) egress_hosts_load(e, space, &s->hosts, NULL);
	s->until_ms = first_end(e, space);
	fence_make(&s->in.fi, f, &s->fence);
}

static bool is_known(struct engine *e, const struct net_opener *o, const struct net_open *s)
{
	return s->epoch > 0 && s->epoch == o->epoch && clock_ms() < s->until_ms &&
	       names_rules_are_known(e);
}

/*
 * Where another process has changed rules since, what is known of all other spaces ends with the
 * epoch; each of them is read again when it is next looked at.
 */
static void learn_locked(struct engine *e, struct net_opener *o, const struct addr *space,
			 struct net_open *s)
{
	if (o->epoch == 0 || !names_rules_are_known(e)) {
		o->epoch++;
		firewall_probe(packet_filter_choice(e), &o->probe);
	}
	learn(e, space, s);
	s->epoch = s->fence.n > 0 ? o->epoch : 0;
	names_rules_known(e);
}

int net_open_learn(struct engine *e, struct net_opener *o, const struct addr *space,
		   struct net_open **s, struct kerr *err)
{
	int r = net_rules_hold(e, err);

	if (r < 0)
		return r;
	if (!*s)
		*s = xcalloc(1, sizeof(**s));
	if (!is_known(e, o, *s)) {
		learn_locked(e, o, space, *s);
		r = 1;
	}
	net_rules_release(e);
	return r;
}

/* ---- what is new alone ---- */

struct sets {
	struct firewall_set *v;
	size_t n;
};

static void sets_clear(struct sets *s)
{
	for (size_t i = 0; i < s->n; i++)
		firewall_set_clear(&s->v[i]);
	free(s->v);
}

static void add_to_set(const struct net_open *s, const char *names,
		       const struct firewall_address *a, struct sets *sets)
{
	const struct firewall_space *f = &s->in.v[0];
	cleanup_free char *comment = xasprintf("kukeon:%s:%s:%s", f->realm, f->space, a->tag);
	struct firewall_set *set = NULL;
	char name[FIREWALL_CHAIN_MAX];

	firewall_space_set(f->realm, f->space, s->in.fi.instance, names, a->addr.family, name);
	for (size_t i = 0; i < sets->n && !set; i++)
		if (streq(sets->v[i].name, name))
			set = &sets->v[i];
	if (!set) {
		set = vec_grow(&sets->v, &sets->n, sizeof(*sets->v));
		set->family = a->addr.family;
		(void) snprintf(set->name, sizeof(set->name), "%s", name);
	}
	firewall_add_member(set, &a->addr, a->until_ms, comment);
}

/* To the rules as they are known, and to the sets that have to have them. */
static void open_fresh(struct net_open *s, const struct opened *fresh, struct sets *sets)
{
	const struct net_egress_names names = {
		.policy = egress_of(&s->doc),
		.n_temporary = s->doc.status.network ? s->doc.status.network->temporary_rules.n : 0,
		.hosts = &s->hosts,
		.now = { .sec = ktime_now().sec, .ms = clock_ms() },
	};
	struct net_egress_rules *rules = &s->in.allow[0];

	for (size_t i = 0; i < rules->n; i++)
		for (size_t k = 0; rules->v[i].names && k < fresh->n; k++) {
			const struct firewall_address *a =
				net_egress_rules_open(&names, rules, i, &fresh->v[k]);

			if (a)
				add_to_set(s, rules->v[i].names, a, sets);
		}
}

static int write_fresh(struct engine *e, struct net_opener *o, struct net_open *s,
		       const struct opened *fresh)
{
	cleanup_(sets_clear) struct sets sets = { 0 };
	int r;

	open_fresh(s, fresh, &sets);
	if (sets.n == 0)
		return 0;
	r = packet_filter_extend(e, sets.v, sets.n, &o->probe, NULL);
	if (r == 0 && !net_opener_rt(o))
		r = -EIO;
	if (r < 0)
		return r;
	fence_clear(&s->fence);
	fence_make(&s->in.fi, &s->in.v[0], &s->fence);
	r = bridge_fence_set(o->rt, s->in.v[0].bridge, &s->fence, NULL);
	if (r < 0)
		rt_sock_freep(&o->rt);
	return r < 0 ? r : 1;
}

static int open_locked(struct engine *e, struct net_opener *o, const struct addr *space,
		       const struct opened *fresh, struct net_open *s, struct kerr *err)
{
	int r = fresh && is_known(e, o, s) ? write_fresh(e, o, s, fresh) : -EAGAIN;

	if (r >= 0)
		return r;
	/* Also where a set was taken away by another program: all rules are compared. */
	r = net_rules_write_opened(e, space, err);
	if (r >= 0)
		learn_locked(e, o, space, s);
	return r;
}

int net_open(struct engine *e, struct net_opener *o, const struct addr *space,
	     const struct opened *fresh, struct net_open **s, struct kerr *err)
{
	int r = net_rules_hold(e, err);

	if (r < 0)
		return r;
	if (!*s)
		*s = xcalloc(1, sizeof(**s));
	r = open_locked(e, o, space, fresh, *s, err);
	net_rules_release(e);
	return r;
}
