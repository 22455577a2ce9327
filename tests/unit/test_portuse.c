/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"
#include "host_lo.h"
#include "host_sandbox.h"
#include "portuse.h"
#include "mem.h"
#include "str.h"
#include "unit.h"

#define LOOPBACK 0x7f000001

static struct kerr e;

static void setup(void)
{
	sandbox_enter();
	host_lo_up();
}

enum how {
	LISTENS,
	BOUND, /* not listening */
	DATAGRAMS,
	CONNECTED,
};

static int open4(enum how how, uint32_t addr, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(addr),
				  .sin_port = htons(port) };
	int fd = socket(AF_INET, (how >= DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *) &at, sizeof(at)), 0);
	if (how == LISTENS)
		ck_assert_int_eq(listen(fd, 1), 0);
	at.sin_port = htons(9);
	at.sin_addr.s_addr = htonl(LOOPBACK);
	if (how == CONNECTED)
		ck_assert_int_eq(connect(fd, (struct sockaddr *) &at, sizeof(at)), 0);
	return fd;
}

static int open6(const char *addr, uint16_t port, int only)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(inet_pton(AF_INET6, addr, &at.sin6_addr), 1);
	ck_assert_int_eq(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)), 0);
	ck_assert_msg(bind(fd, (struct sockaddr *) &at, sizeof(at)) == 0, "%s", strerror(errno));
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

/* "": nothing listens there. */
static const char *finds(bool udp, uint32_t addr, uint16_t first, uint16_t last)
{
	const struct portuse_range range = {
		.udp = udp, .addr = addr, .first = first, .last = last
	};
	static char text[64];
	struct portuse l;

	text[0] = '\0';
	if (ok(portuse_find(&range, 1, &l, &e), &e) > 0) {
		cleanup_free char *where = portuse_text(&l);

		ck_assert_int_eq(l.udp, udp);
		(void) snprintf(text, sizeof(text), "%s", where);
	}
	return text;
}

START_TEST(tcp)
{
	cleanup_fd int all = open4(LISTENS, 0, 8080);
	cleanup_fd int one = open4(LISTENS, LOOPBACK, 9090);
	cleanup_fd int silent = open4(BOUND, 0, 7070);

	setup();
	ck_assert_str_eq(finds(false, 0, 1, 65535), ""); /* another namespace */
	fd_close_p(&all);
	fd_close_p(&one);
	fd_close_p(&silent);
	all = open4(LISTENS, 0, 8080);
	one = open4(LISTENS, LOOPBACK, 9090);
	silent = open4(BOUND, 0, 7070);
	ck_assert_str_eq(finds(false, 0, 8080, 8080), "0.0.0.0:8080");
	ck_assert_str_eq(finds(false, 0xc0000201, 8080, 8080), "0.0.0.0:8080");
	ck_assert_str_eq(finds(false, 0, 8000, 8090), "0.0.0.0:8080");
	ck_assert_str_eq(finds(false, 0, 8081, 9089), "");
	ck_assert_str_eq(finds(false, 0, 9090, 9090), "127.0.0.1:9090");
	ck_assert_str_eq(finds(false, LOOPBACK, 9090, 9090), "127.0.0.1:9090");
	ck_assert_str_eq(finds(false, 0xc0000201, 9090, 9090), "");
	ck_assert_str_eq(finds(false, 0, 7070, 7070), "");
	ck_assert_str_eq(finds(true, 0, 8080, 8080), "");
}
END_TEST

START_TEST(udp)
{
	cleanup_fd int server = -EBADF, client = -EBADF;

	setup();
	server = open4(DATAGRAMS, 0, 53);
	client = open4(CONNECTED, LOOPBACK, 5454);
	ck_assert_str_eq(finds(true, LOOPBACK, 50, 60), "0.0.0.0:53");
	ck_assert_str_eq(finds(true, 0, 5454, 5454), "");
	ck_assert_str_eq(finds(false, 0, 53, 53), "");
}
END_TEST

