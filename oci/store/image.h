/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_H
#define KUKEON_IMAGE_H

#include "clock.h"
#include "digest.h"
#include "err.h"
#include "image_record.h"
#include "imgstore.h"
#include "oci_manifest.h"
#include "vec.h"

/*
 * The images of a namespace, by name. Every call takes the locks it needs.
 * Texts and kinds of errors: spec surface.md section 2.7, "image". The realm is not
 * known here: callers wrap `image "x" not found in realm "r"`.
 */

/* A label of one whose record cannot be read: why. Its name is the record's file then. */
#define IMAGE_LABEL_UNREADABLE "kukeon.io/unreadable"

/* A row of `image get`. */
struct image_info {
	char *name;
	int64_t size; /* configuration and layers, compressed */
	struct ktime created_at; /* when the name was made */
	struct digest digest; /* of what the name points to: a manifest or an index */
	char *media_type;
	struct strmap labels;
};

struct image_infos {
	struct image_info *v;
	size_t n;
};

/* An image ready to make containers of: all layers are unpacked. */
struct image {
	char *name; /* as found: typed, or normalised; "" by digest */
	struct digest digest; /* what the name points to */
	struct digest manifest; /* the manifest for this host */
	struct image_config config;
	struct digest *chain_ids; /* lowest first */
	size_t n_chain_ids;
	int64_t size;
};

void image_info_clear(struct image_info *i);
void image_infos_clear(struct image_infos *l);
void image_clear(struct image *i);
#define cleanup_image cleanup_(image_clear)
#define cleanup_image_info cleanup_(image_info_clear)
#define cleanup_image_infos cleanup_(image_infos_clear)

/* What came of an archive, in its order. */
struct image_loaded {
	struct strlist names; /* images; a digest where the archive has no name */
	struct image_left {
		char *name; /* or digest */
		char *why;
		bool failed; /* it should have been loaded; else it is not for here, or no image */
	} * left; /* what was not loaded */
	size_t n_left;
};

void image_loaded_clear(struct image_loaded *l);
#define cleanup_image_loaded cleanup_(image_loaded_clear)

/*
 * Load all images of an archive (docker or OCI, plain or by gzip or zstd; from the
 * descriptor's position, a file, pipe or socket) or of an OCI layout directory;
 * layers are unpacked at once. What cannot be loaded is listed in *ret, with nothing
 * of it left, unless nothing at all was loaded: that is an error, as what goes wrong
 * on this host is (images loaded so far stay). Errors:
 * `image tarball is required` (no bytes), `unrecognized image format: …`.
 */
int image_load_fd(struct image_store *s, int fd, struct image_loaded *ret, struct kerr *err);
int image_load_bytes(struct image_store *s, const void *p, size_t n, struct image_loaded *ret,
		     struct kerr *err);
int image_load_dir(struct image_store *s, int dirfd, struct image_loaded *ret, struct kerr *err);

/* Sorted by name. */
int image_list(struct image_store *s, struct image_infos *ret, struct kerr *err);
/* The record of an image, looked up as typed, then normalised. ERR_IMAGE_NOT_FOUND. */
int image_find(struct image_store *s, const char *ref, struct image_record *ret, struct kerr *err);
/* Looked up the same way. ERR_IMAGE_NOT_FOUND (-ENOENT): `image not found`. */
int image_get(struct image_store *s, const char *ref, struct image_info *ret, struct kerr *err);
/*
 * Remove the name (found as by image_get; the name found is put in *ret_name
 * when that is not NULL) and at once what nothing needs any more. Containers of
 * the image keep its layers.
 */
int image_delete(struct image_store *s, const char *ref, char **ret_name, struct kerr *err);

/*
 * The image for a container. Hold the store (image_store_hold) from before this
 * call until snapshot_prepare's link is durable. ERR_IMAGE_NOT_FOUND.
 */
int image_resolve(struct image_store *s, const char *ref, struct image *ret, struct kerr *err);
/* By the digest of its manifest: for containers whose image lost its name. -ENOENT. */
int image_resolve_digest(struct image_store *s, const struct digest *manifest, struct image *ret,
			 struct kerr *err);

#endif
