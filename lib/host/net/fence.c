/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "bpf.h"
#include "fence.h"
#include "vec.h"

/* Below are services; from here on the kernel gives ports to clients (ip_local_port_range). */
#define CLIENT_PORTS 32768
#define TCP_ACK_OR_RST 0x14
/* Both with what surrounds them fit in a program, and in a jump: over 255 instructions at most. */
#define PORTS_AT_ONCE 48
#define ADDRS_AT_ONCE 64

/* In the headers that follow. */
enum {
	TCP_FLAGS = 13, /* RFC 9293 */
	TCP_END = 20,
	UDP_END = 8,
	ICMP_END = 8,
};

/* What a program remembers of a packet. */
enum {
	M_PROTO,
	M_SOURCE,
	M_DEST,
	M_SPORT, /* 0 if there are none */
	M_DPORT,
	M_LENGTH, /* of a frame of IPv4, less that of its IP header */
};

/* The labels of the texts below. */
enum {
	MISS = 1,
	HIT,
	L_PASS,
	L_DROP,
	L_NEXT,
	L_TCP,
	L_UDP,
	L_ICMP,
	L_NO_PORTS,
	L_PORT,
};

/* To a program with room for it. */
static void append(struct fence_program *p, const struct sock_filter *text, size_t n)
{
	bpf_append(p->v, &p->n, text, n);
}

static struct fence_program *add_program(struct fence *f)
{
	return vec_grow(&f->v, &f->n, sizeof(*f->v));
}

/* ---- what passes every fence ---- */

/* The later parts of a datagram pass: without the first one, judged here, they are of no use. */
static void add_answers_ipv4(struct fence *f, uint32_t gateway)
{
	const struct sock_filter text[] = {
		LOAD(BPF_H, ETHER_TYPE),
		IF_EQ(ETH_P_ARP, L_PASS, ON),
		IF_EQ(ETH_P_IP, ON, L_NEXT),
		IF_LONG(V4_END, ON, L_DROP),
		LOAD(BPF_H, V4_FRAGMENT),
		IF_BITS(0x1fff, L_PASS, ON),
		IPV4_HEADER_TO_X,
		LENGTH,
		LESS_X,
		REMEMBER(M_LENGTH),
		LOAD(BPF_B, V4_PROTO),
		IF_EQ(IPPROTO_TCP, L_TCP, ON),
		IF_EQ(IPPROTO_UDP, L_UDP, ON),
		IF_EQ(IPPROTO_ICMP, L_ICMP, L_NEXT),
		LABEL(L_TCP),
		RECALL(M_LENGTH),
		IF_GE(ETH_HLEN + TCP_END, ON, L_DROP),
		LOAD_X(BPF_B, ETH_HLEN + TCP_FLAGS),
		IF_BITS(TCP_ACK_OR_RST, L_PASS, L_NEXT),
		LABEL(L_UDP),
		RECALL(M_LENGTH),
		IF_GE(ETH_HLEN + UDP_END, ON, L_DROP),
		LOAD_X(BPF_H, ETH_HLEN + 2),
		IF_GE(CLIENT_PORTS, ON, L_NEXT),
		LOAD(BPF_W, V4_DEST),
		IF_EQ(gateway, L_PASS, ON),
		LOAD_X(BPF_H, ETH_HLEN),
		IF_GE(CLIENT_PORTS, L_NEXT, L_PASS),
		LABEL(L_ICMP),
		RECALL(M_LENGTH),
		IF_GE(ETH_HLEN + ICMP_END, ON, L_DROP),
		LOAD(BPF_W, V4_DEST),
		IF_EQ(gateway, L_PASS, ON),
		LOAD_X(BPF_B, ETH_HLEN),
		IF_EQ(ICMP_ECHOREPLY, L_PASS, ON),
		IF_EQ(ICMP_DEST_UNREACH, L_PASS, ON),
		IF_EQ(ICMP_TIME_EXCEEDED, L_PASS, L_NEXT),
		LABEL(L_PASS),
		PASS,
		LABEL(L_DROP),
		DROP,
		LABEL(L_NEXT),
		NEXT,
	};

	append(add_program(f), text, ARRAY_SIZE(text));
}

/*
 * ICMPv6 is how neighbours and routers are asked for (RFC 4861) and groups joined (RFC 3810).
 * Only an echo request may leave the link: it passes to the gateway and on the link.
 */
