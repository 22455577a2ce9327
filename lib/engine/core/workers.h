/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WORKERS_H
#define KUKEON_WORKERS_H

#include "context.h"
#include "scope.h"

/*
 * Tasks of one request or pass, done side by side: each in a worker, a forked copy of the
 * calling process, a few at a time. Tasks begin in their order; one that clashes with an
 * earlier one begins when that has ended.
 *
 * A worker takes its own locks, and the caller must hold none. What a worker changes in
 * memory is lost with it, but for its result, the bytes that it writes. It leaves the
 * connection to the caller, and so does not pull images. Workers die with their caller
 * (SIGKILL), and one that is killed leaves what the engine leaves when it is killed: the
 * next holder of its locks repairs it.
 */
struct workers {
	void *ctx;
	size_t n; /* tasks: 0 … n - 1 */
	/* Whether task must not run while the earlier one does. NULL: never. */
	bool (*clash)(const void *ctx, size_t earlier, size_t task);
	/*
	 * In the caller, before the task begins: what cannot be done side by side. True: that
	 * was all, and the task needs no worker. NULL: nothing.
	 */
	bool (*prepare)(void *ctx, struct engine *e, size_t task);
	/* In the worker: do the task, write the result. */
	void (*work)(void *ctx, struct engine *e, size_t task, struct buf *result);
	/*
	 * In the caller: the task has ended. result NULL: its worker was killed, *why tells by
	 * what. False: begin no more tasks. May be NULL.
	 */
	bool (*ended)(void *ctx, size_t task, const struct buf *result, const struct kerr *why);
};

/*
 * Do the tasks and wait for all that have begun. A single task, and one that no process can
 * be had for, is done in this process. -ECANCELED: the caller has disconnected; no further
 * tasks were begun.
 */
int workers_run(struct engine *e, const struct workers *w, struct kerr *err);

/*
 * Call fn for each cell below an object, in workers; its result is ignored, and a worker that
 * is killed is logged. Fails as scope_each: cells that were found before are done.
 */
int workers_each_cell(struct engine *e, const struct addr *above, scope_fn *fn, void *ctx,
		      struct kerr *err);

#endif
