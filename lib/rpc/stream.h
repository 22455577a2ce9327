/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STREAM_H
#define KUKEON_STREAM_H

#include "defs.h"
#include "err.h"

/*
 * A base64 string of a JSON document on its way into a file, piece by piece.
 * Inside of lib/rpc.
 */
struct base64_decoder;

struct stream {
	int fd; /* the file; -EBADF before the string began */
	uint64_t size; /* decoded bytes written or in out */
	uint64_t max;
	uint64_t chars; /* of the string, escapes undone */
	struct base64_decoder *decoder; /* NULL before the string began */
	unsigned escape; /* 0: none, 1: after the backslash, 2 to 5: hex digits */
	unsigned escape_value;
	size_t n; /* bytes in out */
	struct kerr failed; /* the first failure; the rest is dropped */
	unsigned char out[16 << 10];
};

void stream_init(struct stream *s, uint64_t max);
/* Start with an empty nameless file in dir; what an earlier string left is dropped. */
void stream_begin(struct stream *s, const char *dir);
/* Raw bytes of the string, as jscan reports them. */
void stream_add(struct stream *s, const char *p, size_t n);
void stream_end(struct stream *s);
/* Close and forget. */
void stream_clear(struct stream *s);

#endif
