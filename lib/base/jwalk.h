/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JWALK_H
#define KUKEON_JWALK_H

#include "defs.h"

/*
 * The members of a JSON object, or the elements of an array, as parts of its text: for
 * what is handed on verbatim, with the order of members and every digit of a number. It
 * allocates nothing and needs no text that was checked before.
 */
struct jwalk {
	const char *p, *end; /* what is left */
	char close; /* '}' or ']' */
	bool begun, ended;
};

struct jwalk_part {
	const char *key; /* n_key raw bytes between the quotes; NULL in an array */
	size_t n_key;
	const char *p; /* the n bytes of the value, without white space around it */
	size_t n;
};

/* -EINVAL: the text does not begin with an object or array. */
int jwalk_begin(struct jwalk *w, const char *text, size_t n);

/* 1: *ret is the next part; 0: there is none; -EINVAL: invalid from here on. */
int jwalk_next(struct jwalk *w, struct jwalk_part *ret);

/*
 * The key without escapes. false: it would not fit into JWALK_KEY_MAX bytes; then it is none
 * of the names that this is for.
 */
enum {
	JWALK_KEY_MAX = 256
};
bool jwalk_key(const struct jwalk_part *part, char ret[JWALK_KEY_MAX]);

/* Whether it is that one, of at most 40 characters. */
bool jwalk_is(const struct jwalk_part *part, const char *key);

/*
 * The value of an object's last member of that name, in the text. -ENOENT; -EINVAL: not an
 * object, or not valid.
 */
int jwalk_get(const char *text, size_t n, const char *key, const char **ret, size_t *ret_n);

#endif
