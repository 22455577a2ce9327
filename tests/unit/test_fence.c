/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fence lets pass. Its programs are run by the kernel, as filters of a socket: what
 * a program returns is then how much of a frame arrives.
 */
#include "config.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bridge_fence.h"
#include "fence.h"
#include "firewall_flow.h"
#include "host_sandbox.h"
#include "link.h"
#include "rt.h"
#include "host_run.h"
#include "mem.h"
#include "unit.h"
#include "vec.h"

#define SUBNET 0x0a580100 /* 10.88.1.0 */
#define GATEWAY (SUBNET + 1)
#define CELL (SUBNET + 2)
#define HOST 0xc0000202 /* 192.0.2.2 */
#define OUTSIDE 0xc0000201 /* 192.0.2.1 */
#define BRIDGE "k-703e8b3a"
#define SYN 0x02
#define SYN_ACK 0x12

static struct kerr e;
static uint16_t web[300];

/* ---- frames ---- */

struct frame {
	uint8_t v[128];
	size_t n;
};

struct packet {
	int family; /* AF_INET, AF_INET6 */
	struct ipnet dst;
	int proto;
	uint16_t sport, dport; /* of ICMP: sport is the type */
	uint8_t flags; /* of TCP */
	unsigned options; /* words of IP options */
};

static void put16(uint8_t *to, uint16_t v)
{
	v = htons(v);
	memcpy(to, &v, sizeof(v));
}

static void put32(uint8_t *to, uint32_t v)
{
	v = htonl(v);
	memcpy(to, &v, sizeof(v));
}

static struct frame frame_of(const struct packet *p)
{
	struct frame f = { 0 };
	uint8_t *ip = f.v + ETH_HLEN, *payload;

	if (p->family == AF_INET) {
		put16(f.v + 12, ETH_P_IP);
		ip[0] = (uint8_t) (0x45 + p->options);
		ip[9] = (uint8_t) p->proto;
		put32(ip + 12, CELL);
		memcpy(ip + 16, p->dst.addr, 4);
		payload = ip + 20 + 4 * p->options;
	} else {
		put16(f.v + 12, ETH_P_IPV6);
		ip[0] = 0x60;
		ip[6] = (uint8_t) p->proto;
		ip[8] = 0xfd; /* from fd6b::2 */
		ip[9] = 0x6b;
		ip[23] = 2;
		memcpy(ip + 24, p->dst.addr, 16);
		payload = ip + 40;
	}
	put16(payload, p->sport);
	put16(payload + 2, p->dport);
	payload[13] = p->flags;
	if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6)
		payload[0] = (uint8_t) p->sport;
	f.n = (size_t) (payload - f.v) + 20;
	return f;
}

/* ---- running programs ---- */

/* A program with the sockets that run it, until another one is in its place. */
struct runner {
	struct fence_program p;
	int fds[2];
};

static struct runner *runners;
static size_t n_runners;

/* The kernel compiles a program when it is attached: once, not for each frame. */
static const int *sockets_of(size_t at, const struct fence_program *p)
{
	const struct sock_fprog prog = { .len = p->n, .filter = (void *) (uintptr_t) p->v };
	struct runner *r;

	while (n_runners <= at) {
		r = vec_grow(&runners, &n_runners, sizeof(*runners));
		ck_assert_int_eq(
			socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, r->fds),
			0);
	}
	r = &runners[at];
	if (r->p.n != p->n || memcmp(r->p.v, p->v, p->n * sizeof(*p->v)) != 0) {
		ck_assert_int_eq(
			setsockopt(r->fds[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)),
			0);
		r->p = *p;
	}
	return r->fds;
}

static int verdict_of(size_t at, const struct fence_program *p, const struct frame *f)
{
	const int *fds = sockets_of(at, p);
	uint8_t got[256];
	ssize_t n;

	/* A filter that keeps nothing of a message refuses it. */
	(void) send(fds[0], f->v, f->n, 0);
	n = recv(fds[1], got, sizeof(got), MSG_DONTWAIT);
	if (n < 0)
		return TC_ACT_OK;
	return (size_t) n == f->n ? TC_ACT_UNSPEC : (int) n;
}

