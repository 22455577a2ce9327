/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_ID_H
#define KUKEON_CELL_ID_H

#include "context.h"

/*
 * Claim spec.id for this cell. If the id is the cell's name, call it after the document
 * is stored, otherwise before. -EEXIST if another cell has the id; an error if that is
 * unknown.
 */
int cell_id_claim(struct engine *e, const struct addr *cell, const char *id, struct kerr *err);

/*
 * Check whether cell_id_claim would succeed now, documents of a dry run included; nothing is
 * changed.
 */
int cell_id_check(struct engine *e, const struct addr *cell, const char *id, struct kerr *err);

/*
 * Recreate the lost claim of a cell whose document has the id. 1 recreated. A directory
 * in its place is kept: it reserves the id as well.
 */
int cell_id_keep(struct engine *e, const struct addr *cell, const char *id, struct kerr *err);

/* Return the id of a cell by its claim, without its document; owned by the caller. */
char *cell_id_of(struct engine *e, const struct addr *cell) __attribute__((returns_nonnull));
void cell_id_release(struct engine *e, const struct addr *cell, const char *id);

#endif
