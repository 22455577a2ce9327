/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "tc.h"

struct rt_msg *tc_clsact_msg(unsigned ifindex)
{
	const struct tcmsg head = { .tcm_family = AF_UNSPEC,
				    .tcm_ifindex = (int) ifindex,
				    .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
				    .tcm_parent = TC_H_CLSACT };
	struct rt_msg *msg =
		rt_msg_new(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));

	rt_put_str(msg, TCA_KIND, "clsact");
	return msg;
}

struct rt_msg *tc_filter_msg(int type, int flags, unsigned ifindex, uint32_t priority)
{
	const struct tcmsg head = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int) ifindex,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
		.tcm_info = priority ? priority << 16 | htons(ETH_P_ALL) : 0,
	};

	return rt_msg_new(type, flags, &head, sizeof(head));
}

struct rt_msg *tc_bpf_msg(unsigned ifindex, uint32_t priority, uint32_t instead,
			  const struct sock_filter *program, uint16_t n)
{
	const struct tcmsg head = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int) ifindex,
		.tcm_handle = instead,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
		.tcm_info = priority << 16 | htons(ETH_P_ALL),
	};
	struct rt_msg *msg = rt_msg_new(RTM_NEWTFILTER, instead ? 0 : NLM_F_CREATE | NLM_F_EXCL,
					&head, sizeof(head));
	struct nlattr *options;

	rt_put_str(msg, TCA_KIND, "bpf");
	options = rt_nest(msg, TCA_OPTIONS);
	rt_put_u32(msg, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	rt_put(msg, TCA_BPF_OPS_LEN, &n, sizeof(n));
	rt_put(msg, TCA_BPF_OPS, program, n * sizeof(*program));
	rt_nest_end(msg, options);
	return msg;
}