static bool passes(const struct fence *fence, const struct frame *f)
{
	int r = TC_ACT_UNSPEC;

	for (size_t i = 0; r == TC_ACT_UNSPEC && i < fence->n; i++)
		r = verdict_of(i, &fence->v[i], f);
	ck_assert(r == TC_ACT_OK || r == TC_ACT_SHOT);
	return r == TC_ACT_OK;
}

/* ---- one fence ---- */

static struct ipnet net(const char *text)
{
	struct ipnet n;

	ck_assert_int_eq(strchr(text, '/') ? ipnet_parse(text, &n) : ipnet_parse_addr(text, &n), 0);
	return n;
}

static struct firewall_space a_space(enum firewall_default policy)
{
	return (struct firewall_space){ .realm = "r",
					.space = "s",
					.bridge = BRIDGE,
					.subnet = { SUBNET, 24 },
					.gateway = GATEWAY,
					.subnet6 = net("fd6b::/64"),
					.policy = policy };
}

/* What nothing but the programs for all fences lets pass. */
static const struct {
	const char *what, *dst;
	int proto;
	uint16_t sport, dport;
	uint8_t flags;
	bool passes;
} always[] = {
	{ "a connection out", "192.0.2.1", IPPROTO_TCP, 40000, 80, SYN, false },
	{ "one to the gateway", "10.88.1.1", IPPROTO_TCP, 40000, 22, SYN, false },
	{ "one being accepted", "192.0.2.1", IPPROTO_TCP, 80, 40000, SYN_ACK, true },
	{ "one that is reset", "192.0.2.1", IPPROTO_TCP, 80, 40000, 0x04, true },
	{ "no flags at all", "192.0.2.1", IPPROTO_TCP, 80, 40000, 0, false },
	{ "a question by UDP", "192.0.2.1", IPPROTO_UDP, 40000, 53, 0, false },
	{ "one from a low port", "192.0.2.1", IPPROTO_UDP, 1024, 53, 0, false },
	{ "an answer by UDP", "192.0.2.1", IPPROTO_UDP, 53, 40000, 0, true },
	{ "one to the host from a high port", "10.88.1.1", IPPROTO_UDP, 51820, 40000, 0, true },
	{ "high ports", "192.0.2.1", IPPROTO_UDP, 51820, 40000, 0, false },
	{ "a ping", "192.0.2.1", IPPROTO_ICMP, 8, 0, 0, false },
	{ "its answer", "192.0.2.1", IPPROTO_ICMP, 0, 0, 0, true },
	{ "an error", "192.0.2.1", IPPROTO_ICMP, 3, 0, 0, true },
	{ "a redirect", "192.0.2.1", IPPROTO_ICMP, 5, 0, 0, false },
	{ "a ping of the gateway", "10.88.1.1", IPPROTO_ICMP, 8, 0, 0, true },
	{ "another protocol", "192.0.2.1", 47, 0, 0, 0, false },
	{ "a connection by IPv6", "2001:db8::1", IPPROTO_TCP, 40000, 80, SYN, false },
	{ "one by IPv6 being accepted", "2001:db8::1", IPPROTO_TCP, 80, 40000, SYN_ACK, true },
	{ "a question by UDP and IPv6", "2001:db8::1", IPPROTO_UDP, 40000, 53, 0, false },
	{ "its answer", "2001:db8::1", IPPROTO_UDP, 53, 40000, 0, true },
	{ "a neighbour is asked", "ff02::1", IPPROTO_ICMPV6, 135, 0, 0, true },
	{ "a ping by IPv6", "2001:db8::1", IPPROTO_ICMPV6, 128, 0, 0, false },
	{ "one of the gateway", "fd6b::1", IPPROTO_ICMPV6, 128, 0, 0, true },
	{ "one of its neighbour", "fd6b::1:1", IPPROTO_ICMPV6, 128, 0, 0, false },
	{ "one on the link", "fe80::5", IPPROTO_ICMPV6, 128, 0, 0, true },
	{ "one of all on the link", "ff02::1", IPPROTO_ICMPV6, 128, 0, 0, true },
	{ "its answer", "2001:db8::1", IPPROTO_ICMPV6, 129, 0, 0, true },
	{ "an error", "2001:db8::1", IPPROTO_ICMPV6, 1, 0, 0, true },
	{ "the host by IPv6 from a high port", "fd6b::1", IPPROTO_UDP, 51820, 40000, 0, true },
	{ "an extension header", "2001:db8::1", IPPROTO_DSTOPTS, 0, 0, 0, false },
};

