/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ROWUTIL_H
#define KUKEON_ROWUTIL_H

#include "model.h"

/* Small things that explain, schema and the checks share. */

/* The rows with embedded types spread out: their number, and the i-th (NULL past the end). */
size_t row_count(const struct model_type *t);
const struct field *row_get(const struct model_type *t, size_t i);

/* Something in the field of obj is set: an object counts only when something in it is. */
bool row_has_content(const struct field *f, const void *obj);

/* The entry of names that is nearest to s, close enough to be a slip; NULL. */
const char *nearest_name(const char *s, const char *const *names, size_t n);
/* The wire name of t that is nearest to s; NULL. */
const char *row_nearest(const struct model_type *t, const char *s);

#endif
