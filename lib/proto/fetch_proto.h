/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FETCH_PROTO_H
#define KUKEON_FETCH_PROTO_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * The protocol between the engine and kukefetch. kukefetch is executed as
 *
 *   kukefetch VERSION control=FD
 *
 * control is a SOCK_SEQPACKET socket; a packet is one message: NUL-terminated
 * "key=value" strings, "op" first. Passwords are passed only through it. When the
 * engine's end closes, kukefetch ends.
 *
 * First come the settings; kukefetch does nothing before "begin". An error in them, or
 * a later one that concerns no single request, is reported as "failed" with id 0:
 *
 *   op=config    repository=library/alpine [ca=FILE] (authorities beside the host's)
 *                [insecure=HOST[:PORT],…] (plain HTTP is allowed for these)
 *   op=endpoint  host=HOST[:PORT] schemes=https|https,http|http,https [prefix=/PATH]
 *                [user=… password=…]        (mirrors first, the registry last)
 *   op=begin
 *
 * Then any number of requests at once, a descriptor with each get: a regular file
 * receives the whole content; a pipe receives it once and in order, also when a broken
 * transfer is resumed.
 *
 *   op=get   id=N what=manifests|blobs ref=TAG|DIGEST [size=N] max=N
 *   op=head  id=N what=manifests ref=TAG|DIGEST
 *
 * and the replies. The engine trusts nothing in them and checks sizes and digests
 * itself:
 *
 *   op=progress  id=N bytes=N
 *   op=retry     id=N text=…                (will retry; information only)
 *   op=done      id=N bytes=N [type=MEDIA-TYPE] [digest=DIGEST] [url=URL] host=HOST
 *   op=failed    id=N text=… [status=HTTP] [again=1] (may work later)
 *                [sink=1] (the reader closed the pipe)
 */
enum {
	FETCH_PROTO_VERSION = 1,
	FETCH_MAX_MESSAGE = 64 << 10, /* bytes of one message */
};

/* A message that is being built or was received. */
struct fetch_msg {
	struct buf text;
};

#define FETCH_MSG_INIT                              \
	{                                           \
		.text = {.max = FETCH_MAX_MESSAGE } \
	}

void fetch_msg_clear(struct fetch_msg *m);
#define cleanup_fetch_msg cleanup_(fetch_msg_clear)

/* Start a new message. */
void fetch_msg_start(struct fetch_msg *m, const char *op);
/* A NULL value is left out. */
void fetch_msg_add(struct fetch_msg *m, const char *key, const char *value);
void fetch_msg_add_i64(struct fetch_msg *m, const char *key, int64_t value);
/* Send it, with a descriptor (fd >= 0). 0, -errno; -EAGAIN if it would block. */
enum fetch_msg_flags {
	FETCH_MSG_DONTWAIT = 1 << 0
};
int fetch_msg_send(const struct fetch_msg *m, int sock, int fd, enum fetch_msg_flags flags);

/*
 * Receive one; *ret_fd is -EBADF or a descriptor owned by the caller. 1, 0 at the end
 * of the stream, -EBADMSG if malformed, -errno.
 */
int fetch_msg_recv(struct fetch_msg *m, int sock, int *ret_fd);
/* The value of a key of a received message, "" if missing. */
const char *fetch_msg_get(const struct fetch_msg *m, const char *key);
/* The same as a number; otherwise is returned if it is missing or not a number. */
int64_t fetch_msg_get_i64(const struct fetch_msg *m, const char *key, int64_t otherwise);
bool fetch_msg_is(const struct fetch_msg *m, const char *op);

/* Whether the bytes are a valid message; exported for the fuzzer. */
bool fetch_msg_valid(const char *text, size_t n);

#endif
