/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOG_MERGE_H
#define KUKEON_LOG_MERGE_H

#include "log_reader.h"

/*
 * Several logs, line by line in the order of their times. A line without a time, or with one
 * before that of the line above it (a clock that was set), stays behind that line. All that is
 * there is ordered; what is written later cannot come before what was given already.
 */
struct log_merge;

struct log_merge *log_merge_new(void) __attribute__((returns_nonnull));
struct log_merge *log_merge_free(struct log_merge *m);

static inline void log_merge_freep(struct log_merge **m)
{
	*m = log_merge_free(*m);
}

/* Returns the number by which pieces name it: 0, 1 and so on. NULL takes a number, too. */
size_t log_merge_add(struct log_merge *m, struct log_reader *owned_r);
/* A log that was missing is there now. */
void log_merge_set(struct log_merge *m, size_t which, struct log_reader *owned_r);
struct log_reader *log_merge_reader(const struct log_merge *m, size_t which);

/*
 * 1, a piece and whose it is; 0: nothing more until log_merge_wake. A line that has begun is
 * gone on with as long as more of it is there.
 */
int log_merge_next(struct log_merge *m, struct log_piece *ret, size_t *ret_which, struct kerr *err);
/* Behind what was given of this log. */
void log_merge_place(const struct log_merge *m, size_t which, struct log_place *ret);
/* Look again what has been written to this log. */
void log_merge_wake(struct log_merge *m, size_t which);
/* Whether parts of lines are held back (log_want.whole_lines), and giving them. */
bool log_merge_holds(const struct log_merge *m);
void log_merge_flush(struct log_merge *m);

#endif
