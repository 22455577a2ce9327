/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "firewall.h"
#include "firewall_host.h"
#include "firewall_plan.h"
#include "host_sandbox.h"
#include "ipv4.h"
#include "link.h"
#include "link_nets.h"
#include "link_ipv6.h"
#include "mount.h"
#include "ns.h"
#include "str.h"
#include "unit.h"

#define GATEWAY 0x0a580001 /* 10.88.0.1 */
#define BRIDGE "k-703e8b3a"

static struct kerr e;
static int host_ns;
static const struct link_bridge bridge = { .name = BRIDGE,
					   .gateway = { GATEWAY, 24 },
					   .owner = "default/default" };

static void setup(void)
{
	sandbox_enter();
	host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(host_ns, 0);
}

/* A cell's namespace, pinned at SANDBOX/<name>. */
static int cell_ns(const char *path)
{
	int dir;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	ok(mount_private_dir(path, &e), &e);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(ns_pin(-1, dir, NS_NET, NULL, &e), &e);
	return ok(ns_open(dir, NS_NET, &e), &e);
}

static void attach(int ns, uint32_t addr, char host_name[LINK_NAME_MAX])
{
	struct link_attach a = { .netns_fd = ns,
				 .bridge = BRIDGE,
				 .host_name = host_name,
				 .name = "eth0",
				 .addr = { addr, 24 },
				 .gateway = GATEWAY };

	ok(link_veth_name(host_name, &e), &e);
	ok(link_attach(&a, &e), &e);
}

static void enter(int ns)
{
	ck_assert_int_eq(setns(ns, CLONE_NEWNET), 0);
}

static int udp(int ns, uint32_t addr, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(addr),
				  .sin_port = htons(port) };
	int fd;

	enter(ns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_msg(bind(fd, (struct sockaddr *) &sa, sizeof(sa)) == 0, "%s", strerror(errno));
	enter(host_ns);
	return fd;
}

/* Whether a datagram sent from one socket reaches the other within so many ms. */
static bool arrives(int from, int to, uint32_t addr, uint16_t port, int ms)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(addr),
				  .sin_port = htons(port) };
	char c = 'x';

	if (sendto(from, &c, 1, 0, (struct sockaddr *) &sa, sizeof(sa)) != 1)
		return false;
	return fd_wait_readable(to, ms) == 1 && read(to, &c, 1) == 1;
}

/* One of several does: the kernel looks at carriers once a second. */
static bool reaches(int from, int to, uint32_t addr, uint16_t port)
{
	int i;

	for (i = 0; i < 200; i++)
		if (arrives(from, to, addr, port, 100))
			break;
	/* The others are not to be taken for an answer later. */
	while (i < 200 && fd_wait_readable(to, 50) == 1) {
		char c;

		ck_assert_int_eq(read(to, &c, 1), 1);
	}
	return i < 200;
}

/* Other ports make other flows than those already let through. */
static void fresh_ports(int *a, int ns_a, int *b, int ns_b)
{
	fd_close_p(a);
	fd_close_p(b);
	*a = udp(ns_a, GATEWAY + 1, 1001);
	*b = udp(ns_b, GATEWAY + 0x101, 1001);
}

START_TEST(names)
{
	char a[LINK_NAME_MAX], b[LINK_NAME_MAX];
	uint8_t mac[LINK_MAC_SIZE];

	link_bridge_name("default", "default", NULL, a);
	ck_assert_str_eq(a, "k-703e8b3a");
	link_bridge_name("kuke-system", "kukeon", "", a);
	ck_assert_str_eq(a, "k-082023b5");
	link_bridge_name("kuke-system", "kukeon", "dev", b);
	ck_assert_str_ne(a, b);
	ok(link_veth_name(a, &e), &e);
	ok(link_veth_name(b, &e), &e);
	ck_assert_str_ne(a, b);
	ck_assert(a[0] == 'k' && a[1] != '-' && strlen(a) == 13);
	link_mac_of_addr(0x0a580102, mac);
	ck_assert_mem_eq(mac, "\x02\x6b\x0a\x58\x01\x02", 6);
}
END_TEST

