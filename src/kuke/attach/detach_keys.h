/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DETACH_KEYS_H
#define KUKEON_DETACH_KEYS_H

#include "defs.h"
#include "err.h"

/*
 * Finds the keys that detach among what is typed, however it comes in pieces. A pure
 * function of the bytes: no clock is asked.
 *
 * Keys before the last are handed on at once, as they may be meant for the program. The
 * last is not: the program gets BEL instead, and what was typed after it in the same piece.
 * In a bracketed paste (ESC [200~ to ESC [201~) no key is one of these, wherever a piece
 * ends.
 */
enum {
	DETACH_KEYS_MAX = 8, /* keys in a row */
};

struct detach_keys {
	unsigned char keys[DETACH_KEYS_MAX];
	size_t n; /* 0: nothing detaches */
	size_t seen; /* of them, so far */
	bool paste;
	size_t mark; /* bytes of the next mark of a paste that have been seen */
};

/*
 * "^],^]" and the like: keys, each a character or ^ and one, with commas between; "" for
 * none. -EINVAL with what is wrong.
 */
int detach_keys_parse(const char *text, struct detach_keys *ret, struct kerr *err);

/* As a text for people: "^] twice", "^P ^Q". */
void detach_keys_text(const struct detach_keys *k, char *ret, size_t size);

/* Change the n bytes in place. true: they have the last of the keys. */
bool detach_keys_feed(struct detach_keys *k, char *p, size_t n);

#endif
