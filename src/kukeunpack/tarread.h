/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TARREAD_H
#define KUKEON_TARREAD_H

#include <sys/stat.h>
#include <time.h>

#include "err.h"
#include "inflow.h"

/* Reads the entries of an uncompressed tar (ustar, pax, GNU, v7). Wraps libarchive. */
struct tar_reader;

/* Strings are valid until the next tar_next. Names are bytes, unchanged from the archive. */
struct tar_entry {
	const char *path;
	const char *link; /* target of a hard link or symlink, else NULL */
	bool hardlink;
	mode_t type; /* S_IFREG …; 0 for an unknown type */
	mode_t mode; /* 07777 */
	int64_t uid, gid;
	int64_t size;
	struct timespec mtime;
	uint64_t dev_major, dev_minor;
	size_t n_xattrs;
};

struct tar_reader *tar_new(struct inflow *f);
struct tar_reader *tar_free(struct tar_reader *t);
/* Returns 1 and an entry, 0 at the end, -errno. */
int tar_next(struct tar_reader *t, struct tar_entry *ret, struct kerr *err);
/*
 * Get the next part of the entry's content; gaps between parts are holes. Returns 1, 0
 * at the end, -errno.
 */
int tar_data(struct tar_reader *t, const void **ret, size_t *ret_n, int64_t *ret_offset,
	     struct kerr *err);
/* Get the entry's next xattr. Returns 1, 0 at the end. */
int tar_next_xattr(struct tar_reader *t, const char **ret_name, const void **ret, size_t *ret_n);

void tar_rewind_xattrs(struct tar_reader *t);

static inline void tar_freep(struct tar_reader **t)
{
	*t = tar_free(*t);
}

#endif