START_TEST(ipv6)
{
	cleanup_fd int both = -EBADF, only = -EBADF, mapped = -EBADF, one = -EBADF;

	setup();
	both = open6("::", 8080, 0);
	only = open6("::", 9090, 1);
	mapped = open6("::ffff:127.0.0.1", 7070, 0);
	one = open6("::1", 6060, 0);
	ck_assert_str_eq(finds(false, 0, 8080, 8080), "[::]:8080");
	ck_assert_str_eq(finds(false, 0, 9090, 9090), "");
	ck_assert_str_eq(finds(false, LOOPBACK, 7070, 7070), "127.0.0.1:7070");
	ck_assert_str_eq(finds(false, 0, 6060, 6060), "");
}
END_TEST

static const char *finds6(const char *addr, uint16_t port)
{
	struct portuse_range range = { .first = port, .last = port, .ipv6 = true };
	static char text[64];
	struct portuse l;

	text[0] = '\0';
	ck_assert_int_eq(inet_pton(AF_INET6, addr, range.addr6), 1);
	if (ok(portuse_find(&range, 1, &l, &e), &e) > 0) {
		cleanup_free char *where = portuse_text(&l);

		(void) snprintf(text, sizeof(text), "%s", where);
	}
	return text;
}

START_TEST(packets_of_ipv6)
{
	cleanup_fd int both = -EBADF, only = -EBADF, mapped = -EBADF, one = -EBADF, four = -EBADF;
	uint8_t addr[16];

	setup();
	both = open6("::", 8080, 0);
	only = open6("::", 9090, 1);
	mapped = open6("::ffff:127.0.0.1", 7070, 0);
	one = open6("::1", 6060, 0);
	four = open4(LISTENS, 0, 5050);
	ck_assert_str_eq(finds6("::", 8080), "[::]:8080");
	ck_assert_str_eq(finds6("2001:db8::1", 9090), "[::]:9090");
	ck_assert_str_eq(finds6("::", 7070), "");
	ck_assert_str_eq(finds6("::", 6060), "[::1]:6060");
	ck_assert_str_eq(finds6("::1", 6060), "[::1]:6060");
	ck_assert_str_eq(finds6("2001:db8::1", 6060), "");
	ck_assert_str_eq(finds6("::", 5050), "");
	ck_assert_int_eq(inet_pton(AF_INET6, "::1", addr), 1);
	ck_assert(portuse_may_bind6(addr));
	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8::1", addr), 1);
	ck_assert(!portuse_may_bind6(addr));
}
END_TEST

START_TEST(process)
{
	const struct portuse_range range = { false, 0, 8080, 8080 };
	cleanup_fd int fd = -EBADF;
	cleanup_free char *who = NULL;
	cleanup_free char *pid = xasprintf(" (pid %d)", (int) getpid());
	struct portuse l;

	setup();
	fd = open4(LISTENS, 0, 8080);
	ck_assert_int_eq(portuse_find(&range, 1, &l, &e), 1);
	who = portuse_process(&l);
	ck_assert_ptr_nonnull(who);
	ck_assert_msg(str_has_suffix(who, pid), "%s", who);
	fd_close_p(&fd);
	ck_assert_ptr_null(portuse_process(&l));
}
END_TEST

START_TEST(addresses)
{
	setup();
	ck_assert(portuse_may_bind(LOOPBACK));
	ck_assert(portuse_may_bind(0));
	ck_assert(!portuse_may_bind(0xc0000201));
}
END_TEST

static Suite *test_portuse(void)
{
	Suite *s = suite_create("portuse");
	TCase *tc = tcase_create("portuse");

	tcase_add_test(tc, tcp);
	tcase_add_test(tc, udp);
	tcase_add_test(tc, ipv6);
	tcase_add_test(tc, packets_of_ipv6);
	tcase_add_test(tc, process);
	tcase_add_test(tc, addresses);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_portuse);