START_TEST(answers)
{
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	struct packet p = { .dst = net(always[_i].dst),
			    .proto = always[_i].proto,
			    .sport = always[_i].sport,
			    .dport = always[_i].dport,
			    .flags = always[_i].flags };
	struct fence fence;

	p.family = p.dst.family == IPNET_V4 ? AF_INET : AF_INET6;
	fence_make(&in, &s, &fence);
	for (p.options = 0; p.options < (p.family == AF_INET ? 11U : 1U); p.options++) {
		struct frame f = frame_of(&p);

		ck_assert_msg(passes(&fence, &f) == always[_i].passes, "%s", always[_i].what);
	}
	fence_clear(&fence);
}
END_TEST

START_TEST(odd_frames)
{
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	struct packet p = {
		.family = AF_INET, .dst = net("192.0.2.1"), .proto = IPPROTO_TCP, .flags = SYN
	};
	struct frame f = frame_of(&p), arp = { .n = 42 }, other = { .n = 60 };
	struct fence fence;

	fence_make(&in, &s, &fence);
	put16(arp.v + 12, ETH_P_ARP);
	put16(other.v + 12, 0x88b5);
	ck_assert(passes(&fence, &arp));
	ck_assert(!passes(&fence, &other));
	for (f.n--; f.n >= 14; f.n--) /* cut anywhere */
		ck_assert_msg(!passes(&fence, &f), "%zu bytes", f.n);
	p.flags = SYN_ACK;
	f = frame_of(&p);
	ck_assert(passes(&fence, &f));
	put16(f.v + ETH_HLEN + 6, 0x2000); /* the first fragment */
	f.v[ETH_HLEN + 20 + 13] = SYN;
	ck_assert(!passes(&fence, &f));
	put16(f.v + ETH_HLEN + 6, 0x2001); /* a later one */
	ck_assert(passes(&fence, &f));
	fence_clear(&fence);
	s.policy = FIREWALL_DEFAULT_ALLOW;
	fence_make(&in, &s, &fence);
	ck_assert_uint_eq(fence.n, 0);
}
END_TEST

static bool tcp_passes(const struct fence *fence, const char *dst, uint16_t port)
{
	struct packet p = { .dst = net(dst), .proto = IPPROTO_TCP, .dport = port, .flags = SYN };
	struct frame f;

	p.family = p.dst.family == IPNET_V4 ? AF_INET : AF_INET6;
	f = frame_of(&p);
	return passes(fence, &f);
}

static bool udp_passes(const struct fence *fence, const char *dst, uint16_t sport, uint16_t dport)
{
	struct packet p = { .dst = net(dst), .proto = IPPROTO_UDP, .sport = sport, .dport = dport };
	struct frame f;

	p.family = p.dst.family == IPNET_V4 ? AF_INET : AF_INET6;
	f = frame_of(&p);
	return passes(fence, &f);
}

