/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_START_H
#define KUKEON_CELL_START_H

#include "context.h"

enum cell_start_flags {
	CELL_START_NEW = 1 << 0, /* part of a create: an early failure is CreateCellFailed */
};

/*
 * Start all containers; running ones are kept. On failure the cell becomes Failed and
 * err has the reason.
 */
int cell_start_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		      enum cell_start_flags flags, struct kerr *err);

/*
 * Start one container of a cell; the others are not touched. On failure the cell
 * becomes Failed (StartContainerFailed). drop: also remove the container from the
 * document, with its record and files.
 */
int cell_start_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			  struct kerr *err);

/*
 * Restart a container by its policy; count is the number of this restart, 0 if an
 * operator starts it. On failure the cell is unchanged.
 */
int cell_restart_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			    int64_t count, struct kerr *err);

#endif
