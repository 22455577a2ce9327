/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PULL_FAILURES_H
#define KUKEON_PULL_FAILURES_H

#include "context.h"

/*
 * Why pulls failed that the call under way has made: they come before the locks, and are
 * reported by the container that lacks its image.
 */
void pull_failures_add(struct engine *e, const char *ref, const struct kerr *why);
/* Of an image that is missing: *err becomes why its pull failed, if there was one. Returns r. */
int pull_failures_explain(const struct engine *e, const char *ref, int r, struct kerr *err);
void pull_failures_forget(struct engine *e);

#endif
