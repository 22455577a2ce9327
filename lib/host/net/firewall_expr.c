/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include "firewall_expr.h"
#include "nft_msg.h"
#include "str.h"

/* NFTNL_UDATA_RULE_COMMENT and _SET_ELEM_COMMENT of libnftnl: type, length, text with NUL. */
#define USER_COMMENT 0

/* Offsets of addresses and ports in their headers (RFC 791, 8200, 9293, 768). */
#define IPV4_SRC 12
#define IPV4_DST 16
#define IPV6_SRC 8
#define IPV6_DST 24
#define PORT_DST 2

static const uint8_t proto_numbers[] = {
	[FIREWALL_ANY_PROTO] = 0,	    [FIREWALL_TCP] = IPPROTO_TCP,
	[FIREWALL_UDP] = IPPROTO_UDP,	    [FIREWALL_ICMP] = IPPROTO_ICMP,
	[FIREWALL_ICMPV6] = IPPROTO_ICMPV6,
};
_Static_assert(ARRAY_SIZE(proto_numbers) == _FIREWALL_PROTO_MAX, "a protocol without a number");

/* ---- one expression ---- */

struct expr {
	struct rt_msg *msg;
	struct nlattr *elem, *data;
};

static struct expr expr_begin(struct rt_msg *msg, const char *name)
{
	struct expr e = { .msg = msg, .elem = rt_nest(msg, NFTA_LIST_ELEM) };

	rt_put_str(msg, NFTA_EXPR_NAME, name);
	e.data = rt_nest(msg, NFTA_EXPR_DATA);
	return e;
}

static void expr_end(const struct expr *e)
{
	rt_nest_end(e->msg, e->data);
	rt_nest_end(e->msg, e->elem);
}

static void put_data(struct rt_msg *msg, int type, const void *data, size_t n)
{
	struct nlattr *nest = rt_nest(msg, type);

	rt_put(msg, NFTA_DATA_VALUE, data, n);
	rt_nest_end(msg, nest);
}

/* The members of each expression stand in the kernel's order, see members_eq. */
static void put_meta(struct rt_msg *msg, enum nft_meta_keys key)
{
	struct expr e = expr_begin(msg, "meta");

	nft_put_u32(msg, NFTA_META_KEY, key);
	nft_put_u32(msg, NFTA_META_DREG, NFT_REG_1);
	expr_end(&e);
}

static void put_conntrack(struct rt_msg *msg, enum nft_ct_keys key)
{
	struct expr e = expr_begin(msg, "ct");

	nft_put_u32(msg, NFTA_CT_DREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_CT_KEY, key);
	expr_end(&e);
}

static void put_payload(struct rt_msg *msg, enum nft_registers reg, enum nft_payload_bases base,
			uint32_t offset, uint32_t n)
{
	struct expr e = expr_begin(msg, "payload");

	nft_put_u32(msg, NFTA_PAYLOAD_DREG, reg);
	nft_put_u32(msg, NFTA_PAYLOAD_BASE, base);
	nft_put_u32(msg, NFTA_PAYLOAD_OFFSET, offset);
	nft_put_u32(msg, NFTA_PAYLOAD_LEN, n);
	expr_end(&e);
}

static void put_cmp(struct rt_msg *msg, enum nft_cmp_ops op, const void *data, size_t n)
{
	struct expr e = expr_begin(msg, "cmp");

	nft_put_u32(msg, NFTA_CMP_SREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_CMP_OP, op);
	put_data(msg, NFTA_CMP_DATA, data, n);
	expr_end(&e);
}

static void put_mask(struct rt_msg *msg, const void *mask, size_t n)
{
	static const uint8_t zero[16];
	struct expr e = expr_begin(msg, "bitwise");

	nft_put_u32(msg, NFTA_BITWISE_SREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_BITWISE_DREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_BITWISE_LEN, (uint32_t) n);
	nft_put_u32(msg, NFTA_BITWISE_OP, NFT_BITWISE_BOOL);
	put_data(msg, NFTA_BITWISE_MASK, mask, n);
	put_data(msg, NFTA_BITWISE_XOR, zero, n);
	expr_end(&e);
}

static void put_value(struct rt_msg *msg, enum nft_registers reg, const void *data, size_t n)
{
	struct expr e = expr_begin(msg, "immediate");

	nft_put_u32(msg, NFTA_IMMEDIATE_DREG, reg);
	put_data(msg, NFTA_IMMEDIATE_DATA, data, n);
	expr_end(&e);
}