static void add_answers_ipv6(struct fence *f, const struct ipnet *gateway)
{
	const struct sock_filter text[] = {
		LOAD(BPF_H, ETHER_TYPE),
		IF_EQ(ETH_P_IPV6, ON, L_NEXT),
		IF_LONG(V6_END, ON, L_DROP),
		LOAD(BPF_B, V6_NEXT),
		IF_EQ(IPPROTO_ICMPV6, L_ICMP, ON),
		IF_EQ(IPPROTO_TCP, L_TCP, ON),
		IF_EQ(IPPROTO_UDP, L_UDP, L_NEXT),
		LABEL(L_TCP),
		IF_LONG(V6_END + TCP_END, ON, L_DROP),
		LOAD(BPF_B, V6_END + TCP_FLAGS),
		IF_BITS(TCP_ACK_OR_RST, L_PASS, L_NEXT),
		LABEL(L_UDP),
		IF_LONG(V6_END + UDP_END, ON, L_DROP),
		LOAD(BPF_H, V6_END + 2),
		IF_GE(CLIENT_PORTS, ON, L_NEXT),
		IF_ADDR6(V6_DEST, gateway->addr, L_PASS, MISS),
		LABEL(MISS),
		LOAD(BPF_H, V6_END),
		IF_GE(CLIENT_PORTS, L_NEXT, L_PASS),
		LABEL(L_ICMP),
		IF_LONG(V6_END + ICMP_END, ON, L_DROP),
		LOAD(BPF_B, V6_END),
		IF_EQ(ICMPV6_ECHO_REQUEST, ON, L_PASS),
		LOAD(BPF_H, V6_DEST),
		IF_GE(0xff00, L_PASS, ON), /* ff00::/8 */
		AND(0xffc0),
		IF_EQ(0xfe80, L_PASS, ON), /* fe80::/10 */
		IF_ADDR6(V6_DEST, gateway->addr, L_PASS, L_NEXT),
		LABEL(L_PASS),
		PASS,
		LABEL(L_DROP),
		DROP,
		LABEL(L_NEXT),
		NEXT,
	};

	append(add_program(f), text, ARRAY_SIZE(text));
}

/* ---- what one fence lets pass ---- */

/* A fence in the making; the program that allowances of a family are added to. */
struct making {
	struct fence *f;
	enum ipnet_family family;
	bool begun; /* the last program of f is one of this family */
};

/* What every program of allowances begins with: it looks at one family, and remembers. */
static void begin_ipv4(struct fence_program *p)
{
	const struct sock_filter text[] = {
		LOAD(BPF_H, ETHER_TYPE),
		IF_EQ(ETH_P_IP, HIT, ON),
		NEXT,
		LABEL(HIT),
		LOAD(BPF_W, V4_SOURCE),
		REMEMBER(M_SOURCE),
		LOAD(BPF_W, V4_DEST),
		REMEMBER(M_DEST),
		NUMBER(0),
		REMEMBER(M_SPORT),
		REMEMBER(M_DPORT),
		LOAD(BPF_B, V4_PROTO),
		REMEMBER(M_PROTO),
		IF_EQ(IPPROTO_TCP, L_TCP, ON),
		IF_EQ(IPPROTO_UDP, L_TCP, L_NO_PORTS),
		LABEL(L_TCP),
		IPV4_HEADER_TO_X,
		LOAD_X(BPF_H, ETH_HLEN),
		REMEMBER(M_SPORT),
		LOAD_X(BPF_H, ETH_HLEN + 2),
		REMEMBER(M_DPORT),
		LABEL(L_NO_PORTS),
	};

	append(p, text, ARRAY_SIZE(text));
}

static void begin_ipv6(struct fence_program *p)
{
	const struct sock_filter text[] = {
		LOAD(BPF_H, ETHER_TYPE),
		IF_EQ(ETH_P_IPV6, HIT, ON),
		NEXT,
		LABEL(HIT),
		NUMBER(0),
		REMEMBER(M_SPORT),
		REMEMBER(M_DPORT),
		LOAD(BPF_B, V6_NEXT),
		REMEMBER(M_PROTO),
		IF_EQ(IPPROTO_TCP, L_TCP, ON),
		IF_EQ(IPPROTO_UDP, L_TCP, L_NO_PORTS),
		LABEL(L_TCP),
		LOAD(BPF_H, V6_END),
		REMEMBER(M_SPORT),
		LOAD(BPF_H, V6_END + 2),
		REMEMBER(M_DPORT),
		LABEL(L_NO_PORTS),
	};

	append(p, text, ARRAY_SIZE(text));
}

static void finish(struct making *m)
{
	const struct sock_filter next = NEXT;

	if (m->begun)
		append(&m->f->v[m->f->n - 1], &next, 1);
	m->begun = false;
}

/* A text that jumps to MISS, its end, where a packet does not fit, and else passes it. */
static void allow(struct making *m, const struct sock_filter *text, size_t n)
{
	if (m->begun && m->f->v[m->f->n - 1].n + n + 2 > FENCE_PROGRAM_MAX)
		finish(m);
	if (!m->begun && m->family == IPNET_V4)
		begin_ipv4(add_program(m->f));
	else if (!m->begun)
		begin_ipv6(add_program(m->f));
	m->begun = true;
	append(&m->f->v[m->f->n - 1], text, n);
}

