/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PULL_FAILURES_H
#define KUKEON_PULL_FAILURES_H

#include "context.h"

/*
 * Errors of the image pulls of this request. Images are pulled before the cell is
 * locked; a failure is reported later, by the container that needs the image.
 */
void pull_failures_add(struct engine *e, const char *ref, const struct kerr *why);
/* If the pull of a missing image failed, set *err to that error. Returns r. */
int pull_failures_explain(const struct engine *e, const char *ref, int r, struct kerr *err);
void pull_failures_forget(struct engine *e);

#endif
