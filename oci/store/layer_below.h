/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_BELOW_H
#define KUKEON_LAYER_BELOW_H

#include <sys/stat.h>

#include "err.h"
#include "vec.h"

/*
 * The layers below one, as overlay would show them stacked. Paths are relative to
 * the root (""), without "." and "..", and no symlink on the way is followed. Looking
 * at many paths of one directory, one after the other, is fast.
 */
struct layer_below;

/* dirs: directories of layers (LAYER_FS and LAYER_RECORD in each), lowest first. */
struct layer_below *layer_below_new(const struct strlist *dirs) __attribute__((returns_nonnull));
struct layer_below *layer_below_free(struct layer_below *b);

/* 1 and what is at path, 0 when nothing is, -errno. */
int layer_below_stat(struct layer_below *b, const char *path, struct stat *ret, struct kerr *err);
/* The target of the symlink at path; owned by the caller. */
int layer_below_readlink(struct layer_below *b, const char *path, char **ret, struct kerr *err);
/* The directory at path, whose attributes are the ones that count. -ENOENT without touching err. */
int layer_below_open_dir(struct layer_below *b, const char *path, struct kerr *err);

/* Overlay's mark on a directory that hides what the layers below have there. */
#define LAYER_OPAQUE "trusted.overlay.opaque"
bool layer_is_opaque(int fd);
/* One level down, never over a symlink. -errno. */
int layer_open_child(int dirfd, const char *name);

static inline void layer_below_freep(struct layer_below **b)
{
	*b = layer_below_free(*b);
}

#endif