struct text {
	struct sock_filter v[32 + PORTS_AT_ONCE + ADDRS_AT_ONCE];
	size_t n;
};

static void put(struct text *t, struct sock_filter f)
{
	t->v[t->n++] = f;
}

/*
 * An address lies in the net: word by word, as far as the prefix goes. Of IPv4 it is
 * remembered, of IPv6 it is in the frame.
 */
static void put_address(struct text *t, const struct ipnet *net, uint32_t remembered, int offset)
{
	bool v4 = net->family == IPNET_V4;
	struct ipnet subnet = ipnet_subnet(*net);
	uint8_t mask[16];

	ipnet_mask(net, mask);
	for (int i = 0; i < (v4 ? 1 : 4) && bpf_word(mask + 4 * i) != 0; i++) {
		if (v4)
			put(t, (struct sock_filter) RECALL(remembered));
		else
			put(t, (struct sock_filter) LOAD(BPF_W, offset + 4 * i));
		if (bpf_word(mask + 4 * i) != UINT32_MAX)
			put(t, (struct sock_filter) AND(bpf_word(mask + 4 * i)));
		put(t, (struct sock_filter) IF_EQ(bpf_word(subnet.addr + 4 * i), ON, MISS));
	}
}

static void put_dest(struct text *t, const struct ipnet *net)
{
	put_address(t, net, M_DEST, V6_DEST);
}

/* A port of the protocol, between the two. */
static void put_range(struct text *t, uint32_t proto, uint32_t remembered, uint32_t first,
		      uint32_t last)
{
	put(t, (struct sock_filter) RECALL(M_PROTO));
	put(t, (struct sock_filter) IF_EQ(proto, ON, MISS));
	put(t, (struct sock_filter) RECALL(remembered));
	put(t, (struct sock_filter) IF_GE(first, ON, MISS));
	put(t, (struct sock_filter) IF_GT(last, MISS, ON));
}

static void put_end(struct text *t)
{
	put(t, (struct sock_filter) LABEL(HIT));
	put(t, (struct sock_filter) PASS);
	put(t, (struct sock_filter) LABEL(MISS));
}

/* TCP to one of some ports: to the label then, else to MISS. */
static void put_ports(struct text *t, const uint16_t *ports, size_t n, uint8_t label)
{
	put(t, (struct sock_filter) RECALL(M_PROTO));
	put(t, (struct sock_filter) IF_EQ(IPPROTO_TCP, ON, MISS));
	put(t, (struct sock_filter) RECALL(M_DPORT));
	for (size_t i = 0; i < n; i++)
		put(t, (struct sock_filter) IF_EQ(ports[i], label, i + 1 < n ? ON : MISS));
}

static size_t at_once(size_t left, size_t most)
{
	return left < most ? left : most;
}

static void allow_dest(struct making *m, const struct ipnet *dst, const struct firewall_allow *a)
{
	size_t i = 0;

	if (dst->family != m->family)
		return;
	do {
		struct text t = { 0 };
		size_t n = at_once(a->n_ports - i, PORTS_AT_ONCE);

		put_dest(&t, dst);
		if (a->n_ports > 0)
			put_ports(&t, a->ports + i, n, HIT);
		put_end(&t);
		allow(m, t.v, t.n);
		i += n;
	} while (i < a->n_ports);
}

/* Addresses of IPv4 of one rule: an instruction for each, behind its ports. */
static void allow_addrs(struct making *m, const struct ipnet *const *addrs, size_t n,
			const struct firewall_allow *a)
{
	size_t i = 0;

	do {
		struct text t = { 0 };
		size_t n_ports = at_once(a->n_ports - i, PORTS_AT_ONCE);

		if (a->n_ports > 0) {
			put_ports(&t, a->ports + i, n_ports, L_PORT);
			put(&t, (struct sock_filter) LABEL(L_PORT));
		}
		put(&t, (struct sock_filter) RECALL(M_DEST));
		for (size_t k = 0; k < n; k++)
			put(&t, (struct sock_filter) IF_EQ(bpf_word(addrs[k]->addr), HIT, ON));
		put(&t, (struct sock_filter) GOTO(MISS));
		put_end(&t);
		allow(m, t.v, t.n);
		i += n_ports;
	} while (i < a->n_ports);
}

