/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dnsprobe ask SERVER NAME [TYPE] [tcp]     one query: prints "RCODE", or "none" and 1 without
 *                         an answer, then per record of the answer " TYPE=DATA/TTL"
 * dnsprobe connects SERVER NAME PORT N      N times: asks for NAME, connects to the address
 *                         at once; prints "N asked, N answered, N connected, worst N ms"
 * dnsprobe latency SERVER NAME N            N queries, one after another; prints
 *                         "median N us, worst N us"
 * dnsprobe load SERVER NAME QPS SECONDS     that many, evenly; prints "N asked, N answered"
 *
 * TYPE is a, aaaa, cname, txt, any or a number. Messages by the parser of the C library.
 */
#include "config.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

#define ANSWER_MS 8000
#define MESSAGE_MAX 65535

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t now_us(void)
{
	struct timespec t;

	(void) clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static socklen_t address(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *) (void *) ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) (void *) ret;

	*ret = (struct sockaddr_storage){ .ss_family = AF_INET };
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	ret->ss_family = AF_INET6;
	v6->sin6_port = htons(port);
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
		die(text);
	return sizeof(*v6);
}

static int connected(const char *server, uint16_t port, int type)
{
	struct sockaddr_storage to;
	socklen_t n = address(server, port, &to);
	int fd = socket(to.ss_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	if (connect(fd, (const struct sockaddr *) &to, n) < 0)
		fd_close_p(&fd);
	return fd;
}

static size_t make_query(const char *name, int type, uint16_t id, unsigned char *ret, size_t max)
{
	int n = res_mkquery(ns_o_query, name, ns_c_in, type, NULL, 0, NULL, ret, (int) max);

	if (n < 0)
		die("res_mkquery");
	ns_put16(id, ret);
	return (size_t) n;
}

static bool is_readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

/* ---- one query ---- */

static ssize_t exchange(const char *server, const unsigned char *query, size_t n, bool tcp,
			unsigned char *ret)
{
	cleanup_fd int fd = connected(server, 53, tcp ? SOCK_STREAM : SOCK_DGRAM);
	unsigned char head[2];

	if (fd < 0)
		return -1;
	if (!tcp) {
		if (send(fd, query, n, 0) < 0 || !is_readable(fd, ANSWER_MS))
			return -1;
		return recv(fd, ret, MESSAGE_MAX, 0);
	}
	ns_put16((unsigned) n, head);
	if (fd_write_all(fd, head, 2) < 0 || fd_write_all(fd, query, n) < 0 ||
	    !is_readable(fd, ANSWER_MS) || fd_read_all(fd, head, 2) < 0 ||
	    fd_read_all(fd, ret, ns_get16(head)) < 0)
		return -1;
	return (ssize_t) ns_get16(head);
}

static void print_record(const ns_msg *msg, const ns_rr *rr)
{
	char text[NS_MAXDNAME] = "?";

	if (ns_rr_type(*rr) == ns_t_a && ns_rr_rdlen(*rr) == 4)
		(void) inet_ntop(AF_INET, ns_rr_rdata(*rr), text, sizeof(text));
	else if (ns_rr_type(*rr) == ns_t_aaaa && ns_rr_rdlen(*rr) == 16)
		(void) inet_ntop(AF_INET6, ns_rr_rdata(*rr), text, sizeof(text));
	else if (ns_rr_type(*rr) == ns_t_cname)
		(void) ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg), ns_rr_rdata(*rr),
					  text, sizeof(text));
	(void) printf(" %d=%s/%u", (int) ns_rr_type(*rr), text, (unsigned) ns_rr_ttl(*rr));
}

static int type_of(const char *text)
{
	static const struct {
		const char *name;
		int type;
	} types[] = { { "a", ns_t_a },
		      { "aaaa", ns_t_aaaa },
		      { "cname", ns_t_cname },
		      { "txt", ns_t_txt },
		      { "any", ns_t_any } };
	int64_t v;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(text, types[i].name) == 0)
			return types[i].type;
	return str_to_i64(text, 1, 65535, &v) == 0 ? (int) v : ns_t_a;
}

static int ask(int argc, char **argv)
{
	static const char *const codes[] = { "NOERROR",	 "FORMERR", "SERVFAIL",
					     "NXDOMAIN", "NOTIMP",  "REFUSED" };
	static unsigned char reply[MESSAGE_MAX];
	bool tcp = argc > 3 && streq(argv[argc - 1], "tcp");
	unsigned char query[512];
	size_t n =
		make_query(argv[2], argc > 3 ? type_of(argv[3]) : ns_t_a, 7, query, sizeof(query));
	ssize_t len = exchange(argv[1], query, n, tcp, reply);
	unsigned code;
	ns_msg msg;
	ns_rr rr;

	if (len < 0 || ns_initparse(reply, (int) len, &msg) < 0) {
		(void) printf("none\n");
		return 1;
	}
	code = ns_msg_getflag(msg, ns_f_rcode);
	(void) printf("%s%s", code < 6 ? codes[code] : "?",
		      ns_msg_getflag(msg, ns_f_tc) ? " truncated" : "");
	for (int i = 0; i < ns_msg_count(msg, ns_s_an); i++)
		if (ns_parserr(&msg, ns_s_an, i, &rr) == 0)
			print_record(&msg, &rr);
	(void) printf("\n");
	return 0;
}

