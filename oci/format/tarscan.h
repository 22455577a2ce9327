/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TARSCAN_H
#define KUKEON_TARSCAN_H

#include "buf.h"
#include "err.h"

/*
 * Reads the outer tar of an image archive: names, types and where the content is.
 * Supports ustar, pax (path, linkpath, size) and GNU long names. It never opens a path.
 * Layers are read by kukeunpack instead.
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

/* name and link are valid until the next tarscan_next. */
struct tarscan_entry {
	enum tarscan_type type;
	const char *name;
	const char *link;
	int64_t size;
	int64_t offset; /* from the position where scanning began */
};

struct tarscan {
	int fd; /* borrowed */
	bool seekable; /* read with pread from start */
	int64_t start;
	int64_t end; /* size of the input from start, when seekable */
	int64_t pos; /* bytes of the input read so far */
	int64_t left; /* unread bytes of the current entry's content */
	int64_t pad; /* padding after the content */
	int64_t pax_size; /* size from a pax header for the next entry; -1: none */
	bool any; /* a header was read, so the input is a tar */
	struct buf name;
	struct buf link;
	struct buf pax;
};

/*
 * Start at fd's current position. A regular file is read with pread; anything else is
 * read as a stream.
 */
void tarscan_init(struct tarscan *t, int fd);
void tarscan_clear(struct tarscan *t);

/*
 * Returns 1 and the next entry, 0 at the end, -errno. -EBADMSG when the archive is
 * broken, or when the input is not a tar at all (t->any is false then).
 */
int tarscan_next(struct tarscan *t, struct tarscan_entry *ret, struct kerr *err);
/*
 * Read content of the current entry: at most n bytes. Returns the number, 0 at its end,
 * -errno.
 */
ssize_t tarscan_read(struct tarscan *t, void *p, size_t n, struct kerr *err);

#endif
