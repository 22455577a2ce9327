/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conntrack.h"
#include "host_lo.h"
#include "host_sandbox.h"
#include "rt.h"
#include "unit.h"

#define CLIENT 0xc0000201 /* 192.0.2.1 */
#define HOST 0x7f000001 /* 127.0.0.1, which is this host's */
#define CELL 0x0a580002 /* 10.88.0.2 */
#define OTHER 0x0a580003
#define FAR 0xc6336401 /* 198.51.100.1, which is not */

static struct kerr e;

/* A connection from CLIENT to dst:dport; its replies come from to:to_port. */
struct connection {
	int proto;
	uint32_t dst;
	uint16_t dport;
	uint32_t to;
	uint16_t to_port;
};

static void put_tuple(struct rt_msg *m, int type, int proto, const uint32_t addr[2],
		      const uint16_t port[2])
{
	struct nlattr *tuple = rt_nest(m, type | NLA_F_NESTED), *nest;
	const uint8_t num = (uint8_t) proto;
	const uint32_t src = htonl(addr[0]), dst = htonl(addr[1]);
	const uint16_t sport = htons(port[0]), dport = htons(port[1]);

	nest = rt_nest(m, CTA_TUPLE_IP | NLA_F_NESTED);
	rt_put(m, CTA_IP_V4_SRC, &src, sizeof(src));
	rt_put(m, CTA_IP_V4_DST, &dst, sizeof(dst));
	rt_nest_end(m, nest);
	nest = rt_nest(m, CTA_TUPLE_PROTO | NLA_F_NESTED);
	rt_put(m, CTA_PROTO_NUM, &num, sizeof(num));
	rt_put(m, CTA_PROTO_SRC_PORT, &sport, sizeof(sport));
	rt_put(m, CTA_PROTO_DST_PORT, &dport, sizeof(dport));
	rt_nest_end(m, nest);
	rt_nest_end(m, tuple);
}

