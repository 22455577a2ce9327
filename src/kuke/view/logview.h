/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOGVIEW_H
#define KUKEON_LOGVIEW_H

#include "log_feed.h"

enum logview_flags {
	LOGVIEW_RAW = 1 << 0, /* byte for byte even to a terminal: no escaping */
	LOGVIEW_PLAIN = 1 << 1, /* without the control sequences of terminals (ecma48.h) */
	LOGVIEW_TIMES = 1 << 2, /* the time, or "-", before each line */
	LOGVIEW_NAMES = 1 << 3, /* the container before each line */
	LOGVIEW_COLOURS = 1 << 4, /* of names */
	LOGVIEW_FOLLOW = 1 << 5, /* SIGINT and SIGTERM are a good end */
};

struct logview_opts {
	unsigned flags; /* enum logview_flags */
	const struct strlist *names; /* of the feed's logs */
	uint64_t until; /* microseconds since 1970: following ends then; 0: it does not */
};

/*
 * Print what the feed has, and what comes, to standard output, until nothing more can come,
 * SIGINT, SIGTERM, or the reader of standard output is gone. On a terminal control characters
 * are escaped. A line of one log that one of another interrupts is gone on with on a line of
 * its own.
 */
int logview(struct log_feed *feed, const struct logview_opts *opts, struct kerr *err);

#endif
