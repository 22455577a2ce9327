/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <net/if.h>

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "firewall.h"
#include "firewall_entry.h"
#include "str.h"

_Static_assert(IPT_INV_VIA_IN == IP6T_INV_VIA_IN && IPT_INV_VIA_OUT == IP6T_INV_VIA_OUT &&
		       IPT_INV_SRCIP == IP6T_INV_SRCIP && IPT_INV_DSTIP == IP6T_INV_DSTIP,
	       "what is inverted has the same bits in both families");

static const uint8_t proto_numbers[] = {
	[FIREWALL_ANY_PROTO] = 0,	    [FIREWALL_TCP] = IPPROTO_TCP,
	[FIREWALL_UDP] = IPPROTO_UDP,	    [FIREWALL_ICMP] = IPPROTO_ICMP,
	[FIREWALL_ICMPV6] = IPPROTO_ICMPV6,
};
_Static_assert(ARRAY_SIZE(proto_numbers) == _FIREWALL_PROTO_MAX, "a protocol without a number");

static void *room(struct firewall_entry *to, size_t n)
{
	void *p = to->bytes + to->n;

	if (to->n + n > sizeof(to->bytes))
		abort(); /* FIREWALL_ENTRY_MAX is too small: a bug */
	to->n += n;
	return p;
}

/* ---- the entry itself ---- */

static void set_net(void *addr, void *mask, size_t size, const struct ipnet *net)
{
	struct ipnet subnet = ipnet_subnet(*net);
	uint8_t bits[16];

	if (net->family == IPNET_NONE)
		return;
	ipnet_mask(net, bits);
	memcpy(addr, subnet.addr, size);
	memcpy(mask, bits, size);
}

/* As iptables does: the '+' of a wildcard is part of the name, but not covered by the mask. */
static void set_device(char *name, unsigned char *mask, const char *device)
{
	size_t n = strlen(device);

	if (n == 0)
		return;
	(void) snprintf(name, IFNAMSIZ, "%s", device);
	memset(mask, 0xff, device[n - 1] == '+' ? n - 1 : n + 1);
}

static uint8_t invert_flags(unsigned invert)
{
	return (uint8_t) ((invert & FIREWALL_NOT_SRC ? IPT_INV_SRCIP : 0) |
			  (invert & FIREWALL_NOT_DST ? IPT_INV_DSTIP : 0) |
			  (invert & FIREWALL_NOT_IN ? IPT_INV_VIA_IN : 0) |
			  (invert & FIREWALL_NOT_OUT ? IPT_INV_VIA_OUT : 0));
}

static void head_ipv4(const struct firewall_rule *r, struct firewall_entry *to)
{
	struct ipt_entry *e = room(to, sizeof(*e));

	set_net(&e->ip.src, &e->ip.smsk, sizeof(e->ip.src), &r->src);
	set_net(&e->ip.dst, &e->ip.dmsk, sizeof(e->ip.dst), &r->dst);
	set_device(e->ip.iniface, e->ip.iniface_mask, r->in);
	set_device(e->ip.outiface, e->ip.outiface_mask, r->out);
	e->ip.proto = proto_numbers[r->proto];
	e->ip.invflags = invert_flags(r->invert);
}

static void head_ipv6(const struct firewall_rule *r, struct firewall_entry *to)
{
	struct ip6t_entry *e = room(to, sizeof(*e));

	set_net(&e->ipv6.src, &e->ipv6.smsk, sizeof(e->ipv6.src), &r->src);
	set_net(&e->ipv6.dst, &e->ipv6.dmsk, sizeof(e->ipv6.dst), &r->dst);
	set_device(e->ipv6.iniface, e->ipv6.iniface_mask, r->in);
	set_device(e->ipv6.outiface, e->ipv6.outiface_mask, r->out);
	e->ipv6.proto = proto_numbers[r->proto];
	if (r->proto != FIREWALL_ANY_PROTO)
		e->ipv6.flags = IP6T_F_PROTO; /* without it the kernel does not look */
	e->ipv6.invflags = invert_flags(r->invert);
}

static void set_offsets(struct firewall_entry *to)
{
	struct ipt_entry *v4 = (void *) to->bytes;
	struct ip6t_entry *v6 = (void *) to->bytes;

	if (to->family == FIREWALL_IPV4) {
		v4->target_offset = (uint16_t) to->target;
		v4->next_offset = (uint16_t) to->n;
	} else {
		v6->target_offset = (uint16_t) to->target;
		v6->next_offset = (uint16_t) to->n;
	}
}

