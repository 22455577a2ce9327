/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faultproxy PORT UPSTREAM RULE LOG
 *
 * A TCP proxy on 127.0.0.1 that spoils HTTP. It listens on PORT and passes what
 * comes on to UPSTREAM (a port too), a connection per request. RULE is a file of one
 * line, read again for each request:
 *
 *   GENERATION PATTERN TIMES ACTION [ARG]
 *
 * The first TIMES requests of a generation whose request line has PATTERN in it
 * get the ACTION, all others pass:
 *
 *   cut N      reset the connection after N bytes of the answer
 *   close N    end it in order after N bytes
 *   stall N    send nothing after N bytes, until the other end has had enough
 *   flip N     turn byte N of the body over
 *   reply F    the bytes of the file F instead of an answer
 *   pass
 *
 * Each request is a line in LOG: "GET /path auth=Basic range=bytes=5-" ("-" for none).
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "buf.h"
#include "fd.h"
#include "mem.h"
#include "str.h"

enum {
	MAX_HEAD = 64 << 10,
	CHUNK = 16 << 10,
};

struct rule {
	uint64_t generation, times, at;
	char *pattern, *action, *arg;
};

/* Shared by all children. */
struct count {
	uint64_t generation, used;
};

struct proxy {
	int port, upstream;
	const char *rule_file;
	int log;
	struct count *count;
};

static char *word(char **p)
{
	char *start = *p + strspn(*p, " \n"), *end = start + strcspn(start, " \n");

	*p = *end ? end + 1 : end;
	return xstrndup(start, (size_t) (end - start));
}

static bool read_rule(const struct proxy *x, struct rule *r)
{
	cleanup_buf struct buf text = BUF_INIT(4096);
	cleanup_free char *generation = NULL, *times = NULL;
	char *p;

	if (file_read_at(AT_FDCWD, x->rule_file, 4096, &text, NULL) < 0 || text.len == 0)
		return false;
	p = text.data;
	generation = word(&p);
	r->pattern = word(&p);
	times = word(&p);
	r->action = word(&p);
	r->arg = word(&p);
	(void) str_to_u64(r->arg, 0, INT64_MAX, &r->at);
	return str_to_u64(generation, 0, INT64_MAX, &r->generation) == 0 &&
	       str_to_u64(times, 0, INT64_MAX, &r->times) == 0;
}

/* Whether the rule is for this request, and not used up. */
static bool applies(struct proxy *x, const struct rule *r, const char *line)
{
	if (!strstr(line, r->pattern))
		return false;
	if (x->count->generation != r->generation) {
		x->count->generation = r->generation;
		__atomic_store_n(&x->count->used, 0, __ATOMIC_SEQ_CST);
	}
	return __atomic_fetch_add(&x->count->used, 1, __ATOMIC_SEQ_CST) < r->times;
}

static int connect_to(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t) port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0)
		fd_close_p(&fd);
	return fd;
}

/* The head of the request, to its empty line. */
static bool read_head(int fd, struct buf *head)
{
	ssize_t n;
	char *room;

	while (!strstr(buf_str(head), "\r\n\r\n")) {
		room = buf_room(head, 4096);
		n = room ? read(fd, room, 4095) : -1;
		if (n <= 0)
			return false;
		buf_commit(head, (size_t) n);
	}
	return true;
}

/* The value of a header up to a space or the line's end; "-" when it is not there. */
static char *header(const char *head, const char *name, const char *ends)
{
	const char *p;
	size_t n = strlen(name);

	for (p = strstr(head, "\r\n"); p && p[2] != '\r'; p = strstr(p + 2, "\r\n"))
		if (strncasecmp(p + 2, name, n) == 0 && p[2 + n] == ':') {
			p += 3 + n;
			p += strspn(p, " ");
			return xstrndup(p, strcspn(p, ends));
		}
	return xstrdup("-");
}

static void log_request(const struct proxy *x, const char *head)
{
	cleanup_free char *auth = header(head, "authorization", " \r"),
			  *range = header(head, "range", "\r");
	cleanup_buf struct buf line = BUF_INIT(8192);
	const char *version = strstr(head, " HTTP/");

	buf_addf(&line, "%.*s auth=%s range=%s\n", (int) (version - head), head, auth, range);
	(void) fd_write_all(x->log, line.data, line.len);
}

