/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "clock.h"
#include "encode.h"
#include "fd.h"
#include "link.h"
#include "link_filter.h"
#include "link_ipv6.h"
#include "link_nets.h"
#include "log.h"
#include "mem.h"
#include "path.h"
#include "rt.h"
#include "str.h"
#include "sysctl.h"
#include "vec.h"

#define LEFT_ALIAS "left by a cell of kukeon at " /* milliseconds since the host was started */
#define ALIAS_MAX 64
#define LINK_BATCH_MAX 8

/* ---- names ---- */

void link_bridge_name(const char *realm, const char *space, const char *instance,
		      char ret[LINK_NAME_MAX])
{
	cleanup_free char *text = NULL;

	if (str_empty(instance))
		text = xasprintf("%s-%s", realm, space);
	else
		text = xasprintf("%s-%s\n%s", realm, space, instance);
	(void) snprintf(ret, LINK_NAME_MAX, LINK_BRIDGE_PREFIX "%08x", fnv1a32(text, strlen(text)));
}

int link_veth_name(char ret[LINK_NAME_MAX], struct kerr *err)
{
	uint8_t random[6];

	if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
		return kerr_set(err, -errno, "read random bytes");
	ret[0] = 'k';
	hex_encode(ret + 1, random, sizeof(random));
	return 0;
}

static void mac_of_number(uint32_t number, uint8_t ret[LINK_MAC_SIZE])
{
	ret[0] = 0x02; /* locally administered, unicast */
	ret[1] = 0x6b; /* 'k' */
	ret[2] = (uint8_t) (number >> 24);
	ret[3] = (uint8_t) (number >> 16);
	ret[4] = (uint8_t) (number >> 8);
	ret[5] = (uint8_t) number;
}

void link_mac_of_addr(uint32_t addr, uint8_t ret[LINK_MAC_SIZE])
{
	mac_of_number(addr, ret);
}

/* ---- requests ---- */

static struct rt_msg *link_msg(int type, int flags, const char *name, unsigned up)
{
	const struct ifinfomsg head = { .ifi_flags = up, .ifi_change = up };
	struct rt_msg *msg = rt_msg_new(type, flags, &head, sizeof(head));

	rt_put_str(msg, IFLA_IFNAME, name);
	return msg;
}

/* ---- sysctl ---- */

#define SYSCTL_IP_FORWARD "net/ipv4/ip_forward"
#define IP_FORWARD "/proc/sys/" SYSCTL_IP_FORWARD

int link_forwarding(struct kerr *err)
{
	cleanup_buf struct buf now = BUF_INIT(4096);
	int r = sys_read(AT_FDCWD, IP_FORWARD, &now);

	if (r < 0)
		return kerr_set(err, r, "read '%s'", IP_FORWARD);
	return buf_str(&now)[0] != '0';
}

int link_forwarding_on(struct kerr *err)
{
	return sysctl_set(SYSCTL_OWN, SYSCTL_IP_FORWARD, "1", err);
}

int link_route_localnet(const char *name, bool on, struct kerr *err)
{
	cleanup_free char *path = path_join("net/ipv4/conf", name, "route_localnet", NULL);

	return sysctl_set(SYSCTL_OWN, path, on ? "1" : "0", err);
}

/* ---- bridges ---- */

static void read_link(void *ctx, const struct nlmsghdr *h)
{
	struct link_bridge_state *st = ctx;
	const struct ifinfomsg *head = rt_data(h);
	struct rt_attrs attrs, infos;
	struct rt_attr attr, info;
	char kind[16];

	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	st->ifindex = head->ifi_index;
	st->up = (head->ifi_flags & IFF_UP) != 0;
	rt_attrs_of(&attrs, h, sizeof(*head));
	while (rt_attrs_next(&attrs, &attr)) {
		if (attr.type == IFLA_ADDRESS && attr.n == LINK_MAC_SIZE)
			memcpy(st->mac, attr.data, LINK_MAC_SIZE);
		if (attr.type == IFLA_IFALIAS)
			rt_attr_str(&attr, st->owner, sizeof(st->owner));
		if (attr.type == IFLA_MTU)
			st->mtu = rt_attr_u32(&attr);
		if (attr.type != IFLA_LINKINFO)
			continue;
		rt_attrs_in(&infos, &attr);
		while (rt_attrs_next(&infos, &info)) {
			if (info.type == IFLA_INFO_KIND) {
				rt_attr_str(&info, kind, sizeof(kind));
				st->is_bridge = streq(kind, "bridge");
			}
		}
	}
}

