/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_UNKNOWN_H
#define KUKEON_UNKNOWN_H

#include "context.h"

/*
 * Warnings about files and directories that a sweep must not remove: not created by
 * kukeon, or state whose document is gone. Each is logged once per boot.
 */
void unknown_note(struct engine *e, const char *path, const char *why);
/* End of a sweep: log the new warnings and store all. */
void unknown_tell(struct engine *e);

#endif
