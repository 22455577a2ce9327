/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PATH_H
#define KUKEON_PATH_H

#include "defs.h"
#include "err.h"

/* "a/b/c" of all arguments up to the NULL; never doubles a slash. Owned by the caller. */
char *path_join(const char *first, ...) __attribute__((sentinel, returns_nonnull));

const char *path_basename(const char *p); /* the part after the last '/' */
char *path_dirname(const char *p)
	__attribute__((returns_nonnull)); /* "." without a '/', "/" for "/x" */

/* An absolute path without "//", "/./", "/../" and trailing '/', by text alone. Relative: -EINVAL. */
int path_clean(const char *p, char **ret);

/*
 * The order in which a directory comes before what is below it, and that before all
 * others: '/' is the least byte. For qsort.
 */
int path_compare(const char *a, const char *b);

/* mkdir with all parents. New directories get exactly mode (no umask); existing ones are kept. */
int mkdir_p(const char *path, mode_t mode, struct kerr *err);

enum remove_tree_flags {
	/* -EXDEV where anything is mounted on name or below it; the mount is not touched. */
	REMOVE_TREE_SAME_FS = 1 << 0,
};

/*
 * Remove name below dirfd (AT_FDCWD: path) with all below it, never following a
 * link. Missing is success. Deep trees do not recurse on the stack. A mount point
 * below name ends it with -EBUSY before anything in it was touched.
 */
int remove_tree_at(int dirfd, const char *name, enum remove_tree_flags flags, struct kerr *err);

#endif
