/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_H
#define KUKEON_LAYER_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"

/* Where the bytes of a layer are: a range of a file, or a pipe (offset 0, size -1). */
struct layer_source {
	int fd; /* borrowed */
	int64_t offset;
	int64_t size;
};

struct layer_want {
	const struct digest *parent; /* chain id below, NULL for the lowest */
	const struct digest *diff_id;
	const struct digest *blob; /* digest of the compressed bytes; NULL: not known */
};

struct layer_done {
	struct digest chain;
	bool unpacked; /* false: it was there, and the source was not read */
	struct digest blob; /* when unpacked: digest and size of the bytes read */
	int64_t blob_size;
};

/* What is on record of an unpacked layer (layer.json). */
struct layer_info {
	struct digest diff_id;
	struct digest parent; /* unset for the lowest */
	uint64_t unpacked_bytes;
	uint64_t entries;
	bool opaque_root; /* it hides all layers below */
};

/*
 * Unpack a layer into snapshots/<chain id>: kukeunpack into staging/, both
 * digests checked, directories that the layer implies made like those below,
 * one syncfs, rename, fsync of the parent; all under the chain id's lock. A chain
 * id that is there is left as it is. Nothing is left of a failure.
 */
int layer_unpack(struct image_store *s, const struct layer_want *want,
		 const struct layer_source *src, struct layer_done *ret, struct kerr *err);

/* A name below snapshots/<chain id>: "fs", "layer.json". Owned by the caller. */
char *layer_path(const struct image_store *s, const struct digest *chain, const char *name)
	__attribute__((returns_nonnull));

bool layer_exists(struct image_store *s, const struct digest *chain);
/* -ENOENT without touching err. */
int layer_read_info(struct image_store *s, const struct digest *chain, struct layer_info *ret,
		    struct kerr *err);
/* Owner, mode, times and an image's xattrs, from one directory to another. -errno. */
int layer_copy_meta(int from, int to);
/* Rename to trash, then remove. A missing one is success. */
int layer_remove(struct image_store *s, const struct digest *chain, struct kerr *err);

#endif
