/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_ID_H
#define KUKEON_CELL_ID_H

#include "context.h"

/*
 * Make spec.id this cell's alone in its stack. An id that is the cell's name is
 * asked for after the document is stored, any other before. -EEXIST. An error
 * where it cannot be told whether another has it.
 */
int cell_id_claim(struct engine *e, const struct addr *cell, const char *id, struct kerr *err);

/* Whether it could be, by what is stored now; nothing is made. */
int cell_id_check(struct engine *e, const struct addr *cell, const char *id, struct kerr *err);

/* -EEXIST: the id is that cell's. */
int cell_id_refuse(const char *id, const char *owner, struct kerr *err);

/*
 * Of a cell that has the id by its document: claim it again where the claim was lost. 1:
 * that was so. A directory in its place stays, and keeps the id from others as well.
 */
int cell_id_keep(struct engine *e, const struct addr *cell, const char *id, struct kerr *err);

/* The id of a cell by what is claimed, without its document; owned by the caller. */
char *cell_id_of(struct engine *e, const struct addr *cell) __attribute__((returns_nonnull));
void cell_id_release(struct engine *e, const struct addr *cell, const char *id);

#endif
