/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STATUS_VIEW_H
#define KUKEON_STATUS_VIEW_H

#include "methods.h"

enum {
	STATUS_TROUBLES_MAX = 20, /* of more, the screen has only the number */
};

/* A status as one screen: what is where, how much of it, and what is wrong. Pure. */
void status_text(struct buf *out, const struct rpc_status_result *s);

/* "12s", "3m20s", "5h10m", "3d4h". */
void status_duration(struct buf *out, int64_t seconds);

#endif
