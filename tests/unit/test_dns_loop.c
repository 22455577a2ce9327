/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include "clock.h"
#include "dns_build.h"
#include "fd.h"
#include "host_lo.h"
#include "loop.h"
#include "mem.h"
#include "question.h"
#include "spaces.h"
#include "str.h"
#include "unit.h"

/*
 * The real loop, with the test as the engine, as the host's resolvers and as the cells. It
 * all is in one thread: while the test waits for one of its sockets, it runs the loop.
 */
enum {
	RESOLVERS = 2,
	PATIENCE_MS = 60000,
};

/* What a resolver does with a question. */
enum manner {
	ANSWERS, /* as its name says, see resolve() */
	IS_SILENT,
	FAILS,
	TRUNCATES, /* by UDP; by TCP it answers */
	IS_OLD, /* knows no EDNS */
};

struct resolver {
	int udp, tcp, conn;
	enum manner manner;
	unsigned asked;
};

static struct kukedns d;
static struct resolver resolvers[RESOLVERS];
static struct proto_msg msg = PROTO_MSG_INIT;
static struct packet m, got;
static int engine = -EBADF, udp = -EBADF, capture_to = -EBADF;
static struct sockaddr_in udp_at, tcp_at;

/* ---- sockets ---- */

static int bound(int type, struct sockaddr_in *at)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t n = sizeof(a);

	if (at->sin_port)
		a = *at;
	ck_assert_int_eq(bind(fd, (struct sockaddr *) &a, sizeof(a)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *) &a, &n), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 64), 0);
	*at = a;
	return fd;
}

static int connected(int type, const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (const struct sockaddr *) to, sizeof(*to)), 0);
	return fd;
}

/* ---- the resolvers ---- */

static void answer_as_named(struct packet *a, const char *name, unsigned type)
{
	packet_begin(a, 0x8180, name, type);
	if (str_has_prefix(name, "none.")) {
		a->p[3] |= DNS_NXDOMAIN;
		packet_soa(a, 300, 20);
	} else if (type == DNS_TXT) {
		packet_record(a, PACKET_ANSWER, name, DNS_TXT, 50);
		packet_16(a, 4);
		packet_bytes(a, "\003abc", 4);
	} else if (type == DNS_AAAA) {
		packet_address(a, name, 60, "2001:db8::5");
	} else if (type == DNS_A && str_has_prefix(name, "inside.")) {
		packet_address(a, name, 60, "127.0.0.77");
	} else if (type == DNS_A && str_has_prefix(name, "short.")) {
		packet_address(a, name, 0, "192.0.2.5");
	} else if (type == DNS_A) {
		packet_cname(a, name, 90, "cdn.test");
		packet_address(a, "cdn.test", 60, "192.0.2.5");
		packet_address(a, "cdn.test", 60, "10.9.9.9");
		packet_address(a, "other.test", 60, "192.0.2.66");
	}
}

/* The answer to a question of n bytes; its length, 0 for none. */
static size_t resolve(struct resolver *r, const uint8_t *p, size_t n, bool stream,
		      struct packet *ret)
{
	struct dns_query q;

	ck_assert_int_eq(dns_query_read(p, n, &q), 0);
	ck_assert(q.edns || r->manner == IS_OLD);
	r->asked++;
	if (r->manner == IS_SILENT)
		return 0;
	if (r->manner == FAILS)
		packet_begin(ret, 0x8182, q.name.text, q.type);
	else if (r->manner == IS_OLD && q.edns)
		packet_begin(ret, 0x8181, q.name.text, q.type);
	else if (r->manner == TRUNCATES && !stream)
		packet_begin(ret, 0x8380, q.name.text, q.type);
	else
		answer_as_named(ret, q.name.text, q.type);
	memcpy(ret->p, p, 2); /* the id */
	return ret->n;
}