/* More ports than a program holds, and more networks. */
START_TEST(allowances)
{
	static struct firewall_allow allow[1100];
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	char text[IPNET_TEXT_MAX];
	struct fence fence;

	for (uint16_t i = 0; i < ARRAY_SIZE(web); i++)
		web[i] = (uint16_t) (1000 + 2 * i);
	s.allow = allow;
	allow[s.n_allow++] = (struct firewall_allow){ .dst = net("192.0.2.0/28") };
	allow[s.n_allow++] = (struct firewall_allow){ .dst = net("198.51.100.7/32"),
						      .ports = web,
						      .n_ports = ARRAY_SIZE(web) };
	allow[s.n_allow++] = (struct firewall_allow){ .dst = net("2001:db8:0:8000::/49") };
	allow[s.n_allow++] = (struct firewall_allow){ .dst = net("fd00::5/128"),
						      .ports = web,
						      .n_ports = ARRAY_SIZE(web) };
	for (int i = 0; i < 1000; i++) {
		(void) snprintf(text, sizeof(text), "203.0.%d.%d/32", i / 200, i % 200);
		allow[s.n_allow++] = (struct firewall_allow){ .dst = net(text) };
	}
	fence_make(&in, &s, &fence);
	ck_assert_uint_gt(fence.n, 8);
	ck_assert(tcp_passes(&fence, "192.0.2.15", 5));
	ck_assert(udp_passes(&fence, "192.0.2.15", 40000, 53));
	ck_assert(!tcp_passes(&fence, "192.0.2.16", 5));
	for (unsigned port = 999; port < 1602; port++) {
		bool listed = port >= 1000 && port % 2 == 0 && port < 1600;

		ck_assert(tcp_passes(&fence, "198.51.100.7", (uint16_t) port) == listed);
		ck_assert(tcp_passes(&fence, "fd00::5", (uint16_t) port) == listed);
	}
	ck_assert(!udp_passes(&fence, "198.51.100.7", 40000, 1000));
	ck_assert(!udp_passes(&fence, "fd00::5", 40000, 1000));
	ck_assert(tcp_passes(&fence, "2001:db8:0:8000::1", 1));
	ck_assert(!tcp_passes(&fence, "2001:db8:0:7fff::1", 1));
	ck_assert(tcp_passes(&fence, "203.0.0.0", 1));
	ck_assert(tcp_passes(&fence, "203.0.4.199", 1));
	ck_assert(!tcp_passes(&fence, "203.0.5.0", 1));
	fence_clear(&fence);
	allow[0].dst = net("0.0.0.0/0");
	fence_make(&in, &s, &fence);
	ck_assert(tcp_passes(&fence, "203.0.5.0", 1));
	ck_assert(!tcp_passes(&fence, "2001:db8::1", 1));
	fence_clear(&fence);
}
END_TEST

START_TEST(published)
{
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_port ports[] = {
		{ .owner = "o",
		  .cell = CELL,
		  .first = 60000,
		  .last = 60009,
		  .to = 51820,
		  .udp = true },
		{ .owner = "o", .cell = CELL, .host = HOST, .first = 8080, .last = 8080, .to = 80 },
		{ .owner = "o",
		  .cell6 = net("fd6b::2"),
		  .first = 6000,
		  .last = 6001,
		  .to = 51820,
		  .udp = true },
		{ .owner = "o",
		  .cell6 = net("fd6b::2"),
		  .host6 = net("2001:db8::2"),
		  .first = 8080,
		  .last = 8080,
		  .to = 80 },
		{ .owner = "o",
		  .cell6 = net("fd6b:0:0:1::2"),
		  .first = 9090,
		  .last = 9090,
		  .to = 80 },
		{ .owner = "o", .cell = 0x0a580202, .first = 9090, .last = 9090, .to = 80 },
	};
	const struct firewall_input in = {
		.spaces = &s, .n_spaces = 1, .ports = ports, .n_ports = ARRAY_SIZE(ports)
	};
	struct fence fence;

	fence_make(&in, &s, &fence);
	ck_assert(udp_passes(&fence, "192.0.2.1", 51820, 51820));
	ck_assert(udp_passes(&fence, "192.0.2.1", 51829, 51820));
	ck_assert(!udp_passes(&fence, "192.0.2.1", 51830, 51820));
	ck_assert(udp_passes(&fence, "192.0.2.2", 40000, 60009));
	ck_assert(tcp_passes(&fence, "192.0.2.2", 8080));
	ck_assert(!tcp_passes(&fence, "192.0.2.1", 8080));
	ck_assert(!tcp_passes(&fence, "192.0.2.2", 9090));
	ck_assert(!tcp_passes(&fence, "192.0.2.2", 60000));
	ck_assert(udp_passes(&fence, "2001:db8::1", 51821, 51820));
	ck_assert(!udp_passes(&fence, "2001:db8::1", 51822, 51820));
	ck_assert(udp_passes(&fence, "2001:db8::2", 40000, 6001));
	ck_assert(tcp_passes(&fence, "2001:db8::2", 8080));
	ck_assert(!tcp_passes(&fence, "2001:db8::1", 8080));
	ck_assert(!tcp_passes(&fence, "2001:db8::2", 9090));
	fence_clear(&fence);
}
END_TEST

