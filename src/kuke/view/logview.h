/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOGVIEW_H
#define KUKEON_LOGVIEW_H

#include "err.h"

enum logview_flags {
	LOGVIEW_FOLLOW =
		1 << 0, /* until SIGINT, SIGTERM, or the reader of standard output is gone */
	LOGVIEW_RAW = 1 << 1, /* byte for byte even to a terminal: no escaping */
};

/* State of the process that writes the log. */
enum logview_writer {
	LOGVIEW_WRITES = 1,
	LOGVIEW_WAITS, /* not running now but may run again: ask again soon */
	LOGVIEW_ENDED, /* no more output will come */
};

struct logview_opts {
	enum logview_flags flags;
	enum logview_writer (*writer)(void *ctx); /* NULL: always LOGVIEW_WRITES */
	void *ctx;
};

/*
 * Copy the log to standard output, rotated files first (log.2, log.1, log). Following
 * continues with the next file after a rotation or removal, restarts at the beginning after
 * a truncation, and ends when the writer has ended. On a terminal control characters are
 * escaped. -ENOENT: no log; *err is not set.
 */
int logview(const char *path, const struct logview_opts *opts, struct kerr *err);

#endif
