/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_BELOW_H
#define KUKEON_LAYER_BELOW_H

#include <sys/stat.h>

#include "err.h"
#include "vec.h"

/*
 * Looks up paths in the layers below another layer, merged as overlayfs shows them.
 * Paths are relative to the root (""), without "." and ".."; symlinks are not followed.
 * Looking up many paths of the same directory in a row is fast.
 */
struct layer_below;

/* dirs: the directories of the layers (each with LAYER_FS and LAYER_RECORD), lowest first. */
struct layer_below *layer_below_new(const struct strlist *dirs) __attribute__((returns_nonnull));
struct layer_below *layer_below_free(struct layer_below *b);

/* Returns 1 and the attributes of path, 0 when it does not exist, -errno. */
int layer_below_stat(struct layer_below *b, const char *path, struct stat *ret, struct kerr *err);
/* The target of the symlink at path; owned by the caller. */
int layer_below_readlink(struct layer_below *b, const char *path, char **ret, struct kerr *err);
/*
 * Open the topmost directory at path; its attributes are those of the merged directory.
 * -ENOENT without setting err.
 */
int layer_below_open_dir(struct layer_below *b, const char *path, struct kerr *err);

/* overlayfs' attribute of a directory that hides the same directory in the layers below. */
#define LAYER_OPAQUE "trusted.overlay.opaque"
bool layer_is_opaque(int fd);
/* Open a subdirectory of dirfd; never follows a symlink. -errno. */
int layer_open_child(int dirfd, const char *name);

static inline void layer_below_freep(struct layer_below **b)
{
	*b = layer_below_free(*b);
}

#endif
