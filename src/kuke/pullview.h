/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PULLVIEW_H
#define KUKEON_PULLVIEW_H

#include "methods.h"

/*
 * The progress of a pull: on a terminal a bar per layer with rate and time left, redrawn in
 * place; elsewhere one line whenever a layer's phase changes.
 */
struct pullview;

struct pullview *pullview_new(int fd) __attribute__((returns_nonnull));
void pullview_event(void *view, const struct rpc_event *e); /* callback for rpc_call_opts */
/* NULL is fine. The last state stays on the terminal. */
void pullview_free(struct pullview *v);

/*
 * Append one layer's line of at most width columns, without a newline (exported for tests).
 * ms: time since the layer's first byte.
 */
void pullview_line(struct buf *out, const struct rpc_event *e, int64_t ms, unsigned width);

#endif
