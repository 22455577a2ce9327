/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGES_H
#define KUKEON_IMAGES_H

#include "context.h"
#include "imgstore.h"

/* Open the image store of a namespace with the configured limits. */
int images_store_open(struct engine *e, const char *ns, struct image_store *ret, struct kerr *err);

/* The image verbs, per realm. fd: the archive, or a directory. */
int images_load(struct engine *e, const char *realm, int fd, struct rpc_load_image_result *ret,
		struct kerr *err);

/* Add to the reply of page (page.h), a struct rpc_list_images_result. */
struct page;
int images_list(struct engine *e, const char *realm, struct page *page, struct kerr *err);
int images_get(struct engine *e, const char *realm, const char *ref,
	       struct rpc_get_image_result *ret, struct kerr *err);
int images_delete(struct engine *e, const char *realm, const char *ref,
		  struct rpc_delete_image_result *ret, struct kerr *err);

/*
 * Pull an image. Progress is sent to the caller; the pull is cancelled when the caller
 * disconnects.
 */
int images_pull(struct engine *e, const char *realm, const char *ref,
		struct rpc_pull_image_result *ret, struct kerr *err);

/*
 * Pull the images that a cell's containers need and the realm does not have. Call it
 * before locking the cell. only: that container alone; NULL: all. want NULL: use the
 * stored document. Containers that were created already are skipped. A failure is kept
 * for pull_failures_explain, so that the container that needs the image reports it.
 */
void images_ensure(struct engine *e, const struct addr *cell, const struct cell_doc *want,
		   const char *only);

/* Likewise for one container of an existing cell; image "" or NULL: as stored. */
void images_ensure_one(struct engine *e, const struct addr *cell, const char *container,
		       const char *image);

/*
 * Pull the image with that digest, even if the tag of name has moved on. Blobs that are
 * present are not fetched again.
 */
int images_pull_again(struct engine *e, const char *realm, struct image_store *s, const char *name,
		      const struct digest *digest, struct kerr *err);

/*
 * images_open opens the store of an existing realm and returns its namespace.
 * images_error turns -ENOENT into the message for a missing image.
 */
int images_open(struct engine *e, const char *realm, char **ret_ns, struct image_store *ret,
		struct kerr *err);
int images_error(int r, const char *realm, const char *ref, struct kerr *err);

#endif
