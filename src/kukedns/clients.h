/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CLIENTS_H
#define KUKEON_CLIENTS_H

#include <sys/socket.h>

#include "kukedns.h"

/*
 * Who asks: a datagram's sender or a TCP connection, on which several queries may wait at a
 * time (RFC 7766).
 */
struct client {
	struct space *space;
	struct ipaddr cell;
	uint64_t conn; /* 0: a datagram */
	struct space_socket *socket;
	struct sockaddr_storage addr;
	socklen_t addr_n;
};

enum {
	CONNS_MAX = 1024, /* connections in all */
	CONNS_SPACE_MAX = 32,
	CONN_IDLE_MS = 10000,
	CONN_WAITING_MAX = 16, /* queries that wait for an answer on one connection */
};

struct conn {
	struct table_item item;
	uint64_t id;
	int fd;
	struct space *space;
	struct ipaddr cell;
	struct buf in, out;
	size_t used; /* bytes of in that are done with */
	size_t skip; /* bytes to come that are not wanted */
	int64_t until_ms;
	unsigned n_waiting;
	bool eof; /* it sends no more */
};

/* A datagram: its bytes in p, up to max. 0 if there is none now, or -errno. */
ssize_t client_receive(struct space_socket *s, uint8_t *p, size_t max, struct client *ret);

/* Take new connections of a listening socket. */
void conn_accept(struct kukedns *d, struct space_socket *s);
/* Read or write what the events say. False if it was closed. */
bool conn_ready(struct kukedns *d, struct conn *c, uint32_t events);
/*
 * The next whole query that was read; of one that is too long its header, which makes it an
 * invalid one. Borrowed until the next call.
 */
bool conn_next(struct conn *c, const uint8_t **ret, size_t *ret_n);
struct client conn_client(struct conn *c);
/* NULL if it is gone. */
struct conn *conn_find(const struct kukedns *d, uint64_t id);
/* One of its queries waits no more. */
void conn_answered(struct conn *c);
void conn_close(struct kukedns *d, struct conn *c);
/* Close those that were idle for too long. */
void conn_expire(struct kukedns *d, int64_t now_ms);
int64_t conn_wakes(const struct kukedns *d);
void conn_forget(struct kukedns *d, const struct space *s);

/* The bytes that an answer to the client may have. */
size_t client_limit(const struct client *c, size_t udp_limit);
/* Send an answer; one that cannot be sent is dropped. */
void client_send(struct kukedns *d, const struct client *c, const struct buf *msg);

#endif
