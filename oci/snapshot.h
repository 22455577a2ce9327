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

/* Directories of lower layers, top first, relative to the namespace directory ("snapshots/<hex>/fs"). */
int snapshot_lower(struct image_store *s, const struct image *img, struct strlist *ret,
		   struct kerr *err);

/*
 * Make containers/<id>/ (0700; may exist), image, upper (mode, owner, times and
 * xattrs of the image's root) and work. What is there is kept when it is of the same
 * image (-EEXIST when of another). The caller holds image_store_hold.
 */
int snapshot_prepare(struct image_store *s, const char *id, const struct image *img,
		     struct kerr *err);

/* The manifest a container was made of. -ENOENT without touching err. */
int snapshot_image(struct image_store *s, const char *id, struct digest *ret, struct kerr *err);

/* Before mounting after a reboot: overlay's own leftovers in work/ are removed. */
int snapshot_clean_work(struct image_store *s, const char *id, struct kerr *err);

/*
 * Remove upper, work and image by way of trash/, leaving containers/<id>/ and
 * the caller's files in it; then collects what only this container kept. A
 * missing one is success. Nothing may be mounted there any more.
 */
int snapshot_remove(struct image_store *s, const char *id, struct kerr *err);

#endif
