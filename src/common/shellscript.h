/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SHELLSCRIPT_H
#define KUKEON_SHELLSCRIPT_H

#include "buf.h"

/*
 * Append the completion script of a shell for a program of ours: it asks
 * `PROGRAM __complete -- WORD…` for candidates. -EINVAL when the shell has none.
 */
int shellscript(struct buf *out, const char *shell, const char *program);

#endif
