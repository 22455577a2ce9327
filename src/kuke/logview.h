/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOGVIEW_H
#define KUKEON_LOGVIEW_H

#include "err.h"

enum logview_flags {
	LOGVIEW_FOLLOW =
		1 << 0, /* until SIGINT or SIGTERM, or the reader of standard output goes away */
};

/*
 * Copy the file to standard output, byte for byte. Following goes on with the next
 * file when it is rotated, and from its start when it is truncated. -ENOENT leaves
 * *err alone.
 */
int logview(const char *path, enum logview_flags flags, struct kerr *err);

#endif
