/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_BRIDGE_FENCE_H
#define KUKEON_BRIDGE_FENCE_H

#include "err.h"
#include "fence.h"
#include "rt.h"

/*
 * Bring the fence of a bridge in line (rtnetlink, tc-bpf(8)): put it there, change it or,
 * if f has no programs, take it away. While it is changed, a packet is judged by the old
 * one, by the new one, or passes what either of them allows. Filters of others at that place
 * are left alone. 1 changed, 0 it was so; -ENODEV if there is no such device, -EOPNOTSUPP,
 * with a message, if the kernel cannot filter there (clsact, cls_bpf).
 */
int bridge_fence_set(struct rt_sock *sk, const char *bridge, const struct fence *f,
		     struct kerr *err);

/* 1 if bridge_fence_set would change something, 0 if not. */
int bridge_fence_differs(struct rt_sock *sk, const char *bridge, const struct fence *f,
			 struct kerr *err);

#endif
