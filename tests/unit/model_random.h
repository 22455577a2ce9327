/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_RANDOM_H
#define MODEL_RANDOM_H

#include "model.h"

/* Fill a zeroed object with values that are hard to write and read. seed is advanced. */
void model_random(const struct model_type *t, void *obj, uint32_t *seed);

#endif