/* The same request, and after it no other on this connection. */
static void send_head(int fd, const char *head)
{
	cleanup_buf struct buf out = BUF_INIT(MAX_HEAD + 64);
	const char *end = strstr(head, "\r\n");

	buf_add(&out, head, (size_t) (end - head) + 2);
	buf_adds(&out, "Connection: close\r\n");
	buf_adds(&out, end + 2);
	(void) fd_write_all(fd, out.data, out.len);
}

static void reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	(void) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void wait_for_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	(void) poll(&p, 1, 600 * 1000);
}

/* The answer, spoilt as the rule says (NULL: not at all). */
static void pass_answer(int from, int to, const struct rule *r)
{
	cleanup_free char *block = xmalloc(CHUNK);
	uint64_t sent = 0, body = UINT64_MAX; /* where the body begins */
	cleanup_buf struct buf head = BUF_INIT(MAX_HEAD);
	const char *end;
	ssize_t n;

	while ((n = read(from, block, CHUNK)) > 0) {
		if (body == UINT64_MAX) {
			buf_add(&head, block, (size_t) n);
			end = strstr(buf_str(&head), "\r\n\r\n");
			if (end)
				body = (uint64_t) (end - head.data) + 4;
		}
		if (r && streq(r->action, "flip") && body != UINT64_MAX && r->at + body >= sent &&
		    r->at + body < sent + (uint64_t) n)
			block[r->at + body - sent] ^= 1;
		if (r && !streq(r->action, "flip") && sent + (uint64_t) n > r->at)
			n = (ssize_t) (r->at - sent);
		if (n > 0 && fd_write_all(to, block, (size_t) n) < 0)
			return;
		sent += (uint64_t) n;
		if (r && !streq(r->action, "flip") && sent == r->at)
			break;
	}
	if (r && streq(r->action, "cut"))
		reset(to);
	if (r && streq(r->action, "stall"))
		wait_for_end(to);
}

static void send_file(int to, const char *path)
{
	cleanup_buf struct buf text = BUF_INIT(1 << 20);

	if (file_read_at(AT_FDCWD, path, 1 << 20, &text, NULL) == 0)
		(void) fd_write_all(to, text.data, text.len);
	(void) shutdown(to, SHUT_WR);
	wait_for_end(to);
}

static void serve(struct proxy *x, int client)
{
	cleanup_buf struct buf head = BUF_INIT(MAX_HEAD);
	struct rule r = { 0 };
	cleanup_fd int up = -EBADF;
	bool spoil;

	if (!read_head(client, &head) || !strstr(head.data, " HTTP/"))
		return;
	log_request(x, head.data);
	head.data[strcspn(head.data, "\r")] = '\0';
	spoil = read_rule(x, &r) && applies(x, &r, head.data) && !streq(r.action, "pass");
	head.data[strlen(head.data)] = '\r';
	if (spoil && streq(r.action, "reply")) {
		send_file(client, r.arg);
		return;
	}
	up = connect_to(x->upstream);
	if (up < 0)
		return;
	send_head(up, head.data);
	pass_answer(up, client, spoil ? &r : NULL);
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct proxy x = { 0 };
	int64_t port = 0, upstream = 0;
	int fd, client, one = 1;

	if (argc != 5 || str_to_i64(argv[1], 1, 65535, &port) < 0 ||
	    str_to_i64(argv[2], 1, 65535, &upstream) < 0)
		return 2;
	x.port = (int) port;
	x.upstream = (int) upstream;
	x.rule_file = argv[3];
	x.log = open(argv[4], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	x.count = mmap(NULL, sizeof(*x.count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t) x.port);
	(void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (x.log < 0 || bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 || listen(fd, 64) < 0) {
		perror("faultproxy");
		return 1;
	}
	(void) signal(SIGPIPE, SIG_IGN);
	(void) signal(SIGCHLD, SIG_IGN);
	for (;;) {
		client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		if (fork() == 0) {
			serve(&x, client);
			(void) close(client);
			_exit(0);
		}
		(void) close(client);
	}
}