START_TEST(bridge_life)
{
	struct link_bridge_state st;
	cleanup_buf struct buf b = BUF_INIT(64);

	ck_assert_int_eq(link_bridge_query(BRIDGE, &st, &e), -ENODEV);
	ck_assert_int_eq(ok(link_bridge_ensure(&bridge, &e), &e), 1);
	ck_assert_int_eq(ok(link_bridge_ensure(&bridge, &e), &e), 0);
	ok(link_bridge_query(BRIDGE, &st, &e), &e);
	ck_assert(st.is_bridge && st.up);
	ck_assert_uint_eq(st.n_addrs, 1);
	ck_assert(ipv4_net_eq(st.addr, bridge.gateway));
	ck_assert_str_eq(st.owner, "default/default");
	ck_assert_int_eq(st.mac[0], 0x02);
	ck_assert_int_eq(sys_read(AT_FDCWD, "/proc/sys/net/ipv6/conf/" BRIDGE "/disable_ipv6", &b),
			 0);
	ck_assert_str_eq(buf_str(&b), "1\n");
	ck_assert_int_eq(ok(link_bridge_delete(BRIDGE, &e), &e), 1);
	ck_assert_int_eq(ok(link_bridge_delete(BRIDGE, &e), &e), 0);
}
END_TEST

static void set_flags(const char *name, short flags)
{
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { .ifr_flags = flags };

	(void) snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &req), 0);
}

START_TEST(bridge_mended)
{
	struct link_bridge_state st;

	ok(link_bridge_ensure(&bridge, &e), &e);
	set_flags(BRIDGE, 0);
	ck_assert_int_eq(
		sys_write(AT_FDCWD, "/proc/sys/net/ipv6/conf/" BRIDGE "/disable_ipv6", "0"), 0);
	ck_assert_int_eq(ok(link_bridge_ensure(&bridge, &e), &e), 1);
	ok(link_bridge_query(BRIDGE, &st, &e), &e);
	ck_assert(st.up);
	ck_assert_int_eq(ok(link_bridge_ensure(&bridge, &e), &e), 0);
}
END_TEST

START_TEST(bridge_foreign)
{
	struct link_bridge other = bridge;
	char host_name[LINK_NAME_MAX];

	ok(link_bridge_ensure(&bridge, &e), &e);
	other.gateway.addr = 0x0a590001;
	ck_assert_int_eq(link_bridge_ensure(&other, &e), -EEXIST);
	ck_assert_str_eq(e.msg, "the bridge '" BRIDGE "' has the address 10.88.0.1/24 instead of "
				"10.89.0.1/24");
	other = bridge;
	other.owner = "default-x/y";
	ck_assert_int_eq(link_bridge_ensure(&other, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, "belongs to 'default/default'"));
	other = bridge;
	attach(cell_ns(SANDBOX "/a"), GATEWAY + 1, host_name);
	other.name = host_name;
	ck_assert_int_eq(link_bridge_ensure(&other, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, "is not a bridge"));
	ck_assert_int_eq(link_bridge_delete(host_name, &e), -EEXIST);
	ck_assert_uint_ne(if_nametoindex(host_name), 0);
}
END_TEST

START_TEST(cells_talk)
{
	char name_a[LINK_NAME_MAX], name_b[LINK_NAME_MAX];
	int ns_a = cell_ns(SANDBOX "/a"), ns_b = cell_ns(SANDBOX "/b");
	struct link_port port;
	int a, b, host;

	ok(link_bridge_ensure(&bridge, &e), &e);
	attach(ns_a, GATEWAY + 1, name_a);
	attach(ns_b, GATEWAY + 2, name_b);
	a = udp(ns_a, GATEWAY + 1, 1000);
	b = udp(ns_b, GATEWAY + 2, 1000);
	host = udp(host_ns, GATEWAY, 1000);
	ck_assert(reaches(a, b, GATEWAY + 2, 1000));
	ck_assert(reaches(b, a, GATEWAY + 1, 1000));
	ck_assert(reaches(a, host, GATEWAY, 1000));
	ck_assert(reaches(host, a, GATEWAY + 1, 1000));
	/* Out of the bridge: nobody hears it any more, though the device is still there. */
	ok(link_detach(name_a, &e), &e);
	ck_assert(!arrives(host, a, GATEWAY + 1, 1000, 900));
	ck_assert_uint_ne(if_nametoindex(name_a), 0);
	ok(link_port_query(name_a, &port, &e), &e);
	ck_assert_int_gt(port.left_ms, 0);
	ck_assert_int_le(port.left_ms, clock_ms());
	ok(link_port_query(name_b, &port, &e), &e);
	ck_assert_int_eq(port.left_ms, 0);
	ok(link_detach("kffffffffffff", &e), &e);
	ck_assert_int_eq(ok(link_delete(name_a, &e), &e), 1);
	ck_assert_int_eq(ok(link_delete(name_a, &e), &e), 0);
}
END_TEST

