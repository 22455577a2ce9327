/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENCODING_H
#define KUKEON_ENCODING_H

#include "buf.h"
#include "err.h"

/*
 * Convert the text of a file to UTF-8 without byte order marks: UTF-16 with a mark is
 * converted, and marks are dropped at the start and wherever YAML allows one before a
 * document. *text and *n are replaced; they point to the input if nothing changed, else
 * into own, which the caller zeroes before and clears afterwards. -EINVAL: UTF-32,
 * broken UTF-16, or UTF-16 without a mark.
 */
int encoding_to_utf8(const char **text, size_t *n, struct buf *own, struct kerr *err);

#endif
