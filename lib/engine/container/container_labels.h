/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_LABELS_H
#define KUKEON_CONTAINER_LABELS_H

#include "context.h"

/*
 * The labels of a container's document, which are not part of its spec. Stored in the
 * container's directory. load: no labels give an empty map, and so does an error. save:
 * 1 if the stored labels changed or were damaged, 0 if not.
 */
int container_labels_load(const struct engine *e, const struct addr *cell, const char *id,
			  struct strmap *ret, struct kerr *err);
int container_labels_save(const struct engine *e, const struct addr *cell, const char *id,
			  const struct strmap *labels, struct kerr *err);
/* Whether save would write those. */
bool container_labels_differ(const struct engine *e, const struct addr *cell, const char *id,
			     const struct strmap *labels);

#endif