/* On a link of this network a second question for an address comes late. */
static void ask_once(const char *link)
{
	char path[96];

	(void) snprintf(path, sizeof(path), "/proc/sys/net/ipv4/neigh/%s/retrans_time_ms", link);
	ok(sys_write(AT_FDCWD, path, "200000"), &e);
}

/*
 * The link is ready when link_attach returns. A first packet that is lost comes
 * through only with the second question for the address.
 */
START_TEST(first_packet)
{
	int i;

	for (i = 0; i < 8; i++) {
		char name[LINK_NAME_MAX], path[32];
		int ns, cell, host;

		(void) snprintf(path, sizeof(path), SANDBOX "/c%d", i);
		ns = cell_ns(path);
		ok(link_bridge_ensure(&bridge, &e), &e);
		attach(ns, GATEWAY + 1 + (uint32_t) i, name);
		ask_once(BRIDGE);
		enter(ns);
		ask_once("eth0");
		enter(host_ns);
		cell = udp(ns, GATEWAY + 1 + (uint32_t) i, 1000);
		host = udp(host_ns, GATEWAY, 1000);
		ck_assert_msg(arrives(i % 2 ? cell : host, i % 2 ? host : cell,
				      i % 2 ? GATEWAY : GATEWAY + 1 + (uint32_t) i, 1000, 60000),
			      "the first packet of round %d is lost", i);
		fd_close_p(&cell);
		fd_close_p(&host);
		if (i % 4 == 3) /* and the first port of a new bridge */
			ok(link_bridge_delete(BRIDGE, &e), &e);
	}
}
END_TEST

/* Two spaces: they meet until the firewall is there, and the host meets both. */
START_TEST(spaces_are_apart)
{
	static const struct firewall_space spaces[] = {
		{ "default",
		  "default",
		  BRIDGE,
		  { GATEWAY, 24 },
		  GATEWAY,
		  FIREWALL_DEFAULT_ALLOW,
		  NULL,
		  0 },
		{ "default",
		  "other",
		  "k-other",
		  { GATEWAY + 0x100, 24 },
		  GATEWAY + 0x100,
		  FIREWALL_DEFAULT_ALLOW,
		  NULL,
		  0 },
	};
	const struct firewall_input in = { .spaces = spaces, .n_spaces = 2 };
	const struct link_bridge other = { .name = "k-other", .gateway = { GATEWAY + 0x100, 24 } };
	char name_a[LINK_NAME_MAX], name_b[LINK_NAME_MAX];
	int ns_a = cell_ns(SANDBOX "/a"), ns_b = cell_ns(SANDBOX "/b");
	struct link_attach b_at = { .netns_fd = ns_b,
				    .bridge = "k-other",
				    .host_name = name_b,
				    .name = "eth0",
				    .addr = { GATEWAY + 0x101, 24 },
				    .gateway = GATEWAY + 0x100 };
	cleanup_(firewall_plan_clear) struct firewall_plan plan = { 0 };
	int a, b, host;

	ck_assert_int_eq(setenv("XTABLES_LOCKFILE", SANDBOX "/xtables.lock", 1), 0);
	ok(link_forwarding_on(&e), &e);
	ok(link_bridge_ensure(&bridge, &e), &e);
	ok(link_bridge_ensure(&other, &e), &e);
	attach(ns_a, GATEWAY + 1, name_a);
	ok(link_veth_name(name_b, &e), &e);
	ok(link_attach(&b_at, &e), &e);
	a = udp(ns_a, GATEWAY + 1, 1000);
	b = udp(ns_b, GATEWAY + 0x101, 1000);
	host = udp(host_ns, GATEWAY, 1000);
	ck_assert(reaches(a, b, GATEWAY + 0x101, 1000));
	fresh_ports(&a, ns_a, &b, ns_b);
	firewall_plan_make(&in, &plan);
	ok(firewall_apply(&plan, FIREWALL_CHOICE_AUTO, &e), &e);
	ck_assert(!arrives(a, b, GATEWAY + 0x101, 1001, 900));
	ck_assert(!arrives(b, a, GATEWAY + 1, 1001, 900));
	ck_assert(reaches(a, host, GATEWAY, 1000));
	ck_assert(reaches(host, b, GATEWAY + 0x101, 1001));
	ok(firewall_remove(&plan, &e), &e);
	ck_assert(reaches(a, b, GATEWAY + 0x101, 1001));
}
END_TEST

