/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dnsprobe ask SERVER NAME [TYPE] [tcp]     one query: prints "RCODE", or "none" and 1 without
 *                         an answer, then per record of the answer " TYPE=DATA/TTL"
 * dnsprobe connects SERVER NAME PORT N      N times: asks for NAME, connects to the address
 *                         at once; prints "N asked, N answered, N connected, worst N ms"
 * dnsprobe latency SERVER NAME N            N queries, one after another; prints
 *                         "median N us, worst N us"
 * dnsprobe beside NAME N PAUSE SERVER[@NETNS]…   N rounds with PAUSE ms before each: each
 *                         server is asked for NAME once, from that network namespace, and the
 *                         first server of a round is another one each time; prints per server
 *                         "MEDIAN WORST" in microseconds. A query without an address: 2
 * dnsprobe load SERVER NAME QPS SECONDS [NETNS…]   that many, evenly, from these network
 *                         namespaces in turn; prints "N asked, N answered, N without address,
 *                         the last after N ms"
 * dnsprobe serve ADDRESS  a name server, by UDP: each name has an address of its own in
 *                         198.18.0.0/15, with a TTL of 300, or 0 where it begins with "brief";
 *                         prints "ready"
 *
 * TYPE is a, aaaa, cname, txt, any or a number. "%d" in NAME is the number of the query or
 * round. For load it is below 100, but each hundredth query is for a name of its own. Messages
 * by the parser of the C library.
 */
#include "config.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
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