/* ---- matches ---- */

static void add_match(struct firewall_entry *to, const char *name, uint8_t revision,
		      const void *data, size_t n)
{
	size_t size = XT_ALIGN(sizeof(struct xt_entry_match)) + XT_ALIGN(n);
	struct xt_entry_match *m = room(to, size);

	m->u.user.match_size = (uint16_t) size;
	m->u.user.revision = revision;
	(void) snprintf(m->u.user.name, sizeof(m->u.user.name), "%s", name);
	memcpy(m->data, data, n);
}

static void add_ports(struct firewall_entry *to, const struct firewall_rule *r)
{
	struct xt_tcp tcp = { .spts = { 0, UINT16_MAX },
			      .dpts = { r->dport.first, r->dport.last } };
	struct xt_udp udp = { .spts = { 0, UINT16_MAX },
			      .dpts = { r->dport.first, r->dport.last } };

	if (!r->dport.first)
		return;
	if (r->proto == FIREWALL_TCP)
		add_match(to, "tcp", 0, &tcp, sizeof(tcp));
	else
		add_match(to, "udp", 0, &udp, sizeof(udp));
}

static void add_state(struct firewall_entry *to, unsigned ct)
{
	struct xt_conntrack_mtinfo3 state = { .match_flags = XT_CONNTRACK_STATE };

	if (!ct)
		return;
	if (ct & FIREWALL_CT_ESTABLISHED)
		state.state_mask |= XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED);
	if (ct & FIREWALL_CT_RELATED)
		state.state_mask |= XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
	if (ct & FIREWALL_CT_DNAT)
		state.state_mask |= XT_CONNTRACK_STATE_DNAT;
	add_match(to, "conntrack", 3, &state, sizeof(state));
}

static void add_matches(struct firewall_entry *to, const struct firewall_rule *r)
{
	const struct xt_addrtype_info_v1 local = { .dest = XT_ADDRTYPE_LOCAL };
	struct xt_comment_info info = { 0 };

	_Static_assert(sizeof(info.comment) == FIREWALL_COMMENT_MAX, "xt_comment");
	add_ports(to, r);
	if (r->dst_local)
		add_match(to, "addrtype", 1, &local, sizeof(local));
	add_state(to, r->ct);
	if (!r->comment)
		return;
	(void) snprintf(info.comment, sizeof(info.comment), "%s", r->comment);
	add_match(to, "comment", 0, &info, sizeof(info));
}

/* ---- targets ---- */

static void add_target(struct firewall_entry *to, const char *name, uint8_t revision,
		       const void *data, size_t n)
{
	size_t size = XT_ALIGN(sizeof(struct xt_entry_target)) + XT_ALIGN(n);
	struct xt_entry_target *t = room(to, size);

	t->u.user.target_size = (uint16_t) size;
	t->u.user.revision = revision;
	(void) snprintf(t->u.user.name, sizeof(t->u.user.name), "%s", name);
	if (data)
		memcpy(t->data, data, n);
}

static void add_masquerade(struct firewall_entry *to)
{
	const struct nf_nat_ipv4_multi_range_compat v4 = { .rangesize = 1 };
	const struct nf_nat_range v6 = { 0 };

	if (to->family == FIREWALL_IPV4)
		add_target(to, "MASQUERADE", 0, &v4, sizeof(v4));
	else
		add_target(to, "MASQUERADE", 0, &v6, sizeof(v6));
}

/* Revision 2, which maps a range of ports to another one in order (Linux 4.18). */
static void add_dnat(struct firewall_entry *to, const struct firewall_rule *r)
{
	struct nf_nat_range2 range = { .flags = NF_NAT_RANGE_MAP_IPS };
	uint16_t n = (uint16_t) (r->dport.last - r->dport.first);

	memcpy(&range.min_addr, r->to.addr, sizeof(r->to.addr));
	range.max_addr = range.min_addr;
	if (r->to_port) {
		range.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
		range.min_proto.all = htons(r->to_port);
		range.max_proto.all = htons((uint16_t) (r->to_port + n));
	}
	if (r->to_port && n > 0) {
		range.flags |= NF_NAT_RANGE_PROTO_OFFSET;
		range.base_proto.all = htons(r->dport.first);
	}
	add_target(to, "DNAT", 2, &range, sizeof(range));
}

void firewall_entry_make(const struct firewall_rule *r, enum firewall_family family,
			 struct firewall_entry *ret)
{
	const size_t standard = sizeof(struct xt_standard_target) - sizeof(struct xt_entry_target);

