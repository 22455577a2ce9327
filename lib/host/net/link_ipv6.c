/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "dir.h"
#include "fd.h"
#include "link_ipv6.h"
#include "link_nets.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "sysctl.h"
#include "vec.h"

#define SYSCTL_CONF "net/ipv6/conf"
#define SYSCTL_FORWARDING SYSCTL_CONF "/all/forwarding"
#define CONF "/proc/sys/" SYSCTL_CONF
#define FORWARDING "/proc/sys/" SYSCTL_FORWARDING
#define GEN_NONE "1" /* IN6_ADDR_GEN_MODE_NONE: no link-local address by itself */

/* ---- settings ---- */

bool link_ipv6_in_kernel(void)
{
	return access(CONF, F_OK) == 0;
}

struct setting {
	const char *name, *value;
};

static int set_all(int proc, const char *device, const struct setting *v, size_t n,
		   struct kerr *err)
{
	int changed = 0;

	for (size_t i = 0; i < n; i++) {
		cleanup_free char *name = path_join(SYSCTL_CONF, device, v[i].name, NULL);
		int r = sysctl_set(proc, name, v[i].value, err);

		if (r < 0)
			return r;
		changed |= r;
	}
	return changed;
}

int link_ipv6_off(int proc, const char *device, struct kerr *err)
{
	static const struct setting off[] = { { "accept_ra", "0" }, { "disable_ipv6", "1" } };

	return set_all(proc, device, off, ARRAY_SIZE(off), err);
}

/* Enabled last: what comes with that is decided by the others. */
int link_ipv6_on(int proc, const char *device, struct kerr *err)
{
	static const struct setting on[] = { { "accept_ra", "0" },
					     { "autoconf", "0" },
					     { "addr_gen_mode", GEN_NONE },
					     { "disable_ipv6", "0" } };

	return set_all(proc, device, on, ARRAY_SIZE(on), err);
}

/* ---- forwarding ---- */

static bool reads(const char *device, const char *name, char digit)
{
	cleanup_free char *path = path_join(CONF, device, name, NULL);
	cleanup_buf struct buf now = BUF_INIT(4096);

	return sys_read(AT_FDCWD, path, &now) == 0 && buf_str(&now)[0] == digit;
}

/* Ours hear none anyway. */
static int go_on_hearing_routers(struct kerr *err)
{
	static const struct setting always = { "accept_ra", "2" };
	cleanup_strlist struct strlist devices = { 0 };

	dir_names(CONF, &devices);
	for (size_t i = 0; i < devices.n; i++) {
		const char *name = devices.v[i];
		int r;

		if (streq(name, "all") || streq(name, "lo") || !reads(name, "accept_ra", '1') ||
		    !reads(name, "forwarding", '0'))
			continue;
		r = set_all(SYSCTL_OWN, name, &always, 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int link_ipv6_forwarding(struct kerr *err)
{
	cleanup_buf struct buf now = BUF_INIT(4096);
	int r = sys_read(AT_FDCWD, FORWARDING, &now);

	if (r < 0)
		return kerr_set(err, r, "read '%s'", FORWARDING);
	return buf_str(&now)[0] != '0';
}

int link_ipv6_forwarding_on(struct kerr *err)
{
	int r = link_ipv6_forwarding(err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = go_on_hearing_routers(err); /* before: the routes that they gave go with forwarding */
	return r < 0 ? r : sysctl_set(SYSCTL_OWN, SYSCTL_FORWARDING, "1", err);
}

/* ---- requests ---- */

struct ipnet link_ipv6_local(const struct ipnet *addr)
{
	struct ipnet to = *addr;

	if (addr->family == IPNET_NONE)
		return to;
	memset(to.addr, 0, 8);
	to.addr[0] = 0xfe;
	to.addr[1] = 0x80;
	to.prefix = 64;
	return to;
}

struct rt_msg *link_ipv6_addr_msg(unsigned ifindex, const struct ipnet *addr)
{
	const struct ifaddrmsg head = { .ifa_family = AF_INET6,
					.ifa_prefixlen = (uint8_t) addr->prefix,
					.ifa_flags = IFA_F_NODAD,
					.ifa_index = ifindex };
	struct rt_msg *msg =
		rt_msg_new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));

	rt_put(msg, IFA_LOCAL, addr->addr, sizeof(addr->addr));
	rt_put(msg, IFA_ADDRESS, addr->addr, sizeof(addr->addr));
	return msg;
}

struct rt_msg *link_ipv6_route_msg(unsigned ifindex, const struct ipnet *gateway)
{
	const struct rtmsg head = { .rtm_family = AF_INET6,
				    .rtm_table = RT_TABLE_MAIN,
				    .rtm_protocol = RTPROT_STATIC,
				    .rtm_scope = RT_SCOPE_UNIVERSE,
				    .rtm_type = RTN_UNICAST };
	struct rt_msg *msg =
		rt_msg_new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));

	rt_put(msg, RTA_GATEWAY, gateway->addr, sizeof(gateway->addr));
	rt_put_u32(msg, RTA_OIF, ifindex);
	return msg;
}

