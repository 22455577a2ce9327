/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGES_H
#define KUKEON_IMAGES_H

#include "context.h"
#include "imgstore.h"

/* The store of a namespace as the configuration wants it. */
int images_store_open(struct engine *e, const char *ns, struct image_store *ret, struct kerr *err);

/* The image verbs, per realm. fd: the archive. */
int images_load(struct engine *e, const char *realm, int fd, struct rpc_load_image_result *ret,
		struct kerr *err);

/* To the reply of page (page.h): struct rpc_list_images_result. */
struct page;
int images_list(struct engine *e, const char *realm, struct page *page, struct kerr *err);
int images_get(struct engine *e, const char *realm, const char *ref,
	       struct rpc_get_image_result *ret, struct kerr *err);
int images_delete(struct engine *e, const char *realm, const char *ref,
		  struct rpc_delete_image_result *ret, struct kerr *err);

/* Pull an image; progress goes to the call's link, whose end is the pull's. */
int images_pull(struct engine *e, const char *realm, const char *ref,
		struct rpc_pull_image_result *ret, struct kerr *err);

/*
 * Before the locks of a cell: pull what its containers (only: that one; NULL:
 * all) are to be made of and the realm has not got. want NULL: as the cell is
 * stored. What is made already is left alone. A failure is kept for
 * pull_failures_explain, because it is the container's that needs the image.
 */
void images_ensure(struct engine *e, const struct addr *cell, const struct cell_doc *want,
		   const char *only);

/* The same of one container of a cell that exists; image "" or NULL: as it is stored. */
void images_ensure_one(struct engine *e, const struct addr *cell, const char *container,
		       const char *image);

/*
 * Pull what an image's name pointed to, also when its tag has moved on since. What of
 * it is there is not fetched again.
 */
int images_pull_again(struct engine *e, const char *realm, struct image_store *s, const char *name,
		      const struct digest *digest, struct kerr *err);

/* The store of a realm that is there, and its namespace; and what a missing image is called. */
int images_open(struct engine *e, const char *realm, char **ret_ns, struct image_store *ret,
		struct kerr *err);
int images_error(int r, const char *realm, const char *ref, struct kerr *err);

#endif