/* ---- at a bridge ---- */

static void bridge_up(void)
{
	const struct link_bridge bridge = { .name = BRIDGE, .gateway = { GATEWAY, 24 } };

	sandbox_enter();
	ok(link_bridge_ensure(&bridge, &e), &e);
}

static int set(struct rt_sock *sk, const struct fence *f)
{
	int differs = bridge_fence_differs(sk, BRIDGE, f, &e);
	int r = bridge_fence_set(sk, BRIDGE, f, &e);

	ok(r, &e);
	ck_assert_int_eq(differs, r);
	ck_assert_int_eq(bridge_fence_set(sk, BRIDGE, f, &e), 0);
	return r;
}

START_TEST(at_a_bridge)
{
	struct firewall_allow allow[600];
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	struct fence none = { 0 }, one, many;
	struct rt_sock *sk = NULL;

	bridge_up();
	ok(rt_open(&sk, &e), &e);
	s.allow = allow;
	fence_make(&in, &s, &one);
	for (size_t i = 0; i < ARRAY_SIZE(allow); i++)
		allow[i] = (struct firewall_allow){ .dst = ipnet_of_ipv4((struct ipv4_net){
							    OUTSIDE + (uint32_t) i, 32 }) };
	s.n_allow = ARRAY_SIZE(allow);
	fence_make(&in, &s, &many);
	ck_assert_int_eq(bridge_fence_set(sk, "nothing", &one, &e), -ENODEV);
	ck_assert_int_eq(set(sk, &none), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(set(sk, &one), 1);
		ck_assert_int_eq(set(sk, &many), 1);
		ck_assert_int_eq(set(sk, &one), 1);
		ck_assert_int_eq(set(sk, &none), 1);
	}
	fence_clear(&one);
	fence_clear(&many);
	rt_sock_freep(&sk);
}
END_TEST

/* Addresses of names: more of them, and of ports, than one program has. */
START_TEST(names)
{
	static struct firewall_address addrs[450];
	static const uint16_t one[] = { 443 };
	struct firewall_allow allow[2] = {
		{ .names = "a0", .addrs = addrs, .ports = web, .n_ports = ARRAY_SIZE(web) },
		{ .names = "a1", .ports = one, .n_ports = 1 },
	};
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	struct fence fence;
	char text[IPNET_TEXT_MAX];

	for (uint16_t i = 0; i < ARRAY_SIZE(web); i++)
		web[i] = (uint16_t) (1000 + 2 * i);
	for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
		(void) snprintf(text, sizeof(text),
				i % 9 == 0 ? "2001:db8::%zx/128" : "203.0.%zu.%zu/32",
				i % 9 == 0 ? i : i / 200, i % 200);
		addrs[i] = (struct firewall_address){ .addr = net(text) };
	}
	s.allow = allow;
	s.n_allow = 2;
	for (size_t n = 0; n <= ARRAY_SIZE(addrs); n += 75) {
		allow[0].n_addrs = n;
		fence_make(&in, &s, &fence);
		for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
			const char *at = ipnet_addr_text(&addrs[i].addr, text);

			ck_assert_msg(tcp_passes(&fence, at, 1000) == (i < n), "%s of %zu", at, n);
			ck_assert(tcp_passes(&fence, at, 1598) == (i < n));
			ck_assert(!tcp_passes(&fence, at, 1599));
			ck_assert(!tcp_passes(&fence, at, 443)); /* of the rule without addresses */
			ck_assert(!udp_passes(&fence, at, 40000, 1000));
		}
		ck_assert(!tcp_passes(&fence, "203.0.9.9", 1000));
		fence_clear(&fence);
	}
	/* Without ports: all that goes there. */
	allow[0].n_ports = 0;
	fence_make(&in, &s, &fence);
	ck_assert(udp_passes(&fence, "203.0.2.1", 40000, 1));
	ck_assert(tcp_passes(&fence, "2001:db8::9", 1));
	ck_assert(!tcp_passes(&fence, "203.0.9.9", 1));
	fence_clear(&fence);
}
END_TEST

