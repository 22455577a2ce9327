/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARENT_DELETE_H
#define KUKEON_PARENT_DELETE_H

#include "context.h"
#include "plan_delete.h"

/* What a deletion did, in the words of the wire ("space:a", "metadata", …). */
struct deleted {
	struct strlist parts;
	bool metadata, cgroup, extra; /* extra: namespace of a realm, network of a space */
};

void deleted_clear(struct deleted *d);

/* A realm, space or stack. The document as it was goes to ret_doc (zeroed; of the level's kind). */
int parent_delete(struct engine *e, const struct addr *a, enum delete_flags flags, void *ret_doc,
		  struct deleted *ret, struct kerr *err);

/* Of a realm: -EBUSY where its namespace is in use by others now. Takes no lock. */
int parent_check_namespace(struct engine *e, const struct addr *a, struct kerr *err);

/* Ask the cells below it to end, all at once (cell_signal): they are about to be deleted. */
void parent_signal_cells(struct engine *e, const struct addr *a);

#endif
