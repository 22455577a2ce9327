/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARENT_DELETE_H
#define KUKEON_PARENT_DELETE_H

#include "context.h"

enum delete_flags {
	DELETE_CASCADE = 1 << 0, /* children first */
	DELETE_FORCE = 1 << 1, /* the object alone, without looking for children */
};

/* What a deletion did, in the words of the wire ("space:a", "metadata", …). */
struct deleted {
	struct strlist parts;
	bool metadata, cgroup, extra; /* extra: namespace of a realm, network of a space */
};

void deleted_clear(struct deleted *d);

/* A realm, space or stack. The document as it was goes to ret_doc (zeroed; of the level's kind). */
int parent_delete(struct engine *e, const struct addr *a, enum delete_flags flags, void *ret_doc,
		  struct deleted *ret, struct kerr *err);

/* Ask the cells below it to end, all at once (cell_signal): they are about to be deleted. */
void parent_signal_cells(struct engine *e, const struct addr *a);

/* -ENOTEMPTY for one that has n children. */
int parent_has_children(const struct addr *a, size_t n, struct kerr *err);

#endif