static void resolver_run(struct resolver *r)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	static struct packet a;
	uint8_t p[2048];
	ssize_t n;

	while ((n = recvfrom(r->udp, p, sizeof(p), 0, (struct sockaddr *) &from, &len)) > 0)
		if (resolve(r, p, (size_t) n, false, &a))
			(void) sendto(r->udp, a.p, a.n, 0, (struct sockaddr *) &from, len);
	if (r->conn < 0)
		r->conn = accept4(r->tcp, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	n = r->conn < 0 ? -1 : recv(r->conn, p, sizeof(p), 0);
	if (n > 2 && resolve(r, p + 2, (size_t) n - 2, true, &a)) {
		uint8_t size[2] = { (uint8_t) (a.n >> 8), (uint8_t) a.n };

		(void) send(r->conn, size, 2, MSG_NOSIGNAL);
		(void) send(r->conn, a.p, a.n, MSG_NOSIGNAL);
	}
	if (n == 0)
		fd_close_p(&r->conn);
}

/* ---- waiting ---- */

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void step(void)
{
	struct kerr err = { 0 };

	ck_assert_msg(loop_step(&d, 1, &err) == 1, "%s", err.msg);
	for (int i = 0; i < RESOLVERS; i++)
		resolver_run(&resolvers[i]);
}

static void wait_for(int fd)
{
	int64_t until = clock_ms() + PATIENCE_MS;

	while (!is_readable(fd)) {
		ck_assert_msg(clock_ms() < until, "nothing came");
		step();
	}
}

/* ---- the engine ---- */

static void say(int fd)
{
	ck_assert_int_eq(proto_msg_send(&msg, engine, fd, 0), 0);
}

static void say_text(const char *op, const char *key, const char *value)
{
	proto_msg_start(&msg, op);
	proto_msg_add(&msg, "id", "1");
	proto_msg_add(&msg, key, value);
	say(-1);
}

static void hear(const char *op)
{
	cleanup_fd int fd = -EBADF;

	wait_for(engine);
	ck_assert_int_eq(proto_msg_recv(&msg, engine, &fd), 1);
	ck_assert_str_eq(proto_msg_get(&msg, "op"), op);
}

static void heard(const char *key, const char *value)
{
	ck_assert_str_eq(proto_msg_get(&msg, key), value);
}

/* Everything said so far was done when the answer to this comes. */
static void ping(void)
{
	proto_msg_start(&msg, "ping");
	proto_msg_add(&msg, "n", "7");
	say(-1);
	hear("pong");
	heard("n", "7");
}

static void give(const char *kind, int fd)
{
	proto_msg_start(&msg, "socket");
	proto_msg_add(&msg, "id", "1");
	proto_msg_add(&msg, "kind", kind);
	say(fd);
	fd_close_p(&fd);
}

static void name_servers(void)
{
	cleanup_buf struct buf list = BUF_INIT(256);

	for (int i = 0; i < RESOLVERS; i++) {
		struct sockaddr_in at = { .sin_port = 0 };

		resolvers[i] = (struct resolver){ .conn = -EBADF };
		resolvers[i].udp = bound(SOCK_DGRAM, &at);
		resolvers[i].tcp = bound(SOCK_STREAM, &at);
		buf_addf(&list, "%s127.0.0.1:%u", i ? "," : "", ntohs(at.sin_port));
	}
	proto_msg_start(&msg, "servers");
	proto_msg_add(&msg, "list", buf_str(&list));
	say(-1);
}

static void open_addrs(const char *addrs)
{
	cleanup_free char *id = NULL;

	hear("open");
	id = xstrdup(proto_msg_get(&msg, "id"));
	proto_msg_start(&msg, "opened");
	proto_msg_add(&msg, "id", id);
	proto_msg_add(&msg, "addrs", addrs);
	say(-1);
}

/* ---- the cell ---- */

static void write_query(const char *name, unsigned type)
{
	packet_begin(&m, 0x0100, name, type);
	packet_opt(&m, 1232, 0);
}

static void ask(const char *name, unsigned type)
{
	write_query(name, type);
	ck_assert_int_eq(send(udp, m.p, m.n, 0), (ssize_t) m.n);
}

