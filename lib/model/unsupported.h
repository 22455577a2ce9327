/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_UNSUPPORTED_H
#define KUKEON_UNSUPPORTED_H

#include "err.h"
#include "model.h"

/*
 * `not supported yet: <path>` for the first field that is set but not implemented. The
 * paths are in a table in unsupported.c.
 */
int validate_supported(enum kind kind, const void *doc, struct kerr *err);

/* Whether the table names this path ("spec.kukeondImage") for the kind. */
bool validate_path_unsupported(enum kind kind, const char *path);

#endif
