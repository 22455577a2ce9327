/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STREAM_H
#define KUKEON_STREAM_H

#include "defs.h"
#include "err.h"

/*
 * Decodes a base64 string of a JSON document into a file, in pieces. Internal to
 * lib/rpc.
 */
struct base64_decoder;

struct stream {
	int fd; /* the file; -EBADF before the string starts */
	uint64_t size; /* decoded bytes written or in out */
	uint64_t max;
	uint64_t chars; /* of the string, escapes undone */
	struct base64_decoder *decoder; /* NULL before the string starts */
	unsigned escape; /* 0: none, 1: after the backslash, 2 to 5: hex digits */
	unsigned escape_value;
	size_t n; /* bytes in out */
	struct kerr failed; /* the first failure; data after it is dropped */
	unsigned char out[16 << 10];
};

void stream_init(struct stream *s, uint64_t max);
/* Start with an empty unnamed file in dir, dropping an earlier string. */
void stream_begin(struct stream *s, const char *dir);
/* Add raw bytes of the string, as reported by jscan. */
void stream_add(struct stream *s, const char *p, size_t n);
void stream_end(struct stream *s);
/* Close the file and reset. */
void stream_clear(struct stream *s);

#endif