/* One more address is one program that takes the place of another; the others stay. */
START_TEST(one_more_address)
{
	struct firewall_address addrs[2] = { { .addr = net("192.0.2.1/32") },
					     { .addr = net("192.0.2.2/32") } };
	struct firewall_allow allow = { .names = "a0", .addrs = addrs };
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	struct rt_sock *sk = NULL;

	bridge_up();
	ok(rt_open(&sk, &e), &e);
	s.allow = &allow;
	s.n_allow = 1;
	for (allow.n_addrs = 0; allow.n_addrs <= ARRAY_SIZE(addrs); allow.n_addrs++) {
		cleanup_free char *before = RUN("tc", "filter", "show", "dev", BRIDGE, "ingress");
		cleanup_free char *after = NULL;
		struct fence f;
		unsigned same = 0, n = 0;

		fence_make(&in, &s, &f);
		ck_assert_int_eq(set(sk, &f), 1);
		after = RUN("tc", "filter", "show", "dev", BRIDGE, "ingress");
		for (char *line = before, *end; (end = strchr(line, '\n')) != NULL;
		     line = end + 1) {
			*end = '\0';
			n++;
			same += strstr(after, line) != NULL;
		}
		/* The program of addresses is there from the first one on. */
		if (allow.n_addrs == 2)
			ck_assert_uint_eq(same, n - 1);
		fence_clear(&f);
	}
	rt_sock_freep(&sk);
}
END_TEST

/* ---- connections ---- */

static bool flows(const struct firewall_input *in, const char *to, int proto, uint16_t port,
		  bool translated)
{
	const struct conntrack_flow f = { .from = net("10.88.1.2"),
					  .to = net(to),
					  .translated = translated,
					  .proto = (uint8_t) proto,
					  .to_port = port };

	return firewall_flow_allowed(in, &f);
}

static struct flow_verdict verdict(const struct firewall_input *in, const char *to, int proto,
				   uint16_t port)
{
	const struct conntrack_flow f = {
		.from = net("10.88.1.2"), .to = net(to), .proto = (uint8_t) proto, .to_port = port
	};

	return firewall_flow_judge(in, &f);
}

