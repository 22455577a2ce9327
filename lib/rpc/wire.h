/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WIRE_H
#define KUKEON_WIRE_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * Framing: a sequence of JSON objects in each direction, with or without white space
 * between them; see kukeon-api(7). A frame is never read past its end, so that passed
 * descriptors belong to the frame whose first byte carried them; descriptors on any
 * other byte are closed.
 */
enum {
	WIRE_MAX_FDS = 8,
	WIRE_FRAME_MS = 10000,
	WIRE_WRITE_MS = 30000,
	WIRE_STOP_MS = 1000,
	WIRE_BODY_STEP = 64 << 10,
};

/*
 * Time limits for the peer. A frame must be complete within frame_ms after its first
 * byte; every WIRE_BODY_STEP characters of a streamed field restart that time. Each
 * write must make progress within write_ms, or within WIRE_STOP_MS once stop_fd is
 * readable or hung up. stop_fd also ends reading at once.
 */
struct wire_pace {
	int frame_ms, write_ms; /* 0: no limit */
	int stop_fd; /* < 0: none */
};

struct wire_limits {
	const struct wire_pace *pace; /* NULL: no limit */
	const char *what; /* name of a frame in messages: "request" */
	size_t max_frame; /* bytes, without a streamed field */
	uint64_t max_stream; /* bytes of a streamed field, decoded */
	/* member of params[0] that is streamed to a file, any case; NULL: none */
	const char *stream_key;
	const char *spool_dir; /* directory of that unnamed file */
};

struct wire_frame {
	struct buf text; /* the object; a streamed field's string is empty in it */
	int fds[WIRE_MAX_FDS];
	size_t n_fds;
	int stream_fd; /* the streamed bytes, at offset 0; -EBADF: no such field */
	uint64_t stream_size;
	/* msg not empty: the frame is complete but refused; reply with this error */
	struct kerr refused;
	bool too_large; /* refused for its size; text only has the id */
};

void wire_frame_init(struct wire_frame *f);
/* Free and close everything; the frame can be reused. */
void wire_frame_clear(struct wire_frame *f);

/*
 * Read the next frame from a socket into *ret (initialised). 1 a frame, 0 the end of
 * the stream between frames. A frame that is too large is read to its end and refused.
 * -EPROTO: not a JSON object; -EPIPE: the stream ended within a frame; -ETIMEDOUT,
 * -ECANCELED: see wire_pace; other -errno from the socket. After a failure the stream
 * cannot be used any more.
 */
int wire_read(int fd, const struct wire_limits *limits, struct wire_frame *ret, struct kerr *err);

/*
 * Wait until a frame begins (or the stream ends): 1; 0 when stop_fd (< 0: none) becomes
 * readable or hangs up before that; -ETIMEDOUT after ms (<= 0: never); -errno. White
 * space is skipped and does not begin a frame.
 */
int wire_wait(int fd, int stop_fd, int ms);

/*
 * Write all bytes within the limits of pace (NULL: none); descriptors are sent with the
 * first byte. -EPIPE if the peer is gone (no SIGPIPE), -ETIMEDOUT if it does not read.
 */
int wire_write(int fd, const void *p, size_t n, const int *fds, size_t n_fds,
	       const struct wire_pace *pace);

/* A piece of a frame's text, borrowed. p NULL: missing. */
struct wire_span {
	const char *p;
	size_t n;
};

/*
 * Members of a complete frame's object by name in any case, the last of several. text
 * must be valid JSON, as wire_read returns it.
 */
struct wire_span wire_member(const char *text, size_t n, const char *key);
/* Several of them in one pass over the text: key is set by the caller. */
struct wire_named {
	const char *key;
	struct wire_span value;
};
void wire_members(const char *text, size_t n, struct wire_named *v, size_t n_named);
/* Element i of an array. */
struct wire_span wire_element(struct wire_span array, size_t i);

/*
 * A reply, {"id":…,"result":…,"error":…}\n. Its result is written between begin and end;
 * error NULL: null. An id that is missing is null.
 */
void wire_response_begin(struct buf *out, struct wire_span id);
void wire_response_end(struct buf *out, const char *error);
/* One without a result. */
void wire_response_error(struct buf *out, struct wire_span id, const char *error);

#endif
