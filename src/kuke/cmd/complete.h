/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_COMPLETE_H
#define KUKEON_COMPLETE_H

#include "cli.h"

/*
 * What may stand for the last of words (those after "kuke"), one candidate a line in
 * out: sub-commands, flags, values of -o, and names of objects out of the tree on
 * disk, never asking the daemon. Nothing when in doubt.
 */
void complete(const struct cmd *root, const struct strlist *words, struct buf *out);

#endif
