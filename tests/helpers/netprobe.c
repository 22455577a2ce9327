/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netprobe serve PORT…    echoes TCP and UDP at the ports, of both families
 * netprobe probe          reads lines "NAME PROTO ADDRESS PORT yes|no" (PROTO: tcp, udp,
 *                         icmp, whose port is not looked at), tries all of them at once
 *                         and again, and prints each that is not as it says
 * netprobe knock MS       reads the same lines, and every MS milliseconds sends each of
 *                         them the first packet of something new, until it is killed
 *
 * What is expected to answer has a long time to do so; what is not has at least as long as
 * that took, and QUIET_MS more.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "defs.h"
#include "fd.h"
#include "str.h"

#define TARGETS_MAX 256
#define PORTS_MAX 16
#define STEP_MS 50
#define AGAIN_MS 1000 /* a TCP connection without an answer is tried anew */
#define WAIT_MS 60000
#define QUIET_MS 700

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- serve ---- */

static int bound(int type, uint16_t port)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const int on = 1, off = 0;
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *) &addr, sizeof(addr)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 64) < 0))
		die("bind");
	return fd;
}

static void echo_tcp(int fd)
{
	char byte;
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	struct pollfd p = { .fd = c, .events = POLLIN };

	if (c < 0)
		return;
	if (poll(&p, 1, 1000) == 1 && read(c, &byte, 1) == 1)
		(void) send(c, &byte, 1, MSG_NOSIGNAL);
	(void) close(c);
}

/* From the address that was asked: the packet's control data goes back with the answer. */
static void echo_udp(int fd)
{
	char data[64], control[256];
	struct sockaddr_in6 from;
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr m = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &m, 0);

	if (n <= 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *) (void *) CMSG_DATA(c))->ipi6_ifindex = 0;
	iov.iov_len = (size_t) n;
	(void) sendmsg(fd, &m, 0);
}

__attribute__((noreturn)) static void serve(int argc, char **argv)
{
	struct pollfd fds[2 * PORTS_MAX];
	uint64_t port;
	nfds_t n = 0;

	for (int i = 0; i < argc && i < PORTS_MAX; i++) {
		if (str_to_u64(argv[i], 1, 65535, &port) < 0)
			die("port");
		fds[n++] = (struct pollfd){ .fd = bound(SOCK_STREAM, (uint16_t) port),
					    .events = POLLIN };
		fds[n++] = (struct pollfd){ .fd = bound(SOCK_DGRAM, (uint16_t) port),
					    .events = POLLIN };
	}
	for (;;) {
		if (poll(fds, n, -1) < 0)
			die("poll");
		for (nfds_t i = 0; i < n; i++) {
			if (!fds[i].revents)
				continue;
			if (i % 2 == 0)
				echo_tcp(fds[i].fd);
			else
				echo_udp(fds[i].fd);
		}
	}
}

/* ---- probe ---- */

struct target {
	char line[256];
	const char *proto;
	struct sockaddr_storage addr;
	socklen_t len;
	bool want, got, sent;
	int fd;
	int64_t since;
};

static bool is(const struct target *t, const char *proto)
{
	return streq(t->proto, proto);
}

static int opened(const struct target *t)
{
	int family = t->addr.ss_family, fd;

	if (is(t, "icmp"))
		fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	else
		fd = socket(family,
			    (is(t, "tcp") ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC |
				    SOCK_NONBLOCK,
			    0);
	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *) &t->addr, t->len) < 0 && errno != EINPROGRESS)
		fd_close_p(&fd);
	return fd;
}

static uint16_t checksum(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t) (b[i] << 8 | b[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t) ~sum);
}

static void send_ping(const struct target *t)
{
	struct icmphdr v4 = { .type = ICMP_ECHO, .un.echo.id = (uint16_t) getpid() };
	struct icmp6_hdr v6 = { .icmp6_type = ICMP6_ECHO_REQUEST };

	v6.icmp6_id = v4.un.echo.id; /* a flow of its own */
	v4.checksum = checksum(&v4, sizeof(v4));
	if (t->addr.ss_family == AF_INET)
		(void) send(t->fd, &v4, sizeof(v4), 0);
	else
		(void) send(t->fd, &v6, sizeof(v6), 0); /* the kernel sums it up */
}

static bool is_pong(const struct target *t, const uint8_t *data, ssize_t n)
{
	if (t->addr.ss_family == AF_INET)
		return n >= 28 && data[20] == ICMP_ECHOREPLY;
	return n >= 8 && data[0] == ICMP6_ECHO_REPLY;
}

