/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_OPEN_H
#define KUKEON_NET_OPEN_H

#include "context.h"
#include "conntrack.h"
#include "fence.h"
#include "firewall_world.h"
#include "names_opened.h"
#include "rt.h"

/*
 * Opens addresses that answers to queries had (names_opened.h): a cell waits for it. What the
 * rules of a space are made of is kept between two openings, so that one is an element of a set
 * and a new fence; after another process wrote rules, all is read and written again instead.
 */

/* Of one process; zeroed, it knows nothing. */
struct net_opener {
	uint64_t epoch; /* since when what is known of spaces holds */
	struct firewall_probe probe; /* of that time */
	struct rt_sock *rt; /* see net_opener_rt */
};

/*
 * A socket of rtnetlink, opened once for all that an answer needs; the opener's. NULL: none. After
 * an error it may be in the middle of a reply: who got it closes o->rt, and the next call opens
 * another one.
 */
struct rt_sock *net_opener_rt(struct net_opener *o);
/* Close the socket, and know nothing. */
void net_opener_clear(struct net_opener *o);

/* What is known of one space. */
struct net_open;
struct net_open *net_open_free(struct net_open *s);

/*
 * Bring the rules and the fence of a space to what is on record as open, which fresh was added to;
 * NULL: nothing is known of what was added or went. *s: of that space, NULL at first; the caller's.
 */
int net_open(struct engine *e, struct net_opener *o, const struct addr *space,
	     const struct opened *fresh, struct net_open **s, struct kerr *err);

/*
 * Know what the rules of a space are made of, without writing them: who changed it does that. 1:
 * it is known anew, 0 it was.
 */
int net_open_learn(struct engine *e, struct net_opener *o, const struct addr *space,
		   struct net_open **s, struct kerr *err);

/* The fence that it has or is to have; NULL: none. */
const struct fence *net_open_fence(const struct net_open *s);

/* Whether a rule lets a connection of the space begin, as far as the rules are known. */
bool net_open_lets(const struct net_open *s, const struct conntrack_flow *f);

#endif