static void read_bridge_addr(void *ctx, const struct nlmsghdr *h)
{
	struct link_bridge_state *st = ctx;
	struct ipnet net;

	if (!link_read_addr(h, &net) || net.family != IPNET_V4)
		return;
	if ((int) ((const struct ifaddrmsg *) rt_data(h))->ifa_index != st->ifindex)
		return; /* kernels before 4.20 ignore the filter and send all */
	if (st->n_addrs++ == 0)
		st->addr = ipnet_ipv4(&net);
}

static int query(struct rt_sock *sk, const char *name, struct link_bridge_state *ret,
		 struct kerr *err)
{
	cleanup_(rt_msg_freep) struct rt_msg *get = link_msg(RTM_GETLINK, 0, name, 0);
	cleanup_(rt_msg_freep) struct rt_msg *addrs = NULL;
	struct link_bridge_state st = { 0 };
	struct rt_answer a = { .item = read_link, .ctx = &st };
	struct ifaddrmsg head = { .ifa_family = AF_INET };
	int r;

	rt_put_u32(get, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = rt_talk(sk, &get, 1, &a);
	if (r == -ENODEV)
		return r;
	if (r < 0)
		return kerr_set(err, r, "look at the device '%s'%s", name, a.message);
	head.ifa_index = (unsigned) st.ifindex;
	addrs = rt_msg_new(RTM_GETADDR, NLM_F_DUMP, &head, sizeof(head));
	a = (struct rt_answer){ .item = read_bridge_addr, .ctx = &st };
	r = rt_talk(sk, &addrs, 1, &a);
	if (r < 0)
		return kerr_set(err, r, "look at the addresses of '%s'%s", name, a.message);
	*ret = st;
	return 0;
}

int link_bridge_query(const char *name, struct link_bridge_state *ret, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	int r;

	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	return query(sk, name, ret, err);
}

static int bridge_create(struct rt_sock *sk, const char *name, struct kerr *err)
{
	struct rt_msg *msg = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, name, 0);
	char message[RT_MESSAGE_MAX];
	uint8_t mac[LINK_MAC_SIZE];
	struct nlattr *info;
	int r;

	mac_of_number(fnv1a32(name, strlen(name)), mac);
	rt_put(msg, IFLA_ADDRESS, mac, LINK_MAC_SIZE);
	info = rt_nest(msg, IFLA_LINKINFO);
	rt_put_str(msg, IFLA_INFO_KIND, "bridge");
	rt_nest_end(msg, info);
	r = rt_do(sk, msg, message);
	if (r < 0 && r != -EEXIST) /* another process created it meanwhile: it is checked below */
		return kerr_set(err, r, "create the bridge '%s'%s", name, message);
	return 0;
}

/* Check that the existing device with the bridge's name is ours. */
static int bridge_check(const struct link_bridge *b, const struct link_bridge_state *st,
			struct kerr *err)
{
	char have[IPV4_NET_TEXT_MAX], want[IPV4_NET_TEXT_MAX];

	if (!st->is_bridge)
		return kerr_plain(err, -EEXIST, "device '%s' exists and is not a bridge", b->name);
	if (b->owner && st->owner[0] && !streq(b->owner, st->owner))
		return kerr_plain(err, -EEXIST, "the bridge '%s' belongs to '%s', not to '%s'",
				  b->name, st->owner, b->owner);
	if (st->n_addrs > 0 && !ipv4_net_eq(st->addr, b->gateway))
		return kerr_plain(err, -EEXIST, "the bridge '%s' has the address %s instead of %s",
				  b->name, ipv4_net_text(st->addr, have),
				  ipv4_net_text(b->gateway, want));
	if (st->n_addrs > 1)
		return kerr_plain(err, -EEXIST, "the bridge '%s' has %zu addresses besides %s",
				  b->name, st->n_addrs - 1, ipv4_net_text(b->gateway, want));
	return 0;
}

