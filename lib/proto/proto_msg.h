/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PROTO_MSG_H
#define KUKEON_PROTO_MSG_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * Messages between the engine and its helpers, on a SOCK_SEQPACKET socket: a packet is one
 * message of NUL-terminated "key=value" strings, "op" first, with at most one descriptor.
 */
#define PROTO_MSG_MAX (64 << 10) /* bytes of one message */

/* A message that is being built or was received. */
struct proto_msg {
	struct buf text;
};

#define PROTO_MSG_INIT                          \
	{                                       \
		.text = {.max = PROTO_MSG_MAX } \
	}

void proto_msg_clear(struct proto_msg *m);
#define cleanup_proto_msg cleanup_(proto_msg_clear)

/* Start a new message. */
void proto_msg_start(struct proto_msg *m, const char *op);
/* A NULL value is left out. */
void proto_msg_add(struct proto_msg *m, const char *key, const char *value);
void proto_msg_add_i64(struct proto_msg *m, const char *key, int64_t value);
/* Send it, with a descriptor (fd >= 0). 0, -errno; -EAGAIN if it would block. */
enum proto_msg_flags {
	PROTO_MSG_DONTWAIT = 1 << 0
};
int proto_msg_send(const struct proto_msg *m, int sock, int fd, enum proto_msg_flags flags);

/*
 * Receive one; *ret_fd is -EBADF or a descriptor owned by the caller. 1, 0 at the end
 * of the stream, -EBADMSG if malformed, -errno.
 */
int proto_msg_recv(struct proto_msg *m, int sock, int *ret_fd);
/* The value of a key of a received message, "" if missing. */
const char *proto_msg_get(const struct proto_msg *m, const char *key);
/* The same as a number; otherwise is returned if it is missing or not a number. */
int64_t proto_msg_get_i64(const struct proto_msg *m, const char *key, int64_t otherwise);
bool proto_msg_is(const struct proto_msg *m, const char *op);

/* Whether the bytes are a valid message; exported for the fuzzer. */
bool proto_msg_valid(const char *text, size_t n);

#endif
