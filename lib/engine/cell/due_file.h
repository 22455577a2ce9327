/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DUE_FILE_H
#define KUKEON_DUE_FILE_H

#include "buf.h"
#include "context.h"

/*
 * Small files of a directory in the runtime directory, one per cell that has
 * something owed at a time: a restart, the end of a stop's grace. A line is an
 * object of JSON. They live as long as the boot, so they are not synced.
 */

#define DUE_FILE_MAX (1 << 20) /* bytes of a file */

/*
 * Call fn for each line of a cell's file; none when it is not there. An error where the
 * file cannot be read, or a line (fn says -EINVAL): it may have told anything.
 */
typedef int due_line_fn(void *ctx, const char *line, size_t n);
int due_file_read(struct engine *e, enum rt_file dir, const char *key, due_line_fn *fn, void *ctx,
		  struct kerr *err);

/* Replace a cell's file, damaged or not; without text it is removed. Missing is success. */
int due_file_write(struct engine *e, enum rt_file dir, const struct addr *cell,
		   const struct buf *text, struct kerr *err);

/* The first time of n records that are size bytes each, where *due is that of the first; -1. */
int64_t due_first(const int64_t *due, size_t n, size_t size);

/*
 * The files whose time (clock_ms; from due, -1: none) has come by now, by their keys
 * (wake_parse). Those of cells that are gone are removed. Returns the next time; -1.
 */
typedef int64_t due_time_fn(struct engine *e, const char *key);
int64_t due_file_list(struct engine *e, enum rt_file dir, int64_t now, due_time_fn *due,
		      struct strlist *ret_keys);

#endif
