/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "host_sandbox.h"
#include "link.h"
#include "mount.h"
#include "ns.h"
#include "proc.h"
#include "unit.h"

#define GATEWAY 0x0a580001 /* 10.88.0.1 */
#define SENDER (GATEWAY + 1) /* 10.88.0.2, MAC 02:6b:0a:58:00:02 */
#define BRIDGE "k-703e8b3a"
#define NET6 0xfd, 0x6b, 0, 0, 0, 0, 0x03, 0

static struct kerr e;
static int host_ns, ear;
static bool ipv6; /* whether the cells have it */
static int mouth; /* what the sender's device sends, frame by frame */

/* A cell with a packet socket on its eth0, pinned at path. Returns the socket. */
static int cell(const char *path, uint32_t addr)
{
	struct link_attach at = {
		.bridge = BRIDGE, .name = "eth0", .addr = { addr, 24 }, .gateway = GATEWAY
	};
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	char name[LINK_NAME_MAX];
	int dir, fd;

	if (ipv6)
		at.addr6 = (struct ipnet){ .family = IPNET_V6,
					   .prefix = 64,
					   .addr = { NET6, [15] = (uint8_t) addr } };
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ok(mount_private_dir(path, &e), &e);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(ns_pin(-1, dir, NS_NET, NULL, &e), &e);
	at.netns_fd = ok(ns_open(dir, NS_NET, &e), &e);
	ok(link_veth_name(name, &e), &e);
	at.host_name = name;
	ok(link_attach(&at, &e), &e);
	ck_assert_int_eq(setns(at.netns_fd, 0), 0);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	ck_assert_int_ge(fd, 0);
	ll.sll_ifindex = (int) if_nametoindex("eth0");
	ck_assert_int_eq(bind(fd, (struct sockaddr *) &ll, sizeof(ll)), 0);
	ck_assert_int_eq(setns(host_ns, 0), 0);
	return fd;
}

static void setup(void)
{
	struct link_bridge bridge = { .name = BRIDGE, .gateway = { GATEWAY, 24 } };

	if (ipv6)
		bridge.gateway6 = (struct ipnet){ .family = IPNET_V6,
						  .prefix = 64,
						  .addr = { NET6, [15] = 1 } };

	sandbox_enter();
	host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ok(link_bridge_ensure(&bridge, &e), &e);
	mouth = cell(SANDBOX "/a", SENDER);
	ear = cell(SANDBOX "/b", SENDER + 1);
}

/* Frames are told apart by their last four bytes; the kernel sends others where IPv6 is on. */
static const char *next_mark(char got[5], int ms)
{
	char frame[2048] = "";
	ssize_t n = 0;

	while (n < 4 ||
	       (memcmp(frame + n - 4, "mark", 4) != 0 && memcmp(frame + n - 4, "done", 4) != 0)) {
		if (fd_wait_readable(ear, ms) != 1)
			return "";
		n = recv(ear, frame, sizeof(frame), MSG_DONTWAIT);
	}
	memcpy(got, frame + n - 4, 4);
	got[4] = '\0';
	return got;
}

/* A bridge of a host with br_netfilter drops IPv4 whose header has a wrong checksum. */
static void add_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t) ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = (uint8_t) (~sum >> 8);
	ip[11] = (uint8_t) ~sum;
}

static void speak(const char *frame, size_t n, const char *mark)
{
	uint8_t copy[256];

	ck_assert_uint_le(n + 4, sizeof(copy));
	memcpy(copy, frame, n);
	memcpy(copy + n, mark, 4);
	if (n >= 34 && memcmp(copy + 12, "\x08\x00", 2) == 0)
		add_checksum(copy + 14);
	if (n >= 54 && memcmp(copy + 12, "\x86\xdd", 2) == 0)
		copy[19] = (uint8_t) (n + 4 - 54); /* a wrong length is dropped likewise */
	ck_assert_int_eq(send(mouth, copy, n + 4, 0), (ssize_t) n + 4);
}

