/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_PORTS_H
#define KUKEON_CELL_PORTS_H

#include "cell_run.h"

/*
 * Published ports of a cell: those of all its containers, from its start to its end,
 * whatever becomes of a single container meanwhile.
 */
struct published_list;

/*
 * Whether the cell of a document could publish its ports now (published_check), and
 * whether they go together: containers may have come from several documents. No lock; the
 * start itself decides. all NULL: what is published now.
 */
int cell_ports_check(struct engine *e, const struct cell_doc *doc, const struct published_list *all,
		     struct kerr *err);

/* Whether CNI plugins publish the ports of a cell: only when it starts, and until it ends. */
bool cell_ports_by_plugins(struct engine *e, const struct addr *cell);

/*
 * Whether a new container, id, may join a cell that is up: not with ports, where plugins
 * publish them.
 */
int cell_ports_check_join(const char *id, const struct strlist *ports, const struct cell_run *run,
			  struct kerr *err);

/* Whether two documents publish the same. */
bool cell_ports_same(const struct cell_spec *a, const struct cell_spec *b);

/*
 * Publish what the document says for a start that has an address; without one, and where
 * plugins do that, nothing. 1 changed, 0 as it was; errors as net_publish.
 */
int cell_ports_open(struct engine *e, const struct cell_doc *doc, const struct cell_run *run,
		    struct kerr *err);

/*
 * Make the port of the bridge fit for a cell that publishes ports, after either of them was
 * made (link_port_hairpin).
 */
int cell_ports_attach(const struct cell_doc *doc, const struct cell_run *run, struct kerr *err);

/* Both, for a cell that is up. 1 changed, 0 as it was. */
int cell_ports_change(struct engine *e, const struct cell_doc *doc, const struct cell_run *run,
		      struct kerr *err);

/*
 * Take the ports of a cell back. Success if it publishes nothing. Those that plugins publish
 * go with its attachment (cni_detach).
 */
int cell_ports_close(struct engine *e, const struct addr *cell, struct kerr *err);

/* Restore the record of what plugins publish for a cell that is up. 1 changed, 0 in order. */
int cell_ports_keep(struct engine *e, const struct cell_doc *doc, const struct cell_run *run,
		    struct kerr *err);

/* Whether cell_ports_open and cell_ports_keep would change nothing; one look. */
bool cell_ports_in_order(struct engine *e, const struct cell_doc *doc, const struct cell_run *run);

/* Set status.network.ports to what is published. */
void cell_ports_observe(struct engine *e, struct cell_doc *doc, const struct cell_run *run);

#endif
