/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARENTS_H
#define KUKEON_PARENTS_H

#include "context.h"

/* Operations common to realms, spaces and stacks. They take the locks they need. */

/* Create one from its document (of the kind), which becomes what is stored. */
int parent_create(struct engine *e, enum kind kind, void *doc, struct kerr *err);

/* Called for a missing parent, with a document that has only its names. */
typedef int parent_fn(void *ctx, struct engine *e, enum kind kind, void *doc, struct kerr *err);

/* Call fn for each missing parent of the address, from the top. */
int parents_each_missing(struct engine *e, const struct addr *a, parent_fn *fn, void *ctx,
			 struct kerr *err);

/* Create the missing parents of the address with default settings and without user labels. */
int parents_create(struct engine *e, const struct addr *a, struct kerr *err);

#endif
