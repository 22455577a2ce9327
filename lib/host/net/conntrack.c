/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "conntrack.h"
#include "local_addr.h"
#include "mem.h"
#include "rt.h"
#include "vec.h"

/* CTA_FILTER_REPLY_FLAGS: compare the source address (Linux 5.8; older kernels ignore it). */
#define FILTER_IP_SRC 1

struct flow {
	struct ipnet src, dst;
	uint8_t proto;
	uint16_t sport, dport; /* in host byte order */
};

/* One tracked connection. */
struct entry {
	struct flow orig, reply;
	unsigned char tuple[128]; /* of the original direction, as the kernel wrote it */
	size_t tuple_len;
	uint32_t id;
	bool has_id;
};

/* What is looked for, and what was found. */
struct found {
	const struct conntrack_match *m;
	size_t n_m;
	conntrack_over_fn *over; /* NULL: one that fits a match */
	const void *ctx;
	struct entry *v;
	size_t n;
};

/* ---- reading ---- */

static uint16_t be16(const struct rt_attr *a)
{
	uint16_t v = 0;

	if (a->n >= sizeof(v))
		memcpy(&v, a->data, sizeof(v));
	return ntohs(v);
}

static struct ipnet address(enum ipnet_family family, const struct rt_attr *a)
{
	struct ipnet net = { .family = family, .prefix = ipnet_bits(family) };

	if (a->n < net.prefix / 8)
		return (struct ipnet){ 0 };
	memcpy(net.addr, a->data, net.prefix / 8);
	return net;
}

static void read_ip(const struct rt_attr *outer, struct flow *ret)
{
	struct rt_attrs attrs;
	struct rt_attr a;

	rt_attrs_in(&attrs, outer);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == CTA_IP_V4_SRC)
			ret->src = address(IPNET_V4, &a);
		if (a.type == CTA_IP_V4_DST)
			ret->dst = address(IPNET_V4, &a);
		if (a.type == CTA_IP_V6_SRC)
			ret->src = address(IPNET_V6, &a);
		if (a.type == CTA_IP_V6_DST)
			ret->dst = address(IPNET_V6, &a);
	}
}

static void read_proto(const struct rt_attr *outer, struct flow *ret)
{
	struct rt_attrs attrs;
	struct rt_attr a;

	rt_attrs_in(&attrs, outer);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == CTA_PROTO_NUM && a.n >= 1)
			ret->proto = *(const uint8_t *) a.data;
		if (a.type == CTA_PROTO_SRC_PORT)
			ret->sport = be16(&a);
		if (a.type == CTA_PROTO_DST_PORT)
			ret->dport = be16(&a);
	}
}

static void read_flow(const struct rt_attr *outer, struct flow *ret)
{
	struct rt_attrs attrs;
	struct rt_attr a;

	rt_attrs_in(&attrs, outer);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == CTA_TUPLE_IP)
			read_ip(&a, ret);
		if (a.type == CTA_TUPLE_PROTO)
			read_proto(&a, ret);
	}
}

static struct ipnet wanted(const struct conntrack_match *m, const struct ipnet *addr6,
			   uint32_t addr)
{
	const struct ipnet none = { 0 };

	if (m->ipv6)
		return *addr6;
	return addr ? ipnet_of_ipv4((struct ipv4_net){ .addr = addr, .prefix = 32 }) : none;
}

static bool fits(const struct conntrack_match *m, const struct entry *e)
{
	const struct ipnet dst = wanted(m, &m->dst6, m->dst), to = wanted(m, &m->to6, m->to);
	const struct ipnet *had = &e->orig.dst, *reached = &e->reply.src;

	if (had->family != (m->ipv6 ? IPNET_V6 : IPNET_V4) ||
	    e->orig.proto != (m->udp ? IPPROTO_UDP : IPPROTO_TCP) || e->orig.dport < m->first ||
	    e->orig.dport > m->last || (dst.family != IPNET_NONE && !ipnet_eq(had, &dst)))
		return false;
	if (to.family != IPNET_NONE)
		return ipnet_eq(reached, &to) && !ipnet_eq(had, &to);
	return ipnet_eq(reached, had) && e->reply.sport == e->orig.dport && local_addr_is(had);
}

static bool is_over(const struct found *found, const struct entry *e)
{
	struct conntrack_flow f = {
		.from = e->orig.src,
		.to = e->reply.src,
		.translated =
			!ipnet_eq(&e->reply.src, &e->orig.dst) || e->reply.sport != e->orig.dport,
		.proto = e->orig.proto,
		.to_port = e->reply.sport,
	};

	if (found->over)
		return found->over(found->ctx, &f);
	for (size_t i = 0; i < found->n_m; i++)
		if (fits(&found->m[i], e))
			return true;
	return false;
}

