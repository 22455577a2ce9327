/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SELECTOR_H
#define KUKEON_SELECTOR_H

#include "err.h"
#include "vec.h"

/*
 * Selects objects by their labels: terms separated by commas, all of which must hold, in the
 * notation of kubectl: k=v, k==v, k!=v, k, !k, k in (a,b), k notin (a,b).
 * An object without the label matches k!=v and notin.
 */
enum selector_op {
	SELECTOR_IN = 1, /* one of the values */
	SELECTOR_NOT_IN,
	SELECTOR_EXISTS,
	SELECTOR_ABSENT,
};

struct selector_term {
	enum selector_op op;
	char *key;
	struct strlist values;
};

struct selector {
	struct selector_term *v;
	size_t n;
};

void selector_clear(struct selector *s);
/* Add the terms of text. Empty text is an error: it may come from an unset variable. */
int selector_parse(struct selector *s, const char *text, struct kerr *err);
/* A selector without terms matches all objects. */
bool selector_matches(const struct selector *s, const struct strmap *labels);

#endif