/* One step: something is sent, and what came is looked at. */
static void step(struct target *t)
{
	uint8_t data[512];
	ssize_t n;

	if (t->fd >= 0 && is(t, "tcp") && clock_ms() - t->since > AGAIN_MS)
		fd_close_p(&t->fd);
	if (t->fd < 0) {
		t->fd = opened(t);
		t->since = clock_ms();
		t->sent = false;
	}
	if (t->fd < 0)
		return;
	if (is(t, "icmp"))
		send_ping(t);
	else if (!is(t, "tcp") || !t->sent)
		t->sent = send(t->fd, "x", 1, MSG_NOSIGNAL) == 1 || t->sent;
	while ((n = recv(t->fd, data, sizeof(data), 0)) > 0)
		t->got |= !is(t, "icmp") || is_pong(t, data, n);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		fd_close_p(&t->fd);
}

static bool parse(struct target *t)
{
	char *copy = strdup(t->line), *rest = copy;
	const char *name = strsep(&rest, " "), *proto = strsep(&rest, " ");
	const char *addr = strsep(&rest, " "), *port = strsep(&rest, " "),
		   *want = strsep(&rest, " ");
	struct sockaddr_in *v4 = (struct sockaddr_in *) (void *) &t->addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) (void *) &t->addr;
	uint64_t number;

	if (!name || !want || str_to_u64(port, 0, 65535, &number) < 0)
		return false;
	t->proto = proto;
	t->want = streq(want, "yes");
	t->fd = -EBADF;
	if (inet_pton(AF_INET, addr, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(is(t, "icmp") ? 0 : (uint16_t) number);
		t->len = sizeof(*v4);
		return true;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(is(t, "icmp") ? 0 : (uint16_t) number);
	t->len = sizeof(*v6);
	return inet_pton(AF_INET6, addr, &v6->sin6_addr) == 1;
}

static size_t read_targets(struct target *v)
{
	size_t n = 0;

	for (; n < TARGETS_MAX && fgets(v[n].line, sizeof(v[n].line), stdin); n++) {
		v[n].line[strcspn(v[n].line, "\n")] = '\0';
		if (!parse(&v[n])) {
			(void) fprintf(stderr, "netprobe: '%s'?\n", v[n].line);
			exit(2);
		}
	}
	return n;
}

static bool all_answered(const struct target *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].want && !v[i].got)
			return false;
	return true;
}

static int probe(void)
{
	static struct target v[TARGETS_MAX];
	int64_t start = clock_ms(), quiet = -1;
	int r = 0;
	size_t n = read_targets(v);

	while (clock_ms() - start < WAIT_MS && (quiet < 0 || clock_ms() - quiet < QUIET_MS)) {
		for (size_t i = 0; i < n; i++)
			if (!v[i].got)
				step(&v[i]);
		if (quiet < 0 && all_answered(v, n))
			quiet = clock_ms();
		(void) poll(NULL, 0, STEP_MS);
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].got != v[i].want) {
			(void) printf("%s: %s\n", v[i].line, v[i].got ? "answers" : "no answer");
			r = 1;
		}
	(void) printf("%zu probes\n", n);
	return r;
}

/* A source port of its own each time, so that nothing is taken for what went before. */
__attribute__((noreturn)) static void knock(int ms)
{
	static struct target v[TARGETS_MAX];
	size_t n = read_targets(v);

	for (;;) {
		for (size_t i = 0; i < n; i++) {
			v[i].fd = opened(&v[i]);
			if (v[i].fd >= 0 && is(&v[i], "icmp"))
				send_ping(&v[i]);
			else if (v[i].fd >= 0 && is(&v[i], "udp"))
				(void) send(v[i].fd, "x", 1, MSG_NOSIGNAL);
			fd_close_p(&v[i].fd);
		}
		(void) poll(NULL, 0, ms);
	}
}

int main(int argc, char **argv)
{
	uint64_t ms;

	if (argc > 2 && streq(argv[1], "serve"))
		serve(argc - 2, argv + 2);
	if (argc == 2 && streq(argv[1], "probe"))
		return probe();
	if (argc == 3 && streq(argv[1], "knock") && str_to_u64(argv[2], 1, 10000, &ms) == 0)
		knock((int) ms);
	(void) fprintf(stderr, "usage: netprobe serve PORT… | probe | knock MS\n");
	return 2;
}
