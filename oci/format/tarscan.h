/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TARSCAN_H
#define KUKEON_TARSCAN_H

#include "buf.h"
#include "err.h"

/*
 * A reader of the outer tar of image archives: names, types and where the bytes
 * are. ustar, pax (path, linkpath, size) and GNU long names. Layers are read by
 * kukeunpack, not by this; nothing here ever opens a path.
 */
enum tarscan_type {
	TARSCAN_FILE = 1,
	TARSCAN_DIR,
	TARSCAN_HARDLINK,
	TARSCAN_SYMLINK,
	TARSCAN_OTHER,
};

enum {
	TARSCAN_MAX_NAME = 4096, /* bytes of a name */
	TARSCAN_MAX_HEADER = 64 << 10, /* bytes of one pax header */
};

/* Strings belong to the scanner until the next tarscan_next. */
struct tarscan_entry {
	enum tarscan_type type;
	const char *name;
	const char *link;
	int64_t size;
	int64_t offset; /* in the input, from where it began */
};

struct tarscan {
	int fd; /* borrowed */
	bool seekable; /* read by pread from start */
	int64_t start;
	int64_t end; /* bytes of the input, when seekable */
	int64_t pos; /* bytes used of the input */
	int64_t left; /* bytes of the current entry's content not read */
	int64_t pad; /* bytes after them */
	int64_t pax_size; /* of the next entry; -1: not said */
	bool any; /* a header was read */
	struct buf name;
	struct buf link;
	struct buf pax;
};

/* A regular file is read from its current position by pread; anything else as a stream. */
void tarscan_init(struct tarscan *t, int fd);
void tarscan_clear(struct tarscan *t);

/*
 * 1 and the next entry, 0 at the end, -errno. -EBADMSG for what is no tar at all
 * (t->any is false then) or a broken one.
 */
int tarscan_next(struct tarscan *t, struct tarscan_entry *ret, struct kerr *err);
/* Content of the current entry: bytes read (at most n), 0 at its end, -errno. */
ssize_t tarscan_read(struct tarscan *t, void *p, size_t n, struct kerr *err);

#endif