static void allow_policy(struct making *m, const struct firewall_allow *a)
{
	const struct ipnet *addrs[ADDRS_AT_ONCE];
	size_t n = 0;

	allow_dest(m, &a->dst, a);
	for (size_t i = 0; i < a->n_addrs; i++) {
		const struct ipnet *addr = &a->addrs[i].addr;

		if (addr->family != m->family)
			continue;
		if (addr->family == IPNET_V6)
			allow_dest(m, addr, a);
		else
			addrs[n++] = addr;
		if (n == ADDRS_AT_ONCE) {
			allow_addrs(m, addrs, n, a);
			n = 0;
		}
	}
	if (n > 0)
		allow_addrs(m, addrs, n, a);
}

/* Answers of UDP from a published port, and what a cell of the space itself sends there. */
static void allow_port(struct making *m, const struct firewall_port *port)
{
	bool v4 = m->family == IPNET_V4;
	uint32_t proto = port->udp ? IPPROTO_UDP : IPPROTO_TCP;
	uint32_t to_last = (uint32_t) (port->to + (port->last - port->first));
	struct ipnet cell = v4 ? ipnet_of_ipv4((struct ipv4_net){ port->cell, 32 }) : port->cell6;
	struct ipnet host = v4 ? ipnet_of_ipv4((struct ipv4_net){ port->host, port->host ? 32 : 0 })
			       : port->host6;
	struct text answers = { 0 }, own = { 0 };

	if (port->udp) {
		put_address(&answers, &cell, M_SOURCE, V6_SOURCE);
		put_range(&answers, proto, M_SPORT, port->to, to_last);
		put_end(&answers);
		allow(m, answers.v, answers.n);
	}
	put_dest(&own, &host);
	put_range(&own, proto, M_DPORT, port->first, port->last);
	put_end(&own);
	allow(m, own.v, own.n);
}

/* Queries for names, to the gateway. */
static void allow_dns(struct making *m, const struct firewall_space *s)
{
	static const uint32_t protos[] = { IPPROTO_UDP, IPPROTO_TCP };
	const struct ipnet gateway = m->family == IPNET_V4
					     ? ipnet_of_ipv4((struct ipv4_net){ s->gateway, 32 })
					     : firewall_gateway6(s);

	for (size_t i = 0; gateway.family != IPNET_NONE && i < ARRAY_SIZE(protos); i++) {
		struct text t = { 0 };

		put_dest(&t, &gateway);
		put_range(&t, protos[i], M_DPORT, FIREWALL_DNS_PORT, FIREWALL_DNS_PORT);
		put_end(&t);
		allow(m, t.v, t.n);
	}
}

static bool is_port_of(const struct firewall_port *port, const struct firewall_space *s,
		       enum ipnet_family family)
{
	if (family == IPNET_V6)
		return ipnet_contains(&s->subnet6, &port->cell6);
	return port->cell6.family == IPNET_NONE && ipv4_contains(s->subnet, port->cell);
}

void fence_make(const struct firewall_input *in, const struct firewall_space *s, struct fence *ret)
{
	static const enum ipnet_family families[] = { IPNET_V4, IPNET_V6 };
	const struct sock_filter drop = DROP;
	struct ipnet gateway6 = ipnet_host(s->subnet6, 1);

	*ret = (struct fence){ 0 };
	if (s->policy == FIREWALL_DEFAULT_ALLOW)
		return;
	add_answers_ipv4(ret, s->gateway);
	add_answers_ipv6(ret, &gateway6);
	for (size_t k = 0; k < ARRAY_SIZE(families); k++) {
		struct making m = { .f = ret, .family = families[k] };

		if (s->dns)
			allow_dns(&m, s);
		for (size_t i = 0; i < s->n_allow; i++)
			allow_policy(&m, &s->allow[i]);
		for (size_t i = 0; i < in->n_ports; i++)
			if (is_port_of(&in->ports[i], s, m.family))
				allow_port(&m, &in->ports[i]);
		finish(&m);
	}
	append(add_program(ret), &drop, 1);
}

bool fence_catch(const struct fence *f, struct sock_filter *ret, size_t max, size_t *ret_n)
{
	size_t total = 0, n = 0;

	for (size_t i = 0; i < f->n; i++)
		total += f->v[i].n;
	if (total > max)
		return false;
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < f->v[i].n; k++) {
			struct sock_filter in = f->v[i].v[k];

			if (in.code == (BPF_RET | BPF_K) && in.k == (uint32_t) TC_ACT_UNSPEC)
				in = (struct sock_filter) BPF_STMT(BPF_JMP | BPF_JA,
								   (uint32_t) (f->v[i].n - k - 1));
			else if (in.code == (BPF_RET | BPF_K))
				in.k = in.k == TC_ACT_SHOT ? FENCE_CAUGHT_BYTES : 0;
			ret[n++] = in;
		}
	*ret_n = n;
	return true;
}

void fence_clear(struct fence *f)
{
	free(f->v);
	*f = (struct fence){ 0 };
}