/* The next answer, in got; its code. */
static int answered(void)
{
	ssize_t n;

	wait_for(udp);
	n = recv(udp, got.p, sizeof(got.p), 0);
	ck_assert_int_ge(n, DNS_HEADER);
	got.n = (size_t) n;
	ck_assert_uint_eq(got.p[0] << 8 | got.p[1], 0x1234);
	return got.p[3] & 0x0f;
}

static int asked(const char *name, unsigned type)
{
	ask(name, type);
	return answered();
}

static unsigned records(void)
{
	return (unsigned) (got.p[6] << 8 | got.p[7]);
}

/* ---- fixtures ---- */

static void commit(const char *hosts)
{
	say_text("policy", NULL, NULL);
	say_text("allow", "hosts", hosts);
	say_text("names", "text", "10.0.0.2 web web.space\nfd00::2 web\n");
	say_text("commit", NULL, NULL);
}

static void set_up(void)
{
	struct kerr err = { 0 };
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	engine = pair[0];
	udp_at = tcp_at = (struct sockaddr_in){ .sin_port = 0 };
	ck_assert_msg(loop_open(&d, pair[1], &err) == 0, "%s", err.msg);
	name_servers();
	say_text("space", "ipv6", "0");
	give("udp", bound(SOCK_DGRAM, &udp_at));
	give("tcp", bound(SOCK_STREAM, &tcp_at));
	commit("example.com\n*.test\n");
	udp = connected(SOCK_DGRAM, &udp_at);
	ping();
}

static void tear_down(void)
{
	for (int i = 0; i < RESOLVERS; i++) {
		fd_close_p(&resolvers[i].udp);
		fd_close_p(&resolvers[i].tcp);
		fd_close_p(&resolvers[i].conn);
	}
	fd_close_p(&udp);
	fd_close_p(&capture_to);
	fd_close_p(&engine);
	fd_close_p(&d.control);
	loop_close(&d);
	proto_msg_clear(&msg);
}

static unsigned all_asked(void)
{
	return resolvers[0].asked + resolvers[1].asked;
}

/* ---- tests ---- */

START_TEST(opened)
{
	struct dns_answer a;

	ask("Example.COM", DNS_A);
	hear("open");
	heard("space", "1");
	heard("name", "example.com");
	heard("ttl", "60");
	heard("addrs", "192.0.2.5,10.9.9.9");
	ck_assert(!is_readable(udp)); /* the cell learns nothing before that */
	proto_msg_start(&msg, "opened"); /* of another question: it is nothing */
	proto_msg_add(&msg, "id", "99");
	proto_msg_add(&msg, "addrs", "192.0.2.5");
	say(-1);
	ping();
	ck_assert(!is_readable(udp));
	ask("example.com", DNS_A); /* shares the question */
	ping();
	proto_msg_start(&msg, "opened");
	proto_msg_add_i64(&msg, "id", (int64_t) d.last_id);
	proto_msg_add(&msg, "addrs", "192.0.2.5");
	say(-1);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(answered(), DNS_NOERROR);
		ck_assert_int_eq(dns_answer_read(got.p, got.n, "example.com", DNS_A, &a), 0);
		ck_assert_uint_eq(a.n_answers, 2); /* the CNAME and what was opened */
		ck_assert_uint_eq(a.ttl, 60);
	}
	ck_assert_uint_eq(all_asked(), 1);
	ck_assert_int_eq(asked("example.com", DNS_A), DNS_NOERROR);
	ck_assert_uint_eq(records(), 2);
	ck_assert_uint_eq(all_asked(), 1); /* from the cache */
	ck_assert(!is_readable(engine));
}
END_TEST