START_TEST(why)
{
	static const uint16_t port = 443;
	const struct firewall_allow allow[] = {
		{ .dst = net("192.0.2.0/28"), .ports = &port, .n_ports = 1 },
		{ .dst = net("198.51.100.0/24") },
	};
	struct firewall_space s[2] = { a_space(FIREWALL_DEFAULT_DENY),
				       a_space(FIREWALL_DEFAULT_ALLOW) };
	const struct firewall_input in = { .spaces = s, .n_spaces = 2 };
	struct flow_verdict v;

	s[1].subnet.addr += 256;
	s[1].gateway += 256;
	s[0].allow = allow;
	s[0].n_allow = ARRAY_SIZE(allow);
	v = verdict(&in, "192.0.2.1", IPPROTO_TCP, 443);
	ck_assert(v.allowed && v.why == FLOW_RULE && v.rule == &allow[0] && v.from == &s[0]);
	v = verdict(&in, "198.51.100.7", IPPROTO_UDP, 53);
	ck_assert(v.allowed && v.why == FLOW_RULE && v.rule == &allow[1]);
	v = verdict(&in, "192.0.2.1", IPPROTO_TCP, 80);
	ck_assert(!v.allowed && v.why == FLOW_DENIED && !v.rule);
	v = verdict(&in, "192.0.2.1", 0, 0); /* any port of any protocol */
	ck_assert(!v.allowed && v.why == FLOW_DENIED);
	v = verdict(&in, "10.88.2.9", IPPROTO_TCP, 443);
	ck_assert(!v.allowed && v.why == FLOW_OTHER_SPACE && v.to == &s[1]);
	ck_assert_int_eq(verdict(&in, "10.88.1.9", IPPROTO_TCP, 443).why, FLOW_OWN_SPACE);
	ck_assert_int_eq(verdict(&in, "10.88.1.1", IPPROTO_ICMP, 0).why, FLOW_ICMP);
	s[0].policy = FIREWALL_DEFAULT_ALLOW;
	ck_assert_int_eq(verdict(&in, "203.0.113.1", IPPROTO_UDP, 53).why, FLOW_NO_DENIAL);
	s[0].policy = FIREWALL_DEFAULT_UNKNOWN;
	ck_assert_int_eq(verdict(&in, "203.0.113.1", IPPROTO_UDP, 53).why, FLOW_NOT_KNOWN);
	s[0].subnet.addr += 512;
	s[0].subnet6.family = IPNET_NONE;
	ck_assert_int_eq(verdict(&in, "203.0.113.1", IPPROTO_UDP, 53).why, FLOW_NOT_OURS);
}
END_TEST

START_TEST(connections)
{
	static const uint16_t port = 443;
	const struct firewall_allow allow = { .dst = net("192.0.2.0/28"),
					      .ports = &port,
					      .n_ports = 1 };
	struct firewall_space s[2] = { a_space(FIREWALL_DEFAULT_ALLOW),
				       a_space(FIREWALL_DEFAULT_ALLOW) };
	const struct firewall_input in = { .spaces = s, .n_spaces = 2 };
	const struct conntrack_flow others = { .from = net("192.0.2.1"), .to = net("10.88.1.2") };

	s[1].subnet.addr += 256;
	s[1].gateway += 256;
	s[1].subnet6 = net("fd6b:0:0:1::/64");
	s[0].allow = &allow;
	s[0].n_allow = 1;
	ck_assert(firewall_flow_allowed(&in, &others));
	ck_assert(flows(&in, "203.0.113.1", IPPROTO_UDP, 53, false));
	ck_assert(flows(&in, "10.88.1.3", IPPROTO_TCP, 1, false));
	ck_assert(!flows(&in, "10.88.2.3", IPPROTO_TCP, 1, false));
	ck_assert(flows(&in, "10.88.2.3", IPPROTO_TCP, 1, true));
	ck_assert(flows(&in, "10.88.2.1", IPPROTO_TCP, 1, false)); /* the host */
	ck_assert(!flows(&in, "fd6b:0:0:1::5", IPPROTO_TCP, 1, false));
	ck_assert(flows(&in, "fd6b:0:0:1::1", IPPROTO_TCP, 1, false)); /* the host */
	ck_assert(flows(&in, "fd6b::5", IPPROTO_TCP, 1, false));
	s[0].policy = FIREWALL_DEFAULT_DENY;
	ck_assert(firewall_flow_allowed(&in, &others));
	ck_assert(!flows(&in, "203.0.113.1", IPPROTO_UDP, 53, false));
	ck_assert(flows(&in, "10.88.1.3", IPPROTO_TCP, 1, false));
	ck_assert(!flows(&in, "10.88.2.3", IPPROTO_TCP, 1, true));
	ck_assert(!flows(&in, "10.88.1.1", IPPROTO_TCP, 1, false));
	ck_assert(flows(&in, "10.88.1.1", IPPROTO_ICMP, 0, false));
	ck_assert(!flows(&in, "10.88.2.1", IPPROTO_ICMP, 0, false));
	ck_assert(flows(&in, "192.0.2.15", IPPROTO_TCP, 443, false));
	ck_assert(!flows(&in, "192.0.2.15", IPPROTO_TCP, 80, false));
	ck_assert(!flows(&in, "192.0.2.15", IPPROTO_UDP, 443, false));
	s[0].policy = FIREWALL_DEFAULT_UNKNOWN;
	ck_assert(flows(&in, "203.0.113.1", IPPROTO_UDP, 53, false));
}
END_TEST

