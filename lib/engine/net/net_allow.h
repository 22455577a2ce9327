/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NET_ALLOW_H
#define KUKEON_NET_ALLOW_H

#include "context.h"

/*
 * kuke allow: open a destination to a space whose policy denies, for a while, or take that
 * back. The rule is in force when this returns; a pass ends it. Waits for the resolver.
 */
int net_allow(struct engine *e, const struct rpc_allow_egress_args *args,
	      struct rpc_allow_egress_result *ret, struct kerr *err);

#endif
