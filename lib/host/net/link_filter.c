/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

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
	IPV6_NEXT = ETH_HLEN + 6, /* RFC 8200 */
	IPV6_SOURCE = ETH_HLEN + 8,
	IPV6_END = ETH_HLEN + 40,
	ICMPV6_TYPE = IPV6_END, /* RFC 4443 */
	NEIGHBOUR_TARGET = IPV6_END + 8, /* RFC 4861, of solicitations and advertisements */
	NEIGHBOUR_END = IPV6_END + 24,
	OPTIONS_NEXT = IPV6_END, /* the shortest header of options has eight bytes */
	OPTIONS_LENGTH = IPV6_END + 1,
	OPTIONS_ICMPV6_TYPE = IPV6_END + 8,
};

#define LOCAL_PREFIX 0xfe800000 /* of link-local addresses; four bytes of zeros follow */
#define MLD2_REPORT 143 /* RFC 3810 */
#define PROGRAM_MAX 128

enum label {
	TO_ARP = 1,
	TO_IPV6,
	TO_SENDER,
	TO_UNSPECIFIED,
	TO_LOCAL,
	TO_NEXT,
	TO_ICMPV6,
	TO_OPTIONS,
	TO_TARGET,
	TO_TARGET_LOCAL,
	TO_PASS,
	TO_DROP,
	_LABEL_MAX,
};

/*
 * A program and where its labels are. A load from behind the end of a frame ends the program
 * with 0, which passes the frame: lengths are looked at first.
 */
struct program {
	struct sock_filter v[PROGRAM_MAX];
	uint16_t n;
	uint8_t jumps[PROGRAM_MAX]; /* the label that a jump leads to; 0: to what follows it */
	uint16_t at[_LABEL_MAX];
};

static void put(struct program *p, struct sock_filter what)
{
	assert(p->n < PROGRAM_MAX);
	p->v[p->n++] = what;
}

static void here(struct program *p, enum label l)
{
	p->at[l] = p->n;
}

static void load(struct program *p, uint16_t size, uint32_t at)
{
	put(p, (struct sock_filter) BPF_STMT(BPF_LD | BPF_ABS | size, at));
}

static void load_length(struct program *p)
{
	put(p, (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0));
}

static void jump(struct program *p, enum label to)
{
	p->jumps[p->n] = (uint8_t) to;
	put(p, (struct sock_filter) BPF_STMT(BPF_JMP | BPF_JA, 0));
}

/* Of what was loaded. */
static void jump_if(struct program *p, uint32_t value, enum label to)
{
	p->jumps[p->n] = (uint8_t) to;
	put(p, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 0));
}

static void ends(struct program *p, uint32_t verdict)
{
	put(p, (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, verdict));
}

