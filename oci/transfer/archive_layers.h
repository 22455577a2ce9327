/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ARCHIVE_LAYERS_H
#define KUKEON_ARCHIVE_LAYERS_H

#include "bundle.h"
#include "image_import.h"
#include "imgstore.h"

/* The layers of one image in an archive, while they are loaded into the store. */
struct archive_layers {
	struct image_store *store;
	struct bundle *bundle;
	struct archive_layer {
		char *file; /* path in the archive */
		char *shown; /* name for messages */
		int64_t size; /* -1: not known yet */
	} * v;
	size_t n;
};

/* Prepare for n layers; the caller fills in v. */
void archive_layers_init(struct archive_layers *a, struct image_store *s, struct bundle *b,
			 size_t n);
void archive_layers_clear(struct archive_layers *a);
#define cleanup_archive_layers cleanup_(archive_layers_clear)

/* Find layer i in the archive and check that it has the size its descriptor states. */
int archive_layers_find(struct archive_layers *a, size_t i, struct layer_source *ret,
			struct kerr *err);
/*
 * Unpack the missing layers and add all of them to the image's record. The manifest and
 * configuration of l say which layers there are; digests and sizes missing in the
 * manifest are filled in.
 */
int archive_layers_load(struct archive_layers *a, struct image_import *l, struct kerr *err);

#endif
