/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_WHY_H
#define KUKEON_NET_WHY_H

#include "context.h"
#include "methods.h"

/*
 * Whether the rules let a cell begin connections to a host, address by address, why, and what
 * would have to be added to the policy of its space. A name has the addresses that stand for it
 * in the rules, or else those that the host's resolver gives now: the caller holds no lock, for
 * that may take ten seconds. -ENOENT for a cell that does not exist.
 */
int net_why(struct engine *e, const struct rpc_why_denied_args *args,
	    struct rpc_why_denied_result *ret, struct kerr *err);

#endif