static void drop_unless(struct program *p, uint32_t value)
{
	put(p, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
	ends(p, TC_ACT_SHOT);
}

static void drop_shorter(struct program *p, uint32_t length)
{
	load_length(p);
	put(p, (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, length, 1, 0));
	ends(p, TC_ACT_SHOT);
}

static void drop_other(struct program *p, uint16_t size, uint32_t at, uint32_t value)
{
	load(p, size, at);
	drop_unless(p, value);
}

/* All labels are behind the jumps that lead there, and near. */
static void link_jumps(struct program *p)
{
	for (uint16_t i = 0; i < p->n; i++) {
		unsigned to = p->jumps[i] ? p->at[p->jumps[i]] - i - 1U : 0;

		assert(to < 256);
		if (p->jumps[i] && BPF_OP(p->v[i].code) == BPF_JA)
			p->v[i].k = to;
		else if (p->jumps[i])
			p->v[i].jt = (uint8_t) to;
	}
}

struct sender {
	uint32_t mac_high, mac_low, ip;
	uint32_t ip6[4];
};

static void put_arp(struct program *p, const struct sender *s)
{
	here(p, TO_ARP);
	drop_shorter(p, ARP_END);
	drop_other(p, BPF_W, ARP_SENDER_MAC, s->mac_high);
	drop_other(p, BPF_H, ARP_SENDER_MAC + 4, s->mac_low);
	load(p, BPF_W, ARP_SENDER_IP);
	jump_if(p, 0, TO_PASS); /* an ARP probe (RFC 5227) */
	here(p, TO_SENDER); /* of ARP or IPv4 */
	drop_unless(p, s->ip);
	jump(p, TO_PASS);
}

/* The link-local address differs from the other one in the first half. */
static void put_ipv6_source(struct program *p, const struct sender *s)
{
	drop_shorter(p, IPV6_END);
	load(p, BPF_W, IPV6_SOURCE + 12);
	jump_if(p, 0, TO_UNSPECIFIED);
	drop_unless(p, s->ip6[3]);
	drop_other(p, BPF_W, IPV6_SOURCE + 8, s->ip6[2]);
	load(p, BPF_W, IPV6_SOURCE);
	jump_if(p, LOCAL_PREFIX, TO_LOCAL);
	drop_unless(p, s->ip6[0]);
	drop_other(p, BPF_W, IPV6_SOURCE + 4, s->ip6[1]);
	jump(p, TO_NEXT);
	here(p, TO_LOCAL);
	drop_other(p, BPF_W, IPV6_SOURCE + 4, 0);
}

static void put_ipv6_next(struct program *p)
{
	here(p, TO_NEXT);
	load(p, BPF_B, IPV6_NEXT);
	jump_if(p, IPPROTO_ICMPV6, TO_ICMPV6);
	jump_if(p, IPPROTO_HOPOPTS, TO_OPTIONS);
	jump_if(p, IPPROTO_ROUTING, TO_DROP);
	jump_if(p, IPPROTO_DSTOPTS, TO_DROP);
	jump(p, TO_PASS);
	here(p, TO_OPTIONS);
	drop_shorter(p, OPTIONS_ICMPV6_TYPE + 1);
	drop_other(p, BPF_B, OPTIONS_NEXT, IPPROTO_ICMPV6);
	drop_other(p, BPF_B, OPTIONS_LENGTH, 0);
	load(p, BPF_B, OPTIONS_ICMPV6_TYPE);
	jump_if(p, MLD_LISTENER_REPORT, TO_PASS);
	jump_if(p, MLD_LISTENER_REDUCTION, TO_PASS);
	jump_if(p, MLD2_REPORT, TO_PASS);
	jump(p, TO_DROP);
	here(p, TO_ICMPV6);
	drop_shorter(p, ICMPV6_TYPE + 1);
	load(p, BPF_B, ICMPV6_TYPE);
	jump_if(p, ND_ROUTER_ADVERT, TO_DROP);
	jump_if(p, ND_REDIRECT, TO_DROP);
	jump_if(p, ND_NEIGHBOR_ADVERT, TO_TARGET);
	jump(p, TO_PASS);
}

static void put_ipv6_target(struct program *p, const struct sender *s)
{
	here(p, TO_UNSPECIFIED);
	for (uint32_t i = 0; i < 3; i++)
		drop_other(p, BPF_W, IPV6_SOURCE + 4 * i, 0);
	drop_other(p, BPF_B, IPV6_NEXT, IPPROTO_ICMPV6);
	drop_shorter(p, ICMPV6_TYPE + 1);
	drop_other(p, BPF_B, ICMPV6_TYPE, ND_NEIGHBOR_SOLICIT);
	here(p, TO_TARGET);
	drop_shorter(p, NEIGHBOUR_END);
	drop_other(p, BPF_W, NEIGHBOUR_TARGET + 12, s->ip6[3]);
	drop_other(p, BPF_W, NEIGHBOUR_TARGET + 8, s->ip6[2]);
	load(p, BPF_W, NEIGHBOUR_TARGET);
	jump_if(p, LOCAL_PREFIX, TO_TARGET_LOCAL);
	drop_unless(p, s->ip6[0]);
	drop_other(p, BPF_W, NEIGHBOUR_TARGET + 4, s->ip6[1]);
	jump(p, TO_PASS);
	here(p, TO_TARGET_LOCAL);
	drop_other(p, BPF_W, NEIGHBOUR_TARGET + 4, 0);
	jump(p, TO_PASS);
}

static void make_program(struct program *p, const struct sender *s, bool ipv6)
{
	drop_shorter(p, ETH_HLEN);
	drop_other(p, BPF_W, (uint32_t) (SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT), 0);
	drop_other(p, BPF_W, SOURCE_MAC, s->mac_high);
	drop_other(p, BPF_H, SOURCE_MAC + 4, s->mac_low);
	load(p, BPF_H, ETHER_TYPE);
	jump_if(p, ETH_P_ARP, TO_ARP);
	if (ipv6)
		jump_if(p, ETH_P_IPV6, TO_IPV6);
	drop_unless(p, ETH_P_IP);
	drop_shorter(p, IPV4_END);
	load(p, BPF_W, IPV4_SOURCE);
	jump(p, TO_SENDER);
	put_arp(p, s);
	if (ipv6) {
		here(p, TO_IPV6);
		put_ipv6_source(p, s);
		put_ipv6_next(p);
		put_ipv6_target(p, s);
	}
	here(p, TO_DROP);
	ends(p, TC_ACT_SHOT);
	here(p, TO_PASS);
	ends(p, TC_ACT_OK);
	link_jumps(p);
}

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

static uint32_t be32(const uint8_t *b)
{
	return (uint32_t) b[0] << 24 | (uint32_t) b[1] << 16 | (uint32_t) b[2] << 8 | b[3];
}

int link_filter_set(struct rt_sock *sk, unsigned ifindex, const uint8_t mac[LINK_MAC_SIZE],
		    uint32_t addr, const struct ipnet *addr6, struct kerr *err)
{
	struct sender sender = { .mac_high = be32(mac),
				 .mac_low = (uint32_t) mac[4] << 8 | mac[5],
				 .ip = addr };
	struct program program = { 0 };
	struct rt_answer answer = { 0 };
	struct rt_msg *msgs[2];
	int r;

	for (unsigned i = 0; i < 4; i++)
		sender.ip6[i] = be32(addr6->addr + 4 * i);
	make_program(&program, &sender, addr6->family != IPNET_NONE);
	msgs[0] = tc_msg(RTM_NEWQDISC, ifindex, TC_H_MAKE(TC_H_CLSACT, 0), TC_H_CLSACT, 0);
	rt_put_str(msgs[0], TCA_KIND, "clsact");
	msgs[1] = filter_msg(ifindex, program.v, program.n);
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
