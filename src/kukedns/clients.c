/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "clients.h"
#include "clock.h"
#include "dns_msg.h"
#include "fd.h"
#include "mem.h"

enum {
	ACCEPTS = 8, /* connections that are taken at a time */
	READ_SIZE = 2048,
	IN_MAX = 2 * (READ_SIZE + DNS_QUERY_MAX),
	OUT_MAX = DNS_MSG_MAX + 4096, /* a client that does not read more is cut off */
	LENGTH = 2, /* bytes before each message */
};

/* ---- datagrams ---- */

ssize_t client_receive(struct space_socket *s, uint8_t *p, size_t max, struct client *ret)
{
	struct client c = { .space = s->space, .socket = s, .addr_n = sizeof(c.addr) };
	ssize_t n;

	n = recvfrom(s->fd, p, max, MSG_DONTWAIT, (struct sockaddr *) &c.addr, &c.addr_n);
	if (n < 0)
		return -errno;
	c.cell = ipaddr_of_socket(&c.addr);
	*ret = c;
	return n;
}

/* ---- connections ---- */

static uint32_t hash_of(uint64_t id)
{
	return table_hash(TABLE_HASH_START, &id, sizeof(id));
}

struct conn *conn_find(const struct kukedns *d, uint64_t id)
{
	struct table_item *i = table_first(&d->conns, hash_of(id));

	while (i && ((struct conn *) i)->id != id)
		i = table_next(i);
	return (struct conn *) i;
}

void conn_close(struct kukedns *d, struct conn *c)
{
	table_remove(&d->conns, &c->item);
	poller_forget(&d->poller, c->fd);
	fd_close_p(&c->fd);
	c->space->n_conns--;
	buf_clear(&c->in);
	buf_clear(&c->out);
	free(c);
}

static void touch(struct kukedns *d, struct conn *c)
{
	c->until_ms = clock_ms() + CONN_IDLE_MS;
	table_touch(&d->conns, &c->item);
}

/* Close the connection that did nothing for the longest time, of a space or of all (NULL). */
static bool close_oldest(struct kukedns *d, const struct space *s)
{
	for (struct table_item *i = d->conns.oldest; i; i = i->newer) {
		struct conn *c = (struct conn *) i;

		if ((!s || c->space == s) && c->n_waiting == 0) {
			conn_close(d, c);
			return true;
		}
	}
	return false;
}

static bool has_room(struct kukedns *d, const struct space *s)
{
	if (s->n_conns >= CONNS_SPACE_MAX)
		return close_oldest(d, s);
	return d->conns.n < CONNS_MAX || close_oldest(d, NULL);
}

static void begin(struct kukedns *d, struct space *s, int fd, const struct sockaddr_storage *from)
{
	cleanup_fd int owned = fd;
	struct conn *c;

	if (!has_room(d, s))
		return;
	c = xcalloc(1, sizeof(*c));
	c->id = ++d->last_id;
	c->fd = take_fd(owned);
	c->space = s;
	c->cell = ipaddr_of_socket(from);
	buf_init(&c->in, IN_MAX);
	buf_init(&c->out, OUT_MAX);
	s->n_conns++;
	table_add(&d->conns, &c->item, hash_of(c->id));
	touch(d, c);
	if (poller_set(&d->poller, c->fd, EPOLLIN, WATCH_CONN, c) < 0)
		conn_close(d, c);
}