START_TEST(inside)
{
	char name[LINK_NAME_MAX];
	int ns = cell_ns(SANDBOX "/a");
	cleanup_link_nets struct link_nets nets = { 0 };
	cleanup_buf struct buf b = BUF_INIT(64 << 10);

	ok(link_bridge_ensure(&bridge, &e), &e);
	attach(ns, GATEWAY + 1, name);
	enter(ns);
	ok(link_list_nets(IPNET_V4, &nets, &e), &e);
	/* lo's, eth0's address and its route; the default one is no subnet */
	ck_assert_uint_eq(nets.n, 3);
	ck_assert_int_eq(sys_read(AT_FDCWD, "/proc/thread-self/net/route", &b), 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&b), "eth0\t00000000\t0100580A\t0003"));
	ck_assert_int_eq(sys_read(AT_FDCWD, "/proc/sys/net/ipv6/conf/eth0/disable_ipv6", &b), 0);
	ck_assert_str_eq(buf_str(&b), "1\n");
	ck_assert_int_eq(sys_read(AT_FDCWD, "/proc/sys/net/ipv6/conf/lo/disable_ipv6", &b), 0);
	ck_assert_str_eq(buf_str(&b), "0\n");
}
END_TEST

START_TEST(attach_fails)
{
	char name[LINK_NAME_MAX];
	int ns = cell_ns(SANDBOX "/a");
	struct link_attach a = { .netns_fd = ns,
				 .bridge = "k-none",
				 .host_name = name,
				 .name = "eth0",
				 .addr = { GATEWAY + 1, 24 },
				 .gateway = GATEWAY };

	ok(link_veth_name(name, &e), &e);
	ck_assert_int_eq(link_attach(&a, &e), -ENODEV);
	ok(link_bridge_ensure(&bridge, &e), &e);
	a.bridge = BRIDGE;
	a.gateway = 0x01020304; /* not on the link: the kernel refuses the route */
	ck_assert_int_lt(link_attach(&a, &e), 0);
	ck_assert_uint_eq(if_nametoindex(name), 0); /* nothing is left */
	a.gateway = GATEWAY;
	ok(link_attach(&a, &e), &e);
	ok(link_veth_name(name, &e), &e);
	ck_assert_int_eq(link_attach(&a, &e), -EEXIST); /* eth0 is there */
	ck_assert_uint_eq(if_nametoindex(name), 0);
	a.netns_fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(link_attach(&a, &e), -EINVAL);
	ck_assert_uint_ne(if_nametoindex(BRIDGE), 0); /* and we are where we were */
}
END_TEST