	assert(!r->set[0]); /* it would match what is not in the set */
	memset(ret, 0, sizeof(*ret));
	ret->family = family;
	if (family == FIREWALL_IPV4)
		head_ipv4(r, ret);
	else
		head_ipv6(r, ret);
	add_matches(ret, r);
	ret->target = ret->n;
	if (r->verdict == FIREWALL_MASQUERADE)
		add_masquerade(ret);
	else if (r->verdict == FIREWALL_DNAT)
		add_dnat(ret, r);
	else
		add_target(ret, firewall_rule_target(r), 0, NULL, standard);
	set_offsets(ret);
}

void firewall_entry_make_hook(const struct firewall_hook *hook, enum firewall_family family,
			      struct firewall_entry *ret)
{
	struct firewall_rule r = { .verdict = FIREWALL_JUMP };

	r.comment = hook->comment;
	r.jump = (char *) (uintptr_t) hook->chain; /* only read */
	firewall_entry_make(&r, family, ret);
}

/* ---- comparing ---- */

/*
 * Compare all matches of two rules whose offsets agree. The kernel does not clear the
 * bytes after a name's NUL, so names are compared as strings.
 */
static bool matches_eq(const char *have, const char *want, size_t from, size_t end)
{
	const struct xt_entry_match *a, *b;
	const size_t head = sizeof(struct xt_entry_match);
	size_t size;

	for (size_t at = from; at < end; at += size) {
		a = (const void *) (have + at);
		b = (const void *) (want + at);
		size = b->u.user.match_size;
		if (a->u.user.match_size != size || a->u.user.revision != b->u.user.revision ||
		    strncmp(a->u.user.name, b->u.user.name, sizeof(b->u.user.name)) != 0 ||
		    memcmp(have + at + head, want + at + head, size - head) != 0)
			return false;
	}
	return true;
}

static bool head_eq(const void *have, const struct firewall_entry *want, size_t *ret_size)
{
	const struct ipt_entry *a = have, *b = (const void *) want->bytes;
	const struct ip6t_entry *a6 = have, *b6 = (const void *) want->bytes;

	if (want->family == FIREWALL_IPV4) {
		*ret_size = sizeof(*a);
		return memcmp(&a->ip, &b->ip, sizeof(a->ip)) == 0 &&
		       a->target_offset == b->target_offset && a->next_offset == b->next_offset;
	}
	*ret_size = sizeof(*a6);
	/* With its padding, which both have as zeros. */
	return memcmp((const char *) &a6->ipv6, (const char *) &b6->ipv6, sizeof(a6->ipv6)) == 0 &&
	       a6->target_offset == b6->target_offset && a6->next_offset == b6->next_offset;
}

struct ipnet firewall_entry_dst(const void *have, enum firewall_family family)
{
	const struct ipt_entry *v4 = have;
	const struct ip6t_entry *v6 = have;
	struct ipnet ret = { 0 };
	const uint8_t *mask;

	if (family == FIREWALL_IPV4) {
		ret.family = IPNET_V4;
		memcpy(ret.addr, &v4->ip.dst, sizeof(v4->ip.dst));
		mask = (const uint8_t *) &v4->ip.dmsk;
	} else {
		ret.family = IPNET_V6;
		memcpy(ret.addr, &v6->ipv6.dst, sizeof(v6->ipv6.dst));
		mask = (const uint8_t *) &v6->ipv6.dmsk;
	}
	while (ret.prefix < ipnet_bits(ret.family) && mask[ret.prefix / 8] & 0x80 >> ret.prefix % 8)
		ret.prefix++;
	return ret;
}

bool firewall_entry_eq(const void *have, const char *target, const struct firewall_entry *want,
		       const struct firewall_rule *r)
{
	const size_t data = sizeof(struct xt_entry_target);
	const struct xt_entry_target *a, *b;
	size_t head;

	if (!head_eq(have, want, &head) || !matches_eq(have, want->bytes, head, want->target) ||
	    !streq(target, firewall_rule_target(r)))
		return false;
	if (r->verdict != FIREWALL_MASQUERADE && r->verdict != FIREWALL_DNAT)
		return true;
	a = (const void *) ((const char *) have + want->target);
	b = (const void *) (want->bytes + want->target);
	return a->u.user.revision == b->u.user.revision &&
	       memcmp((const char *) a + data, (const char *) b + data,
		      want->n - want->target - data) == 0;
}