void conn_accept(struct kukedns *d, struct space_socket *s)
{
	struct sockaddr_storage from;
	socklen_t n;
	int fd;

	for (int i = 0; i < ACCEPTS; i++) {
		n = sizeof(from);
		fd = accept4(s->fd, (struct sockaddr *) &from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			begin(d, s->space, fd, &from);
		else if ((errno != EMFILE && errno != ENFILE) || !close_oldest(d, NULL))
			return;
	}
}

/* Whether the connection is to be closed: the client sends no more and has all its answers. */
static bool is_over(const struct conn *c)
{
	return c->eof && c->n_waiting == 0 && c->out.len == 0;
}

void conn_answered(struct conn *c)
{
	c->n_waiting--;
	if (is_over(c))
		(void) shutdown(c->fd, SHUT_RDWR); /* the loop closes it */
}

static int watch(struct kukedns *d, struct conn *c)
{
	uint32_t events = (c->eof ? 0 : EPOLLIN) | (c->out.len > 0 ? EPOLLOUT : 0);

	return poller_set(&d->poller, c->fd, events, WATCH_CONN, c);
}

/* Send what can be sent. 0 or -errno. */
static int flush(struct kukedns *d, struct conn *c)
{
	ssize_t n;

	while (c->out.len > 0) {
		n = send(c->fd, c->out.data, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return -errno;
		buf_consume(&c->out, (size_t) n);
	}
	if (c->out.len == 0)
		buf_clear(&c->out);
	return watch(d, c);
}

static int receive(struct kukedns *d, struct conn *c)
{
	char p[READ_SIZE];
	ssize_t n;

	n = recv(c->fd, p, sizeof(p), MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->eof = n == 0;
	if (n > 0)
		touch(d, c);
	buf_add(&c->in, p, (size_t) n);
	return c->in.failed ? -E2BIG : watch(d, c);
}

bool conn_ready(struct kukedns *d, struct conn *c, uint32_t events)
{
	int r = events & EPOLLERR ? -EIO : 0;

	if (r == 0 && events & EPOLLOUT)
		r = flush(d, c);
	if (r == 0 && events & (EPOLLIN | EPOLLHUP) && !c->eof)
		r = receive(d, c);
	else if (r == 0 && events & EPOLLHUP)
		r = -EPIPE;
	if (r == 0 && !is_over(c))
		return true;
	conn_close(d, c);
	return false;
}

/* Forget bytes of the input: those that were handed out, and those that are not wanted. */
static void consume(struct conn *c)
{
	size_t n = c->used, more = c->in.len - c->used;

	if (more > c->skip)
		more = c->skip;
	c->skip -= more;
	c->used = 0;
	n += more;
	if (n == c->in.len)
		buf_clear(&c->in);
	else
		buf_consume(&c->in, n);
}

bool conn_next(struct conn *c, const uint8_t **ret, size_t *ret_n)
{
	const uint8_t *p;
	size_t n;

	consume(c);
	p = (const uint8_t *) c->in.data;
	if (c->skip > 0 || c->in.len < LENGTH)
		return false;
	n = (size_t) p[0] << 8 | p[1];
	if (n > DNS_QUERY_MAX && c->in.len >= LENGTH + DNS_HEADER) {
		c->skip = n - DNS_HEADER;
		n = DNS_HEADER;
	}
	if (c->in.len - LENGTH < n)
		return false;
	c->used = LENGTH + n;
	*ret = p + LENGTH;
	*ret_n = n;
	return true;
}

struct client conn_client(struct conn *c)
{
	return (struct client){ .space = c->space, .cell = c->cell, .conn = c->id };
}

void conn_expire(struct kukedns *d, int64_t now_ms)
{
	while (d->conns.oldest && ((struct conn *) d->conns.oldest)->until_ms <= now_ms)
		conn_close(d, (struct conn *) d->conns.oldest);
}

int64_t conn_wakes(const struct kukedns *d)
{
	return d->conns.oldest ? ((struct conn *) d->conns.oldest)->until_ms : -1;
}

void conn_forget(struct kukedns *d, const struct space *s)
{
	struct table_item *next;

	for (struct table_item *i = d->conns.oldest; i; i = next) {
		next = i->newer;
		if (((struct conn *) i)->space == s)
			conn_close(d, (struct conn *) i);
	}
}

/* ---- answers ---- */

size_t client_limit(const struct client *c, size_t udp_limit)
{
	return c->conn ? DNS_MSG_MAX : udp_limit;
}

static void send_stream(struct kukedns *d, struct conn *c, const struct buf *msg)
{
	buf_addc(&c->out, (char) (msg->len >> 8));
	buf_addc(&c->out, (char) msg->len);
	buf_add(&c->out, msg->data, msg->len);
	touch(d, c);
	/* Closed by the loop, not here, as the caller may be reading from it. */
	if (c->out.failed || flush(d, c) < 0)
		(void) shutdown(c->fd, SHUT_RDWR);
}

void client_send(struct kukedns *d, const struct client *c, const struct buf *msg)
{
	struct conn *conn = c->conn ? conn_find(d, c->conn) : NULL;

	if (msg->failed || msg->len == 0)
		return;
	if (conn)
		send_stream(d, conn, msg);
	else if (!c->conn && c->socket->fd >= 0)
		(void) sendto(c->socket->fd, msg->data, msg->len, MSG_DONTWAIT | MSG_NOSIGNAL,
			      (const struct sockaddr *) &c->addr, c->addr_n);
}
