/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FETCH_PROTO_H
#define KUKEON_FETCH_PROTO_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * What the engine and kukefetch say to each other. kukefetch is executed as
 *
 *   kukefetch VERSION control=FD
 *
 * control is a SOCK_SEQPACKET socket; a packet is a message: "key=value" and
 * NUL, over and over, "op" first. Passwords go this way only. When the engine's
 * end closes, kukefetch ends.
 *
 * First come the settings, and nothing is done before "begin". What fails then, or
 * fails kukefetch as a whole later, is told as "failed" with id 0:
 *
 *   op=config    repository=library/alpine [ca=FILE] (authorities beside the host's)
 *                [insecure=HOST[:PORT],…] (plain HTTP is good enough for these)
 *   op=endpoint  host=HOST[:PORT] schemes=https|https,http|http,https [prefix=/PATH]
 *                [user=… password=…]        (mirrors first, the registry last)
 *   op=begin
 *
 * Then any number of requests at once, a descriptor with each get: a regular
 * file gets the whole content, a pipe gets it once and in order, resumed where a
 * transfer broke.
 *
 *   op=get   id=N what=manifests|blobs ref=TAG|DIGEST [size=N] max=N
 *   op=head  id=N what=manifests ref=TAG|DIGEST
 *
 * and the answers, of which the engine believes nothing:
 *
 *   op=progress  id=N bytes=N
 *   op=retry     id=N text=…                (it goes on by itself)
 *   op=done      id=N bytes=N [type=MEDIA-TYPE] [digest=DIGEST] [url=URL] host=HOST
 *   op=failed    id=N text=… [status=HTTP] [again=1] (another day) [sink=1] (the
 *                reader of the pipe went away)
 */
enum {
	FETCH_PROTO_VERSION = 1,
	FETCH_MAX_MESSAGE = 64 << 10, /* bytes of one message */
};

/* A message on its way out. */
struct fetch_msg {
	struct buf text;
};

#define FETCH_MSG_INIT                              \
	{                                           \
		.text = {.max = FETCH_MAX_MESSAGE } \
	}

void fetch_msg_clear(struct fetch_msg *m);
#define cleanup_fetch_msg cleanup_(fetch_msg_clear)

/* Begin a message anew. */
void fetch_msg_start(struct fetch_msg *m, const char *op);
/* A NULL value is left out. */
void fetch_msg_add(struct fetch_msg *m, const char *key, const char *value);
void fetch_msg_add_i64(struct fetch_msg *m, const char *key, int64_t value);
/* Send it, with a descriptor (fd >= 0). 0, -errno; -EAGAIN where it would have to wait. */
enum fetch_msg_flags {
	FETCH_MSG_DONTWAIT = 1 << 0
};
int fetch_msg_send(const struct fetch_msg *m, int sock, int fd, enum fetch_msg_flags flags);

/*
 * Receive one; *ret_fd is -EBADF or a descriptor of the caller's. 1, 0 at the end
 * of the stream, -EBADMSG for what is no message, -errno.
 */
int fetch_msg_recv(struct fetch_msg *m, int sock, int *ret_fd);
/* The value of a key of a received message, "" when it is not there. */
const char *fetch_msg_get(const struct fetch_msg *m, const char *key);
/* The same as a number, or otherwise when it is none. */
int64_t fetch_msg_get_i64(const struct fetch_msg *m, const char *key, int64_t otherwise);
bool fetch_msg_is(const struct fetch_msg *m, const char *op);

/* Whether what came is a message: for the fuzzer. */
bool fetch_msg_valid(const char *text, size_t n);

#endif