static void read_entry(void *ctx, const struct nlmsghdr *h)
{
	struct found *found = ctx;
	struct entry e = { 0 };
	struct rt_attrs attrs;
	struct rt_attr a;

	rt_attrs_of(&attrs, h, sizeof(struct nfgenmsg));
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type == CTA_TUPLE_ORIG && a.n <= sizeof(e.tuple)) {
			read_flow(&a, &e.orig);
			memcpy(e.tuple, a.data, a.n);
			e.tuple_len = a.n;
		} else if (a.type == CTA_TUPLE_REPLY) {
			read_flow(&a, &e.reply);
		} else if (a.type == CTA_ID) {
			e.has_id = a.n >= sizeof(e.id);
			e.id = rt_attr_u32(&a);
		}
	}
	if (e.tuple_len > 0 && is_over(found, &e))
		*(struct entry *) vec_grow(&found->v, &found->n, sizeof(*found->v)) = e;
}

/* ---- asking ---- */

static struct rt_msg *request(int type, int flags, unsigned char family)
{
	const struct nfgenmsg head = { .nfgen_family = family, .version = NFNETLINK_V0 };

	return rt_msg_new(NFNL_SUBSYS_CTNETLINK << 8 | type, NLM_F_REQUEST | flags, &head,
			  sizeof(head));
}

/* Let the kernel leave out what was not translated to that address. */
static void add_filter(struct rt_msg *msg, uint32_t to)
{
	const uint32_t addr = htonl(to);
	struct nlattr *tuple = rt_nest(msg, CTA_TUPLE_REPLY | NLA_F_NESTED);
	struct nlattr *ip = rt_nest(msg, CTA_TUPLE_IP | NLA_F_NESTED);
	struct nlattr *filter;

	rt_put(msg, CTA_IP_V4_SRC, &addr, sizeof(addr));
	rt_nest_end(msg, ip);
	rt_nest_end(msg, tuple);
	filter = rt_nest(msg, CTA_FILTER | NLA_F_NESTED);
	rt_put_u32(msg, CTA_FILTER_ORIG_FLAGS, 0);
	rt_put_u32(msg, CTA_FILTER_REPLY_FLAGS, FILTER_IP_SRC);
	rt_nest_end(msg, filter);
}

/* The address that all matches are about; 0 if they are not about one of IPv4. */
static uint32_t common_target(const struct conntrack_match *m, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (m[i].ipv6 || m[i].to != m[0].to)
			return 0;
	return n > 0 ? m[0].to : 0;
}

static bool has_ipv6(const struct found *found)
{
	for (size_t i = 0; i < found->n_m; i++)
		if (found->m[i].ipv6)
			return true;
	return false;
}

static int list(struct rt_sock *sk, struct found *found)
{
	struct rt_answer a = { .item = read_entry, .ctx = found };
	unsigned char family = found->over || has_ipv6(found) ? AF_UNSPEC : AF_INET;
	cleanup_(rt_msg_freep) struct rt_msg *msg = request(IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	uint32_t to = found->over ? 0 : common_target(found->m, found->n_m);

	if (to)
		add_filter(msg, to);
	return rt_talk(sk, &msg, 1, &a);
}

static int delete (struct rt_sock *sk, const struct entry *e)
{
	unsigned char family = e->orig.dst.family == IPNET_V6 ? AF_INET6 : AF_INET;
	struct rt_msg *msg = request(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, family);
	char message[RT_MESSAGE_MAX];
	int r;

	rt_put(msg, CTA_TUPLE_ORIG | NLA_F_NESTED, e->tuple, e->tuple_len);
	if (e->has_id) /* not a later connection of the same addresses */
		rt_put_u32(msg, CTA_ID, e->id);
	r = rt_do(sk, msg, message);
	return r == -ENOENT ? 0 : r; /* it has ended meanwhile */
}

static int forget(struct found *found, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	int r;

	r = rt_open_netfilter(&sk, err);
	if (r == -EPROTONOSUPPORT)
		r = -EOPNOTSUPP;
	if (r < 0)
		return r;
	r = list(sk, found);
	for (size_t i = 0; r == 0 && i < found->n; i++)
		r = delete (sk, &found->v[i]);
	free(found->v);
	if (r == -EINVAL || r == -ENOENT || r == -ENOSYS) /* no such subsystem of nfnetlink */
		r = -EOPNOTSUPP;
	return r < 0 ? kerr_set(err, r, "forget tracked connections") : (int) found->n;
}

int conntrack_forget(const struct conntrack_match *m, size_t n, struct kerr *err)
{
	struct found found = { .m = m, .n_m = n };

	return n > 0 ? forget(&found, err) : 0;
}

int conntrack_forget_flows(conntrack_over_fn *over, const void *ctx, struct kerr *err)
{
	struct found found = { .over = over, .ctx = ctx };

	return forget(&found, err);
}