/* What a pass looks at, and the two ways in which it mends. */
START_TEST(ports)
{
	char name[LINK_NAME_MAX];
	int ns = cell_ns(SANDBOX "/a");
	struct link_attach again = { .netns_fd = ns,
				     .bridge = BRIDGE,
				     .host_name = name,
				     .name = "eth0",
				     .addr = { GATEWAY + 1, 24 },
				     .gateway = GATEWAY };
	struct link_port *all = NULL, port;
	size_t i, n = 0, found = 0;
	int a, host;

	ok(link_bridge_ensure(&bridge, &e), &e);
	attach(ns, GATEWAY + 1, name);
	ok(link_list_ports(&all, &n, &e), &e);
	for (i = 0; i < n; i++) {
		found += streq(all[i].name, name) && all[i].up &&
			 all[i].master == (int) if_nametoindex(BRIDGE);
		ck_assert(i == 0 || strcmp(all[i - 1].name, all[i].name) < 0);
	}
	ck_assert_uint_eq(found, 1);
	free(all);
	/* The bridge is lost with its ports' membership, and made again. */
	ok(link_bridge_delete(BRIDGE, &e), &e);
	ok(link_port_query(name, &port, &e), &e);
	ck_assert_int_eq(port.master, 0);
	ck_assert_int_eq(link_port_join(name, BRIDGE, &e), -ENODEV);
	ok(link_bridge_ensure(&bridge, &e), &e);
	set_flags(name, 0);
	ok(link_port_join(name, BRIDGE, &e), &e);
	ok(link_port_query(name, &port, &e), &e);
	ck_assert(port.up && port.master == (int) if_nametoindex(BRIDGE));
	a = udp(ns, GATEWAY + 1, 1000);
	host = udp(host_ns, GATEWAY, 1000);
	ck_assert(reaches(host, a, GATEWAY + 1, 1000));
	/* The pair is lost: the same name and address once more. */
	ck_assert_int_eq(ok(link_delete(name, &e), &e), 1);
	ck_assert_int_eq(link_port_query(name, &port, &e), -ENODEV);
	ck_assert_int_eq(link_port_join(name, BRIDGE, &e), -ENODEV);
	ok(link_attach(&again, &e), &e);
	ck_assert(reaches(host, a, GATEWAY + 1, 1000));
	/* The host's end is there under another name: one end is enough to end both. */
	ok(link_veth_name(name, &e), &e);
	ck_assert_int_eq(link_attach(&again, &e), -EEXIST);
	again.replace = true;
	ok(link_attach(&again, &e), &e);
	ok(link_port_query(name, &port, &e), &e);
	ck_assert(reaches(host, a, GATEWAY + 1, 1000));
}
END_TEST

static int mtu_in(int ns, const char *name)
{
	struct ifreq req = { 0 };
	int fd;

	enter(ns);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void) snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	ck_assert_int_eq(ioctl(fd, SIOCGIFMTU, &req), 0);
	(void) close(fd);
	enter(host_ns);
	return req.ifr_mtu;
}

/* A bridge has the MTU of the uplink, and the pairs in it that of the bridge. */
START_TEST(mtus)
{
	struct link_bridge uplink = { .name = "up0", .gateway = { 0xc0000202, 24 }, .mtu = 1400 };
	struct link_bridge b = bridge;
	struct link_bridge_state st;
	int ns = cell_ns(SANDBOX "/a");
	char name[LINK_NAME_MAX];
	unsigned mtu = 7;

	ok(link_uplink_mtu(&mtu, &e), &e);
	ck_assert_uint_eq(mtu, 0); /* there is none */
	ok(link_bridge_ensure(&uplink, &e), &e);
	ok(link_uplink_mtu(&mtu, &e), &e);
	ck_assert_uint_eq(mtu, 1400);
	b.mtu = mtu;
	ck_assert_int_eq(ok(link_bridge_ensure(&b, &e), &e), 1);
	ck_assert_int_eq(ok(link_bridge_ensure(&b, &e), &e), 0);
	ok(link_bridge_query(BRIDGE, &st, &e), &e);
	ck_assert_uint_eq(st.mtu, 1400);
	attach(ns, GATEWAY + 1, name);
	ck_assert_int_eq(mtu_in(host_ns, name), 1400);
	ck_assert_int_eq(mtu_in(ns, "eth0"), 1400);
	b.mtu = 9000;
	ck_assert_int_eq(ok(link_bridge_ensure(&b, &e), &e), 1);
	ck_assert_int_eq(mtu_in(host_ns, name), 1400);
	ok(link_follow_mtu(ns, "eth0", name, BRIDGE, &e), &e);
	ck_assert_int_eq(mtu_in(host_ns, name), 9000);
	ck_assert_int_eq(mtu_in(ns, "eth0"), 9000);
	ck_assert_int_eq(mtu_in(host_ns, BRIDGE), 9000);
	ck_assert_int_eq(link_follow_mtu(ns, "eth0", name, "none0", &e), -ENODEV);
	b.mtu = 0; /* as it is */
	ck_assert_int_eq(ok(link_bridge_ensure(&b, &e), &e), 0);
}
END_TEST

