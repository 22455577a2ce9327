/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGES_HEALTH_H
#define KUKEON_IMAGES_HEALTH_H

#include "images.h"

int images_inspect(struct engine *e, const char *realm, const char *ref,
		   struct rpc_inspect_image_result *ret, struct kerr *err);
int images_prune(struct engine *e, const char *realm, struct rpc_prune_images_result *ret,
		 struct kerr *err);
int images_verify(struct engine *e, const struct rpc_verify_images_args *args,
		  struct rpc_verify_images_result *ret, struct kerr *err);

#endif
