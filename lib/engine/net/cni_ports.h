/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CNI_PORTS_H
#define KUKEON_CNI_PORTS_H

#include "cni_conf.h"
#include "context.h"
#include "emit_json.h"
#include "ports.h"

/*
 * Published ports of cells whose links plugins make. A plugin with the capability
 * portMappings publishes them, from ADD to DEL; who has which port of the host stands in the
 * records of all spaces (published.h). A cell's record has the ports of all its attachments,
 * those included that plugins could not undo yet. The cell's lock is held.
 */
#define CNI_PORTS_CAPABILITY "portMappings"

enum {
	CNI_PORTS_MAX = 1024 /* of one cell, those of ranges counted one by one */
};

/*
 * Whether the network of a configuration, read from the file path, publishes ports. The error
 * names the cell, a port, the space, the file and what to do. Success if ports is empty.
 */
int cni_ports_check(const struct cni_conf *c, const char *path, const struct addr *cell,
		    const struct port_list *ports, struct kerr *err);

/* The same, reading the file. */
int cni_ports_check_file(const char *path, const struct addr *cell, const struct port_list *ports,
			 struct kerr *err);

/* The value of the capability argument: one object for each port. */
void cni_ports_emit(struct jemit *j, const struct port_list *ports);

/* Ports as the record of an attachment has them: "0.0.0.0:80:80/tcp …"; NULL for none. */
char *cni_ports_text(const struct port_list *ports);

/*
 * Take ports for an attachment whose record is stored and says so. Errors: one is taken
 * (published_check), or held by an earlier attachment of the cell.
 */
int cni_ports_claim(struct engine *e, const struct addr *cell, const char *start_id,
		    const struct port_list *ports, struct kerr *err);

/* Give back what an attachment held, that plugins have undone and whose record goes next. */
int cni_ports_release(struct engine *e, const struct addr *cell, const char *start_id,
		      struct kerr *err);

/* Make the record say what the cell's attachments hold. 1 changed, 0 it did. */
int cni_ports_keep(struct engine *e, const struct addr *cell, struct kerr *err);

#endif
