/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>

#include "bpf.h"
#include "link_filter.h"
#include "tc.h"

/* ---- the program ---- */

/* Behind the header of IPv6. */
enum {
	ICMPV6_TYPE = V6_END, /* RFC 4443 */
	NEIGHBOUR_TARGET = V6_END + 8, /* RFC 4861, of solicitations and advertisements */
	NEIGHBOUR_END = V6_END + 24,
	OPTIONS_NEXT = V6_END, /* the shortest header of options has eight bytes */
	OPTIONS_LENGTH = V6_END + 1,
	OPTIONS_ICMPV6_TYPE = V6_END + 8,
};

#define LOCAL_PREFIX 0xfe800000 /* of link-local addresses; four bytes of zeros follow */
#define MLD2_REPORT 143 /* RFC 3810 */
#define PROGRAM_MAX 128

/* The labels of the texts below. */
enum {
	L_ARP = 1,
	L_SENDER,
	L_OTHER,
	L_UNSPECIFIED,
	L_LOCAL,
	L_NEXT,
	L_ICMPV6,
	L_OPTIONS,
	L_TARGET,
	L_TARGET_LOCAL,
	L_PASS,
	L_DROP,
};

struct program {
	struct sock_filter v[PROGRAM_MAX];
	uint16_t n;
};

struct sender {
	const uint8_t *mac;
	uint32_t ip;
	const uint8_t *ip6;
};

static void append(struct program *p, const struct sock_filter *text, size_t n)
{
	assert(p->n + n <= PROGRAM_MAX);
	bpf_append(p->v, &p->n, text, n);
}

/* Judges ARP and IPv4, and drops what has a wrong MAC; the rest goes on behind it. */
static void add_ipv4(struct program *p, const struct sender *s)
{
	const uint32_t mac_low = bpf_word(s->mac + 2) & 0xffff;
	const struct sock_filter text[] = {
		IF_LONG(ETH_HLEN, ON, L_DROP),
		IF_FIELD(BPF_W, SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT, 0, ON, L_DROP),
		IF_FIELD(BPF_W, ETHER_SOURCE, bpf_word(s->mac), ON, L_DROP),
		IF_FIELD(BPF_H, ETHER_SOURCE + 4, mac_low, ON, L_DROP),
		LOAD(BPF_H, ETHER_TYPE),
		IF_EQ(ETH_P_ARP, L_ARP, ON),
		IF_EQ(ETH_P_IP, ON, L_OTHER),
		IF_LONG(V4_END, ON, L_DROP),
		LOAD(BPF_W, V4_SOURCE),
		GOTO(L_SENDER),
		LABEL(L_ARP),
		IF_LONG(ARP_END, ON, L_DROP),
		IF_FIELD(BPF_W, ARP_SENDER_MAC, bpf_word(s->mac), ON, L_DROP),
		IF_FIELD(BPF_H, ARP_SENDER_MAC + 4, mac_low, ON, L_DROP),
		LOAD(BPF_W, ARP_SENDER_IP),
		IF_EQ(0, L_PASS, ON), /* an ARP probe (RFC 5227) */
		LABEL(L_SENDER), /* of ARP or IPv4 */
		IF_EQ(s->ip, L_PASS, L_DROP),
		LABEL(L_PASS),
		PASS,
		LABEL(L_DROP),
		DROP,
		LABEL(L_OTHER),
	};

	append(p, text, ARRAY_SIZE(text));
}

