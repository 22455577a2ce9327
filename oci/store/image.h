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
 * The images of a namespace, by name. Each call takes the locks it needs. The error
 * kinds are those of errkind.h. This layer does not know the realm; the caller adds it
 * to the message: `image "x" not found in realm "r"`.
 */

/*
 * Label of an image whose record cannot be read; its value is the reason and the image's
 * name is the record's file name.
 */
#define IMAGE_LABEL_UNREADABLE "kukeon.io/unreadable"

/* One image in the answer of image_list or image_get. */
struct image_info {
	char *name;
	int64_t size; /* configuration and layers, compressed */
	struct ktime created_at; /* when the name was created */
	struct digest digest; /* what the name points to: a manifest or an index */
	char *media_type;
	struct strmap labels;
};

struct image_infos {
	struct image_info *v;
	size_t n;
};

/* An image that containers can be created from: all layers are unpacked. */
struct image {
	char *name; /* the name it was found by, as typed or normalised; "" when found by digest */
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

/* The list is sorted by name. */
int image_list(struct image_store *s, struct image_infos *ret, struct kerr *err);

/* Read an image's record; ref is looked up as typed, then normalised. ERR_IMAGE_NOT_FOUND. */
int image_find(struct image_store *s, const char *ref, struct image_record *ret, struct kerr *err);

/* The same, for listing. ERR_IMAGE_NOT_FOUND (-ENOENT): `image not found`. */
int image_get(struct image_store *s, const char *ref, struct image_info *ret, struct kerr *err);

/*
 * Remove the name, looked up like in image_get, and run garbage collection. The name
 * that was found is put into *ret_name unless that is NULL. Containers created from the
 * image keep its layers.
 */
int image_delete(struct image_store *s, const char *ref, char **ret_name, struct kerr *err);

/*
 * Resolve the image for a new container. The caller holds the store (image_store_hold)
 * from before this call until the link made by snapshot_prepare is durable.
 * ERR_IMAGE_NOT_FOUND.
 */
int image_resolve(struct image_store *s, const char *ref, struct image *ret, struct kerr *err);

/*
 * The same by the digest of the manifest, for a container whose image has lost its name.
 * -ENOENT.
 */
int image_resolve_digest(struct image_store *s, const struct digest *manifest, struct image *ret,
			 struct kerr *err);

#endif
