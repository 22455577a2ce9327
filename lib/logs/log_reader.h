/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOG_READER_H
#define KUKEON_LOG_READER_H

#include "err.h"
#include "log_index.h"

/*
 * One log with all its files, from the oldest on, read while kukeshim writes and rotates it. What
 * has been read is not read again, and nothing is left out but what was rotated away before it
 * was reached.
 */
#define LOG_ALL (-1)

enum {
	LOG_TAIL_MAX = 1 << 20, /* lines that tail can be where since, until or streams are given */
};

/* What is wanted of a log. A line has the time and the stream of its first byte. */
struct log_want {
	int64_t tail; /* the last lines of what else is wanted; LOG_ALL: all */
	uint64_t since, until; /* microseconds since 1970, both included; 0: no limit */
	unsigned streams; /* enum log_stream_bits; 0: both */
	bool marks; /* pieces have times and streams; without, the index is not read */
	/*
	 * A line is given when it is complete, or as much of it as memory is spent on, or by
	 * log_reader_flush.
	 */
	bool whole_lines;
};

/* Bytes of one line, or of several whole ones of the same time and stream. */
struct log_piece {
	const char *p; /* valid until the next call */
	size_t n;
	struct log_mark mark; /* of the line it begins, or goes on with */
	bool begins; /* at the start of a line */
	bool ends; /* with a line feed */
};

/* Where reading has come to, for another reader. All zero: nowhere yet. */
struct log_place {
	uint64_t ino, born; /* the file; ino 0: none */
	uint64_t offset;
	bool mid_line, hidden; /* in a line, and whether it is one that is not wanted */
	struct log_mark mark; /* of that line */
};

struct log_reader;

/*
 * Open the log `name` in a directory; path is for messages, want is copied. from NULL, or
 * nowhere: from the beginning of what is wanted; else from there on, where tail has no meaning,
 * or from the oldest file where that one is gone. -ENOENT without touching err: no log.
 */
int log_reader_new(int owned_dir, const char *name, const char *path, const struct log_want *want,
		   const struct log_place *from, struct log_reader **ret, struct kerr *err);
struct log_reader *log_reader_free(struct log_reader *r);

/* 1 and a piece; 0: no more for now; -errno. */
int log_reader_next(struct log_reader *r, struct log_piece *ret, struct kerr *err);
/* With whole_lines: whether a part of a line is held back. */
bool log_reader_holds(const struct log_reader *r);
/* Give that part with the next call. */
void log_reader_flush(struct log_reader *r);
/* Behind the last piece. */
void log_reader_place(const struct log_reader *r, struct log_place *ret);
/* Whether the directory was removed. */
bool log_reader_gone(const struct log_reader *r);
/* Whether all files are empty. */
bool log_reader_empty(const struct log_reader *r);

#endif
