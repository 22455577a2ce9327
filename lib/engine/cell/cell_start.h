/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELL_START_H
#define KUKEON_CELL_START_H

#include "context.h"

enum cell_start_flags {
	CELL_START_NEW = 1 << 0, /* part of a create: what fails early is CreateCellFailed */
};

/*
 * Start all of it. What is running already stays. On failure the cell is Failed
 * and err says why.
 */
int cell_start_locked(struct engine *e, const char *ns, struct cell_doc *doc,
		      enum cell_start_flags flags, struct kerr *err);

/*
 * The same for one container of a cell, the rest untouched. A start makes the
 * cell Failed (StartContainerFailed) when it fails. drop takes it out of the
 * document as well, with record and files.
 */
int cell_start_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			  struct kerr *err);

/*
 * The restart of one that its policy brings back, the count-th after the first
 * start; 0: an operator starts it. A failure changes nothing: the cell stays as it was.
 */
int cell_restart_one_locked(struct engine *e, const char *ns, struct cell_doc *doc, const char *id,
			    int64_t count, struct kerr *err);

#endif
