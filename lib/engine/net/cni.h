/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CNI_H
#define KUKEON_CNI_H

#include "context.h"
#include "err.h"
#include "lease.h"
#include "ports.h"

/*
 * The links of cells in a space with a network configuration of its own (cni_space.h), made
 * and undone by CNI plugins. What they were told is on record in the space's directory, a
 * file per start of a cell (cni_record.h); its start id is also the container id that
 * plugins get. The cell's lock is held.
 */

enum {
	CNI_DEVICES_MAX = 64 /* names of devices of the host, with spaces between */
};

struct cni_link {
	uint32_t addr; /* 0: plugins gave none */
	char devices[CNI_DEVICES_MAX];
	bool has_check;
};

/* The cell that is started. */
struct cni_cell {
	struct addr addr;
	const char *start_id;
	const char *cgroup;
	const struct strlist *aliases; /* further names; NULL: none */
	const struct port_list *ports; /* to publish */
};

/*
 * Attach a cell whose namespaces are pinned to the network described in the file path. On
 * failure nothing is left of it.
 */
int cni_attach(struct engine *e, const struct cni_cell *cell, const char *path,
	       struct cni_link *ret, struct kerr *err);

/*
 * Undo all attachments of a cell; to be called before its namespaces go. 1 some were undone,
 * 0 there were none. On failure the record is kept, and it is tried again by cni_retry.
 */
int cni_detach(struct engine *e, const struct addr *cell, struct kerr *err);

/* The same of one start. */
int cni_detach_start(struct engine *e, const struct addr *cell, const char *start_id,
		     struct kerr *err);

/* Ask the plugins whether the attachment of a start is as it should be. */
int cni_check(struct engine *e, const struct addr *cell, const char *start_id, struct kerr *err);

/*
 * The aliases of a cell have changed: make its attachment say so. 1 changed, 0 it does, or
 * there is none. As lease_tell.
 */
int cni_tell(struct engine *e, const struct addr *cell, const struct strlist *aliases,
	     struct kerr *err);

/* Call fn for each address that plugins gave to a cell of the space. As lease_each. */
int cni_each_address(struct engine *e, const struct addr *space, lease_fn *fn, void *ctx,
		     struct kerr *err);

/*
 * Let the plugins of a space's network remove what belongs to no attachment, if they are
 * asked for that at all (cni_chain_gc). Nothing while plugins run elsewhere.
 */
int cni_collect(struct engine *e, const struct addr *space, struct kerr *err);

/*
 * The space is being deleted, with all its cells: undo what is left, once, and remove the
 * records.
 */
int cni_delete_space(struct engine *e, const struct addr *space, struct kerr *err);

#endif