static void put_verdict(struct rt_msg *msg, int code, const char *chain)
{
	struct expr e = expr_begin(msg, "immediate");
	struct nlattr *data, *verdict;

	nft_put_u32(msg, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = rt_nest(msg, NFTA_IMMEDIATE_DATA);
	verdict = rt_nest(msg, NFTA_DATA_VERDICT);
	nft_put_u32(msg, NFTA_VERDICT_CODE, (uint32_t) code);
	if (chain)
		rt_put_str(msg, NFTA_VERDICT_CHAIN, chain);
	rt_nest_end(msg, verdict);
	rt_nest_end(msg, data);
	expr_end(&e);
}

/* ---- matches ---- */

static enum nft_cmp_ops eq_unless(unsigned invert)
{
	return invert ? NFT_CMP_NEQ : NFT_CMP_EQ;
}

static void put_family(struct rt_msg *msg, unsigned families, unsigned all)
{
	uint8_t pf = families == FIREWALL_IPV4 ? NFPROTO_IPV4 : NFPROTO_IPV6;

	if (families == all)
		return;
	put_meta(msg, NFT_META_NFPROTO);
	put_cmp(msg, NFT_CMP_EQ, &pf, sizeof(pf));
}

/* A whole name has all bytes of the field, a prefix has its own alone. */
static void put_device(struct rt_msg *msg, enum nft_meta_keys key, const char *device,
		       unsigned invert)
{
	size_t n = strlen(device);
	char name[FIREWALL_DEVICE_MAX] = { 0 };

	if (n == 0)
		return;
	(void) snprintf(name, sizeof(name), "%s", device);
	put_meta(msg, key);
	put_cmp(msg, eq_unless(invert), name, device[n - 1] == '+' ? n - 1 : sizeof(name));
}

static void put_net(struct rt_msg *msg, const struct ipnet *net, bool src, unsigned invert)
{
	struct ipnet subnet = ipnet_subnet(*net);
	uint32_t n = net->family == IPNET_V4 ? 4 : 16;
	uint8_t mask[16];

	if (net->family == IPNET_NONE || net->prefix == 0)
		return;
	if (net->family == IPNET_V4)
		put_payload(msg, NFT_REG_1, NFT_PAYLOAD_NETWORK_HEADER, src ? IPV4_SRC : IPV4_DST,
			    n);
	else
		put_payload(msg, NFT_REG_1, NFT_PAYLOAD_NETWORK_HEADER, src ? IPV6_SRC : IPV6_DST,
			    n);
	ipnet_mask(net, mask);
	if (net->prefix < ipnet_bits(net->family))
		put_mask(msg, mask, n);
	put_cmp(msg, eq_unless(invert), subnet.addr, n);
}

/* The destination is looked up; the set's name alone tells it. */
static void put_set(struct rt_msg *msg, const struct firewall_rule *r)
{
	bool v4 = r->set_family == IPNET_V4;
	struct expr e;

	if (!r->set[0])
		return;
	put_payload(msg, NFT_REG_1, NFT_PAYLOAD_NETWORK_HEADER, v4 ? IPV4_DST : IPV6_DST,
		    v4 ? 4 : 16);
	e = expr_begin(msg, "lookup");
	rt_put_str(msg, NFTA_LOOKUP_SET, r->set);
	nft_put_u32(msg, NFTA_LOOKUP_SREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_LOOKUP_FLAGS, 0);
	expr_end(&e);
}

static void put_proto(struct rt_msg *msg, const struct firewall_rule *r)
{
	uint16_t first = htons(r->dport.first), last = htons(r->dport.last);

	if (r->proto == FIREWALL_ANY_PROTO)
		return;
	put_meta(msg, NFT_META_L4PROTO);
	put_cmp(msg, NFT_CMP_EQ, &proto_numbers[r->proto], 1);
	if (!r->dport.first)
		return;
	put_payload(msg, NFT_REG_1, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DST, sizeof(first));
	if (first == last) {
		put_cmp(msg, NFT_CMP_EQ, &first, sizeof(first));
	} else {
		put_cmp(msg, NFT_CMP_GTE, &first, sizeof(first));
		put_cmp(msg, NFT_CMP_LTE, &last, sizeof(last));
	}
}

static void put_local(struct rt_msg *msg)
{
	const uint32_t local = RTN_LOCAL; /* in the host's byte order, as the kernel has it */
	struct expr e = expr_begin(msg, "fib");

	nft_put_u32(msg, NFTA_FIB_DREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nft_put_u32(msg, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	expr_end(&e);
	put_cmp(msg, NFT_CMP_EQ, &local, sizeof(local));
}

static unsigned ct_states(unsigned ct)
{
	return ct & (FIREWALL_CT_RELATED | FIREWALL_CT_ESTABLISHED);
}

/* The states first, if there are any; then what is translated. */
static void put_ct(struct rt_msg *msg, unsigned ct, unsigned part)
{
	const uint32_t zero = 0;
	uint32_t bits = 0;

	if (!ct)
		return;
	if (part == 0 && ct_states(ct)) {
		if (ct & FIREWALL_CT_ESTABLISHED)
			bits |= NF_CT_STATE_BIT(IP_CT_ESTABLISHED);
		if (ct & FIREWALL_CT_RELATED)
			bits |= NF_CT_STATE_BIT(IP_CT_RELATED);
		put_conntrack(msg, NFT_CT_STATE);
	} else {
		bits = IPS_DST_NAT;
		put_conntrack(msg, NFT_CT_STATUS);
	}
	put_mask(msg, &bits, sizeof(bits));
	put_cmp(msg, NFT_CMP_NEQ, &zero, sizeof(zero));
}

/* ---- what becomes of a packet ---- */

static bool maps_ports(const struct firewall_rule *r)
{
	return r->verdict == FIREWALL_DNAT && r->to_port && r->dport.last > r->dport.first &&
	       r->to_port != r->dport.first;
}

bool firewall_expr_map(const struct firewall_rule *r, char ret[FIREWALL_MAP_MAX])
{
	if (!maps_ports(r))
		return false;
	(void) snprintf(ret, FIREWALL_MAP_MAX, "ports-%u-%u-%u", r->dport.first, r->dport.last,
			r->to_port);
	return true;
}

/* A range that keeps its ports needs nothing; one that moves looks each of them up. */
static bool put_port(struct rt_msg *msg, const struct firewall_rule *r)
{
	char map[FIREWALL_MAP_MAX];
	uint16_t to = htons(r->to_port);
	struct expr e;

	if (firewall_expr_map(r, map)) {
		put_payload(msg, NFT_REG_2, NFT_PAYLOAD_TRANSPORT_HEADER, PORT_DST, sizeof(to));
		e = expr_begin(msg, "lookup");
		rt_put_str(msg, NFTA_LOOKUP_SET, map);
		nft_put_u32(msg, NFTA_LOOKUP_SREG, NFT_REG_2);
		nft_put_u32(msg, NFTA_LOOKUP_DREG, NFT_REG_2);
		nft_put_u32(msg, NFTA_LOOKUP_FLAGS, 0);
		expr_end(&e);
		return true;
	}
	if (!r->to_port || r->dport.last > r->dport.first)
		return false;
	put_value(msg, NFT_REG_2, &to, sizeof(to));
	return true;
}

static void put_dnat(struct rt_msg *msg, const struct firewall_rule *r)
{
	bool v4 = r->to.family == IPNET_V4;
	uint32_t flags = NF_NAT_RANGE_MAP_IPS;
	struct expr e;
	bool port;

	put_value(msg, NFT_REG_1, r->to.addr, v4 ? 4 : 16);
	port = put_port(msg, r);
	e = expr_begin(msg, "nat");
	nft_put_u32(msg, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	nft_put_u32(msg, NFTA_NAT_FAMILY, v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nft_put_u32(msg, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
	nft_put_u32(msg, NFTA_NAT_REG_ADDR_MAX, NFT_REG_1);
	if (port) {
		flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
		nft_put_u32(msg, NFTA_NAT_REG_PROTO_MIN, NFT_REG_2);
		nft_put_u32(msg, NFTA_NAT_REG_PROTO_MAX, NFT_REG_2);
	}
	nft_put_u32(msg, NFTA_NAT_FLAGS, flags);
	expr_end(&e);
}

static void put_empty(struct rt_msg *msg, const char *name)
{
	struct nlattr *elem = rt_nest(msg, NFTA_LIST_ELEM);

	rt_put_str(msg, NFTA_EXPR_NAME, name);
	rt_nest_end(msg, elem);
}

static void put_action(struct rt_msg *msg, const struct firewall_rule *r)
{
	switch (r->verdict) {
	case FIREWALL_ACCEPT:
		put_verdict(msg, NF_ACCEPT, NULL);
		break;
	case FIREWALL_DROP:
		put_empty(msg, "counter");
		put_verdict(msg, NF_DROP, NULL);
		break;
	case FIREWALL_RETURN:
		put_verdict(msg, NFT_RETURN, NULL);
		break;
	case FIREWALL_MASQUERADE:
		put_empty(msg, "masq");
		break;
	case FIREWALL_DNAT:
		put_dnat(msg, r);
		break;
	case FIREWALL_JUMP:
		put_verdict(msg, NFT_JUMP, r->jump);
		break;
	case _FIREWALL_VERDICT_MAX:
		abort();
	}
}

/*
 * nft writes a comment between quotes as it is: what would end it, or the line, is
 * replaced, so that a ruleset that was listed can be loaded again.
 */
void firewall_expr_put_comment(struct rt_msg *msg, int type, const char *comment)
{
	char data[2 + FIREWALL_EXPR_COMMENT_MAX] = { USER_COMMENT };
	char *text = data + 2;
	size_t n = strnlen(comment, FIREWALL_EXPR_COMMENT_MAX - 1);

	for (size_t i = 0; i < n; i++)
		text[i] =
			(unsigned char) comment[i] < ' ' || comment[i] == '"' || comment[i] == '\\'
				? '_'
				: comment[i];
	data[1] = (char) (n + 1);
	rt_put(msg, type, data, 2 + n + 1);
}

unsigned firewall_expr_parts(const struct firewall_rule *r)
{
	return ct_states(r->ct) && r->ct & FIREWALL_CT_DNAT ? 2 : 1;
}

void firewall_expr_put(struct rt_msg *msg, const struct firewall_rule *r, unsigned families,
		       unsigned all, unsigned part)
{
	struct nlattr *list = rt_nest(msg, NFTA_RULE_EXPRESSIONS);

	put_family(msg, families, all);
	put_device(msg, NFT_META_IIFNAME, r->in, r->invert & FIREWALL_NOT_IN);
	put_device(msg, NFT_META_OIFNAME, r->out, r->invert & FIREWALL_NOT_OUT);
	put_net(msg, &r->src, true, r->invert & FIREWALL_NOT_SRC);
	put_net(msg, &r->dst, false, r->invert & FIREWALL_NOT_DST);
	put_set(msg, r);
	put_proto(msg, r);
	if (r->dst_local)
		put_local(msg);
	put_ct(msg, r->ct, part);
	put_action(msg, r);
	rt_nest_end(msg, list);
	if (r->comment)
		firewall_expr_put_comment(msg, NFTA_RULE_USERDATA, r->comment);
}

/* ---- comparing ---- */

/* Attributes up to these are known; the kernel may tell more of an expression. */
static const struct known {
	const char *name;
	int max;
	int nested[2]; /* attributes with a NFTA_DATA_ inside */
} known[] = {
	{ "meta", NFTA_META_MAX, { 0 } },
	{ "cmp", NFTA_CMP_MAX, { NFTA_CMP_DATA } },
	{ "payload", NFTA_PAYLOAD_MAX, { 0 } },
	{ "bitwise", NFTA_BITWISE_MAX, { NFTA_BITWISE_MASK, NFTA_BITWISE_XOR } },
	{ "ct", NFTA_CT_MAX, { 0 } },
	{ "fib", NFTA_FIB_MAX, { 0 } },
	{ "immediate", NFTA_IMMEDIATE_MAX, { NFTA_IMMEDIATE_DATA } },
	{ "nat", NFTA_NAT_MAX, { 0 } },
	{ "masq", NFTA_MASQ_MAX, { 0 } },
	{ "lookup", NFTA_LOOKUP_MAX, { 0 } },
};

/* The next expression that is no counter. */
static bool next_expr(struct rt_attrs *list, char name[32], struct rt_attr *ret_data)
{
	struct rt_attrs attrs;
	struct rt_attr elem, a;

	while (rt_attrs_next(list, &elem)) {
		name[0] = '\0';
		*ret_data = (struct rt_attr){ .data = "" };
		rt_attrs_in(&attrs, &elem);
		while (rt_attrs_next(&attrs, &a)) {
			if (a.type == NFTA_EXPR_NAME)
				rt_attr_str(&a, name, 32);
			else if (a.type == NFTA_EXPR_DATA)
				*ret_data = a;
		}
		if (!streq(name, "counter"))
			return true;
	}
	return false;
}

static bool find_attr(const struct rt_attr *in, int type, struct rt_attr *ret)
{
	struct rt_attrs attrs;

	rt_attrs_in(&attrs, in);
	while (rt_attrs_next(&attrs, ret))
		if (ret->type == type)
			return true;
	return false;
}

static bool bytes_eq(const struct rt_attr *a, const struct rt_attr *b)
{
	return a->n == b->n && memcmp(a->data, b->data, a->n) == 0;
}

/* The members of one nest, none of which is a nest. */
static bool nest_eq(const struct rt_attr *have, const struct rt_attr *want)
{
	struct rt_attrs attrs;
	struct rt_attr a, b;

	rt_attrs_in(&attrs, want);
	while (rt_attrs_next(&attrs, &a))
		if (!find_attr(have, a.type, &b))
			return false;
	rt_attrs_in(&attrs, have);
	while (rt_attrs_next(&attrs, &a))
		if (!find_attr(want, a.type, &b) || !bytes_eq(&a, &b))
			return false;
	return true;
}

/* NFTA_DATA_VALUE, or NFTA_DATA_VERDICT with a nest of its own. */
static bool data_eq(const struct rt_attr *have, const struct rt_attr *want)
{
	struct rt_attr a, b;

	if (find_attr(want, NFTA_DATA_VERDICT, &b))
		return find_attr(have, NFTA_DATA_VERDICT, &a) && nest_eq(&a, &b);
	return nest_eq(have, want);
}

static bool members_eq(const struct known *k, const struct rt_attr *have,
		       const struct rt_attr *want)
{
	struct rt_attrs attrs;
	struct rt_attr a, b;
	bool nested;

	if (bytes_eq(have, want))
		return true; /* as it mostly is: the same members in the same order */
	rt_attrs_in(&attrs, want);
	while (rt_attrs_next(&attrs, &b))
		if (!find_attr(have, b.type, &a))
			return false;
	rt_attrs_in(&attrs, have);
	while (rt_attrs_next(&attrs, &a)) {
		if (a.type > k->max)
			continue;
		nested = a.type == k->nested[0] || a.type == k->nested[1];
		if (!find_attr(want, a.type, &b) || !(nested ? data_eq(&a, &b) : bytes_eq(&a, &b)))
			return false;
	}
	return true;
}

static const struct known *find_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (streq(known[i].name, name))
			return &known[i];
	return NULL;
}

bool firewall_expr_eq(const struct rt_attr *have, const struct rt_attr *want)
{
	struct rt_attrs h, w;
	struct rt_attr a, b;
	char have_name[32], want_name[32];
	const struct known *k;

	rt_attrs_in(&h, have);
	rt_attrs_in(&w, want);
	while (next_expr(&w, want_name, &b)) {
		k = find_known(want_name);
		if (!next_expr(&h, have_name, &a) || !streq(have_name, want_name) || !k ||
		    !members_eq(k, &a, &b))
			return false;
	}
	return !next_expr(&h, have_name, &a);
}

/* ---- reading what others wrote ---- */

/* The verdict of an immediate expression. */
static bool read_verdict(const char *name, const struct rt_attr *data, int *ret_code, char *chain,
			 size_t size)
{
	struct rt_attr value, verdict, a;

	if (!streq(name, "immediate") || !find_attr(data, NFTA_IMMEDIATE_DATA, &value) ||
	    !find_attr(&value, NFTA_DATA_VERDICT, &verdict) ||
	    !find_attr(&verdict, NFTA_VERDICT_CODE, &a))
		return false;
	*ret_code = (int) nft_attr_u32(&a);
	if (chain && find_attr(&verdict, NFTA_VERDICT_CHAIN, &a))
		rt_attr_str(&a, chain, size);
	return true;
}

void firewall_expr_jump(const struct rt_attr *have, char *ret, size_t size)
{
	struct rt_attrs list;
	struct rt_attr data;
	char name[32];
	int code;

	ret[0] = '\0';
	rt_attrs_in(&list, have);
	while (ret[0] == '\0' && next_expr(&list, name, &data))
		(void) read_verdict(name, &data, &code, ret, size);
}

bool firewall_expr_ends(const struct rt_attr *have)
{
	struct rt_attrs list;
	struct rt_attr data;
	char name[32];
	int code = NF_ACCEPT;
	bool ends = false;

	rt_attrs_in(&list, have);
	while (next_expr(&list, name, &data)) {
		if (streq(name, "log"))
			continue;
		ends = streq(name, "reject") ||
		       (read_verdict(name, &data, &code, NULL, 0) && code == NF_DROP);
		if (!ends)
			return false;
	}
	return ends;
}
