/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_H
#define KUKEON_LAYER_H

#include "digest.h"
#include "err.h"
#include "imgstore.h"

/*
 * An unpacked layer: the directory snapshots/<chain id>/, with its files in fs/ and its
 * record.
 */

/* Names in a layer's directory. */
#define LAYER_FS "fs"
#define LAYER_RECORD "layer.json"
#define LAYER_FILES "files" /* list of the files in fs/, see filelist.h */

struct layer_info {
	struct digest diff_id;
	struct digest parent; /* unset for the lowest */
	uint64_t unpacked_bytes;
	uint64_t entries;
	bool opaque_root; /* the layer hides everything in the layers below */
	uint64_t files_bytes; /* size and CRC-32C of the list of files */
	uint32_t files_crc;
};

/*
 * The path of snapshots/<chain id>, or of name in it when that is not NULL. Owned by the
 * caller.
 */
char *layer_path(const struct image_store *s, const struct digest *chain, const char *name)
	__attribute__((returns_nonnull));

bool layer_exists(struct image_store *s, const struct digest *chain);
/* -ENOENT without setting err. */
int layer_read_info(struct image_store *s, const struct digest *chain, struct layer_info *ret,
		    struct kerr *err);
/* The same for the layer's directory, which may still be in staging/. */
int layer_read_info_in(const char *dir, struct layer_info *ret, struct kerr *err);
/* Not synced: layer_unpack_commit calls syncfs before the layer gets its name. */
int layer_write_info_in(const char *dir, const struct layer_info *info, struct kerr *err);

#endif