static bool forwards(int ns)
{
	char c = '?';
	int fd;

	enter(ns);
	fd = open("/proc/sys/net/ipv4/ip_forward", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, &c, 1), 1);
	(void) close(fd);
	enter(host_ns);
	return c == '1';
}

/* A namespace with several devices is no way from one to the other, if that is asked for. */
START_TEST(apart)
{
	int ns = cell_ns(SANDBOX "/a");
	char name[LINK_NAME_MAX];
	struct link_attach a = { .netns_fd = ns,
				 .bridge = BRIDGE,
				 .host_name = name,
				 .name = "eth1",
				 .addr = { GATEWAY + 2, 24 },
				 .apart = true };

	ok(link_bridge_ensure(&bridge, &e), &e);
	enter(ns);
	ck_assert_int_eq(sys_write(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "1"), 0);
	enter(host_ns);
	attach(ns, GATEWAY + 1, name);
	ck_assert(forwards(ns));
	ok(link_veth_name(name, &e), &e);
	ok(link_attach(&a, &e), &e);
	ck_assert(!forwards(ns));
}
END_TEST

START_TEST(host_nets)
{
	const struct ipnet subnet = ipnet_of_ipv4((struct ipv4_net){ GATEWAY & ~0xffu, 24 });
	cleanup_link_nets struct link_nets nets = { 0 };
	size_t found = 0;

	ok(link_list_nets(IPNET_V4, &nets, &e), &e);
	ck_assert_uint_eq(nets.n, 0);
	ok(link_bridge_ensure(&bridge, &e), &e);
	ok(link_list_nets(IPNET_V4, &nets, &e), &e);
	for (size_t i = 0; i < nets.n; i++)
		found += streq(nets.v[i].device, BRIDGE) && ipnet_eq(&nets.v[i].net, &subnet);
	ck_assert_uint_eq(found, 2); /* the address and the route that comes with it */
}
END_TEST