/* What could not be opened just now is another thing than what may not be: a cell may try again. */
START_TEST(not_opened)
{
	ask("example.com", DNS_A);
	hear("open");
	proto_msg_start(&msg, "opened");
	proto_msg_add_i64(&msg, "id", (int64_t) d.last_id);
	proto_msg_add(&msg, "addrs", "");
	proto_msg_add(&msg, "failed", "1");
	say(-1);
	ck_assert_int_eq(answered(), DNS_SERVFAIL);
	ask("example.com", DNS_A);
	open_addrs("192.0.2.5");
	ck_assert_int_eq(answered(), DNS_NOERROR);
	ask("late.test", DNS_A);
	open_addrs("");
	ck_assert_int_eq(answered(), DNS_REFUSED);
}
END_TEST

START_TEST(refused)
{
	ck_assert_int_eq(asked("evil.example", DNS_A), DNS_REFUSED);
	hear("denied");
	heard("space", "1");
	heard("cell", "127.0.0.1");
	heard("to", "");
	heard("proto", "dns");
	heard("name", "evil.example");
	heard("count", "1");
	ck_assert_int_eq(asked("example.com.evil", DNS_TXT), DNS_REFUSED);
	hear("denied");
	ck_assert_int_eq(asked("a b.test", DNS_A), DNS_REFUSED);
	hear("denied");
	heard("name", "a\\032b.test");
	ck_assert_int_eq(asked("1.0.0.10.in-addr.arpa", DNS_PTR), DNS_REFUSED);
	hear("denied");
	ck_assert_int_eq(asked("example.com", 252), DNS_REFUSED); /* a transfer */
	packet_begin(&m, 0x0100, "example.com", DNS_TXT);
	m.p[m.n - 1] = 3; /* class CH */
	ck_assert_int_eq(send(udp, m.p, m.n, 0), (ssize_t) m.n);
	ck_assert_int_eq(answered(), DNS_REFUSED);
	ck_assert_uint_eq(all_asked(), 0);
}
END_TEST

START_TEST(not_asked)
{
	ck_assert_int_eq(asked("example.com", DNS_AAAA), DNS_NOERROR);
	ck_assert_uint_eq(records(), 0);
	ck_assert_int_eq(asked("example.com", DNS_HTTPS), DNS_NOERROR);
	ck_assert_int_eq(asked("example.com", DNS_SVCB), DNS_NOERROR);
	ck_assert_int_eq(asked("example.com", DNS_ANY), DNS_NOERROR);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(all_asked(), 0);
	ck_assert_int_eq(asked("WEB", DNS_A), DNS_NOERROR);
	ck_assert_uint_eq(records(), 1);
	ck_assert_int_eq(asked("web", DNS_AAAA), DNS_NOERROR);
	ck_assert_uint_eq(records(), 1);
	ck_assert_int_eq(asked("web.space", DNS_AAAA), DNS_NOERROR);
	ck_assert_uint_eq(records(), 0);
	ck_assert_uint_eq(all_asked(), 0);
	ck_assert(!is_readable(engine));
}
END_TEST

START_TEST(other_types)
{
	ck_assert_int_eq(asked("example.com", DNS_TXT), DNS_NOERROR);
	ck_assert_uint_eq(records(), 1);
	ck_assert_int_eq(asked("example.com", DNS_MX), DNS_NOERROR);
	ck_assert_uint_eq(records(), 0);
	ck_assert_int_eq(asked("none.test", DNS_A), DNS_NXDOMAIN);
	ck_assert_int_eq(asked("none.test", DNS_TXT), DNS_NXDOMAIN);
	ck_assert_uint_eq(all_asked(), 4);
	ck_assert_int_eq(asked("none.test", DNS_A), DNS_NXDOMAIN);
	ck_assert_int_eq(asked("none.test", DNS_TXT), DNS_NXDOMAIN);
	ck_assert_int_eq(asked("example.com", DNS_TXT), DNS_NOERROR);
	ck_assert_uint_eq(records(), 1);
	ck_assert_uint_eq(all_asked(), 4);
	ck_assert(!is_readable(engine)); /* nothing is opened for these */
}
END_TEST