static struct rt_msg *addr_msg(int ifindex, struct ipv4_net net)
{
	const struct ifaddrmsg head = { .ifa_family = AF_INET,
					.ifa_prefixlen = (uint8_t) net.prefix,
					.ifa_index = (unsigned) ifindex };
	struct rt_msg *msg =
		rt_msg_new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));

	rt_put_u32(msg, IFA_LOCAL, htonl(net.addr));
	rt_put_u32(msg, IFA_ADDRESS, htonl(net.addr));
	rt_put_u32(msg, IFA_BROADCAST, htonl(ipv4_last(net)));
	return msg;
}

static int bridge_repair(struct rt_sock *sk, const struct link_bridge *b,
			 const struct link_bridge_state *st, struct kerr *err)
{
	bool alias = b->owner && !st->owner[0], mtu = b->mtu > 0 && b->mtu != st->mtu;
	char message[RT_MESSAGE_MAX];
	bool ipv6 = b->gateway6.family != IPNET_NONE;
	struct rt_msg *msg;
	int changed = 0;
	int r;

	r = ipv6 ? link_ipv6_on(SYSCTL_OWN, b->name, err) : link_ipv6_off(SYSCTL_OWN, b->name, err);
	if (r < 0)
		return r;
	changed |= r;
	if (st->n_addrs == 0) {
		r = rt_do(sk, addr_msg(st->ifindex, b->gateway), message);
		if (r < 0)
			return kerr_set(err, r, "give the bridge '%s' its address%s", b->name,
					message);
		changed = 1;
	}
	if (alias || mtu || !st->up) {
		msg = link_msg(RTM_NEWLINK, 0, b->name, st->up ? 0 : IFF_UP);
		if (alias)
			rt_put(msg, IFLA_IFALIAS, b->owner, strlen(b->owner));
		if (mtu)
			rt_put_u32(msg, IFLA_MTU, b->mtu);
		r = rt_do(sk, msg, message);
		if (r < 0)
			return kerr_set(err, r, "bring the bridge '%s' up%s", b->name, message);
		changed = 1;
	}
	r = ipv6 ? link_ipv6_gateway(sk, b->name, &b->gateway6, err) : 0;
	return r < 0 ? r : changed | r;
}

int link_bridge_ensure(const struct link_bridge *b, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	struct link_bridge_state st;
	int r;

	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	r = query(sk, b->name, &st, err);
	if (r == -ENODEV) {
		r = bridge_create(sk, b->name, err);
		if (r == 0)
			r = query(sk, b->name, &st, err);
		if (r == -ENODEV)
			return kerr_set(err, r, "look at the new bridge '%s'", b->name);
	}
	if (r < 0)
		return r;
	r = bridge_check(b, &st, err);
	if (r < 0)
		return r;
	return bridge_repair(sk, b, &st, err);
}

static int delete_name(struct rt_sock *sk, const char *name, struct kerr *err)
{
	char message[RT_MESSAGE_MAX];
	int r;

	r = rt_do(sk, link_msg(RTM_DELLINK, 0, name, 0), message);
	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return kerr_set(err, r, "delete the device '%s'%s", name, message);
	return 1;
}

int link_bridge_delete(const char *name, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	struct link_bridge_state st;
	int r;

	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	r = query(sk, name, &st, err);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	if (!st.is_bridge)
		return kerr_plain(err, -EEXIST, "device '%s' is not a bridge: left alone", name);
	return delete_name(sk, name, err);
}

int link_delete(const char *name, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	int r;

	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	return delete_name(sk, name, err);
}

/* ---- cells ---- */

/*
 * Open a netlink socket in another network namespace. A socket stays in the namespace
 * it was opened in, so this process enters only for that call. Also says what future devices
 * there have of IPv6 (lo keeps ::1).
 */
