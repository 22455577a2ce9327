/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARENT_DELETE_H
#define KUKEON_PARENT_DELETE_H

#include "context.h"
#include "plan_delete.h"

/* What a deletion removed, as the protocol names it ("space:a", "metadata", …). */
struct deleted {
	struct strlist parts;
	bool metadata, cgroup, extra; /* extra: namespace of a realm, network of a space */
};

void deleted_clear(struct deleted *d);

/* Delete a realm, space or stack. ret_doc (zeroed, of a's kind) gets its last document. */
int parent_delete(struct engine *e, const struct addr *a, enum delete_flags flags, void *ret_doc,
		  struct deleted *ret, struct kerr *err);

/* For a realm: -EBUSY while another process uses its namespace. Takes no lock. */
int parent_check_namespace(struct engine *e, const struct addr *a, struct kerr *err);

/* Send all cells below it the stop signal (cell_signal) before they are deleted. */
void parent_signal_cells(struct engine *e, const struct addr *a);

#endif