/* The link-local address differs from the other one in the first half. */
static void add_ipv6(struct program *p, const struct sender *s)
{
	const uint32_t half[2] = { bpf_word(s->ip6), bpf_word(s->ip6 + 4) };
	const uint32_t last[2] = { bpf_word(s->ip6 + 8), bpf_word(s->ip6 + 12) };
	const struct sock_filter text[] = {
		IF_FIELD(BPF_H, ETHER_TYPE, ETH_P_IPV6, ON, L_DROP),
		IF_LONG(V6_END, ON, L_DROP),
		LOAD(BPF_W, V6_SOURCE + 12),
		IF_EQ(0, L_UNSPECIFIED, ON),
		IF_EQ(last[1], ON, L_DROP),
		IF_FIELD(BPF_W, V6_SOURCE + 8, last[0], ON, L_DROP),
		LOAD(BPF_W, V6_SOURCE),
		IF_EQ(LOCAL_PREFIX, L_LOCAL, ON),
		IF_EQ(half[0], ON, L_DROP),
		IF_FIELD(BPF_W, V6_SOURCE + 4, half[1], L_NEXT, L_DROP),
		LABEL(L_LOCAL),
		IF_FIELD(BPF_W, V6_SOURCE + 4, 0, ON, L_DROP),
		LABEL(L_NEXT),
		LOAD(BPF_B, V6_NEXT),
		IF_EQ(IPPROTO_ICMPV6, L_ICMPV6, ON),
		IF_EQ(IPPROTO_HOPOPTS, L_OPTIONS, ON),
		IF_EQ(IPPROTO_ROUTING, L_DROP, ON),
		IF_EQ(IPPROTO_DSTOPTS, L_DROP, L_PASS),
		LABEL(L_OPTIONS),
		IF_LONG(OPTIONS_ICMPV6_TYPE + 1, ON, L_DROP),
		IF_FIELD(BPF_B, OPTIONS_NEXT, IPPROTO_ICMPV6, ON, L_DROP),
		IF_FIELD(BPF_B, OPTIONS_LENGTH, 0, ON, L_DROP),
		LOAD(BPF_B, OPTIONS_ICMPV6_TYPE),
		IF_EQ(MLD_LISTENER_REPORT, L_PASS, ON),
		IF_EQ(MLD_LISTENER_REDUCTION, L_PASS, ON),
		IF_EQ(MLD2_REPORT, L_PASS, L_DROP),
		LABEL(L_ICMPV6),
		IF_LONG(ICMPV6_TYPE + 1, ON, L_DROP),
		LOAD(BPF_B, ICMPV6_TYPE),
		IF_EQ(ND_ROUTER_ADVERT, L_DROP, ON),
		IF_EQ(ND_REDIRECT, L_DROP, ON),
		IF_EQ(ND_NEIGHBOR_ADVERT, L_TARGET, L_PASS),
		LABEL(L_UNSPECIFIED),
		IF_FIELD(BPF_W, V6_SOURCE, 0, ON, L_DROP),
		IF_FIELD(BPF_W, V6_SOURCE + 4, 0, ON, L_DROP),
		IF_FIELD(BPF_W, V6_SOURCE + 8, 0, ON, L_DROP),
		IF_FIELD(BPF_B, V6_NEXT, IPPROTO_ICMPV6, ON, L_DROP),
		IF_LONG(ICMPV6_TYPE + 1, ON, L_DROP),
		IF_FIELD(BPF_B, ICMPV6_TYPE, ND_NEIGHBOR_SOLICIT, ON, L_DROP),
		LABEL(L_TARGET),
		IF_LONG(NEIGHBOUR_END, ON, L_DROP),
		IF_FIELD(BPF_W, NEIGHBOUR_TARGET + 12, last[1], ON, L_DROP),
		IF_FIELD(BPF_W, NEIGHBOUR_TARGET + 8, last[0], ON, L_DROP),
		LOAD(BPF_W, NEIGHBOUR_TARGET),
		IF_EQ(LOCAL_PREFIX, L_TARGET_LOCAL, ON),
		IF_EQ(half[0], ON, L_DROP),
		IF_FIELD(BPF_W, NEIGHBOUR_TARGET + 4, half[1], L_PASS, L_DROP),
		LABEL(L_TARGET_LOCAL),
		IF_FIELD(BPF_W, NEIGHBOUR_TARGET + 4, 0, L_PASS, L_DROP),
		LABEL(L_PASS),
		PASS,
		LABEL(L_DROP),
		DROP,
	};

	append(p, text, ARRAY_SIZE(text));
}

static void make_program(struct program *p, const struct sender *s)
{
	const struct sock_filter drop = DROP;

	add_ipv4(p, s);
	if (s->ip6)
		add_ipv6(p, s);
	else
		append(p, &drop, 1);
}

/* ---- setting it ---- */

int link_filter_set(struct rt_sock *sk, unsigned ifindex, const uint8_t mac[LINK_MAC_SIZE],
		    uint32_t addr, const struct ipnet *addr6, struct kerr *err)
{
	const struct sender sender = { .mac = mac,
				       .ip = addr,
				       .ip6 = addr6->family != IPNET_NONE ? addr6->addr : NULL };
	struct program program = { 0 };
	struct rt_answer answer = { 0 };
	struct rt_msg *msgs[2];
	int r;

	make_program(&program, &sender);
	msgs[0] = tc_clsact_msg(ifindex);
	msgs[1] = tc_bpf_msg(ifindex, 1, 0, program.v, program.n);
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
