/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DUE_FILE_H
#define KUKEON_DUE_FILE_H

#include "buf.h"
#include "context.h"

/*
 * Files in the runtime directory, one per cell with a pending deadline: a restart, or
 * the end of a grace period. Each line is a JSON object. They are valid for one boot
 * only, so they are not synced.
 */

#define DUE_FILE_MAX (1 << 20) /* limit of a file in bytes */

/*
 * Call fn for each line of a cell's file; no call if it is missing. An error if the
 * file is unreadable or a line is malformed (fn returns -EINVAL).
 */
typedef int due_line_fn(void *ctx, const char *line, size_t n);
int due_file_read(struct engine *e, enum rt_file dir, const char *key, due_line_fn *fn, void *ctx,
		  struct kerr *err);

/*
 * Replace a cell's file, even a damaged one; empty text removes it. Removing a missing
 * file is success.
 */
int due_file_write(struct engine *e, enum rt_file dir, const struct addr *cell,
		   const struct buf *text, struct kerr *err);

/* Return the earliest due_ms of n records of size bytes; due points into the first. -1: none. */
int64_t due_first(const int64_t *due, size_t n, size_t size);

/*
 * Add the keys (wake_parse) of the files whose time has come by now (clock_ms; -1 from
 * due: none). Files of deleted cells are removed. Returns the next time, -1 if none.
 */
typedef int64_t due_time_fn(struct engine *e, const char *key);
int64_t due_file_list(struct engine *e, enum rt_file dir, int64_t now, due_time_fn *due,
		      struct strlist *ret_keys);

#endif