/* Queries, where the gateway answers them; and what is caught is what does not pass. */
START_TEST(queries)
{
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	struct fence fence;

	for (int on = 0; on <= 1; on++) {
		s.dns = on;
		fence_make(&in, &s, &fence);
		ck_assert(udp_passes(&fence, "10.88.1.1", 40000, 53) == s.dns);
		ck_assert(tcp_passes(&fence, "10.88.1.1", 53) == s.dns);
		ck_assert(udp_passes(&fence, "fd6b::1", 40000, 53) == s.dns);
		ck_assert(tcp_passes(&fence, "fd6b::1", 53) == s.dns);
		ck_assert(!udp_passes(&fence, "10.88.1.1", 40000, 54));
		ck_assert(!tcp_passes(&fence, "10.88.1.1", 853));
		ck_assert(!udp_passes(&fence, "192.0.2.1", 40000, 53));
		ck_assert(!udp_passes(&fence, "fd6b::2:1", 40000, 53));
		fence_clear(&fence);
	}
	ck_assert(flows(&in, "10.88.1.1", IPPROTO_UDP, 53, false));
	ck_assert(!flows(&in, "10.88.1.1", IPPROTO_UDP, 54, false));
	ck_assert(!flows(&in, "192.0.2.1", IPPROTO_UDP, 53, false));
}
END_TEST

START_TEST(caught)
{
	static struct firewall_allow allow[3];
	struct firewall_space s = a_space(FIREWALL_DEFAULT_DENY);
	const struct firewall_input in = { .spaces = &s, .n_spaces = 1 };
	struct sock_filter all[BPF_MAXINSNS];
	struct fence fence, one = { 0 };
	size_t n = 0;

	s.allow = allow;
	allow[s.n_allow++] = (struct firewall_allow){ .dst = net("192.0.2.0/28") };
	allow[s.n_allow++] = (struct firewall_allow){ .dst = net("2001:db8::/64") };
	fence_make(&in, &s, &fence);
	ck_assert(!fence_catch(&fence, all, 10, &n));
	ck_assert(fence_catch(&fence, all, ARRAY_SIZE(all), &n));
	ck_assert_uint_le(n, FENCE_PROGRAM_MAX);
	one.v = calloc(1, sizeof(*one.v));
	one.n = 1;
	one.v[0].n = (uint16_t) n;
	memcpy(one.v[0].v, all, n * sizeof(all[0]));
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		struct packet p = { .dst = net(always[i].dst),
				    .proto = always[i].proto,
				    .sport = always[i].sport,
				    .dport = always[i].dport,
				    .flags = always[i].flags };
		struct frame f;

		p.family = p.dst.family == IPNET_V4 ? AF_INET : AF_INET6;
		f = frame_of(&p);
		ck_assert_msg((verdict_of(fence.n, &one.v[0], &f) == TC_ACT_OK) ==
				      passes(&fence, &f),
			      "%s", always[i].what);
	}
	fence_clear(&one);
	fence_clear(&fence);
}
END_TEST

static Suite *test_fence(void)
{
	Suite *s = suite_create("fence");
	TCase *c = tcase_create("fence");

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, answers, 0, ARRAY_SIZE(always));
	tcase_add_test(c, odd_frames);
	tcase_add_test(c, allowances);
	tcase_add_test(c, published);
	tcase_add_test(c, queries);
	tcase_add_test(c, caught);
	tcase_add_test(c, names);
	tcase_add_test(c, at_a_bridge);
	tcase_add_test(c, one_more_address);
	tcase_add_test(c, why);
	tcase_add_test(c, connections);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_fence);
