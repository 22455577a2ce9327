/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOGVIEW_H
#define KUKEON_LOGVIEW_H

#include "err.h"

enum logview_flags {
	LOGVIEW_FOLLOW =
		1 << 0, /* until SIGINT or SIGTERM, or the reader of standard output goes away */
	LOGVIEW_RAW = 1 << 1, /* byte for byte to a terminal too, which escapes nothing else */
};

/* What is known of the writer of a log that is followed. */
enum logview_writer {
	LOGVIEW_WRITES = 1,
	LOGVIEW_WAITS, /* it does not run now, and may again: to be asked before long */
	LOGVIEW_ENDED, /* nothing more comes */
};

struct logview_opts {
	enum logview_flags flags;
	enum logview_writer (*writer)(void *ctx); /* NULL: it always writes */
	void *ctx;
};

/*
 * Copy the log to standard output: the files kept of it (log.2, log.1, log), from the
 * oldest on. Following goes on with the next file when it is rotated or removed, from its
 * start when it is truncated, and ends when its writer has. A terminal gets control
 * characters escaped. -ENOENT leaves *err alone.
 */
int logview(const char *path, const struct logview_opts *opts, struct kerr *err);

#endif
