/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netconf.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"
#include "firewall_iptc.h"
#include "link.h"
#include "netwatch.h"
#include "rt.h"
#include "str.h"

#define MESSAGE_MAX 8192 /* a link's has less than 2 KiB */
#define OWN_PROGRAM "kukeond"

/* ---- opening ---- */

static int open_netlink(int protocol, const int *groups, size_t n)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	/* A socket without an address of its own is taken for the sender's. */
	if (fd < 0 || bind(fd, (const struct sockaddr *) &any, sizeof(any)) < 0)
		return -errno;
	for (size_t i = 0; i < n; i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])) < 0)
			return -errno;
	return take_fd(fd);
}

/* The file is created as iptables(8) does, so that it can be watched before its first use. */
static int open_xtables(void)
{
	const char *file = firewall_iptc_lock_path();
	cleanup_fd int made = open(file, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	cleanup_fd int fd = -EBADF;

	if (made < 0)
		return -errno;
	fd_close_p(&made);
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, file, IN_CLOSE_NOWRITE) < 0)
		return -errno;
	return take_fd(fd);
}

unsigned netwatch_open(struct netwatch *ret)
{
	static const int links[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_NETCONF,
				     RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_NETCONF };
	static const int rules[] = { NFNLGRP_NFTABLES };
	unsigned missing = 0;

	ret->links = open_netlink(NETLINK_ROUTE, links, ARRAY_SIZE(links));
	ret->rules = open_netlink(NETLINK_NETFILTER, rules, ARRAY_SIZE(rules));
	ret->xtables = open_xtables();
	if (ret->links < 0)
		missing |= NETWATCH_LINKS;
	if (ret->rules < 0 || ret->xtables < 0)
		missing |= NETWATCH_RULES;
	return missing;
}

void netwatch_close(struct netwatch *w)
{
	fd_close_p(&w->links);
	fd_close_p(&w->rules);
	fd_close_p(&w->xtables);
}

/* ---- attributes ---- */

/* The attribute of a type in those that follow a header of that size; NULL: none. */
static const struct nlattr *find_attr(const struct nlmsghdr *h, size_t header, unsigned type,
				      size_t min)
{
	const char *at = (const char *) h + NLMSG_LENGTH(NLMSG_ALIGN(header));
	const char *end = (const char *) h + h->nlmsg_len;

	while (at + sizeof(struct nlattr) <= end) {
		const struct nlattr *a = (const void *) at;

		if (a->nla_len < sizeof(*a) || at + a->nla_len > end)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a->nla_len >= NLA_HDRLEN + min ? a : NULL;
		at += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

static const void *attr_data(const struct nlattr *a)
{
	return (const char *) a + NLA_HDRLEN;
}

static bool attr_begins(const struct nlattr *a, const char *with)
{
	return a && memcmp(attr_data(a), with, strlen(with)) == 0;
}

/* ---- judging ---- */

/* A bridge of ours is gone or down. Ports come and go with cells, and are up first. */
static bool link_matters(const struct nlmsghdr *h)
{
	const struct ifinfomsg *i = rt_data(h);

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*i)) || i->ifi_family != AF_UNSPEC)
		return false;
	if (!attr_begins(find_attr(h, sizeof(*i), IFLA_IFNAME, sizeof(LINK_BRIDGE_PREFIX)),
			 LINK_BRIDGE_PREFIX))
		return false;
	return h->nlmsg_type == RTM_DELLINK || !(i->ifi_flags & IFF_UP);
}

/* Addresses of IPv6 have no label with the name of the device. */
static bool address6_matters(const struct ifaddrmsg *a)
{
	char name[IF_NAMESIZE];

	return if_indextoname(a->ifa_index, name) && str_has_prefix(name, LINK_BRIDGE_PREFIX);
}

static bool address_matters(const struct nlmsghdr *h)
{
	const struct ifaddrmsg *a = rt_data(h);

	if (h->nlmsg_type == RTM_DELADDR && h->nlmsg_len >= NLMSG_LENGTH(sizeof(*a)) &&
	    a->ifa_family == AF_INET6)
		return address6_matters(a);
	return h->nlmsg_type == RTM_DELADDR &&
	       attr_begins(find_attr(h, sizeof(struct ifaddrmsg), IFA_LABEL,
				     sizeof(LINK_BRIDGE_PREFIX)),
			   LINK_BRIDGE_PREFIX);
}

/* net.ipv4.ip_forward was set to 0, or net.ipv6.conf.all.forwarding. */
static bool netconf_matters(const struct nlmsghdr *h)
{
	const struct nlattr *of =
		find_attr(h, sizeof(struct netconfmsg), NETCONFA_IFINDEX, sizeof(int));
	const struct nlattr *to =
		find_attr(h, sizeof(struct netconfmsg), NETCONFA_FORWARDING, sizeof(int));
	int index, on;

	if (!of || !to)
		return false;
	memcpy(&index, attr_data(of), sizeof(index));
	memcpy(&on, attr_data(to), sizeof(on));
	return index == NETCONFA_IFINDEX_ALL && on == 0;
}

static bool route_message_matters(const struct nlmsghdr *h)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return link_matters(h);
	case RTM_DELADDR:
		return address_matters(h);
	case RTM_NEWNETCONF:
		return netconf_matters(h);
	default:
		return false;
	}
}

/* Each transaction ends with its generation, which names the program. */
static bool rules_message_matters(const struct nlmsghdr *h)
{
	const struct nlattr *name;

	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN))
		return false;
	name = find_attr(h, sizeof(struct nfgenmsg), NFTA_GEN_PROC_NAME, sizeof(OWN_PROGRAM));
	return !attr_begins(name, OWN_PROGRAM);
}

/* ---- reading ---- */

typedef bool matters_fn(const struct nlmsghdr *h);

/* Messages that were lost, or are too long for us, may have been of any kind. */
static bool read_netlink(int fd, matters_fn *matters)
{
	char buf[MESSAGE_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool any = false;

	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
		size_t left = (size_t) n;

		if (n < 0 && errno == ENOBUFS) {
			any = true;
			continue;
		}
		if (n <= 0)
			return any;
		if (left > sizeof(buf)) {
			any = true;
			continue;
		}
		for (struct nlmsghdr *h = (void *) buf; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
			any = any || matters(h);
	}
}

/* A file that was replaced is watched from the next start of the daemon on. */
static bool read_inotify(int fd)
{
	char buf[MESSAGE_MAX] __attribute__((aligned(8)));
	bool any = false;

	while (read(fd, buf, sizeof(buf)) > 0)
		any = true;
	return any;
}

unsigned netwatch_read(const struct netwatch *w)
{
	unsigned seen = 0;

	if (w->links >= 0 && read_netlink(w->links, route_message_matters))
		seen |= NETWATCH_LINKS;
	if (w->rules >= 0 && read_netlink(w->rules, rules_message_matters))
		seen |= NETWATCH_RULES;
	if (w->xtables >= 0 && read_inotify(w->xtables))
		seen |= NETWATCH_RULES;
	return seen;
}
