/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "firewall_host.h"
#include "firewall_iptc.h"
#include "firewall_nft.h"
#include "firewall_open.h"
#include "firewall_plan.h"
#include "firewall_xtc.h"
#include "mem.h"
#include "str.h"

enum action {
	ACTION_APPLY = 1,
	ACTION_LOOK,
};

/* IPv6 where it is filtered and there is something for it. */
static unsigned legacy_families(const struct firewall_plan *p, const struct firewall_probe *probe)
{
	bool ipv6 = firewall_plan_uses(p, FIREWALL_FILTER, FIREWALL_IPV6) ||
		    firewall_plan_uses(p, FIREWALL_NAT, FIREWALL_IPV6);

	if (ipv6 && firewall_probe_world(probe, FIREWALL_IPV6) == FIREWALL_WORLD_LEGACY)
		return FIREWALL_BOTH;
	return FIREWALL_IPV4;
}

static int do_legacy(const struct firewall_plan *p, unsigned families, enum action action,
		     struct kerr *err)
{
	if (action == ACTION_LOOK)
		return firewall_iptc_differs(p, families, err);
	return firewall_iptc_apply(p, families, err);
}

static int do_nft(const struct firewall_plan *p, enum action action, struct kerr *err)
{
	return action == ACTION_LOOK ? firewall_nft_differs(p, err) : firewall_nft_apply(p, err);
}

/* ---- legacy tables on a host that filters with nf_tables ---- */

/* The families (bits) in which the legacy policy drops what is forwarded. */
static unsigned closed_legacy(void)
{
	unsigned closed = 0;

	for (unsigned f = FIREWALL_IPV4; f <= FIREWALL_IPV6; f <<= 1) {
		cleanup_(xtc_freep) struct xtc *x = NULL;

		if (xtc_exists(f, FIREWALL_FILTER) && xtc_open(f, FIREWALL_FILTER, &x, NULL) == 0 &&
		    xtc_drops(x, firewall_builtin_name(FIREWALL_FORWARD)))
			closed |= f;
	}
	return closed;
}

/* The plan without what the opening has; only the arrays are the caller's. */
static void plan_without(const struct firewall_plan *p, const struct firewall_plan *opening,
			 struct firewall_plan *ret)
{
	*ret = (struct firewall_plan){ 0 };
	ret->hooks = xcalloc(p->n_hooks + 1, sizeof(*ret->hooks));
	for (size_t i = 0; i < p->n_hooks; i++)
		if (!streq(p->hooks[i].chain, opening->hooks[0].chain))
			ret->hooks[ret->n_hooks++] = p->hooks[i];
	ret->chains = xcalloc(p->n_chains + 1, sizeof(*ret->chains));
	for (size_t i = 0; i < p->n_chains; i++)
		if (!streq(p->chains[i].name, opening->chains[0].name))
			ret->chains[ret->n_chains++] = p->chains[i];
}

static int remove_legacy(const struct firewall_plan *p, unsigned families, enum action action,
			 struct kerr *err)
{
	return action == ACTION_LOOK ? firewall_iptc_has(p, families, err)
				     : firewall_iptc_remove(p, families, err);
}

static int open_legacy(const struct firewall_plan *p, unsigned closed, enum action action,
		       struct kerr *err)
{
	cleanup_(firewall_plan_clear) struct firewall_plan opening = { 0 };
	struct firewall_plan rest;
	int any, r;

	firewall_plan_opening(p, &opening);
	any = do_legacy(&opening, closed, action, err);
	if (any < 0)
		return any;
	plan_without(p, &opening, &rest);
	r = remove_legacy(&rest, closed, action, err);
	free(rest.hooks);
	free(rest.chains);
	return r < 0 ? r : any | r;
}

/* What is left of ours in tables that exist; what has to be opened there. */
static int tidy_legacy(const struct firewall_plan *p, enum action action, struct kerr *err)
{
	unsigned closed = closed_legacy();
	int any = closed ? open_legacy(p, closed, action, err) : 0;
	int r;

	if (any < 0)
		return any;
	r = remove_legacy(p, FIREWALL_BOTH & ~closed, action, err);
	return r < 0 ? r : any | r;
}

/* ---- nf_tables on a host that filters with legacy tables ---- */

static int tidy_nft(const struct firewall_plan *p, enum action action, struct kerr *err)
{
	return action == ACTION_LOOK ? firewall_nft_has(p, err) : firewall_nft_remove(p, err);
}

/* ---- both ---- */

/* The rules first, so that nothing is open that they close. */
static int act(const struct firewall_plan *p, const struct firewall_probe *probe,
	       enum action action, struct kerr *err)
{
	bool nft;
	int any, r;

	r = firewall_probe_check(probe, FIREWALL_IPV4, err);
	if (r < 0)
		return r;
	nft = firewall_probe_world(probe, FIREWALL_IPV4) == FIREWALL_WORLD_NFT;
	any = nft ? do_nft(p, action, err) : do_legacy(p, legacy_families(p, probe), action, err);
	if (any < 0)
		return any;
	r = action == ACTION_LOOK ? firewall_open_differs(p, err) : firewall_open_apply(p, err);
	any |= r;
	if (r >= 0)
		r = nft ? tidy_legacy(p, action, err) : tidy_nft(p, action, err);
	return r < 0 ? r : any | r;
}

int firewall_apply_probed(const struct firewall_plan *p, const struct firewall_probe *probe,
			  struct kerr *err)
{
	return act(p, probe, ACTION_APPLY, err);
}

int firewall_extend_probed(const char *tag, const struct firewall_set *sets, size_t n,
			   const struct firewall_probe *probe, struct kerr *err)
{
	enum firewall_world world = firewall_probe_world(probe, FIREWALL_IPV4);
	unsigned families = FIREWALL_IPV4;

	if (world == FIREWALL_WORLD_NFT)
		return firewall_nft_extend(tag, sets, n, err);
	if (world != FIREWALL_WORLD_LEGACY)
		return -ENOENT;
	if (firewall_probe_world(probe, FIREWALL_IPV6) == FIREWALL_WORLD_LEGACY)
		families = FIREWALL_BOTH;
	return firewall_iptc_extend(sets, n, families, err);
}

int firewall_apply(const struct firewall_plan *p, enum firewall_choice choice, struct kerr *err)
{
	struct firewall_probe probe;

	firewall_probe(choice, &probe);
	return act(p, &probe, ACTION_APPLY, err);
}

int firewall_differs(const struct firewall_plan *p, enum firewall_choice choice, struct kerr *err)
{
	struct firewall_probe probe;

	firewall_probe(choice, &probe);
	return act(p, &probe, ACTION_LOOK, err);
}

int firewall_remove(const struct firewall_plan *p, struct kerr *err)
{
	int any = firewall_iptc_remove(p, FIREWALL_BOTH, err), r;

	if (any < 0)
		return any;
	r = firewall_open_remove(p, err);
	if (r < 0)
		return r;
	any |= r;
	r = firewall_nft_remove(p, err);
	return r < 0 ? r : any | r;
}

int firewall_closed(const char *instance, struct strlist *ret, struct kerr *err)
{
	cleanup_(firewall_plan_clear) struct firewall_plan p = { 0 };
	const struct firewall_input none = { .instance = instance };

	firewall_plan_make(&none, &p);
	return firewall_open_closed(&p, ret, err);
}
