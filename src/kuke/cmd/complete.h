/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_COMPLETE_H
#define KUKEON_COMPLETE_H

#include "cli.h"

/*
 * Candidates for the last of words (those after "kuke"), one per line in out: sub-commands,
 * flags, values of -o, and names of objects read from disk without the daemon. None on any
 * error.
 */
void complete(const struct cmd *root, const struct strlist *words, struct buf *out);

#endif
