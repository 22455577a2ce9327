/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SNAPSHOT_H
#define KUKEON_SNAPSHOT_H

#include "digest.h"
#include "err.h"
#include "image.h"
#include "imgstore.h"
#include "vec.h"

/*
 * The writable part of a container: containers/<id>/{upper,work}, and the link
 * containers/<id>/image, whose target is the digest of the image's manifest. Garbage
 * collection keeps the manifest, configuration and layers while the link exists, even
 * when the image has lost its name. The link becomes durable with the next fsync of
 * containers/<id>, when the container's record is written.
 */

/*
 * The lower directories for overlayfs, topmost first, relative to the namespace
 * directory ("snapshots/<hex>/fs"). overlayfs needs at least one: for an image without
 * layers it is an empty directory of the container (id, already prepared), or none when
 * id is NULL.
 */
int snapshot_lower(struct image_store *s, const char *id, const struct image *img,
		   struct strlist *ret, struct kerr *err);

/*
 * Create containers/<id>/ (0700; may exist) with: image; upper, with mode, owner, times
 * and xattrs of the image's root; work; and lower when the image has no layers. Existing
 * parts are kept if the container was created from the same image (-EEXIST otherwise).
 * The caller holds image_store_hold.
 */
int snapshot_prepare(struct image_store *s, const char *id, const struct image *img,
		     struct kerr *err);

/*
 * A new container is marked unfinished until its record is durable; after a power
 * failure, an unfinished one may be removed. snapshot_finish does not sync.
 */
bool snapshot_unfinished(struct image_store *s, const char *id);
int snapshot_finish(struct image_store *s, const char *id, struct kerr *err);

/*
 * Get the manifest that a container was created from. -ENOENT without setting err.
 * -EBADMSG when the container has a writable layer but its link is missing or damaged.
 */
int snapshot_image(struct image_store *s, const char *id, struct digest *ret, struct kerr *err);

/*
 * The manifest, configuration and layers (chain ids "sha256:…", lowest first) that a
 * container needs. -ENOENT when it was not created from an image.
 */
struct snapshot_needs {
	struct digest manifest, config;
	struct strlist chains;
};
int snapshot_needs(struct image_store *s, const char *id, struct snapshot_needs *ret,
		   struct kerr *err);
/* Whether any container needs the layer; true when this cannot be determined. */
bool snapshot_layer_used(struct image_store *s, const struct digest *chain);

/* Remove what overlayfs has left in work/; called before mounting after a reboot. */
int snapshot_clean_work(struct image_store *s, const char *id, struct kerr *err);

/*
 * Remove upper, work, lower and image through trash/; containers/<id>/ and the caller's
 * files in it stay. A missing part is success. Nothing may be mounted there. Returns 1
 * when garbage collection may free something, 0 when not, -errno.
 */
int snapshot_remove(struct image_store *s, const char *id, struct kerr *err);

#endif
