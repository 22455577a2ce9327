/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_EGRESS_H
#define KUKEON_NET_EGRESS_H

#include "context.h"
#include "firewall_plan.h"
#include "names_opened.h"
#include "resolve.h"

/*
 * The egress policy of a space: read, its host names kept current, and what of it the
 * planner of the firewall and the cells' hosts file are told.
 */

/*
 * The policy as it is stored. 1 and *ret (a document, cleared by the caller) if there is
 * one that has an effect, 0 if there is none, an error if the document cannot be read.
 */
int net_egress_load(struct engine *e, const struct addr *space, struct space_doc *ret,
		    struct kerr *err);

/*
 * Add the temporary rules of the space (temporary.h) to a policy that denies, in d->status and
 * behind its own rules: net_egress_load has done it. What comes of it is not for storing.
 */
void net_egress_add_temporary(struct engine *e, const struct addr *space, struct space_doc *d);

/*
 * Whether this host can enforce the policy: -EOPNOTSUPP, with a message, for one that
 * denies where packets of a family that the kernel has cannot be filtered.
 */
int net_egress_check(struct engine *e, const struct egress_policy *p, struct kerr *err);

/*
 * Ask for the host names of a policy that have no addresses on record. An error names the
 * first that has none. Waits for the resolver: the caller holds no lock of a cell or above.
 */
int net_egress_ask(struct engine *e, const struct addr *space, const struct egress_policy *p,
		   struct resolve *ret, struct kerr *err);

/*
 * Put what was answered on record, for names of the policy and of temporary rules. The caller
 * holds the space's lock. 1 changed, 0 not.
 */
int net_egress_keep(struct engine *e, const struct addr *space, const struct egress_policy *p,
		    const struct resolve *answers, struct kerr *err);

/* Want the addresses of all host names of a policy. */
void net_egress_names(const struct egress_policy *p, struct resolve *ret);

/*
 * Why a name of the policy has no current addresses: a line for the space's message, owned
 * by the caller; NULL if all have.
 */
char *net_egress_trouble(struct engine *e, const struct addr *space);

/* What a policy allows, as the planner takes it. */
struct net_egress_rules {
	struct firewall_allow *v;
	size_t n;
};

void net_egress_rules_clear(struct net_egress_rules *r);

/*
 * Whether a rule with a name opens an address that the name has: not one that only the host, its
 * link or its own network has, unless a rule with a cidr has that address, too. Who answers for a
 * name in the world would open those otherwise. Pure.
 */
bool net_egress_opens(const struct egress_policy *p, const struct ipnet *addr);

/* p NULL: nothing. The last n_temporary rules of p are told apart by their tags. Pure. */
struct egress_hosts;
void net_egress_rules_make(const struct egress_policy *p, size_t n_temporary,
			   const struct egress_hosts *hosts, int64_t now,
			   struct net_egress_rules *ret);

/* The same time by the wall clock and by clock_ms(). */
struct net_egress_now {
	int64_t sec;
	int64_t ms;
};

/* Whose addresses rules with names have. */
struct net_egress_names {
	const struct egress_policy *policy; /* may be NULL */
	size_t n_temporary; /* of its rules, the last ones */
	const struct egress_hosts *hosts;
	struct net_egress_now now;
};

/*
 * Add, for each rule with a name or a pattern, the addresses that answers to queries have opened
 * and hosts has not. Pure.
 */
void net_egress_rules_add_opened(const struct net_egress_names *names, const struct opened *opened,
				 struct net_egress_rules *ret);

/*
 * Add one more address to the i-th of rules that were made so. NULL: that one does not open it;
 * else what it has of it now, valid until the next. Pure.
 */
const struct firewall_address *net_egress_rules_open(const struct net_egress_names *names,
						     struct net_egress_rules *rules, size_t i,
						     const struct opened_addr *a);

/*
 * Lines of a hosts file: under a policy that denies, the allowed names with the addresses
 * that the rules admit and a cell can use. Where the resolver of cells answers (kukedns), only
 * those that the host itself has from its hosts file, which no resolver knows.
 */
void net_egress_add_hosts(struct engine *e, const struct addr *space, struct buf *out);

#endif