/* ---- the addresses of a bridge ---- */

static int check_free(const char *bridge, const struct ipnet *gateway, struct kerr *err)
{
	const struct ipnet subnet = ipnet_subnet(*gateway);
	char mine[IPNET_TEXT_MAX], theirs[IPNET_TEXT_MAX];
	cleanup_link_nets struct link_nets nets = { 0 };
	int r = link_list_nets(IPNET_V6, &nets, err);

	for (size_t i = 0; r == 0 && i < nets.n; i++) {
		const struct link_net *n = &nets.v[i];

		/* A wider one leads elsewhere but for ours, which is more specific. */
		if (!streq(n->device, bridge) && n->net.prefix >= subnet.prefix &&
		    ipnet_contains(&subnet, &n->net))
			r = kerr_plain(err, -EEXIST,
				       "the bridge '%s' cannot have the IPv6 subnet %s: the host "
				       "uses %s on '%s'; choose another podSubnetCIDRv6",
				       bridge, ipnet_text(&subnet, mine),
				       ipnet_text(&n->net, theirs), n->device);
	}
	return r;
}

/* Which of the two wanted ones a device has, and whether it has another. */
struct seen {
	unsigned ifindex;
	struct ipnet want[2];
	bool has[2], other;
};

static void read_own_addr(void *ctx, const struct nlmsghdr *h)
{
	struct seen *seen = ctx;
	struct ipnet net;

	/* Kernels before 4.20 ignore the filter and send all. */
	if (((const struct ifaddrmsg *) rt_data(h))->ifa_index != seen->ifindex ||
	    !link_read_addr(h, &net))
		return;
	if (ipnet_eq(&net, &seen->want[0]))
		seen->has[0] = true;
	else if (ipnet_eq(&net, &seen->want[1]))
		seen->has[1] = true;
	else
		seen->other = true;
}

static int look(struct rt_sock *sk, const char *bridge, const struct ipnet *gateway,
		struct seen *ret, struct kerr *err)
{
	struct ifaddrmsg head = { .ifa_family = AF_INET6, .ifa_index = if_nametoindex(bridge) };
	struct rt_answer a = { .item = read_own_addr, .ctx = ret };
	cleanup_(rt_msg_freep) struct rt_msg *get = NULL;
	int r;

	*ret = (struct seen){ .ifindex = head.ifa_index,
			      .want = { *gateway, link_ipv6_local(gateway) } };
	if (head.ifa_index == 0)
		return kerr_set(err, -errno, "find the bridge '%s'", bridge);
	get = rt_msg_new(RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
	r = rt_talk(sk, &get, 1, &a);
	return r < 0 ? kerr_set(err, r, "look at the addresses of '%s'%s", bridge, a.message) : 0;
}

/* Disabling takes all addresses away. */
static int drop_others(const char *bridge, struct seen *seen, struct kerr *err)
{
	int r = link_ipv6_off(SYSCTL_OWN, bridge, err);

	if (r >= 0)
		r = link_ipv6_on(SYSCTL_OWN, bridge, err);
	seen->has[0] = seen->has[1] = false;
	return r < 0 ? r : 0;
}

int link_ipv6_gateway(struct rt_sock *sk, const char *bridge, const struct ipnet *gateway,
		      struct kerr *err)
{
	cleanup_free char *settings = path_join(CONF, bridge, NULL);
	struct seen seen;
	int changed = 0;
	int r = look(sk, bridge, gateway, &seen, err);

	if (r == 0 && access(settings, F_OK) < 0) /* the kernel takes it from such a device */
		return kerr_plain(err, -EINVAL,
				  "the bridge '%s' can have no IPv6: the uplink's MTU, which it "
				  "has, is below 1280; raise that, or remove podSubnetCIDRv6",
				  bridge);
	if (r == 0 && seen.other) {
		r = drop_others(bridge, &seen, err);
		changed = 1;
	}
	if (r == 0 && !seen.has[0])
		r = check_free(bridge, gateway, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(seen.want); i++) {
		char message[RT_MESSAGE_MAX];

		if (seen.has[i])
			continue;
		r = rt_do(sk, link_ipv6_addr_msg(seen.ifindex, &seen.want[i]), message);
		if (r < 0)
			return kerr_set(err, r, "give the bridge '%s' its IPv6 address%s", bridge,
					message);
		changed = 1;
	}
	return r < 0 ? r : changed;
}

int link_ipv6_has_gateway(const char *bridge, const struct ipnet *gateway, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	struct seen seen = { 0 };
	int r;

	r = rt_open(&sk, err);
	if (r == 0)
		r = look(sk, bridge, gateway, &seen, err);
	if (r < 0)
		return r;
	if (gateway->family == IPNET_NONE)
		return !seen.other;
	return seen.has[0] && seen.has[1] && !seen.other;
}
