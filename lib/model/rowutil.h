/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ROWUTIL_H
#define KUKEON_ROWUTIL_H

#include "model.h"

/* Helpers shared by explain, schema and the checks. */

/*
 * The number of rows including those of embedded types, and the i-th of them (NULL past
 * the end).
 */
size_t row_count(const struct model_type *t);
const struct field *row_get(const struct model_type *t, size_t i);

/* Whether the field of obj is set; an object counts as set only if a member of it is set. */
bool row_has_content(const struct field *f, const void *obj);

/* The entry of names closest to s, if close enough to be a typing error; else NULL. */
const char *nearest_name(const char *s, const char *const *names, size_t n);
/* The wire name of t closest to s, likewise; else NULL. */
const char *row_nearest(const struct model_type *t, const char *s);

#endif
