/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOG_INDEX_H
#define KUKEON_LOG_INDEX_H

#include "defs.h"
#include "shim_proto.h"

/*
 * The side index of a log (struct log_index_entry), read forwards while both may grow. Entries
 * are in the order of their offsets; of several with one offset the last counts. An entry that
 * cannot be right (no time, an offset before the previous one's or beyond the log's end) makes
 * the time of what it follows unknown. A part of an entry at the end is none yet.
 */
enum log_stream_bits {
	LOG_OUT = 1 << 0,
	LOG_ERR = 1 << 1,
};

struct log_mark {
	uint64_t us; /* since 1970; 0: not known */
	enum log_stream_bits stream; /* 0: not known */
};

/* The bytes of a log up to end have this mark. */
struct log_span {
	uint64_t end; /* UINT64_MAX: of all that is there */
	struct log_mark mark;
};

enum {
	LOG_INDEX_WINDOW = 256, /* entries read at a time */
};

struct log_index {
	int fd; /* of the index; < 0: there is none. Borrowed, as is the next */
	int log_fd;
	uint64_t number; /* of the first entry in window */
	size_t have, at; /* entries in window, and the next of them */
	bool bad; /* an entry behind current was wrong */
	bool has_current, has_next;
	uint64_t log_size; /* as it was last asked for */
	uint64_t last; /* the offset of the last good entry read */
	struct log_mark current;
	uint64_t next_offset;
	struct log_mark next;
	struct log_index_entry window[LOG_INDEX_WINDOW];
};

void log_index_init(struct log_index *x, int fd, int log_fd);
/* Go to the byte at pos. Reads little of the index. */
void log_index_seek(struct log_index *x, uint64_t pos);
/*
 * The span of the byte at pos, which must not be before the last pos without a seek. Bytes of
 * the log have to be read before they are asked about: entries are written ahead of them.
 */
struct log_span log_index_at(struct log_index *x, uint64_t pos);

#endif