START_TEST(ipv6)
{
	say_text("space", "ipv6", "1");
	ping();
	ask("example.com", DNS_AAAA);
	open_addrs("2001:db8::5");
	ck_assert_int_eq(answered(), DNS_NOERROR);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(rebinding)
{
	ask("inside.test", DNS_A);
	open_addrs("");
	ck_assert_int_eq(answered(), DNS_REFUSED);
	ck_assert_uint_eq(records(), 0);
	hear("denied");
	heard("name", "inside.test");
}
END_TEST

START_TEST(no_ttl)
{
	for (int i = 0; i < 2; i++) {
		ask("short.test", DNS_A);
		open_addrs("192.0.2.5");
		ck_assert_int_eq(answered(), DNS_NOERROR);
	}
	ck_assert_uint_eq(all_asked(), 2);
}
END_TEST

START_TEST(engine_is_silent)
{
	int64_t before = clock_ms();

	ask("example.com", DNS_A);
	hear("open");
	ck_assert_int_eq(answered(), DNS_SERVFAIL);
	ck_assert_int_ge(clock_ms() - before, QUESTION_OPEN_MS);
	ask("example.com", DNS_A); /* nothing is kept of it */
	open_addrs("192.0.2.5");
	ck_assert_int_eq(answered(), DNS_NOERROR);
}
END_TEST

START_TEST(resolver_fails)
{
	resolvers[0].manner = FAILS;
	ask("example.com", DNS_A);
	open_addrs("192.0.2.5");
	ck_assert_int_eq(answered(), DNS_NOERROR);
	resolvers[1].manner = FAILS;
	ck_assert_int_eq(asked("a.test", DNS_A), DNS_SERVFAIL);
}
END_TEST

START_TEST(resolver_is_silent)
{
	unsigned before;

	resolvers[0].manner = IS_SILENT;
	ask("example.com", DNS_A);
	open_addrs("192.0.2.5");
	ck_assert_int_eq(answered(), DNS_NOERROR);
	before = resolvers[0].asked;
	ck_assert_uint_ge(before, 1);
	for (unsigned i = 0; i < 3; i++) { /* the other one is asked first now */
		ck_assert_int_eq(asked(i == 0	? "none.a.test"
				       : i == 1 ? "none.b.test"
						: "none.c.test",
				       DNS_A),
				 DNS_NXDOMAIN);
	}
	ck_assert_uint_eq(resolvers[0].asked, before);
}
END_TEST

START_TEST(all_silent)
{
	int64_t before = clock_ms();

	resolvers[0].manner = resolvers[1].manner = IS_SILENT;
	ck_assert_int_eq(asked("example.com", DNS_A), DNS_SERVFAIL);
	ck_assert_int_ge(clock_ms() - before, 2000);
	proto_msg_start(&msg, "servers");
	proto_msg_add(&msg, "list", "");
	say(-1);
	ping();
	ck_assert_int_eq(asked("example.com", DNS_A), DNS_SERVFAIL); /* at once */
}
END_TEST

START_TEST(truncation)
{
	resolvers[0].manner = TRUNCATES;
	ask("example.com", DNS_A);
	open_addrs("192.0.2.5,10.9.9.9");
	ck_assert_int_eq(answered(), DNS_NOERROR);
	ck_assert_uint_eq(records(), 3);
	ck_assert_uint_eq(resolvers[0].asked, 2);
	ck_assert_uint_eq(resolvers[1].asked, 0);
}
END_TEST

START_TEST(no_edns)
{
	resolvers[0].manner = resolvers[1].manner = IS_OLD;
	for (int i = 0; i < 2; i++) {
		ask(i ? "a.test" : "b.test", DNS_A);
		open_addrs("192.0.2.5");
		ck_assert_int_eq(answered(), DNS_NOERROR);
		ck_assert_uint_eq(records(), 2);
	}
}
END_TEST

START_TEST(new_policy)
{
	ask("example.com", DNS_A);
	open_addrs("192.0.2.5");
	ck_assert_int_eq(answered(), DNS_NOERROR);
	ask("late.test", DNS_A); /* in flight while the policy changes */
	hear("open");
	commit("example.com\n");
	ping();
	proto_msg_start(&msg, "opened");
	proto_msg_add_i64(&msg, "id", (int64_t) d.last_id);
	proto_msg_add(&msg, "addrs", "192.0.2.5");
	say(-1);
	ck_assert_int_eq(answered(), DNS_REFUSED);
	hear("denied");
	heard("name", "late.test");
	ask("example.com", DNS_A); /* what was kept is gone */
	open_addrs("192.0.2.5");
	ck_assert_int_eq(answered(), DNS_NOERROR);
	ck_assert_int_eq(asked("a.test", DNS_A), DNS_REFUSED);
}
END_TEST

START_TEST(not_ready)
{
	proto_msg_start(&msg, "space");
	proto_msg_add(&msg, "id", "2");
	say(-1);
	proto_msg_start(&msg, "socket");
	proto_msg_add(&msg, "id", "2");
	proto_msg_add(&msg, "kind", "udp");
	fd_close_p(&udp);
	udp_at.sin_port = 0;
	udp = bound(SOCK_DGRAM, &udp_at);
	say(udp);
	fd_close_p(&udp);
	udp = connected(SOCK_DGRAM, &udp_at);
	ping();
	ck_assert_int_eq(asked("example.com", DNS_A), DNS_SERVFAIL);
	ck_assert(!is_readable(engine)); /* nothing was denied */
}
END_TEST

START_TEST(gone)
{
	ask("example.com", DNS_A);
	hear("open");
	say_text("gone", NULL, NULL);
	ping();
	ck_assert_uint_eq(d.n_spaces, 0);
	ck_assert_uint_eq(d.n_waiting, 0);
	ck_assert_uint_eq(d.questions.n, 0);
	say_text("gone", NULL, NULL);
	say_text("commit", NULL, NULL);
	proto_msg_start(&msg, "what");
	say(-1);
	ping();
}
END_TEST

START_TEST(engine_gone)
{
	struct kerr err = { 0 };

	fd_close_p(&engine);
	ck_assert_int_eq(loop_step(&d, 1000, &err), 0);
}
END_TEST

START_TEST(too_many)
{
	char name[64];
	int failed = 0;

	resolvers[0].manner = resolvers[1].manner = IS_SILENT;
	for (int i = 0; i < QUESTIONS_SPACE_MAX + 20; i++) {
		(void) snprintf(name, sizeof(name), "n%d.test", i);
		ask(name, DNS_A);
		step();
	}
	ping();
	for (; is_readable(udp); failed++)
		ck_assert_int_eq(answered(), DNS_SERVFAIL);
	ck_assert_int_ge(failed, 20);
	ck_assert_uint_le(d.n_waiting, QUESTIONS_SPACE_MAX);
	ck_assert_uint_eq(d.n_waiting + (unsigned) failed, QUESTIONS_SPACE_MAX + 20);
}
END_TEST

START_TEST(full_control)
{
	int n = 0;

	/* Until nothing more goes into the socket, as the test does not read. */
	while (!d.control_full && n < 10000) {
		proto_msg_start(&msg, "ping");
		ck_assert_int_eq(proto_msg_send(&msg, engine, -1, PROTO_MSG_DONTWAIT), 0);
		step();
		n++;
	}
	ck_assert(d.control_full);
	ck_assert_int_eq(asked("example.com", DNS_A), DNS_SERVFAIL);
	ck_assert_int_eq(asked("evil.example", DNS_A), DNS_REFUSED);
	while (n > 0 && is_readable(engine)) {
		hear("pong");
		n--;
		step();
		if (d.denied.n_ready == 0)
			break;
	}
	do {
		cleanup_fd int fd = -EBADF;

		wait_for(engine);
		ck_assert_int_eq(proto_msg_recv(&msg, engine, &fd), 1);
	} while (!proto_msg_is(&msg, "denied"));
	heard("name", "evil.example");
}
END_TEST

/* ---- TCP ---- */

static void send_stream(int fd, size_t split)
{
	uint8_t p[2048] = { (uint8_t) (m.n >> 8), (uint8_t) m.n };

	memcpy(p + 2, m.p, m.n);
	ck_assert_int_eq(send(fd, p, split, 0), (ssize_t) split);
	step();
	step();
	ck_assert_int_eq(send(fd, p + split, m.n + 2 - split, 0), (ssize_t) (m.n + 2 - split));
}

/* The next answer, in got; its code, -1 at the end of the stream. */
static int stream_answered(int fd)
{
	uint8_t size[2];
	ssize_t n;

	wait_for(fd);
	n = recv(fd, size, 2, MSG_WAITALL);
	if (n <= 0)
		return -1;
	got.n = (size_t) size[0] << 8 | size[1];
	ck_assert_int_eq(recv(fd, got.p, got.n, MSG_WAITALL), (ssize_t) got.n);
	return got.p[3] & 0x0f;
}

START_TEST(stream)
{
	cleanup_fd int fd = connected(SOCK_STREAM, &tcp_at);

	write_query("example.com", DNS_A);
	send_stream(fd, (size_t) _i + 1); /* in two pieces */
	write_query("web", DNS_A);
	send_stream(fd, 5);
	ck_assert_int_eq(stream_answered(fd), DNS_NOERROR); /* that one does not wait */
	ck_assert_uint_eq(records(), 1);
	open_addrs("192.0.2.5");
	ck_assert_int_eq(stream_answered(fd), DNS_NOERROR);
	ck_assert_uint_eq(records(), 2);
	write_query("example.com", DNS_A);
	send_stream(fd, 1);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0); /* and gets its answer still */
	ck_assert_int_eq(stream_answered(fd), DNS_NOERROR);
	ck_assert_int_eq(stream_answered(fd), -1);
	ck_assert_uint_eq(d.conns.n, 0);
}
END_TEST

