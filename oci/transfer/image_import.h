/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_IMPORT_H
#define KUKEON_IMAGE_IMPORT_H

#include <errno.h>

#include "buf.h"
#include "image_record.h"
#include "oci_manifest.h"

/*
 * An image while it is added to the store; used for loading and pulling. The record
 * lists what has been stored so far. It is saved last, which gives the image its name.
 */
struct image_import {
	struct image_record rec;
	struct oci_manifest manifest;
	struct image_config config;
	bool chosen; /* manifest and config belong to an image for this host */
	unsigned judged; /* number of manifests and indexes read so far */
};

void image_import_clear(struct image_import *n);
#define cleanup_image_import cleanup_(image_import_clear)

/* Results for entries that are skipped: not an image, or not for this host. */
enum {
	IMAGE_OTHER_HOST = -ENOEXEC,
	IMAGE_NO_IMAGE = -EMEDIUMTYPE, /* an artifact of another kind */
};

/*
 * Check that the manifest is that of an image whose layers can be unpacked.
 * IMAGE_NO_IMAGE for other artifacts, -EINVAL for unknown layer types.
 */
int image_import_check_types(const struct oci_manifest *m, struct kerr *err);
/* -EINVAL for a docker manifest of schema 1. */
int image_import_refuse_schema1(const char *media_type, const struct buf *text, struct kerr *err);
/* Whether layers of this type may be missing in registries and archives. */
bool image_import_is_foreign(const char *media_type);
/*
 * Check that the configuration is for this host and has a diff id for each layer of the
 * manifest; then n is the chosen image. IMAGE_OTHER_HOST.
 */
int image_import_check(struct image_import *n, const struct platform *host, size_t n_layers,
		       struct kerr *err);
/* Call before reading another manifest or index; -E2BIG when there are too many. */
int image_import_judge(struct image_import *n, struct kerr *err);
/* Try to import an entry of an index into n. */
typedef int image_try_fn(void *ctx, const struct oci_descriptor *d, struct kerr *err);
/*
 * Import the first entry of an index that is an image for host. Entries that turn out to
 * be something else, or for another host, are skipped.
 */
int image_import_pick(struct image_import *n, const struct buf *index, const struct platform *host,
		      image_try_fn *take, void *ctx, struct kerr *err);
/* Store a manifest, index or configuration and add it to the record. */
int image_import_put(struct image_store *s, struct image_import *n, const struct digest *d,
		     const struct buf *b, struct kerr *err);
/*
 * Save the record under a name, after everything is stored. May be called again for
 * further names.
 */
int image_import_finish(struct image_store *s, struct image_import *n, const char *name,
			struct kerr *err);

#endif
