/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_UNKNOWN_H
#define KUKEON_UNKNOWN_H

#include "context.h"

/*
 * What a sweep finds and has no right to remove: files and directories that are not
 * kukeon's, and state whose document is gone. Each is named in the log once per boot.
 */
void unknown_note(struct engine *e, const char *path, const char *why);
/* The end of a sweep: log what is new, remember all. */
void unknown_tell(struct engine *e);

#endif
