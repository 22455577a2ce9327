/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TREE_H
#define KUKEON_TREE_H

#include <sys/stat.h>

#include "err.h"
#include "filelist.h"
#include "unpack_proto.h"

/*
 * The directory tree that a layer is written to, with a record for each directory
 * created. Paths are relative to the root (""), without leading slash, "." and "..", and
 * contain no symlinks.
 */
struct tree_dir {
	char *path;
	bool carried; /* the layer has an entry for it */
	/* it replaced a file of this layer, so it hides the directory of the layers below */
	bool fresh;
	struct timespec mtime; /* from the layer's entry; set at the end */
};

struct tree {
	int root; /* O_PATH */
	const struct unpack_limits *limits;
	struct filelist_writer *list; /* files created and removed here are added to it */
	struct tree_dir **dirs; /* in order of creation: parents first */
	size_t n_dirs;
	struct tree_dir **slots; /* hash table of dirs */
	size_t n_slots;
	char *cached; /* path of cached_fd; NULL: none */
	int cached_fd;
};

void tree_init(struct tree *t, int root, const struct unpack_limits *limits,
	       struct filelist_writer *list);
void tree_clear(struct tree *t);

/* The record of a directory created here, or NULL. */
struct tree_dir *tree_find(struct tree *t, const char *path);

enum tree_open_flags {
	TREE_CREATE = 1 << 0, /* create missing directories as implied ones */
	TREE_MAY_MISS = 1 << 1, /* internal: continue by name when a component does not exist */
};

/*
 * Open a directory by a path from the archive; symlinks are followed inside the root.
 * *ret_fd is O_PATH and borrowed until the next call. *ret_path is the path without
 * symlinks, owned by the caller.
 */
int tree_open_dir(struct tree *t, const char *path, enum tree_open_flags flags, int *ret_fd,
		  char **ret_path, struct kerr *err);

/*
 * Resolve the path of a directory, which need not exist, following existing symlinks.
 * Creates nothing. Owned by the caller. -ENOTDIR when a component is a file.
 */
int tree_resolve(struct tree *t, const char *path, char **ret, struct kerr *err);

/* Create the directory dir/name, whose parent is open, and its record. */
int tree_mkdir(struct tree *t, int dirfd, const char *dir, const char *name, struct kerr *err);

/* Remove dir/name; a directory with its content. A missing one is success. */
int tree_remove(struct tree *t, int dirfd, const char *dir, const char *name, struct kerr *err);

/* Join dir and name; owned by the caller. */
char *tree_join(const char *dir, const char *name) __attribute__((returns_nonnull));

/* openat2 below a directory, following no symlinks. -errno. */
int tree_openat(int dirfd, const char *path, int flags);

#endif
