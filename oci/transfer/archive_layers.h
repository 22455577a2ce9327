/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ARCHIVE_LAYERS_H
#define KUKEON_ARCHIVE_LAYERS_H

#include "bundle.h"
#include "image_import.h"
#include "imgstore.h"

/* The layers of one image of an archive, on their way into the store. */
struct archive_layers {
	struct image_store *store;
	struct bundle *bundle;
	struct archive_layer {
		char *file; /* its name in the archive */
		char *shown; /* in messages */
		int64_t size; /* -1 while it is not known */
	} * v;
	size_t n;
};

/* n of them, to be filled in. */
void archive_layers_init(struct archive_layers *a, struct image_store *s, struct bundle *b,
			 size_t n);
void archive_layers_clear(struct archive_layers *a);
#define cleanup_archive_layers cleanup_(archive_layers_clear)

/* Layer i: it is in the archive, and of the size that its descriptor says. */
int archive_layers_find(struct archive_layers *a, size_t i, struct layer_source *ret,
			struct kerr *err);
/*
 * Unpack those that are missing, as many as the manifest and the configuration of l
 * have, and put them on record. Digests and sizes that the manifest lacks are filled in.
 */
int archive_layers_load(struct archive_layers *a, struct image_import *l, struct kerr *err);

#endif