static int open_socket_in(const struct link_attach *a, struct rt_sock **ret, struct kerr *err)
{
	cleanup_fd int own = -EBADF, proc = -EBADF;
	int r;

	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return kerr_set(err, -errno, "open our own network namespace");
	if (setns(a->netns_fd, CLONE_NEWNET) < 0)
		return kerr_set(err, -errno, "enter the cell's network namespace");
	proc = sysctl_proc();
	if (a->addr6.family != IPNET_NONE)
		r = link_ipv6_on(proc, "default", err);
	else
		r = link_ipv6_off(proc, "default", err);
	if (r >= 0 && a->apart) /* a new namespace has the setting of the host */
		r = sysctl_set(proc, SYSCTL_IP_FORWARD, "0", err);
	if (r >= 0 && a->apart)
		r = sysctl_set(proc, "net/ipv6/conf/all/forwarding", "0", err);
	if (r >= 0)
		r = rt_open(ret, err);
	if (setns(own, CLONE_NEWNET) < 0) {
		/* Continuing would change the wrong network. */
		log_err("cannot return from a network namespace");
		abort();
	}
	return r < 0 ? r : 0;
}

/* The MTU of a device of this namespace; 0 if it cannot be asked for. */
static unsigned device_mtu(struct rt_sock *sk, const char *name)
{
	struct ifreq req = { 0 };

	(void) snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	return ioctl(rt_fd(sk), SIOCGIFMTU, &req) < 0 || req.ifr_mtu < 0 ? 0
									 : (unsigned) req.ifr_mtu;
}

/*
 * Create the pair with eth0 in the cell's namespace and the host's end as a port of the
 * bridge; both are down.
 */
static int veth_create(struct rt_sock *sk, const struct link_attach *a, unsigned bridge,
		       const uint8_t mac[LINK_MAC_SIZE], struct kerr *err)
{
	const struct ifinfomsg peer_head = { 0 }; /* must not come up before the pair is complete */
	struct rt_msg *msg = link_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, a->host_name, 0);
	unsigned mtu = a->mtu ? a->mtu : device_mtu(sk, a->bridge);
	char message[RT_MESSAGE_MAX];
	struct nlattr *info, *data, *peer;
	int r;

	rt_put_u32(msg, IFLA_MASTER, bridge);
	if (mtu > 0)
		rt_put_u32(msg, IFLA_MTU, mtu);
	info = rt_nest(msg, IFLA_LINKINFO);
	rt_put_str(msg, IFLA_INFO_KIND, "veth");
	data = rt_nest(msg, IFLA_INFO_DATA);
	peer = rt_nest(msg, VETH_INFO_PEER);
	rt_append(msg, &peer_head, sizeof(peer_head));
	rt_put_str(msg, IFLA_IFNAME, a->name);
	rt_put(msg, IFLA_ADDRESS, mac, LINK_MAC_SIZE);
	rt_put_u32(msg, IFLA_NET_NS_FD, (uint32_t) a->netns_fd);
	if (mtu > 0)
		rt_put_u32(msg, IFLA_MTU, mtu);
	rt_nest_end(msg, peer);
	rt_nest_end(msg, data);
	rt_nest_end(msg, info);
	r = rt_do(sk, msg, message);
	if (r < 0)
		return kerr_set(err, r, "create the veth pair '%s'%s", a->host_name, message);
	return 0;
}

/* A kernel that cannot filter is no reason to have no network. */
static int filter_sender(struct rt_sock *sk, const struct link_attach *a,
			 const uint8_t mac[LINK_MAC_SIZE], struct kerr *err)
{
	struct kerr why = { 0 };
	char text[KERR_TEXT_MAX];
	int r = link_filter_set(sk, if_nametoindex(a->host_name), mac, a->addr.addr, &a->addr6,
				&why);

	if (r == -EOPNOTSUPP) {
		log_wrn("a cell can use the addresses of others", "reason",
			kerr_text(&why, text, sizeof(text)));
		return 0;
	}
	if (r < 0 && err)
		*err = why;
	return r;
}

static int host_end_up(struct rt_sock *sk, const char *name, struct kerr *err)
{
	char message[RT_MESSAGE_MAX];
	int r;

	r = link_ipv6_off(SYSCTL_OWN, name, err); /* a port of a bridge needs none */
	if (r < 0)
		return r;
	r = rt_do(sk, link_msg(RTM_NEWLINK, 0, name, IFF_UP), message);
	if (r < 0)
		return kerr_set(err, r, "bring '%s' up%s", name, message);
	return 0;
}

