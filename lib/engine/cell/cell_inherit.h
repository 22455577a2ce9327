/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_INHERIT_H
#define KUKEON_CELL_INHERIT_H

#include "context.h"

/*
 * Fill unset fields of the containers of a normalised document from the space's
 * defaults, and check their cniConfigPath against the space's. only: a single new
 * container; NULL: all. -EINVAL for another path; scope_not_found.
 */
int cell_inherit(struct engine *e, const struct addr *cell, struct cell_doc *want, const char *only,
		 struct kerr *err);

#endif
