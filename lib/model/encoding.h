/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ENCODING_H
#define KUKEON_ENCODING_H

#include "buf.h"
#include "err.h"

/*
 * The text of a file as UTF-8 without byte order marks: UTF-16 with its mark is
 * converted, a mark is dropped at the start and wherever YAML lets a document
 * begin with one. *text and *n are replaced; they keep pointing at the input
 * when there is nothing to do, else into own, which the caller has zeroed and
 * clears. -EINVAL: UTF-32, broken UTF-16, or UTF-16 without a mark.
 */
int encoding_to_utf8(const char **text, size_t *n, struct buf *own, struct kerr *err);

#endif