static struct rt_msg *default_route_msg(unsigned ifindex, uint32_t gateway)
{
	const struct rtmsg head = { .rtm_family = AF_INET,
				    .rtm_table = RT_TABLE_MAIN,
				    .rtm_protocol = RTPROT_STATIC,
				    .rtm_scope = RT_SCOPE_UNIVERSE,
				    .rtm_type = RTN_UNICAST };
	struct rt_msg *msg =
		rt_msg_new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));

	rt_put_u32(msg, RTA_GATEWAY, htonl(gateway));
	rt_put_u32(msg, RTA_OIF, ifindex);
	return msg;
}

/* What the device has of IPv6; the rest of room for messages is enough. */
static size_t add_ipv6(const struct link_attach *a, unsigned ifindex, struct rt_msg **msgs)
{
	const struct ipnet local = link_ipv6_local(&a->addr6);
	size_t n = 0;

	if (a->addr6.family == IPNET_NONE)
		return 0;
	msgs[n++] = link_ipv6_addr_msg(ifindex, &a->addr6);
	msgs[n++] = link_ipv6_addr_msg(ifindex, &local);
	if (a->gateway6.family != IPNET_NONE)
		msgs[n++] = link_ipv6_route_msg(ifindex, &a->gateway6);
	return n;
}

static int configure_inside(struct rt_sock *inside, const struct link_attach *a, struct kerr *err)
{
	struct ifreq req = { 0 };
	struct rt_msg *msgs[LINK_BATCH_MAX];
	struct rt_answer answer = { 0 };
	size_t i, n = 0;
	int r;

	(void) snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", a->name);
	if (ioctl(rt_fd(inside), SIOCGIFINDEX, &req) < 0)
		return kerr_set(err, -errno, "find '%s' in the cell", a->name);
	msgs[n++] = link_msg(RTM_NEWLINK, 0, a->name, IFF_UP);
	msgs[n++] = addr_msg(req.ifr_ifindex, a->addr);
	if (a->gateway)
		msgs[n++] = default_route_msg((unsigned) req.ifr_ifindex, a->gateway);
	n += add_ipv6(a, (unsigned) req.ifr_ifindex, msgs + n);
	r = rt_talk(inside, msgs, n, &answer);
	for (i = 0; i < n; i++)
		rt_msg_freep(&msgs[i]);
	if (r < 0)
		return kerr_set(err, r, "configure '%s' in the cell%s", a->name, answer.message);
	return 0;
}

/*
 * The kernel handles a new carrier later, in a work queue. Until then a bridge port
 * does not forward and a device sends nothing, so a first packet would be lost and only
 * be retried after a second. Querying the link by ethtool handles the carrier at once.
 */
static void settle_carrier(struct rt_sock *sk, const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };
	struct ifreq req = { .ifr_data = (void *) &value };

	(void) snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	(void) ioctl(rt_fd(sk), SIOCETHTOOL, &req); /* on failure the kernel does it later */
}

int link_attach(const struct link_attach *a, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL, *inside = NULL;
	static const uint8_t no_mac[LINK_MAC_SIZE];
	unsigned bridge = if_nametoindex(a->bridge);
	uint8_t mac[LINK_MAC_SIZE];
	int r;

	if (bridge == 0)
		return kerr_set(err, -errno, "find the bridge '%s'", a->bridge);
	memcpy(mac, a->mac, sizeof(mac));
	if (memcmp(mac, no_mac, sizeof(mac)) == 0)
		link_mac_of_addr(a->addr.addr, mac);
	r = rt_open(&sk, err);
	if (r == 0)
		r = open_socket_in(a, &inside, err);
	if (r == 0 && a->replace) /* its peer, in whatever namespace, is deleted with it */
		r = delete_name(inside, a->name, err);
	if (r >= 0)
		r = veth_create(sk, a, bridge, mac, err);
	if (r < 0)
		return r;
	r = filter_sender(sk, a, mac, err);
	if (r == 0)
		r = host_end_up(sk, a->host_name, err);
	if (r == 0)
		r = configure_inside(inside, a, err);
	if (r < 0) {
		(void) delete_name(sk, a->host_name, NULL); /* the first error is reported */
		return r;
	}
	settle_carrier(inside, a->name);
	settle_carrier(sk, a->host_name);
	settle_carrier(sk, a->bridge); /* the bridge's carrier depends on its ports */
	return 0;
}