START_TEST(half_closed)
{
	cleanup_fd int fd = connected(SOCK_STREAM, &tcp_at);

	write_query("example.com", DNS_A);
	send_stream(fd, 1);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	open_addrs("192.0.2.5"); /* it waits after the end was read */
	ck_assert_int_eq(stream_answered(fd), DNS_NOERROR);
	ck_assert_int_eq(stream_answered(fd), -1);
	ping();
	ck_assert_uint_eq(d.conns.n, 0);
}
END_TEST

START_TEST(long_stream)
{
	cleanup_fd int fd = connected(SOCK_STREAM, &tcp_at);
	cleanup_free uint8_t *p = xcalloc(1, 65537);

	write_query("web", DNS_A);
	p[0] = p[1] = 0xff;
	memcpy(p + 2, m.p, m.n);
	for (size_t at = 0; at < 65537;) {
		ssize_t n = send(fd, p + at, 65537 - at, MSG_DONTWAIT);

		at += n > 0 ? (size_t) n : 0;
		step();
	}
	ck_assert_int_eq(stream_answered(fd), DNS_FORMERR);
	send_stream(fd, 1); /* the stream goes on behind it */
	ck_assert_int_eq(stream_answered(fd), DNS_NOERROR);
	ck_assert_uint_eq(records(), 1);
}
END_TEST

