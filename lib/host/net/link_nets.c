/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "link_nets.h"
#include "mem.h"
#include "vec.h"

void link_nets_clear(struct link_nets *l)
{
	free(l->v);
	*l = (struct link_nets){ 0 };
}

static enum ipnet_family family_of(int af)
{
	return af == AF_INET ? IPNET_V4 : af == AF_INET6 ? IPNET_V6 : IPNET_NONE;
}

static void add(struct link_nets *l, const struct ipnet *net, unsigned ifindex)
{
	static const struct ipnet local = { .family = IPNET_V6,
					    .prefix = 10,
					    .addr = { 0xfe, 0x80 } };
	struct link_net *item;
	char name[IF_NAMESIZE];

	if (ipnet_contains(&local, net))
		return;
	item = vec_grow(&l->v, &l->n, sizeof(*l->v));
	item->net = ipnet_subnet(*net);
	if (ifindex > 0 && if_indextoname(ifindex, name))
		memcpy(item->device, name, sizeof(item->device));
}

static bool take_addr(const struct rt_attr *attr, struct ipnet *net)
{
	size_t n = ipnet_bits(net->family) / 8;

	if (attr->n < n)
		return false;
	memcpy(net->addr, attr->data, n);
	return true;
}

bool link_read_addr(const struct nlmsghdr *h, struct ipnet *ret)
{
	const struct ifaddrmsg *head = rt_data(h);
	struct ipnet net = { .prefix = head->ifa_prefixlen };
	bool local = false, any = false;
	struct rt_attrs attrs;
	struct rt_attr attr;

	net.family = family_of(head->ifa_family);
	if (h->nlmsg_type != RTM_NEWADDR || net.family == IPNET_NONE)
		return false;
	rt_attrs_of(&attrs, h, sizeof(*head));
	while (rt_attrs_next(&attrs, &attr)) {
		/* IFA_LOCAL is there where IFA_ADDRESS is that of the other end. */
		if (!(attr.type == IFA_LOCAL || (attr.type == IFA_ADDRESS && !local)) ||
		    !take_addr(&attr, &net))
			continue;
		local |= attr.type == IFA_LOCAL;
		any = true;
	}
	*ret = net;
	return any;
}

static void read_addr(void *ctx, const struct nlmsghdr *h)
{
	struct ipnet net;

	if (link_read_addr(h, &net))
		add(ctx, &net, ((const struct ifaddrmsg *) rt_data(h))->ifa_index);
}

static void read_route(void *ctx, const struct nlmsghdr *h)
{
	const struct rtmsg *head = rt_data(h);
	struct ipnet net = { .prefix = head->rtm_dst_len };
	unsigned ifindex = 0;
	struct rt_attrs attrs;
	struct rt_attr attr;

	net.family = family_of(head->rtm_family);
	if (h->nlmsg_type != RTM_NEWROUTE || net.family == IPNET_NONE ||
	    head->rtm_type != RTN_UNICAST || head->rtm_dst_len == 0)
		return;
	rt_attrs_of(&attrs, h, sizeof(*head));
	while (rt_attrs_next(&attrs, &attr)) {
		if (attr.type == RTA_DST)
			(void) take_addr(&attr, &net);
		if (attr.type == RTA_OIF && attr.n >= 4)
			ifindex = rt_attr_u32(&attr);
	}
	add(ctx, &net, ifindex);
}

static int dump(struct rt_sock *sk, int af, struct link_nets *ret, struct kerr *err)
{
	const struct ifaddrmsg addr_head = { .ifa_family = (uint8_t) af };
	const struct rtmsg route_head = { .rtm_family = (uint8_t) af };
	struct rt_answer a = { .item = read_addr, .ctx = ret };
	cleanup_(rt_msg_freep) struct rt_msg *addrs =
		rt_msg_new(RTM_GETADDR, NLM_F_DUMP, &addr_head, sizeof(addr_head));
	cleanup_(rt_msg_freep) struct rt_msg *routes =
		rt_msg_new(RTM_GETROUTE, NLM_F_DUMP, &route_head, sizeof(route_head));
	int r;

	r = rt_talk(sk, &addrs, 1, &a);
	if (r < 0)
		return kerr_set(err, r, "list the host's addresses%s", a.message);
	a = (struct rt_answer){ .item = read_route, .ctx = ret };
	r = rt_talk(sk, &routes, 1, &a);
	return r < 0 ? kerr_set(err, r, "list the host's routes%s", a.message) : 0;
}

int link_list_nets(enum ipnet_family family, struct link_nets *ret, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	int r = rt_open(&sk, err);

	return r < 0 ? r : dump(sk, family == IPNET_V4 ? AF_INET : AF_INET6, ret, err);
}
