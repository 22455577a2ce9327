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
	WIRE_MAX_FDS = 8
};

struct wire_limits {
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
	struct kerr
		refused; /* msg not empty: the frame is complete but must be answered with this */
};

void wire_frame_init(struct wire_frame *f);
/* Free and close all; the frame can be used again. */
void wire_frame_clear(struct wire_frame *f);

/*
 * Read the next frame from a blocking socket into *ret (initialised). 1 a
 * frame, 0 the end between two frames. -EPROTO: no JSON object; -EPIPE: the end
 * within one; -EMSGSIZE: larger than allowed, f->text holds its beginning; other
 * -errno from the socket. After a failure the stream is not usable.
 */
int wire_read(int fd, const struct wire_limits *limits, struct wire_frame *ret, struct kerr *err);

/*
 * Wait until a frame begins (or the stream ends): 1; 0 when stop_fd (< 0: none)
 * becomes readable or hangs up before that; -errno. White space is taken.
 */
int wire_wait(int fd, int stop_fd);

/* Write all of it; descriptors go with the first byte. -EPIPE when the peer is gone (no signal). */
int wire_write(int fd, const void *p, size_t n, const int *fds, size_t n_fds);

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