START_TEST(many_streams)
{
	int fds[CONNS_SPACE_MAX + 1];

	for (int i = 0; i <= CONNS_SPACE_MAX; i++) {
		fds[i] = connected(SOCK_STREAM, &tcp_at);
		for (int64_t until = clock_ms() + PATIENCE_MS; d.last_id != (uint64_t) i + 1;) {
			ck_assert_int_lt(clock_ms(), until);
			step();
		}
	}
	ck_assert_uint_eq(d.conns.n, CONNS_SPACE_MAX);
	ck_assert_int_eq(stream_answered(fds[0]), -1); /* the oldest went */
	write_query("web", DNS_A);
	send_stream(fds[CONNS_SPACE_MAX], 1);
	ck_assert_int_eq(stream_answered(fds[CONNS_SPACE_MAX]), DNS_NOERROR);
	conn_expire(&d, clock_ms() + CONN_IDLE_MS + 1);
	ck_assert_uint_eq(d.conns.n, 0);
	for (int i = 0; i <= CONNS_SPACE_MAX; i++)
		fd_close_p(&fds[i]);
}
END_TEST

/* ---- packets ---- */

/* A packet to port 9999 of 127.0.0.77 was dropped. */
static void drop_packet(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9999) };
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd;

	ck_assert_int_eq(inet_pton(AF_INET, "127.0.0.77", &to.sin_addr), 1);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(fd, 0);
	at.sll_ifindex = (int) if_nametoindex("lo");
	ck_assert_int_eq(bind(fd, (struct sockaddr *) &at, sizeof(at)), 0);
	capture_to = connected(SOCK_DGRAM, &to);
	ck_assert_int_eq(send(capture_to, "x", 1, 0), 1);
	give("capture", fd); /* it has seen it on its way out and on its way in */
}

