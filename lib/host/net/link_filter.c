/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "link_filter.h"

/* ---- the program ---- */

/* Offsets in an Ethernet frame. */
enum {
	SOURCE_MAC = 6,
	ETHER_TYPE = 12,
	IPV4_SOURCE = ETH_HLEN + 12, /* RFC 791 */
	IPV4_END = ETH_HLEN + 20,
	ARP_SENDER_MAC = ETH_HLEN + 8, /* RFC 826, for Ethernet and IPv4 */
	ARP_SENDER_IP = ETH_HLEN + 14,
	ARP_END = ETH_HLEN + 28,
};

/*
 * A load from behind the end of a frame ends the program with 0, which passes the frame:
 * lengths come first. A jump that does not match goes to the next statement, DROP. An ARP
 * probe (RFC 5227) has the sender 0.0.0.0.
 */
#define LOAD(size, at) BPF_STMT(BPF_LD | BPF_ABS | (size), (uint32_t) (at))
#define UNLESS_EQ(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 1, 0)
#define UNLESS_LONG(n) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (n), 1, 0)
#define LENGTH BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0)
#define DROP BPF_STMT(BPF_RET | BPF_K, TC_ACT_SHOT)
#define PASS BPF_STMT(BPF_RET | BPF_K, TC_ACT_OK)

/* clang-format off */
#define PROGRAM(mac_high, mac_low, ip)                                          \
	{                                                                       \
		LENGTH, UNLESS_LONG(ETH_HLEN), DROP,                            \
		LOAD(BPF_W, SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT),              \
			UNLESS_EQ(0), DROP,                                     \
		LOAD(BPF_W, SOURCE_MAC), UNLESS_EQ(mac_high), DROP,             \
		LOAD(BPF_H, SOURCE_MAC + 4), UNLESS_EQ(mac_low), DROP,          \
		LOAD(BPF_H, ETHER_TYPE),                                        \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 7, 0),           \
		UNLESS_EQ(ETH_P_IP), DROP,                                      \
		LENGTH, UNLESS_LONG(IPV4_END), DROP,                            \
		LOAD(BPF_W, IPV4_SOURCE),                                       \
		BPF_JUMP(BPF_JMP | BPF_JA, 12, 0, 0),                           \
		/* ARP */                                                       \
		LENGTH, UNLESS_LONG(ARP_END), DROP,                             \
		LOAD(BPF_W, ARP_SENDER_MAC), UNLESS_EQ(mac_high), DROP,         \
		LOAD(BPF_H, ARP_SENDER_MAC + 4), UNLESS_EQ(mac_low), DROP,      \
		LOAD(BPF_W, ARP_SENDER_IP),                                     \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), PASS,             \
		/* the sender of either */                                      \
		UNLESS_EQ(ip), DROP, PASS,                                      \
	}
/* clang-format on */

/* ---- messages ---- */

static struct rt_msg *tc_msg(int type, unsigned ifindex, uint32_t handle, uint32_t parent,
			     uint32_t info)
{
	const struct tcmsg head = { .tcm_family = AF_UNSPEC,
				    .tcm_ifindex = (int) ifindex,
				    .tcm_handle = handle,
				    .tcm_parent = parent,
				    .tcm_info = info };

	return rt_msg_new(type, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
}

static struct rt_msg *filter_msg(unsigned ifindex, const struct sock_filter *program, uint16_t n)
{
	const uint32_t priority = 1;
	struct rt_msg *msg =
		tc_msg(RTM_NEWTFILTER, ifindex, 0, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
		       priority << 16 | htons(ETH_P_ALL));
	struct nlattr *options;

	rt_put_str(msg, TCA_KIND, "bpf");
	options = rt_nest(msg, TCA_OPTIONS);
	rt_put_u32(msg, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	rt_put(msg, TCA_BPF_OPS_LEN, &n, sizeof(n));
	rt_put(msg, TCA_BPF_OPS, program, n * sizeof(*program));
	rt_nest_end(msg, options);
	return msg;
}

int link_filter_set(struct rt_sock *sk, unsigned ifindex, const uint8_t mac[LINK_MAC_SIZE],
		    uint32_t addr, struct kerr *err)
{
	const uint32_t high =
		(uint32_t) mac[0] << 24 | (uint32_t) mac[1] << 16 | (uint32_t) mac[2] << 8 | mac[3];
	const uint32_t low = (uint32_t) mac[4] << 8 | mac[5];
	const struct sock_filter program[] = PROGRAM(high, low, addr);
	struct rt_answer answer = { 0 };
	struct rt_msg *msgs[2];
	int r;

	msgs[0] = tc_msg(RTM_NEWQDISC, ifindex, TC_H_MAKE(TC_H_CLSACT, 0), TC_H_CLSACT, 0);
	rt_put_str(msgs[0], TCA_KIND, "clsact");
	msgs[1] = filter_msg(ifindex, program, ARRAY_SIZE(program));
	r = rt_talk(sk, msgs, ARRAY_SIZE(msgs), &answer);
	for (size_t i = 0; i < ARRAY_SIZE(msgs); i++)
		rt_msg_freep(&msgs[i]);
	if (r == -ENOENT || r == -EOPNOTSUPP)
		return kerr_plain(
			err, -EOPNOTSUPP,
			"this kernel cannot filter what a device sends (clsact, cls_bpf)%s",
			answer.message);
	return r < 0 ? kerr_set(err, r, "filter the addresses of a link%s", answer.message) : 0;
}
