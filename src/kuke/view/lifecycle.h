/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LIFECYCLE_H
#define KUKEON_LIFECYCLE_H

#include "cli.h"

/* start, stop and kill: one call and one line of output each. past: "Started" and so on. */
int lifecycle_cell(struct cli *c, enum rpc_method_id method, const char *past, struct kerr *err);
int lifecycle_container(struct cli *c, enum rpc_method_id method, const char *past,
			struct kerr *err);

#endif
