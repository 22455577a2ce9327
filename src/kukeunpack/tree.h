/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TREE_H
#define KUKEON_TREE_H

#include <sys/stat.h>

#include "err.h"
#include "filelist.h"
#include "unpack_proto.h"

/*
 * The tree a layer is written to, and what is known of its directories. Paths
 * here are relative to the root, without leading slash, "." or "..", and
 * without symlinks on the way; the root is "".
 */
struct tree_dir {
	char *path;
	bool carried; /* the layer has an entry for it */
	bool fresh; /* it replaced a file of this layer: nothing of lower layers is in it */
	struct timespec mtime; /* when carried: set at the end */
};

struct tree {
	int root; /* O_PATH */
	const struct unpack_limits *limits;
	struct filelist_writer *list; /* what is made and removed here is put down */
	struct tree_dir **dirs; /* in order of making: parents first */
	size_t n_dirs;
	struct tree_dir **slots; /* hash table of the same */
	size_t n_slots;
	char *cached; /* path of cached_fd; NULL: none */
	int cached_fd;
};

void tree_init(struct tree *t, int root, const struct unpack_limits *limits,
	       struct filelist_writer *list);
void tree_clear(struct tree *t);

/* The record of a directory made here, or NULL. */
struct tree_dir *tree_find(struct tree *t, const char *path);

enum tree_open_flags {
	TREE_CREATE = 1 << 0, /* make what is missing, as implied directories */
	TREE_MAY_MISS = 1 << 1, /* internal: go on by name alone where nothing is there */
};

/*
 * A directory by the path an archive gives: symlinks on the way are followed
 * inside the root. *ret_fd is O_PATH and borrowed until the next call; *ret_path
 * is where that really is (owned by the caller).
 */
int tree_open_dir(struct tree *t, const char *path, enum tree_open_flags flags, int *ret_fd,
		  char **ret_path, struct kerr *err);

/*
 * Where a directory of that path is, or would be if the layer had it: symlinks that
 * are there are followed, nothing is made. Owned by the caller. -ENOTDIR when a file
 * is in the way.
 */
int tree_resolve(struct tree *t, const char *path, char **ret, struct kerr *err);

/* Make path/name, a child of an open directory, and its record. */
int tree_mkdir(struct tree *t, int dirfd, const char *dir, const char *name, struct kerr *err);

/* Remove what dir/name is, a directory with all below it. Missing is success. */
int tree_remove(struct tree *t, int dirfd, const char *dir, const char *name, struct kerr *err);

/* dir and name joined; owned by the caller. */
char *tree_join(const char *dir, const char *name) __attribute__((returns_nonnull));

/* openat2 below a directory, never over a symlink. -errno. */
int tree_openat(int dirfd, const char *path, int flags);

#endif
