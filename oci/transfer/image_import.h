/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_IMPORT_H
#define KUKEON_IMAGE_IMPORT_H

#include <errno.h>

#include "buf.h"
#include "image_record.h"
#include "oci_manifest.h"

/*
 * An image on its way in: what loading and pulling share. The record grows with
 * what is put in place; it gets its name last.
 */
struct image_import {
	struct image_record rec;
	struct oci_manifest manifest;
	struct image_config config;
	bool chosen; /* manifest and config are those of an image for this host */
	unsigned judged; /* documents looked at on the way */
};

void image_import_clear(struct image_import *n);
#define cleanup_image_import cleanup_(image_import_clear)

/* Results that say that there is an image, or something else, but not one for here. */
enum {
	IMAGE_OTHER_HOST = -ENOEXEC,
	IMAGE_NO_IMAGE = -EMEDIUMTYPE, /* an artifact of another kind */
};

/*
 * The manifest is that of an image, of layers that can be unpacked. IMAGE_NO_IMAGE for
 * other artifacts, -EINVAL for layers of unknown types.
 */
int image_import_check_types(const struct oci_manifest *m, struct kerr *err);
/* -EINVAL for docker's old manifests. */
int image_import_refuse_schema1(const char *media_type, const struct buf *text, struct kerr *err);
/* Whether layers of that type may be missing in registries and archives. */
bool image_import_is_foreign(const char *media_type);
/*
 * The configuration is for this host and has a diff id for each of the manifest's
 * layers: it is the one. IMAGE_OTHER_HOST.
 */
int image_import_check(struct image_import *n, const struct platform *host, size_t n_layers,
		       struct kerr *err);
/* Before another document is looked at: -E2BIG when they get too many. */
int image_import_judge(struct image_import *n, struct kerr *err);
/* Take an entry of an index for n. */
typedef int image_try_fn(void *ctx, const struct oci_descriptor *d, struct kerr *err);
/*
 * The first of an index' entries that turns out to be an image for host: those that
 * turn out to be something else, or for elsewhere, are passed over.
 */
int image_import_pick(struct image_import *n, const struct buf *index, const struct platform *host,
		      image_try_fn *take, void *ctx, struct kerr *err);
/* A manifest, index or configuration: into the content store, and on record. */
int image_import_put(struct image_store *s, struct image_import *n, const struct digest *d,
		     const struct buf *b, struct kerr *err);
/* Everything is in place: the name. May be called again for further names. */
int image_import_finish(struct image_store *s, struct image_import *n, const char *name,
			struct kerr *err);

#endif
