/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TC_H
#define KUKEON_TC_H

#include <linux/filter.h>

#include "rt.h"

/*
 * Requests to traffic control, for filters that see what comes into a device: tc-bpf(8),
 * linux/pkt_sched.h, linux/pkt_cls.h. The kernel answers -ENOENT or -EOPNOTSUPP where it has
 * neither clsact nor cls_bpf (CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF). Messages are the
 * caller's (rt.h).
 */

/* Where filters hang. -EEXIST: the device has it. */
struct rt_msg *tc_clsact_msg(unsigned ifindex);

/*
 * About filters of incoming packets (RTM_NEWTFILTER, …): those of a priority, from 1 on; 0:
 * all. The kernel asks them in the order of their priorities.
 */
struct rt_msg *tc_filter_msg(int type, int flags, unsigned ifindex, uint32_t priority);

/*
 * A new filter: a program of classic BPF, whose result is the verdict. instead: the handle of one
 * of that priority whose place it takes at once, for each packet; 0: of none.
 */
struct rt_msg *tc_bpf_msg(unsigned ifindex, uint32_t priority, uint32_t instead,
			  const struct sock_filter *program, uint16_t n);

#endif