#define ALL "\xff\xff\xff\xff\xff\xff"
#define OWN "\x02\x6b\x0a\x58\x00\x02"
#define OTHER "\x02\x6b\x0a\x58\x00\x03"
#define IP_HEAD "\x45\x00\x00\x20\x00\x00\x00\x00\x40\x11\x00\x00"
#define BROADCAST_IP "\x0a\x58\x00\xff"
#define ARP_HEAD "\x00\x01\x08\x00\x06\x04\x00\x02"
#define IP6_HEAD "\x60\x00\x00\x00\x00\x10\x3a\xff"
#define FE80 "\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
#define FF02 "\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
#define FRAME(text) text, sizeof(text) - 1

struct frame {
	const char *what, *frame;
	size_t n;
	bool passes;
};

static const struct frame frames[] = {
	{ "IPv4 with its own addresses",
	  FRAME(ALL OWN "\x08\x00" IP_HEAD "\x0a\x58\x00\x02" BROADCAST_IP "12345678"), true },
	{ "IPv4 with another's MAC",
	  FRAME(ALL OTHER "\x08\x00" IP_HEAD "\x0a\x58\x00\x02" BROADCAST_IP "12345678"), false },
	{ "IPv4 with another's address",
	  FRAME(ALL OWN "\x08\x00" IP_HEAD "\x0a\x58\x00\x03" BROADCAST_IP "12345678"), false },
	{ "IPv4 with the gateway's address",
	  FRAME(ALL OWN "\x08\x00" IP_HEAD "\x0a\x58\x00\x01" BROADCAST_IP "12345678"), false },
	{ "IPv4 with no address, as DHCP has",
	  FRAME(ALL OWN "\x08\x00" IP_HEAD "\x00\x00\x00\x00" BROADCAST_IP "12345678"), false },
	{ "IPv4 that ends early", FRAME(ALL OWN "\x08\x00\x45\x00"), false },
	{ "ARP of its own",
	  FRAME(ALL OWN "\x08\x06" ARP_HEAD OWN "\x0a\x58\x00\x02" ALL "\x0a\x58\x00\x03"), true },
	{ "an ARP probe",
	  FRAME(ALL OWN "\x08\x06" ARP_HEAD OWN "\x00\x00\x00\x00" ALL "\x0a\x58\x00\x02"), true },
	{ "ARP for the gateway",
	  FRAME(ALL OWN "\x08\x06" ARP_HEAD OWN "\x0a\x58\x00\x01" ALL "\x0a\x58\x00\x03"), false },
	{ "ARP with another MAC inside",
	  FRAME(ALL OWN "\x08\x06" ARP_HEAD OTHER "\x0a\x58\x00\x02" ALL "\x0a\x58\x00\x03"),
	  false },
	{ "ARP that ends early", FRAME(ALL OWN "\x08\x06" ARP_HEAD OWN), false },
	{ "an IPv6 router advertisement",
	  FRAME("\x33\x33\x00\x00\x00\x01" OWN "\x86\xdd" IP6_HEAD FE80 FF02
		"\x86\x00\x00\x00\x40\x00\x07\x08\x00\x00\x00\x00"),
	  false },
	{ "a VLAN tag",
	  FRAME(ALL OWN "\x81\x00\x00\x05\x08\x00" IP_HEAD "\x0a\x58\x00\x02" BROADCAST_IP
			"12345678"),
	  false },
	{ "a bridge's own protocol",
	  FRAME("\x01\x80\xc2\x00\x00\x00" OWN "\x00\x26\x42\x42\x03\x00\x00\x00\x00\x00\x80\x00"),
	  false },
	{ "any other protocol",
	  FRAME(ALL OWN "\x88\xb5"
			"12345678123456781234567812345678"),
	  false },
};

