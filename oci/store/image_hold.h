/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_HOLD_H
#define KUKEON_IMAGE_HOLD_H

#include "imgstore.h"

/*
 * A shared hold keeps garbage collection out. Take it before adding content, or before
 * resolving an image whose use is recorded later. It is the image lock of the empty name
 * (locks.h), so it comes after a cell's lock and before those of chain ids; no other
 * image name is ever locked. Holds nest: 1 when this call took the lock (the caller must
 * release it), 0 when this process has it already. Releasing runs a garbage collection
 * that was requested meanwhile.
 */
int image_store_hold(struct image_store *s, struct kerr *err);
void image_store_release(struct image_store *s);

#endif