int link_detach(const char *host_name, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	char message[RT_MESSAGE_MAX], alias[ALIAS_MAX];
	struct rt_msg *msg;
	int r;

	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	(void) snprintf(alias, sizeof(alias), LEFT_ALIAS "%lld", (long long) clock_ms());
	msg = link_msg(RTM_NEWLINK, 0, host_name, 0);
	rt_put_u32(msg, IFLA_MASTER, 0);
	rt_put(msg, IFLA_IFALIAS, alias, strlen(alias));
	r = rt_do(sk, msg, message);
	if (r < 0 && r != -ENODEV)
		return kerr_set(err, r, "take '%s' out of its bridge%s", host_name, message);
	return 0;
}

/* ---- ports ---- */

struct ports {
	struct link_port *v;
	size_t n;
};

static int64_t read_left(const struct rt_attr *attr)
{
	char alias[ALIAS_MAX];
	int64_t ms = 0;

	rt_attr_str(attr, alias, sizeof(alias));
	if (str_has_prefix(alias, LEFT_ALIAS))
		(void) str_to_i64(alias + strlen(LEFT_ALIAS), 1, INT64_MAX, &ms);
	return ms;
}

static void read_port(void *ctx, const struct nlmsghdr *h)
{
	const struct ifinfomsg *head = rt_data(h);
	struct ports *ports = ctx;
	struct link_port *port;
	struct rt_attrs attrs;
	struct rt_attr attr;

	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	port = vec_grow(&ports->v, &ports->n, sizeof(*ports->v));
	port->ifindex = head->ifi_index;
	port->up = (head->ifi_flags & IFF_UP) != 0;
	rt_attrs_of(&attrs, h, sizeof(*head));
	while (rt_attrs_next(&attrs, &attr)) {
		if (attr.type == IFLA_IFNAME)
			rt_attr_str(&attr, port->name, sizeof(port->name));
		if (attr.type == IFLA_MASTER && attr.n >= 4)
			port->master = (int) rt_attr_u32(&attr);
		if (attr.type == IFLA_MTU)
			port->mtu = rt_attr_u32(&attr);
		if (attr.type == IFLA_IFALIAS)
			port->left_ms = read_left(&attr);
	}
}

static int compare_ports(const void *a, const void *b)
{
	return strcmp(((const struct link_port *) a)->name, ((const struct link_port *) b)->name);
}

/* Read all devices, or with name one of them. */
static int read_ports(const char *name, struct ports *ret, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	cleanup_(rt_msg_freep) struct rt_msg *get = NULL;
	const struct ifinfomsg head = { 0 };
	struct rt_answer a = { .item = read_port, .ctx = ret };
	int r;

	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	get = name ? link_msg(RTM_GETLINK, 0, name, 0)
		   : rt_msg_new(RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head));
	rt_put_u32(get, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = rt_talk(sk, &get, 1, &a);
	if (r == -ENODEV)
		return r;
	if (r < 0 && name)
		return kerr_set(err, r, "look at the device '%s'%s", name, a.message);
	return r < 0 ? kerr_set(err, r, "list the host's devices%s", a.message) : 0;
}

int link_list_ports(struct link_port **ret, size_t *ret_n, struct kerr *err)
{
	struct ports ports = { 0 };
	int r;

	r = read_ports(NULL, &ports, err);
	if (r < 0) {
		free(ports.v);
		return r;
	}
	if (ports.n > 1)
		qsort(ports.v, ports.n, sizeof(*ports.v), compare_ports);
	*ret = ports.v;
	*ret_n = ports.n;
	return 0;
}

int link_port_query(const char *name, struct link_port *ret, struct kerr *err)
{
	struct ports ports = { 0 };
	int r;

	r = read_ports(name, &ports, err);
	if (r == 0 && ports.n == 0)
		r = -ENODEV;
	if (r == 0)
		*ret = ports.v[0];
	free(ports.v);
	return r;
}

