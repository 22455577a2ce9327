/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SCALAR_H
#define KUKEON_SCALAR_H

#include "clock.h"
#include "node.h"

/*
 * The type of a plain YAML scalar by the rules of Go's yaml.v3 (YAML 1.2 with the octal
 * numbers of 1.1). Used by the reader, and by the writer to quote strings that would be
 * read as another type.
 */
enum node_tag scalar_tag(const char *s, size_t n);
bool scalar_is_old_bool(const char *s); /* y, yes, on, n, no, off in their three cases */
bool scalar_is_base60(const char *s); /* 1:20:30 */

/*
 * A number in YAML's notation: decimal, 0x, 0o, 0b, 0755, with underscores, or a float
 * with an integral value. -EINVAL; -ERANGE: does not fit.
 */
int scalar_to_i64(const char *s, int64_t *ret);

/*
 * Parse a YAML timestamp, which may be only a date, may have one-digit months and days,
 * and a blank instead of the T. -EINVAL.
 */
int scalar_to_time(const char *s, struct ktime *ret);

/* Compare map keys in the order in which yaml.v3 prints them: numbers by value, letters last. */
int scalar_key_cmp(const char *a, const char *b);

#endif