static void track(const struct connection *c, uint16_t sport)
{
	const struct nfgenmsg head = { .nfgen_family = AF_INET, .version = NFNETLINK_V0 };
	struct rt_msg *m = rt_msg_new(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
				      NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &head,
				      sizeof(head));
	const uint32_t there[2] = { CLIENT, c->dst }, back[2] = { c->to, CLIENT };
	const uint16_t out[2] = { sport, c->dport }, in[2] = { c->to_port, sport };
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	char message[RT_MESSAGE_MAX];

	put_tuple(m, CTA_TUPLE_ORIG, c->proto, there, out);
	put_tuple(m, CTA_TUPLE_REPLY, c->proto, back, in);
	rt_put_u32(m, CTA_TIMEOUT, htonl(300));
	rt_put_u32(m, CTA_STATUS, htonl(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
	ok(rt_open_netfilter(&sk, &e), &e);
	ck_assert_int_eq(rt_do(sk, m, message), 0);
}

static const struct connection connections[] = {
	{ IPPROTO_TCP, HOST, 8080, CELL, 80 },	 { IPPROTO_TCP, HOST, 8081, CELL, 81 },
	{ IPPROTO_TCP, FAR, 8080, CELL, 80 }, /* another address of the host's */
	{ IPPROTO_UDP, HOST, 8080, CELL, 80 },	 { IPPROTO_TCP, HOST, 9090, OTHER, 80 },
	{ IPPROTO_TCP, CELL, 8080, CELL, 8080 }, /* straight to the cell */
	{ IPPROTO_UDP, HOST, 53, HOST, 53 }, /* before the port was published */
	{ IPPROTO_UDP, FAR, 53, FAR, 53 }, /* not for this host */
};

static const struct {
	struct conntrack_match m[2];
	size_t n;
	int forgotten, left; /* connections: removed first, and by a match of everything else */
} cases[] = {
	{ { { 0 } }, 0, 0, 8 },
	{ { { false, 8080, 8080, 0, CELL } }, 1, 2, 6 },
	{ { { false, 8080, 8080, HOST, CELL } }, 1, 1, 7 },
	{ { { false, 8000, 8100, 0, CELL } }, 1, 3, 5 },
	{ { { false, 8000, 8079, 0, CELL } }, 1, 0, 8 },
	{ { { true, 8080, 8080, 0, CELL } }, 1, 1, 7 },
	{ { { false, 8080, 8080, 0, CELL }, { true, 8080, 8080, 0, CELL } }, 2, 3, 5 },
	{ { { false, 8080, 8080, 0, CELL }, { false, 9090, 9090, 0, OTHER } }, 2, 3, 5 },
	{ { { true, 53, 53, 0, 0 } }, 1, 1, 7 },
	{ { { true, 53, 53, HOST, 0 } }, 1, 1, 7 },
	{ { { true, 53, 53, FAR, 0 } }, 1, 0, 8 },
	{ { { false, 1, 65535, 0, CELL } }, 1, 3, 5 },
};

static void count_one(void *ctx, const struct nlmsghdr *h)
{
	(void) h;
	++*(int *) ctx;
}

static int count_tracked(void)
{
	const struct nfgenmsg head = { .nfgen_family = AF_INET, .version = NFNETLINK_V0 };
	cleanup_(rt_msg_freep) struct rt_msg *m =
		rt_msg_new(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
			   NLM_F_REQUEST | NLM_F_DUMP, &head, sizeof(head));
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	int count = 0;
	struct rt_answer a = { .item = count_one, .ctx = &count };

	ok(rt_open_netfilter(&sk, &e), &e);
	ck_assert_int_eq(rt_talk(sk, &m, 1, &a), 0);
	return count;
}

START_TEST(forgets)
{
	sandbox_enter();
	host_lo_up();
	for (size_t i = 0; i < ARRAY_SIZE(connections); i++)
		track(&connections[i], (uint16_t) (40000 + i));
	ck_assert_int_eq(count_tracked(), ARRAY_SIZE(connections));
	ck_assert_int_eq(ok(conntrack_forget(cases[_i].m, cases[_i].n, &e), &e),
			 cases[_i].forgotten);
	ck_assert_int_eq(count_tracked(), cases[_i].left);
	ck_assert_int_eq(ok(conntrack_forget(cases[_i].m, cases[_i].n, &e), &e), 0);
}
END_TEST

/* ---- IPv6 ---- */

#define ADDR6(...)                                                         \
	{                                                                  \
		.family = IPNET_V6, .prefix = 128, .addr = { __VA_ARGS__ } \
	}
#define CELL6 ADDR6(0xfd, [15] = 2)
#define HOST6 ADDR6([15] = 1) /* ::1, which is this host's */
#define FAR6 ADDR6(0x20, 1, [15] = 9)

static void track6(uint8_t proto, const struct ipnet *dst, uint16_t dport, const struct ipnet *to,
		   uint16_t to_port, uint16_t sport)
{
	const struct nfgenmsg head = { .nfgen_family = AF_INET6, .version = NFNETLINK_V0 };
	static const struct ipnet client = ADDR6(0x20, 1, [15] = 1);
	struct rt_msg *m = rt_msg_new(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
				      NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &head,
				      sizeof(head));
	const struct ipnet *addrs[2][2] = { { &client, dst }, { to, &client } };
	const uint16_t ports[2][2] = { { htons(sport), htons(dport) },
				       { htons(to_port), htons(sport) } };
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	char message[RT_MESSAGE_MAX];

	for (int i = 0; i < 2; i++) {
		struct nlattr *tuple =
			rt_nest(m, (i ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG) | NLA_F_NESTED);
		struct nlattr *nest = rt_nest(m, CTA_TUPLE_IP | NLA_F_NESTED);

		rt_put(m, CTA_IP_V6_SRC, addrs[i][0]->addr, 16);
		rt_put(m, CTA_IP_V6_DST, addrs[i][1]->addr, 16);
		rt_nest_end(m, nest);
		nest = rt_nest(m, CTA_TUPLE_PROTO | NLA_F_NESTED);
		rt_put(m, CTA_PROTO_NUM, &proto, sizeof(proto));
		rt_put(m, CTA_PROTO_SRC_PORT, &ports[i][0], 2);
		rt_put(m, CTA_PROTO_DST_PORT, &ports[i][1], 2);
		rt_nest_end(m, nest);
		rt_nest_end(m, tuple);
	}
	rt_put_u32(m, CTA_TIMEOUT, htonl(300));
	rt_put_u32(m, CTA_STATUS, htonl(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
	ok(rt_open_netfilter(&sk, &e), &e);
	ck_assert_int_eq(rt_do(sk, m, message), 0);
}

static const struct {
	struct conntrack_match m;
	int forgotten;
} cases6[] = {
	{ { .first = 8080, .last = 8080, .ipv6 = true, .to6 = CELL6 }, 2 },
	{ { .first = 8080, .last = 8080, .ipv6 = true, .to6 = CELL6, .dst6 = HOST6 }, 1 },
	{ { .first = 8081, .last = 9000, .ipv6 = true, .to6 = CELL6 }, 0 },
	{ { .first = 8080, .last = 8080, .ipv6 = true, .to6 = FAR6 }, 0 },
	{ { .first = 8080, .last = 8080, .to = CELL }, 1 }, /* that of IPv4 */
	{ { .udp = true, .first = 53, .last = 53, .ipv6 = true }, 1 },
	{ { .udp = true, .first = 53, .last = 53, .ipv6 = true, .dst6 = FAR6 }, 0 },
	{ { .udp = true, .first = 53, .last = 53 }, 0 },
};

START_TEST(forgets_ipv6)
{
	static const struct ipnet cell = CELL6, host = HOST6, far = FAR6;

	sandbox_enter();
	host_lo_up();
	track(&connections[0], 40000);
	track6(IPPROTO_TCP, &host, 8080, &cell, 80, 40001);
	track6(IPPROTO_TCP, &far, 8080, &cell, 80, 40002);
	track6(IPPROTO_TCP, &cell, 8080, &cell, 8080, 40003); /* straight to the cell */
	track6(IPPROTO_UDP, &host, 53, &host, 53, 40004); /* before the port was published */
	track6(IPPROTO_UDP, &far, 53, &far, 53, 40005); /* not for this host */
	ck_assert_int_eq(ok(conntrack_forget(&cases6[_i].m, 1, &e), &e), cases6[_i].forgotten);
	ck_assert_int_eq(ok(conntrack_forget(&cases6[_i].m, 1, &e), &e), 0);
}
END_TEST

/* Answers of more than one datagram. */
START_TEST(many)
{
	const struct connection c = { IPPROTO_TCP, HOST, 8080, CELL, 80 };
	const struct connection other = { IPPROTO_TCP, HOST, 8080, OTHER, 80 };
	const struct conntrack_match m = { false, 8080, 8080, 0, CELL };

	sandbox_enter();
	for (uint16_t i = 0; i < 1000; i++) {
		track(&c, (uint16_t) (20000 + i));
		track(&other, (uint16_t) (30000 + i));
	}
	ck_assert_int_eq(ok(conntrack_forget(&m, 1, &e), &e), 1000);
	ck_assert_int_eq(count_tracked(), 1000);
}
END_TEST

static Suite *test_conntrack(void)
{
	Suite *s = suite_create("conntrack");
	TCase *tc = tcase_create("conntrack");

	tcase_add_loop_test(tc, forgets, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(tc, forgets_ipv6, 0, ARRAY_SIZE(cases6));
	tcase_add_test(tc, many);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_conntrack);