START_TEST(forwarding)
{
	ck_assert_int_eq(sys_write(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", "0"), 0);
	ck_assert_int_eq(ok(link_forwarding_on(&e), &e), 1);
	ck_assert_int_eq(ok(link_forwarding_on(&e), &e), 0);
}
END_TEST

/* ---- IPv6 ---- */

#define GATEWAY6                                                                   \
	{                                                                          \
		.family = IPNET_V6, .prefix = 64, .addr = { 0xfd, 0x6b, [15] = 1 } \
	}
#define CONF6 "/proc/sys/net/ipv6/conf/"

static const struct ipnet gateway6 = GATEWAY6, none6;
static const struct link_bridge bridge6 = {
	.name = BRIDGE, .gateway = { GATEWAY, 24 }, .gateway6 = GATEWAY6, .owner = "default/default"
};

static bool setting_is(const char *path, const char *value)
{
	cleanup_buf struct buf b = BUF_INIT(64);

	ck_assert_int_eq(sys_read(AT_FDCWD, path, &b), 0);
	return buf_str(&b)[0] == value[0];
}

START_TEST(bridge_ipv6)
{
	static const char off[] = CONF6 BRIDGE "/disable_ipv6";
	struct link_bridge next = bridge6;

	ck_assert_int_eq(ok(link_bridge_ensure(&bridge6, &e), &e), 1);
	ck_assert_int_eq(ok(link_bridge_ensure(&bridge6, &e), &e), 0);
	ck_assert_int_eq(ok(link_ipv6_has_gateway(BRIDGE, &gateway6, &e), &e), 1);
	ck_assert_int_eq(ok(link_ipv6_has_gateway(BRIDGE, &none6, &e), &e), 0);
	ck_assert(setting_is(CONF6 BRIDGE "/accept_ra", "0"));
	/* Down and up, or disabled for a moment: the addresses are gone. */
	set_flags(BRIDGE, 0);
	ck_assert_int_eq(ok(link_bridge_ensure(&bridge6, &e), &e), 1);
	ck_assert_int_eq(ok(link_ipv6_has_gateway(BRIDGE, &gateway6, &e), &e), 1);
	ck_assert_int_eq(sys_write(AT_FDCWD, off, "1"), 0);
	ck_assert_int_eq(ok(link_bridge_ensure(&bridge6, &e), &e), 1);
	ck_assert_int_eq(ok(link_ipv6_has_gateway(BRIDGE, &gateway6, &e), &e), 1);
	/* Another subnet takes the place of the first, and none that of both. */
	next.gateway6.addr[7] = 1;
	ck_assert_int_eq(ok(link_bridge_ensure(&next, &e), &e), 1);
	ck_assert_int_eq(ok(link_ipv6_has_gateway(BRIDGE, &next.gateway6, &e), &e), 1);
	ck_assert_int_eq(ok(link_bridge_ensure(&bridge, &e), &e), 1);
	ck_assert_int_eq(ok(link_ipv6_has_gateway(BRIDGE, &none6, &e), &e), 1);
	ck_assert(setting_is(off, "1"));
}
END_TEST

/* What another device has of the subnet is in the way, a wider route is not. */
START_TEST(bridge_ipv6_taken)
{
	struct link_bridge other = { .name = "k-00000001",
				     .gateway = { GATEWAY + 0x100, 24 },
				     .gateway6 = GATEWAY6 };
	cleanup_link_nets struct link_nets nets = { 0 };
	size_t found = 0;

	other.gateway6.prefix = 60;
	ok(link_bridge_ensure(&other, &e), &e);
	ok(link_list_nets(IPNET_V6, &nets, &e), &e);
	for (size_t i = 0; i < nets.n; i++)
		found += streq(nets.v[i].device, other.name) && nets.v[i].net.prefix == 60;
	ck_assert_uint_ge(found, 1);
	ok(link_bridge_ensure(&bridge6, &e), &e);
	ok(link_bridge_delete(BRIDGE, &e), &e);
	other.gateway6.prefix = 64;
	ok(link_bridge_ensure(&other, &e), &e);
	ck_assert_int_eq(link_bridge_ensure(&bridge6, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.msg, "the host uses fd6b::/64 on 'k-00000001'"));
	ok(link_bridge_delete(other.name, &e), &e);
	ok(link_bridge_ensure(&bridge6, &e), &e);
}
END_TEST

START_TEST(bridge_too_narrow_for_ipv6)
{
	struct link_bridge narrow = bridge6;

	narrow.mtu = 1279;
	ck_assert_int_eq(link_bridge_ensure(&narrow, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "MTU, which it has, is below 1280"));
	narrow.mtu = 1280;
	ok(link_bridge_ensure(&narrow, &e), &e);
	ck_assert_int_eq(ok(link_ipv6_has_gateway(BRIDGE, &gateway6, &e), &e), 1);
}
END_TEST

START_TEST(forwarding_ipv6)
{
	ok(link_bridge_ensure(&bridge6, &e), &e);
	ck_assert_int_eq(sys_write(AT_FDCWD, CONF6 "default/accept_ra", "1"), 0);
	ck_assert_int_eq(ok(link_ipv6_forwarding(&e), &e), 0);
	ck_assert_int_eq(ok(link_ipv6_forwarding_on(&e), &e), 1);
	ck_assert_int_eq(ok(link_ipv6_forwarding(&e), &e), 1);
	ck_assert_int_eq(ok(link_ipv6_forwarding_on(&e), &e), 0);
	ck_assert(setting_is(CONF6 "default/accept_ra", "2"));
	ck_assert(setting_is(CONF6 BRIDGE "/accept_ra", "0"));
}
END_TEST

static Suite *test_link(void)
{
	Suite *s = suite_create("link");
	TCase *tc = tcase_create("link");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, names);
	tcase_add_test(tc, bridge_life);
	tcase_add_test(tc, bridge_mended);
	tcase_add_test(tc, bridge_foreign);
	tcase_add_test(tc, cells_talk);
	tcase_add_test(tc, first_packet);
	tcase_add_test(tc, spaces_are_apart);
	tcase_add_test(tc, inside);
	tcase_add_test(tc, attach_fails);
	tcase_add_test(tc, ports);
	tcase_add_test(tc, mtus);
	tcase_add_test(tc, apart);
	tcase_add_test(tc, host_nets);
	tcase_add_test(tc, forwarding);
	tcase_add_test(tc, bridge_ipv6);
	tcase_add_test(tc, bridge_ipv6_taken);
	tcase_add_test(tc, bridge_too_narrow_for_ipv6);
	tcase_add_test(tc, forwarding_ipv6);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_link);
