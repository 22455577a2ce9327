/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HISTORY_H
#define KUKEON_HISTORY_H

#include "defs.h"
#include "tty_proto.h"

/*
 * What the terminal has shown: the last of it in memory, more of it in files. A place in it
 * is a number of bytes since the oldest of the files that were there at the start, so who
 * reads slowly needs no buffer but the number of where it is.
 *
 * The directory of the files belongs to the container, so they may be changed, truncated or
 * removed at any time. That costs history, nothing else: bytes come as the files have them,
 * and a place that they do not have any more is -ENODATA.
 */
enum {
	HISTORY_RING = 64 << 10, /* bytes in memory */
	HISTORY_FILES_MAX = TTY_CAPTURE_FILES_MAX,
	HISTORY_NAME_MAX = 64,
};

struct history_file {
	int fd;
	uint64_t start; /* place of its byte number offset */
	int64_t offset; /* bytes before that are not known */
	uint64_t len; /* bytes from there */
};

struct history_options {
	int dir; /* where the files are */
	char name[HISTORY_NAME_MAX]; /* the newest; older ones are NAME.1, NAME.2 … */
	int64_t max_bytes; /* of one file */
	int files; /* kept, the newest included; at most HISTORY_FILES_MAX */
	mode_t mode;
	int64_t gid; /* group of the files; -1: as the directory says */
};

struct history {
	struct history_options how;
	uint64_t head; /* the end */
	uint64_t ring_from; /* first place in memory */
	struct history_file file[HISTORY_FILES_MAX]; /* newest first */
	size_t n_files; /* 0: nothing is written */
	char ring[HISTORY_RING];
};

/* Begin with what the files of earlier runs have. A directory that takes no file is no error. */
void history_open(struct history *h, const struct history_options *how);
void history_close(struct history *h);

/* Append. What cannot be written to the file is kept in memory only. */
void history_add(struct history *h, const char *p, size_t n);

/*
 * Copy at most n bytes from a place on. 0: it is the end; -ENODATA: they are lost, go to
 * history_oldest() or later.
 */
ssize_t history_read(const struct history *h, uint64_t at, char *ret, size_t n);

/* The oldest place from which everything is there. */
uint64_t history_oldest(const struct history *h);

#endif