/* Of an address, with the number in the name. */
static size_t make_numbered(const char *name, int64_t number, unsigned char *ret, size_t max)
{
	const char *at = strstr(name, "%d");
	cleanup_free char *text =
		at ? xasprintf("%.*s%lld%s", (int) (at - name), name, (long long) number, at + 2)
		   : xstrdup(name);

	return make_query(text, ns_t_a, (uint16_t) number, ret, max);
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
		size_t len = make_numbered(argv[2], i, query, sizeof(query));
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

/* ---- from other namespaces ---- */

/* A socket stays in the network namespace in which it was made. NULL: this one. */
static int connected_in(const char *netns, const char *server)
{
	cleanup_fd int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there = -EBADF;
	int fd;

	if (netns)
		there = open(netns, O_RDONLY | O_CLOEXEC);
	if (netns && (there < 0 || setns(there, CLONE_NEWNET) < 0))
		die(netns);
	fd = connected(server, 53, SOCK_DGRAM);
	if (fd < 0)
		die(server);
	if (netns && setns(here, CLONE_NEWNET) < 0)
		die("setns");
	return fd;
}

struct side {
	int fd;
	int64_t *took;
};

static int64_t asked_once(int fd, const unsigned char *query, size_t len)
{
	static unsigned char reply[MESSAGE_MAX];
	char addr[INET6_ADDRSTRLEN];
	int64_t begin = now_us(), took;
	ssize_t n;

	if (send(fd, query, len, 0) < 0 || !is_readable(fd, ANSWER_MS))
		die("no answer");
	n = recv(fd, reply, sizeof(reply), 0);
	took = now_us() - begin;
	if (n < 2 || ns_get16(reply) != ns_get16(query) || !first_address(reply, n, addr))
		die("not the answer");
	return took;
}

static int beside(int n_sides, char **argv)
{
	struct side *sides = xcalloc((size_t) n_sides, sizeof(*sides));
	int64_t n = 0, pause = 0;
	unsigned char query[512];

	if (str_to_i64(argv[2], 1, 1000000, &n) < 0 || str_to_i64(argv[3], 0, 60000, &pause) < 0)
		die("arguments");
	for (int k = 0; k < n_sides; k++) {
		char *server = argv[4 + k], *at = strchr(server, '@');

		if (at)
			*at = '\0';
		sides[k].fd = connected_in(at ? at + 1 : NULL, server);
		sides[k].took = xcalloc((size_t) n, sizeof(int64_t));
	}
	for (int64_t i = 0; i < n; i++) {
		size_t len = make_numbered(argv[1], i, query, sizeof(query));

		(void) poll(NULL, 0, (int) pause);
		for (int k = 0; k < n_sides; k++) {
			struct side *s = &sides[(i + k) % n_sides];

			s->took[i] = asked_once(s->fd, query, len);
		}
	}
	for (int k = 0; k < n_sides; k++) {
		qsort(sides[k].took, (size_t) n, sizeof(int64_t), by_size);
		(void) printf("%lld %lld\n", (long long) sides[k].took[n / 2],
			      (long long) sides[k].took[n - 1]);
		free(sides[k].took);
		fd_close_p(&sides[k].fd);
	}
	free(sides);
	return 0;
}

/* ---- load ---- */

enum {
	LOAD_NAMES = 100,
	LOAD_SOCKETS_MAX = 1024,
};

struct load {
	struct pollfd p[LOAD_SOCKETS_MAX];
	nfds_t n;
	int64_t asked, answered, empty;
	int64_t begin, last_empty; /* us */
};

static void drain(struct load *l, int ms)
{
	static unsigned char reply[MESSAGE_MAX];
	char addr[INET6_ADDRSTRLEN];
	ssize_t n;

	if (poll(l->p, l->n, ms) <= 0)
		return;
	for (nfds_t i = 0; i < l->n; i++) {
		if (!l->p[i].revents)
			continue;
		while ((n = recv(l->p[i].fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0) {
			l->answered++;
			if (first_address(reply, n, addr))
				continue;
			l->empty++;
			l->last_empty = now_us() - l->begin;
		}
	}
}

/* The number in the name of query i: processes at the same time have no new name in common. */
static int64_t load_number(int64_t i)
{
	return i % LOAD_NAMES == LOAD_NAMES - 1 ? (int64_t) getpid() * 10000000 + i
						: i % LOAD_NAMES;
}

static int load(int n_netns, char **argv)
{
	static struct load l;
	int64_t qps = 0, seconds = 0, end, due;
	unsigned char query[512];

	if (n_netns > LOAD_SOCKETS_MAX || str_to_i64(argv[3], 1, 100000, &qps) < 0 ||
	    str_to_i64(argv[4], 1, 3600, &seconds) < 0)
		die("arguments");
	do
		l.p[l.n] = (struct pollfd){ .fd = connected_in(n_netns > 0 ? argv[5 + l.n] : NULL,
							       argv[1]),
					    .events = POLLIN };
	while ((int) ++l.n < n_netns);
	l.begin = now_us();
	while (l.asked < qps * seconds) {
		due = l.begin + l.asked * 1000000 / qps - now_us();
		if (due > 0) {
			drain(&l, (int) ((due + 999) / 1000));
			continue;
		}
		if (send(l.p[(nfds_t) l.asked % l.n].fd, query,
			 make_numbered(argv[2], load_number(l.asked), query, sizeof(query)), 0) < 0)
			die("send");
		l.asked++;
	}
	end = now_us() + ANSWER_MS * 1000;
	while (l.answered < l.asked && now_us() < end)
		drain(&l, 100);
	for (nfds_t i = 0; i < l.n; i++)
		fd_close_p(&l.p[i].fd);
	(void) printf("%lld asked, %lld answered, %lld without address, the last after %lld ms\n",
		      (long long) l.asked, (long long) l.answered, (long long) l.empty,
		      (long long) l.last_empty / 1000);
	return 0;
}

/* ---- a name server ---- */

enum {
	SERVE_TTL = 300,
	ANSWER_BYTES = 16,
};

/* Of the query in buf; 0: it is none. */
static size_t make_answer(unsigned char *buf, size_t n)
{
	unsigned char *at = buf + NS_HFIXEDSZ;
	int len = n > NS_HFIXEDSZ ? dn_skipname(at, buf + n) : -1;
	bool brief = n > NS_HFIXEDSZ + 5 && memcmp(at + 1, "brief", 5) == 0;
	unsigned type;

	if (len < 0 || (size_t) len + NS_HFIXEDSZ + NS_QFIXEDSZ > n)
		return 0;
	at += len;
	type = ns_get16(at);
	at += NS_QFIXEDSZ;
	ns_put16(0x8180, buf + 2);
	ns_put16(1, buf + 4);
	ns_put16(type == ns_t_a, buf + 6);
	ns_put32(0, buf + 8);
	if (type != ns_t_a)
		return (size_t) (at - buf);
	ns_put16(0xc000 | NS_HFIXEDSZ, at);
	ns_put16(ns_t_a, at + 2);
	ns_put16(ns_c_in, at + 4);
	ns_put32(brief ? 0 : SERVE_TTL, at + 6);
	ns_put16(4, at + 10);
	ns_put32(0xc6120000 | (fnv1a32(buf + NS_HFIXEDSZ, (size_t) len) & 0x1ffff), at + 12);
	return (size_t) (at - buf) + ANSWER_BYTES;
}

static int serve(const char *where)
{
	static unsigned char buf[MESSAGE_MAX + ANSWER_BYTES];
	struct sockaddr_storage at, from;
	socklen_t len = address(where, 53, &at);
	int fd = socket(at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *) &at, len) < 0)
		die(where);
	(void) printf("ready\n");
	(void) fflush(stdout);
	while (is_readable(fd, -1)) {
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, MESSAGE_MAX, 0, (struct sockaddr *) &from, &from_len);
		size_t size = n > 0 ? make_answer(buf, (size_t) n) : 0;

		if (size > 0)
			(void) sendto(fd, buf, size, 0, (const struct sockaddr *) &from, from_len);
	}
	return 2;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && streq(argv[1], "ask"))
		return ask(argc - 1, argv + 1);
	if (argc == 6 && streq(argv[1], "connects"))
		return connects(argv + 1);
	if (argc == 5 && streq(argv[1], "latency"))
		return latency(argv + 1);
	if (argc >= 6 && streq(argv[1], "beside"))
		return beside(argc - 5, argv + 1);
	if (argc >= 6 && streq(argv[1], "load"))
		return load(argc - 6, argv + 1);
	if (argc == 3 && streq(argv[1], "serve"))
		return serve(argv[2]);
	(void) fprintf(stderr, "usage: dnsprobe ask|connects|latency|beside|load|serve …\n");
	return 2;
}
