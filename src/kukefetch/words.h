/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WORDS_H
#define KUKEON_WORDS_H

#include "buf.h"

/*
 * What a registry, or who gives out its tokens, says in the body of a refusal,
 * as one line fit for a terminal: "manifest unknown: manifest tagged by \"x\" is
 * not found". Nothing is added when the body says nothing.
 */
void words_of(const char *body, size_t n, struct buf *out);

#endif
