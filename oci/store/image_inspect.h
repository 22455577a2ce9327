/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_INSPECT_H
#define KUKEON_IMAGE_INSPECT_H

#include "buf.h"
#include "err.h"
#include "imgstore.h"

/*
 * Write one JSON object about an image: name, digests, packed and unpacked sizes,
 * layers, and the image's configuration unchanged. ERR_IMAGE_NOT_FOUND.
 */
int image_inspect(struct image_store *s, const char *ref, struct buf *ret, struct kerr *err);

#endif
