/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fd.h"
#include "firewall_iptc.h"
#include "host_sandbox.h"
#include "link.h"
#include "lock.h"
#include "netwatch.h"
#include "proc.h"
#include "unit.h"

#define BRIDGE "k-703e8b3a"

static struct kerr e;
static struct netwatch watch;
static const struct link_bridge bridge = { .name = BRIDGE,
					   .gateway = { 0x0a580001, 24 },
					   .owner = "default/default" };

/* A network namespace with a bridge of ours, and nothing read yet. */
static void setup(void)
{
	sandbox_enter();
	ck_assert_int_eq(setenv("XTABLES_LOCKFILE", SANDBOX "/xtables.lock", 1), 0);
	ok(link_bridge_ensure(&bridge, &e), &e);
	ok(link_forwarding_on(&e), &e);
	ck_assert_uint_eq(netwatch_open(&watch), 0);
}

static void teardown(void)
{
	netwatch_close(&watch);
}

/* What is seen within a second, as it arrives. */
static unsigned seen(void)
{
	struct pollfd p[] = { { .fd = watch.links, .events = POLLIN },
			      { .fd = watch.rules, .events = POLLIN },
			      { .fd = watch.xtables, .events = POLLIN } };
	unsigned all = 0;

	while (all == 0 && poll(p, ARRAY_SIZE(p), 1000) > 0)
		all |= netwatch_read(&watch);
	return all;
}

static void run(const char *line)
{
	char *argv[] = { (char *) (uintptr_t) "sh", (char *) (uintptr_t) "-c",
			 (char *) (uintptr_t) line, NULL };
	struct proc_spawn how = PROC_SPAWN_INIT;
	int status = 0;

	how.path = "/bin/sh";
	how.argv = argv;
	ok(proc_run(&how, NULL, NULL, NULL, 60000, &status, &e), &e);
	ck_assert_msg(status == 0, "%s: %#x", line, (unsigned) status);
}

static const struct {
	const char *line;
	unsigned seen;
} changes[] = {
	/* of ours, by others */
	{ "ip link del " BRIDGE, NETWATCH_LINKS },
	{ "ip link set " BRIDGE " down", NETWATCH_LINKS },
	{ "ip addr flush dev " BRIDGE, NETWATCH_LINKS },
	{ "sysctl -qw net.ipv4.ip_forward=0", NETWATCH_LINKS },
	{ "iptables-legacy -w -F FORWARD", NETWATCH_RULES },
	{ "nft add table inet foreign", NETWATCH_RULES },
	/* none of ours */
	{ "ip link add other type bridge && ip link set other up && ip link del other", 0 },
	{ "ip link add v0 type veth peer name v1 && ip link set v0 master " BRIDGE
	  " && ip link set v0 up && ip link set v1 up && ip link del v0",
	  0 },
	{ "ip link add v0 type veth peer name v1 && ip addr add 192.0.2.1/24 dev v0 && "
	  "ip link set v0 up && ip link set v1 up && ip route add 198.51.100.0/24 via 192.0.2.2",
	  0 },
	{ "sysctl -qw net.ipv4.ip_forward=1", 0 },
};

START_TEST(change)
{
	run(changes[_i].line);
	ck_assert_uint_eq(seen(), changes[_i].seen);
}
END_TEST

/* What our own back end does to the lock file is not taken for a change. */
START_TEST(own_lock)
{
	int fd = ok(lock_file_at(AT_FDCWD, firewall_iptc_lock_path(), LOCK_FILE_WAIT, &e), &e);

	fd_close_p(&fd);
	ck_assert_uint_eq(seen(), 0);
}
END_TEST

/* Nothing is missed for want of room. */
START_TEST(flood)
{
	run("i=0; while [ $i -lt 300 ]; do echo link add d$i type bridge; i=$((i + 1)); done | ip -batch -");
	run("ip link del " BRIDGE);
	ck_assert_uint_eq(seen() & NETWATCH_LINKS, NETWATCH_LINKS);
	ck_assert_uint_eq(seen(), 0);
}
END_TEST

START_TEST(closed)
{
	netwatch_close(&watch);
	ck_assert_uint_eq(netwatch_read(&watch), 0);
}
END_TEST

static Suite *test_netwatch(void)
{
	Suite *s = suite_create("netwatch");
	TCase *c = tcase_create("netwatch");

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, change, 0, ARRAY_SIZE(changes));
	tcase_add_test(c, own_lock);
	tcase_add_test(c, flood);
	tcase_add_test(c, closed);
	suite_add_tcase(s, c);
	return s;
}

UNIT_MAIN(test_netwatch);
