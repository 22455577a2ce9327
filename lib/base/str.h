/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STR_H
#define KUKEON_STR_H

#include <string.h>

#include "buf.h"
#include "defs.h"

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* NULL counts as "". */
bool streq_null(const char *a, const char *b);
bool str_empty(const char *s); /* NULL or "" */
bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
bool str_case_eq(const char *a, const char *b); /* ASCII only */

/* A copy without white space (Unicode's, as Go trims it) at both ends; NULL gives "". */
char *str_trim(const char *s) __attribute__((returns_nonnull));

/*
 * Numbers: the whole string, nothing else, in [min, max]. -EINVAL for bad
 * syntax, -ERANGE out of range; *ret is set on success only.
 */
int str_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret);
int str_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
int str_to_u64_base(const char *s, int base, uint64_t max,
		    uint64_t *ret); /* base 8, 10, 16; no prefix */

/* The values of Go's strconv.ParseBool: 1 t T true TRUE True 0 f F false FALSE False. -EINVAL. */
int str_to_bool(const char *s, bool *ret);

/*
 * A size with an optional suffix k m g or ki mi gi (any case, powers of 1024). The
 * messages are those of `kuke create container` (kuke(1)); clients may depend on them.
 */
int str_to_size(const char *s, int64_t *ret, struct kerr *err);

/* Damerau-Levenshtein distance of two short strings, for "did you mean". */
size_t str_distance(const char *a, const char *b);

/* Length in bytes of the valid UTF-8 sequence at s (1 to 4), or 0; reads at most n bytes. */
size_t utf8_len(const char *s, size_t n);
bool utf8_valid(const char *s, size_t n);

/*
 * Whether a character may stand in a log or on a terminal: not a control character, not
 * one that changes text direction.
 */
bool utf8_printable(uint32_t c);
/* The character of the valid sequence of n bytes at s. */
uint32_t utf8_decode(const char *s, size_t n);

/*
 * Append text from containers, images or the network so that it cannot drive a
 * terminal: printable UTF-8 as it is, other characters as \n \t \x1b \u202e, bytes that
 * are not UTF-8 as \xff.
 */
void str_vis(struct buf *out, const char *s, size_t n);

/*
 * Append one line: newlines and tabs become spaces, runs of spaces one, none at
 * the ends; cut to max bytes on a UTF-8 boundary with "..." at the end when cut.
 */
void str_one_line(struct buf *out, const char *s, size_t max);

uint32_t fnv1a32(const void *p, size_t n);

#endif
