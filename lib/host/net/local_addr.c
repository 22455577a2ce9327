/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>

#include "local_addr.h"
#include "rt.h"

static void read_route(void *ctx, const struct nlmsghdr *h)
{
	const struct rtmsg *head = rt_data(h);
	bool *local = ctx;

	if (h->nlmsg_type == RTM_NEWROUTE)
		*local = head->rtm_type == RTN_LOCAL || head->rtm_type == RTN_BROADCAST;
}

static bool has_no_route(int r)
{
	return r == -ENETUNREACH || r == -EHOSTUNREACH || r == -ESRCH || r == -EACCES ||
	       r == -EINVAL || r == -EAFNOSUPPORT || r == -EOPNOTSUPP;
}

int local_addr_ask(struct rt_sock *sk, const struct ipnet *addr)
{
	const struct rtmsg head = { .rtm_family = addr->family == IPNET_V6 ? AF_INET6 : AF_INET,
				    .rtm_dst_len = (unsigned char) ipnet_bits(addr->family) };
	cleanup_(rt_msg_freep) struct rt_msg *get = NULL;
	bool local = false;
	struct rt_answer a = { .item = read_route, .ctx = &local };
	int r;

	get = rt_msg_new(RTM_GETROUTE, 0, &head, sizeof(head));
	rt_put(get, RTA_DST, addr->addr, ipnet_bits(addr->family) / 8);
	r = rt_talk(sk, &get, 1, &a);
	return r < 0 && !has_no_route(r) ? r : local;
}

bool local_addr_is(const struct ipnet *addr)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;

	return rt_open(&sk, NULL) < 0 || local_addr_ask(sk, addr) != 0;
}
