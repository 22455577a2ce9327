/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REPORTS_H
#define KUKEON_REPORTS_H

#include "frame.h"
#include "kukedns.h"

/* What the engine is told. Nothing here waits: a full control socket is tried again later. */

/* Send d->msg. -EAGAIN if the control socket is full. */
int report_send(struct kukedns *d);
/* A query of a cell for a name that it may not have. */
void report_query(struct kukedns *d, const struct space *s, const struct ipaddr *cell,
		  const char *name);
/* A packet that was dropped. */
void report_packet(struct kukedns *d, const struct space *s, const struct frame *c);
/* Send what is to be told of now. */
void report_flush(struct kukedns *d, int64_t now_ms);
int64_t report_wakes(const struct kukedns *d);
/* The control socket can be written to again. */
void report_ready(struct kukedns *d);

#endif
