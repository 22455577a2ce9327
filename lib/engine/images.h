/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGES_H
#define KUKEON_IMAGES_H

#include "engine_priv.h"
#include "imgstore.h"

/* The store of a namespace as the configuration wants it. */
int images_store_open(struct engine *e, const char *ns, struct image_store *ret, struct kerr *err);

/* The image verbs, per realm. fd: the archive. */
int images_load(struct engine *e, const char *realm, int fd, struct rpc_load_image_result *ret,
		struct kerr *err);
int images_list(struct engine *e, const char *realm, struct rpc_list_images_result *ret,
		struct kerr *err);
int images_get(struct engine *e, const char *realm, const char *ref,
	       struct rpc_get_image_result *ret, struct kerr *err);
int images_delete(struct engine *e, const char *realm, const char *ref,
		  struct rpc_delete_image_result *ret, struct kerr *err);

#endif