int link_port_join(const char *host_name, const char *bridge, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	unsigned master = if_nametoindex(bridge);
	char message[RT_MESSAGE_MAX];
	struct rt_msg *msg;
	int r;

	if (master == 0)
		return kerr_set(err, -errno, "find the bridge '%s'", bridge);
	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	msg = link_msg(RTM_NEWLINK, 0, host_name, IFF_UP);
	rt_put_u32(msg, IFLA_MASTER, master);
	r = rt_do(sk, msg, message);
	if (r < 0)
		return kerr_set(err, r, "make '%s' a port of the bridge '%s'%s", host_name, bridge,
				message);
	settle_carrier(sk, host_name);
	settle_carrier(sk, bridge);
	return 0;
}

int link_port_hairpin(const char *host_name, struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	const struct ifinfomsg head = { .ifi_family = AF_BRIDGE,
					.ifi_index = (int) if_nametoindex(host_name) };
	const uint8_t on = 1;
	char message[RT_MESSAGE_MAX];
	struct nlattr *nest;
	struct rt_msg *msg;
	int r;

	if (head.ifi_index == 0)
		return kerr_set(err, -errno, "find the device '%s'", host_name);
	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	msg = rt_msg_new(RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, &head, sizeof(head));
	nest = rt_nest(msg, IFLA_PROTINFO | NLA_F_NESTED);
	rt_put(msg, IFLA_BRPORT_MODE, &on, sizeof(on));
	rt_nest_end(msg, nest);
	r = rt_do(sk, msg, message);
	return r < 0 ? kerr_set(err, r, "let '%s' answer itself%s", host_name, message) : 0;
}

/* ---- MTUs ---- */

static int set_mtu(struct rt_sock *sk, const char *name, unsigned mtu, struct kerr *err)
{
	struct rt_msg *msg = link_msg(RTM_NEWLINK, 0, name, 0);
	char message[RT_MESSAGE_MAX];
	int r;

	rt_put_u32(msg, IFLA_MTU, mtu);
	r = rt_do(sk, msg, message);
	return r < 0 ? kerr_set(err, r, "set the MTU of '%s'%s", name, message) : 0;
}

int link_follow_mtu(int netns_fd, const char *name, const char *host_name, const char *bridge,
		    struct kerr *err)
{
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL, *inside = NULL;
	const struct link_attach at = { .netns_fd = netns_fd };
	unsigned mtu;
	int r;

	r = rt_open(&sk, err);
	if (r == 0)
		r = open_socket_in(&at, &inside, err);
	if (r < 0)
		return r;
	mtu = device_mtu(sk, bridge);
	if (mtu == 0)
		return kerr_plain(err, -ENODEV, "the bridge '%s' has no MTU", bridge);
	r = set_mtu(inside, name, mtu, err);
	return r < 0 ? r : set_mtu(sk, host_name, mtu, err);
}

static void read_route_device(void *ctx, const struct nlmsghdr *h)
{
	const struct rtmsg *head = rt_data(h);
	unsigned *ifindex = ctx;
	struct rt_attrs attrs;
	struct rt_attr attr;

	if (h->nlmsg_type != RTM_NEWROUTE || head->rtm_type != RTN_UNICAST)
		return;
	rt_attrs_of(&attrs, h, sizeof(*head));
	while (rt_attrs_next(&attrs, &attr))
		if (attr.type == RTA_OIF)
			*ifindex = rt_attr_u32(&attr);
}

int link_uplink_mtu(unsigned *ret, struct kerr *err)
{
	const struct rtmsg head = { .rtm_family = AF_INET, .rtm_dst_len = 32 };
	cleanup_(rt_sock_freep) struct rt_sock *sk = NULL;
	cleanup_(rt_msg_freep) struct rt_msg *get = NULL;
	unsigned ifindex = 0;
	struct rt_answer a = { .item = read_route_device, .ctx = &ifindex };
	char name[IF_NAMESIZE];
	int r;

	r = rt_open(&sk, err);
	if (r < 0)
		return r;
	get = rt_msg_new(RTM_GETROUTE, 0, &head, sizeof(head));
	rt_put_u32(get, RTA_DST, htonl(0xc0000201)); /* 192.0.2.1 */
	r = rt_talk(sk, &get, 1, &a);
	*ret = 0;
	if (r < 0 || ifindex == 0 || !if_indextoname(ifindex, name))
		return 0; /* no route, so no device */
	if (!streq(name, "lo") && !str_has_prefix(name, LINK_BRIDGE_PREFIX))
		*ret = device_mtu(sk, name);
	return 0;
}
