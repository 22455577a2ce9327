/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WORDS_H
#define KUKEON_WORDS_H

#include "buf.h"

/*
 * Append the error message in the body of a registry's or token server's error reply as
 * one line, escaped for a terminal: "manifest unknown: manifest tagged by \"x\" is not
 * found". Appends nothing when the body has no message.
 */
void words_of(const char *body, size_t n, struct buf *out);

#endif