/* Cells with IPv6: fd6b:0:0:300::2 and fe80::2 are the sender's, …:3 the other's. */
#define ZERO8 "\x00\x00\x00\x00\x00\x00\x00\x00"
#define NET "\xfd\x6b\x00\x00\x00\x00\x03\x00"
#define LL "\xfe\x80\x00\x00\x00\x00\x00\x00"
#define ID(n) "\x00\x00\x00\x00\x00\x00\x00" n
#define MINE NET ID("\x02")
#define GW NET ID("\x01")
#define ALL6 "\x33\x33\x00\x00\x00\x01"
#define HEAD6(next) ALL6 OWN "\x86\xdd\x60\x00\x00\x00\x00\x18" next "\xff"
#define UDP "\x11"
#define ICMP6 "\x3a"
#define NS "\x87\x00\x00\x00\x00\x00\x00\x00"
#define NA "\x88\x00\x00\x00\x20\x00\x00\x00"
#define RA "\x86\x00\x00\x00\x40\x00\x07\x08\x00\x00\x00\x00\x00\x00\x00\x00"
#define REDIRECT "\x89\x00\x00\x00\x00\x00\x00\x00"
#define PING "\x80\x00\x00\x00\x00\x01\x00\x01"
#define OPTIONS(next) next "\x00\x05\x02\x00\x00\x01\x00"
#define MLD "\x8f\x00\x00\x00\x00\x00\x00\x00"

static const struct frame frames6[] = {
	{ "UDP with its address", FRAME(HEAD6(UDP) MINE FF02 "12345678"), true },
	{ "UDP with its link-local address", FRAME(HEAD6(UDP) LL ID("\x02") FF02 "12345678"),
	  true },
	{ "UDP with another's address", FRAME(HEAD6(UDP) NET ID("\x03") FF02 "12345678"), false },
	{ "UDP with another's link-local address", FRAME(HEAD6(UDP) LL ID("\x03") FF02 "12345678"),
	  false },
	{ "UDP with the gateway's address", FRAME(HEAD6(UDP) GW FF02 "12345678"), false },
	{ "UDP with an address of another network",
	  FRAME(HEAD6(UDP) "\xfd\x6b\x00\x00\x00\x00\x04\x00" ID("\x02") FF02 "12345678"), false },
	{ "UDP with an address that has other bits in its second half",
	  FRAME(HEAD6(UDP) NET "\x00\x00\x00\x01\x00\x00\x00\x02" FF02 "12345678"), false },
	{ "UDP with a link-local address of another kind",
	  FRAME(HEAD6(UDP) "\xfe\x80\x00\x00\x00\x00\x00\x01" ID("\x02") FF02 "12345678"), false },
	{ "UDP without an address", FRAME(HEAD6(UDP) ZERO8 ZERO8 FF02 "12345678"), false },
	{ "UDP with another's MAC",
	  FRAME(ALL OTHER "\x86\xdd\x60\x00\x00\x00\x00\x18\x11\xff" MINE FF02 "12345678"), false },
	{ "IPv6 that ends early", FRAME(HEAD6(UDP) MINE "1234"), false },
	{ "a ping", FRAME(HEAD6(ICMP6) MINE FF02 PING), true },
	{ "a question for a neighbour", FRAME(HEAD6(ICMP6) MINE FF02 NS GW), true },
	{ "one from the link-local address", FRAME(HEAD6(ICMP6) LL ID("\x02") FF02 NS GW), true },
	{ "whether its address is in use", FRAME(HEAD6(ICMP6) ZERO8 ZERO8 FF02 NS MINE), true },
	{ "whether its link-local address is in use",
	  FRAME(HEAD6(ICMP6) ZERO8 ZERO8 FF02 NS LL ID("\x02")), true },
	{ "whether another's is in use", FRAME(HEAD6(ICMP6) ZERO8 ZERO8 FF02 NS GW), false },
	{ "a question without a target and an address", FRAME(HEAD6(ICMP6) ZERO8 ZERO8 FF02 NS),
	  false },
	{ "an answer without an address", FRAME(HEAD6(ICMP6) ZERO8 ZERO8 FF02 NA MINE), false },
	{ "an answer for its address", FRAME(HEAD6(ICMP6) MINE FF02 NA MINE), true },
	{ "an answer for its link-local address", FRAME(HEAD6(ICMP6) MINE FF02 NA LL ID("\x02")),
	  true },
	{ "an answer for the gateway", FRAME(HEAD6(ICMP6) MINE FF02 NA GW), false },
	{ "an answer for the gateway's link-local address",
	  FRAME(HEAD6(ICMP6) LL ID("\x02") FF02 NA LL ID("\x01")), false },
	{ "an answer that ends early", FRAME(HEAD6(ICMP6) MINE FF02 NA), false },
	{ "a router advertisement", FRAME(HEAD6(ICMP6) LL ID("\x02") FF02 RA), false },
	{ "one with its address", FRAME(HEAD6(ICMP6) MINE FF02 RA), false },
	{ "a redirect", FRAME(HEAD6(ICMP6) LL ID("\x02") FF02 REDIRECT GW MINE), false },
	{ "an advertisement behind hop-by-hop options",
	  FRAME(HEAD6("\x00") LL ID("\x02") FF02 OPTIONS(ICMP6) RA), false },
	{ "one behind destination options",
	  FRAME(HEAD6("\x3c") LL ID("\x02") FF02 OPTIONS(ICMP6) RA), false },
	{ "an answer behind a routing header", FRAME(HEAD6("\x2b") MINE FF02 OPTIONS(ICMP6) NA GW),
	  false },
	{ "one behind two headers",
	  FRAME(HEAD6("\x00") MINE FF02 OPTIONS("\x3c") OPTIONS(ICMP6) NA GW), false },
	{ "a report of a listener", FRAME(HEAD6("\x00") LL ID("\x02") FF02 OPTIONS(ICMP6) MLD),
	  true },
	{ "a question for listeners",
	  FRAME(HEAD6("\x00") LL ID("\x02") FF02 OPTIONS(ICMP6) "\x82\x00\x00\x00\x00\x00\x00\x00"),
	  false },
	{ "options without an end", FRAME(HEAD6("\x00") LL ID("\x02") FF02 "\x3a\x01"), false },
};

