/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_LABELS_H
#define KUKEON_CONTAINER_LABELS_H

#include "context.h"

/*
 * Labels of a container's document: its own, no part of its spec. They go with
 * the container's directory. None is an empty map, which *ret is on an error too: they
 * are there and cannot be read. save: 1 when they differ from what was there (as damaged
 * ones do), 0 when not.
 */
int container_labels_load(const struct engine *e, const struct addr *cell, const char *id,
			  struct strmap *ret, struct kerr *err);
int container_labels_save(const struct engine *e, const struct addr *cell, const char *id,
			  const struct strmap *labels, struct kerr *err);

#endif
