/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ROW_LIMITS_H
#define KUKEON_ROW_LIMITS_H

#include "err.h"
#include "model.h"

/*
 * Whether the fields that a user sets are within the bounds and among the values of their
 * rows. "" is no text, and 0 no number where the field is no list and cannot be told from an
 * absent one. Pure. -EINVAL, with a message that names the field by its path.
 */
int row_limits_check(const struct model_type *t, const void *obj, struct kerr *err);

#endif
