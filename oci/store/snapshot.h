/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SNAPSHOT_H
#define KUKEON_SNAPSHOT_H

#include "digest.h"
#include "err.h"
#include "image.h"
#include "imgstore.h"
#include "vec.h"

/*
 * The writable side of a container: containers/<id>/{upper,work} and the link
 * containers/<id>/image, whose target is the digest of the image's manifest.
 * That link is what the collector goes by: the image's layers and configuration
 * stay while it is there, whatever happens to the image's name. The link is
 * durable with the next fsync of containers/<id> (the container's record).
 */

/*
 * Directories of lower layers, top first, relative to the namespace directory
 * ("snapshots/<hex>/fs"). For a container of an image without layers (id, prepared) it is
 * an empty one of its own: overlay wants one. id NULL: none then.
 */
int snapshot_lower(struct image_store *s, const char *id, const struct image *img,
		   struct strlist *ret, struct kerr *err);

/*
 * Make containers/<id>/ (0700; may exist), image, upper (mode, owner, times and
 * xattrs of the image's root), work, and lower where the image has no layers. What is
 * there is kept when it is of the same
 * image (-EEXIST when of another). The caller holds image_store_hold.
 */
int snapshot_prepare(struct image_store *s, const char *id, const struct image *img,
		     struct kerr *err);

/*
 * A container that was made counts as unfinished until its record is durable: if the power
 * goes before, it may go. finish is not synced by itself.
 */
bool snapshot_unfinished(struct image_store *s, const char *id);
int snapshot_finish(struct image_store *s, const char *id, struct kerr *err);

/*
 * The manifest a container was made of. -ENOENT without touching err. -EBADMSG where the
 * link of one that has a writable layer is lost or damaged.
 */
int snapshot_image(struct image_store *s, const char *id, struct digest *ret, struct kerr *err);

/*
 * The layers of the image that a container was made of, lowest first, as chain ids
 * ("sha256:…"), and its manifest and configuration. -ENOENT when it is of no image.
 */
struct snapshot_needs {
	struct digest manifest, config;
	struct strlist chains;
};
int snapshot_needs(struct image_store *s, const char *id, struct snapshot_needs *ret,
		   struct kerr *err);
/* Whether a container of the store needs the layer. What cannot be found out counts as yes. */
bool snapshot_layer_used(struct image_store *s, const struct digest *chain);

/* Before mounting after a reboot: overlay's own leftovers in work/ are removed. */
int snapshot_clean_work(struct image_store *s, const char *id, struct kerr *err);

/*
 * Remove upper, work, lower and image by way of trash/, leaving containers/<id>/ and
 * the caller's files in it; then collects what only this container kept. A
 * missing one is success. Nothing may be mounted there any more.
 */
int snapshot_remove(struct image_store *s, const char *id, struct kerr *err);

#endif
