/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SCALAR_H
#define KUKEON_SCALAR_H

#include "clock.h"
#include "node.h"

/*
 * What a plain YAML scalar stands for, by the rules of Go's yaml.v3 (YAML 1.2
 * with 1.1's octal numbers). Reader and writer share them: the one types what it
 * reads, the other quotes what would read as another type.
 */
enum node_tag scalar_tag(const char *s, size_t n);
bool scalar_is_old_bool(const char *s); /* y, yes, on, n, no, off in their three cases */
bool scalar_is_base60(const char *s); /* 1:20:30 */

/*
 * A number in YAML's notation: decimal, 0x, 0o, 0b, 0755, with underscores, or a
 * float with an integral value. -EINVAL; -ERANGE does not fit.
 */
int scalar_to_i64(const char *s, int64_t *ret);

/* What YAML takes for a timestamp: a date alone, one digit for two, a blank for the T. -EINVAL. */
int scalar_to_time(const char *s, struct ktime *ret);

/* The order in which yaml.v3 prints the keys of a map: numbers by value, letters last. */
int scalar_key_cmp(const char *a, const char *b);

#endif
