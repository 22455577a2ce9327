/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_NEW_H
#define KUKEON_IMAGE_NEW_H

#include "buf.h"
#include "image_record.h"
#include "oci_manifest.h"

/*
 * An image on its way in: what loading and pulling share. The record grows with
 * what is put in place; it gets its name last.
 */
struct image_new {
	struct image_record rec;
	struct oci_manifest manifest;
	struct image_config config;
};

void image_new_clear(struct image_new *n);
#define cleanup_image_new cleanup_(image_new_clear)

/* The configuration is for this host and has a diff id for each of the manifest's layers. */
int image_new_check(const struct image_new *n, const struct platform *host, size_t n_layers,
		    struct kerr *err);
/* The error for an index that offers nothing for this host. */
int image_new_no_platform(const struct platform *host, struct kerr *err);
/* A manifest, index or configuration: into the content store, and on record. */
int image_new_put(struct image_store *s, struct image_new *n, const struct digest *d,
		  const struct buf *b, struct kerr *err);
/* Everything is in place: the name. May be called again for further names. */
int image_new_finish(struct image_store *s, struct image_new *n, const char *name,
		     struct kerr *err);

#endif