static void hear_dropped(void)
{
	hear("denied");
	heard("cell", "127.0.0.1");
	heard("to", "127.0.0.77");
	heard("proto", "udp");
	heard("port", "9999");
	heard("count", "1");
}

START_TEST(frames)
{
	drop_packet();
	hear_dropped();
	heard("name", "");
}
END_TEST

START_TEST(named_frame)
{
	ask("inside.test", DNS_A);
	open_addrs("");
	ck_assert_int_eq(answered(), DNS_REFUSED);
	hear("denied");
	drop_packet(); /* to an address that the name had in an answer */
	hear_dropped();
	heard("name", "inside.test");
}
END_TEST

START_TEST(many_frames)
{
	struct space *s = d.spaces[0];

	s->second_ms = INT64_MAX; /* a second that does not end, and has had enough */
	s->n_frames = SPACE_FRAMES;
	drop_packet();
	for (int64_t until = clock_ms() + PATIENCE_MS; !s->paused; step())
		ck_assert_int_lt(clock_ms(), until);
	ck_assert(!is_readable(engine));
	s->second_ms = 0;
	hear_dropped(); /* with the next one */
	ck_assert(!s->paused);
}
END_TEST

static void set_up_net(void)
{
	ck_assert_msg(unshare(CLONE_NEWNET) == 0, "unshare: root is needed");
	host_lo_up();
	set_up();
}

static Suite *test_dns_loop(void)
{
	Suite *s = suite_create("dns_loop");
	TCase *t = tcase_create("loop");

	tcase_add_checked_fixture(t, set_up_net, tear_down);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, opened);
	tcase_add_test(t, not_opened);
	tcase_add_test(t, refused);
	tcase_add_test(t, not_asked);
	tcase_add_test(t, other_types);
	tcase_add_test(t, ipv6);
	tcase_add_test(t, rebinding);
	tcase_add_test(t, no_ttl);
	tcase_add_test(t, engine_is_silent);
	tcase_add_test(t, resolver_fails);
	tcase_add_test(t, resolver_is_silent);
	tcase_add_test(t, all_silent);
	tcase_add_test(t, truncation);
	tcase_add_test(t, no_edns);
	tcase_add_test(t, new_policy);
	tcase_add_test(t, not_ready);
	tcase_add_test(t, gone);
	tcase_add_test(t, engine_gone);
	tcase_add_test(t, too_many);
	tcase_add_test(t, full_control);
	tcase_add_loop_test(t, stream, 0, 3);
	tcase_add_test(t, half_closed);
	tcase_add_test(t, long_stream);
	tcase_add_test(t, many_streams);
	tcase_add_test(t, frames);
	tcase_add_test(t, named_frame);
	tcase_add_test(t, many_frames);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_dns_loop);
