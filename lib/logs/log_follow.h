/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOG_FOLLOW_H
#define KUKEON_LOG_FOLLOW_H

#include <poll.h>

#include "log_merge.h"

/* The logs of a cell's containers: what is in them, and what is written to them from then on. */

/* Whether a container will write more. */
enum log_writer {
	LOG_WRITES = 1, /* it runs */
	LOG_WAITS, /* it does not run now, but it will, or that is not known */
	LOG_ENDED, /* it stays as it is until it is started again */
};

struct log_follow_opts {
	struct log_want want; /* whole_lines is decided here */
	/*
	 * Asked when a log was closed, and, while a container waits, when something changed in the
	 * cell's directory. NULL: nothing is waited for, and the following are not used.
	 */
	enum log_writer (*writer)(void *ctx, size_t which);
	void *ctx;
	const char *cell_dir;
};

struct log_follow;

int log_follow_new(const struct log_follow_opts *opts, struct log_follow **ret, struct kerr *err);
struct log_follow *log_follow_free(struct log_follow *f);

static inline void log_follow_freep(struct log_follow **f)
{
	*f = log_follow_free(*f);
}

/*
 * Add the log at path, under the next number. from as for log_reader_new. -ENOENT without
 * touching err: there is none yet, and it will be read from its beginning. All other errors
 * have a message.
 */
int log_follow_add(struct log_follow *f, const char *path, const struct log_place *from,
		   struct kerr *err);
/* The next number is that of a container that was deleted. */
void log_follow_add_gone(struct log_follow *f);
/* The next piece; as log_merge_next. */
int log_follow_next(struct log_follow *f, struct log_piece *ret, size_t *ret_which,
		    struct kerr *err);
/*
 * After log_follow_next returned 0: wait for more. 1: look again; 0: no container will write
 * more; -ETIME: deadline_ms (clock_ms; < 0: none) has passed; -ECANCELED: one of the n others
 * (LOG_FOLLOW_OTHERS at most) is ready.
 */
enum {
	LOG_FOLLOW_OTHERS = 4,
};
int log_follow_wait(struct log_follow *f, const struct pollfd *others, size_t n,
		    int64_t deadline_ms, struct kerr *err);

size_t log_follow_count(const struct log_follow *f);
/* Behind what was given; ino 0: of a log that is not there. */
void log_follow_place(const struct log_follow *f, size_t which, struct log_place *ret);
/* Whether the log is there, and has something in it. */
bool log_follow_found(const struct log_follow *f, size_t which);
bool log_follow_empty(const struct log_follow *f, size_t which);

#endif
