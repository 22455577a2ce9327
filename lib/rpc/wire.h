/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WIRE_H
#define KUKEON_WIRE_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * Framing: a sequence of JSON objects in each direction, with or without white
 * space between them (spec surface.md section 4.1). Frames are read one by one
 * and never past their end, so that descriptors that ride along belong to the
 * frame whose first byte carried them; those of any other byte are closed.
 */
enum {
	WIRE_MAX_FDS = 8,
	WIRE_FRAME_MS = 10000,
	WIRE_WRITE_MS = 30000,
	WIRE_STOP_MS = 1000,
	WIRE_BODY_STEP = 64 << 10,
};

/*
 * How long the other side may take. A frame must be complete frame_ms after its
 * first byte was read; each WIRE_BODY_STEP characters of a streamed field start
 * that time again. What is written must move on within write_ms, and within
 * WIRE_STOP_MS once stop_fd is readable or hung up, which ends reading at once.
 */
struct wire_pace {
	int frame_ms, write_ms; /* 0: as long as it takes */
	int stop_fd; /* < 0: none */
};

struct wire_limits {
	const struct wire_pace *pace; /* NULL: as long as it takes */
	const char *what; /* what a frame is, in messages: "request" */
	size_t max_frame; /* bytes, without a streamed field */
	uint64_t max_stream; /* bytes of a streamed field, decoded */
	const char *stream_key; /* member of params[0] that goes to a file, any case; NULL: none */
	const char *spool_dir; /* where that file is made (it has no name) */
};

struct wire_frame {
	struct buf text; /* the object; a streamed field's string is empty in it */
	int fds[WIRE_MAX_FDS];
	size_t n_fds;
	int stream_fd; /* the streamed bytes, at offset 0; -EBADF: the field was not there */
	uint64_t stream_size;
	/* msg not empty: the frame is complete but must be answered with this */
	struct kerr refused;
	bool too_large; /* refused for its size; of its members only the id is left in text */
};

void wire_frame_init(struct wire_frame *f);
/* Free and close all; the frame can be used again. */
void wire_frame_clear(struct wire_frame *f);

/*
 * Read the next frame from a socket into *ret (initialised). 1 a frame, 0 the end
 * between two frames. What is too large is read to its end and refused. -EPROTO: no
 * JSON object; -EPIPE: the end within one; -ETIMEDOUT, -ECANCELED: pace; other
 * -errno from the socket. After a failure the stream is not usable.
 */
int wire_read(int fd, const struct wire_limits *limits, struct wire_frame *ret, struct kerr *err);

/*
 * Wait until a frame begins (or the stream ends): 1; 0 when stop_fd (< 0: none)
 * becomes readable or hangs up before that; -ETIMEDOUT after ms (<= 0: never);
 * -errno. White space is taken and is no beginning.
 */
int wire_wait(int fd, int stop_fd, int ms);

/*
 * Write all of it at pace (NULL: as long as it takes); descriptors go with the first
 * byte. -EPIPE when the peer is gone (no signal), -ETIMEDOUT when it takes nothing.
 */
int wire_write(int fd, const void *p, size_t n, const int *fds, size_t n_fds,
	       const struct wire_pace *pace);

/* A piece of a frame's text, not owned. p NULL: not there. */
struct wire_span {
	const char *p;
	size_t n;
};

/*
 * Members of a complete frame's object by name in any case, the last of several.
 * text must be JSON (wire_read saw to it).
 */
struct wire_span wire_member(const char *text, size_t n, const char *key);
/* Element i of an array. */
struct wire_span wire_element(struct wire_span array, size_t i);

/* {"id":…,"result":…,"error":…}\n with its pieces as they are; NULL is null. */
void wire_response(struct buf *out, struct wire_span id, const struct buf *result,
		   const char *error);

#endif