/* The good frame behind it shows that the other one was not just late. */
static void check(const struct frame *f)
{
	char got[5];

	speak(f->frame, f->n, "mark");
	speak(frames[0].frame, frames[0].n, "done");
	if (f->passes)
		ck_assert_msg(strcmp(next_mark(got, 60000), "mark") == 0, "dropped: %s", f->what);
	ck_assert_msg(strcmp(next_mark(got, 60000), "done") == 0, "passed: %s", f->what);
}

START_TEST(frame)
{
	check(&frames[_i]);
}
END_TEST

/* By itself a bridge hands reports of listeners to routers alone. */
static void setup6(void)
{
	static const char *const argv[] = { "ip",     "link",		"set", BRIDGE, "type",
					    "bridge", "mcast_snooping", "0",   NULL };
	struct proc_spawn how = PROC_SPAWN_INIT;
	int status = 0;

	ipv6 = true;
	setup();
	how.path = argv[0];
	how.argv = (char *const *) (uintptr_t) argv;
	ok(proc_run(&how, NULL, NULL, NULL, 10000, &status, &e), &e);
	ck_assert_int_eq(status, 0);
}

START_TEST(frame6)
{
	check(&frames6[_i]);
}
END_TEST

/* What is said of IPv4 and ARP is the same. */
START_TEST(frame_beside_ipv6)
{
	check(&frames[_i]);
}
END_TEST

static Suite *test_link_filter(void)
{
	Suite *s = suite_create("link_filter");
	TCase *c = tcase_create("link_filter");

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_loop_test(c, frame, 0, ARRAY_SIZE(frames));
	suite_add_tcase(s, c);
	c = tcase_create("ipv6");
	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup6, NULL);
	tcase_add_loop_test(c, frame6, 0, ARRAY_SIZE(frames6));
	tcase_add_loop_test(c, frame_beside_ipv6, 0, ARRAY_SIZE(frames));
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_link_filter);
