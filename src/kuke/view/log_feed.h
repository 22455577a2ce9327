/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOG_FEED_H
#define KUKEON_LOG_FEED_H

#include "cli.h"
#include "log_follow.h"
#include "subject.h"

/*
 * What kuke log prints, as it comes: read from the files of the logs where this process may open
 * them, else by the daemon (KukeonX1.ReadLog). Both read with log_follow.
 */
struct log_request {
	const struct scope *scope; /* of the cell */
	struct strlist containers;
	struct log_want want;
	bool follow;
};

struct log_feed;

/*
 * Open the containers' logs; q must stay. -ENOENT with *ret_path set (freed by the caller): none of
 * them has a log, the first one's would be there, and err is not touched. All other errors have
 * a message.
 */
int log_feed_open(struct cli *c, const struct log_request *q, struct log_feed **ret,
		  char **ret_path, struct kerr *err);
/* A feed of logs that are open; q must stay. */
struct log_feed *log_feed_of(struct log_follow *owned_f, const struct log_request *q)
	__attribute__((returns_nonnull));
struct log_feed *log_feed_free(struct log_feed *f);

static inline void log_feed_freep(struct log_feed **f)
{
	*f = log_feed_free(*f);
}

/*
 * As log_follow_next and log_follow_wait. Where the request does not follow, wait gives 0 when
 * all that there is was given.
 */
int log_feed_next(struct log_feed *f, struct log_piece *ret, size_t *ret_which, struct kerr *err);
int log_feed_wait(struct log_feed *f, const struct pollfd *others, size_t n, int64_t deadline_ms,
		  struct kerr *err);

enum log_feed_state {
	LOG_FEED_SOME = 1,
	LOG_FEED_EMPTY, /* nothing was ever written, or nothing is left of it */
	LOG_FEED_MISSING, /* no log was made */
};
enum log_feed_state log_feed_state(const struct log_feed *f, size_t which);

#endif
