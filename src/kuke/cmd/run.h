/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RUN_H
#define KUKEON_RUN_H

#include "cli.h"

/*
 * The container `run` attaches to: the one named, else the cell's default, else the
 * first attachable one. *ret (may be NULL) is borrowed from the document. -EINVAL.
 */
int run_attach_target(const struct cell_doc *cell, const char *named, const char **ret,
		      struct kerr *err);

#endif