/* ---- many ---- */

/* The first address of an answer; false: it has none. */
static bool first_address(const unsigned char *reply, ssize_t n, char ret[INET6_ADDRSTRLEN])
{
	ns_msg msg;
	ns_rr rr;

	if (n < 0 || ns_initparse(reply, (int) n, &msg) < 0)
		return false;
	for (int i = 0; i < ns_msg_count(msg, ns_s_an); i++)
		if (ns_parserr(&msg, ns_s_an, i, &rr) == 0 && ns_rr_type(rr) == ns_t_a &&
		    inet_ntop(AF_INET, ns_rr_rdata(rr), ret, INET6_ADDRSTRLEN))
			return true;
	return false;
}

static int connects(char **argv)
{
	static unsigned char reply[MESSAGE_MAX];
	int64_t n = 0, port = 0, answered = 0, good = 0, worst = 0;
	char to[INET6_ADDRSTRLEN];
	unsigned char query[512];

	if (str_to_i64(argv[3], 1, 65535, &port) < 0 || str_to_i64(argv[4], 1, 1000000, &n) < 0)
		die("arguments");
	for (int64_t i = 0; i < n; i++) {
		size_t len = make_query(argv[2], ns_t_a, (uint16_t) i, query, sizeof(query));
		int64_t begin = now_us();

		if (first_address(reply, exchange(argv[1], query, len, false, reply), to)) {
			int fd = connected(to, (uint16_t) port, SOCK_STREAM);

			answered++;
			good += fd >= 0;
			fd_close_p(&fd);
		}
		if (now_us() - begin > worst)
			worst = now_us() - begin;
	}
	(void) printf("%lld asked, %lld answered, %lld connected, worst %lld ms\n", (long long) n,
		      (long long) answered, (long long) good, (long long) worst / 1000);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;

	return x < y ? -1 : x > y;
}

static int latency(char **argv)
{
	static unsigned char reply[MESSAGE_MAX];
	cleanup_fd int fd = connected(argv[1], 53, SOCK_DGRAM);
	unsigned char query[512];
	int64_t n = 0, *took;

	if (fd < 0 || str_to_i64(argv[3], 1, 1000000, &n) < 0)
		die("arguments");
	took = calloc((size_t) n, sizeof(*took));
	for (int64_t i = 0; took && i < n; i++) {
		size_t len = make_query(argv[2], ns_t_a, (uint16_t) i, query, sizeof(query));
		int64_t begin = now_us();

		if (send(fd, query, len, 0) < 0 || !is_readable(fd, ANSWER_MS) ||
		    recv(fd, reply, sizeof(reply), 0) < 0)
			die("no answer");
		took[i] = now_us() - begin;
	}
	if (!took)
		return 2;
	qsort(took, (size_t) n, sizeof(*took), by_size);
	(void) printf("median %lld us, worst %lld us\n", (long long) took[n / 2],
		      (long long) took[n - 1]);
	free(took);
	return 0;
}

static int64_t drain(int fd)
{
	static unsigned char reply[MESSAGE_MAX];
	int64_t n = 0;

	while (recv(fd, reply, sizeof(reply), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

static int load(char **argv)
{
	cleanup_fd int fd = connected(argv[1], 53, SOCK_DGRAM);
	int64_t qps = 0, seconds = 0, asked = 0, answered = 0, begin = now_us();
	unsigned char query[512];

	if (fd < 0 || str_to_i64(argv[3], 1, 100000, &qps) < 0 ||
	    str_to_i64(argv[4], 1, 3600, &seconds) < 0)
		die("arguments");
	while (asked < qps * seconds) {
		while (asked < qps * seconds && now_us() - begin >= asked * 1000000 / qps) {
			size_t len = make_query(argv[2], ns_t_a, (uint16_t) asked++, query,
						sizeof(query));

			if (send(fd, query, len, 0) < 0)
				die("send");
		}
		(void) is_readable(fd, 1);
		answered += drain(fd);
	}
	while (answered < asked && is_readable(fd, ANSWER_MS))
		answered += drain(fd);
	(void) printf("%lld asked, %lld answered\n", (long long) asked, (long long) answered);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && streq(argv[1], "ask"))
		return ask(argc - 1, argv + 1);
	if (argc == 6 && streq(argv[1], "connects"))
		return connects(argv + 1);
	if (argc == 5 && streq(argv[1], "latency"))
		return latency(argv + 1);
	if (argc == 6 && streq(argv[1], "load"))
		return load(argv + 1);
	(void) fprintf(stderr, "usage: dnsprobe ask|connects|latency|load SERVER NAME …\n");
	return 2;
}
