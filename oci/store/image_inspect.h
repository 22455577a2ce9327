/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_INSPECT_H
#define KUKEON_IMAGE_INSPECT_H

#include "buf.h"
#include "err.h"
#include "imgstore.h"

/*
 * All that is known of an image as one JSON object: name, digests, sizes packed and
 * unpacked, layers, and the image's own configuration as it came. ERR_IMAGE_NOT_FOUND.
 */
int image_inspect(struct image_store *s, const char *ref, struct buf *ret, struct kerr *err);

#endif
