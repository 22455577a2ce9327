/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_HOLD_H
#define KUKEON_IMAGE_HOLD_H

#include "imgstore.h"

/*
 * A shared hold keeps the collector out: whoever adds things, or resolves an
 * image and then records its use, has it meanwhile. It is the image lock of the
 * empty name (lib/store locks.h), so it comes after a cell's lock and before
 * those of chain ids; no other image name is ever locked. Nesting is fine: 1 when this
 * call took it (then release
 * it), 0 when it was held here already. Releasing collects when a delete came by
 * in the meantime.
 */
int image_store_hold(struct image_store *s, struct kerr *err);
void image_store_release(struct image_store *s);

#endif
