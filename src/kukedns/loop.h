/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOOP_H
#define KUKEON_LOOP_H

#include "kukedns.h"

/* What has to be there before the process is confined. control is borrowed. */
int loop_open(struct kukedns *d, int control, struct kerr *err);
/* Wait for something to do, up to timeout_ms (-1: without limit), and do it. 1, 0 at the end. */
int loop_step(struct kukedns *d, int timeout_ms, struct kerr *err);
void loop_close(struct kukedns *d);

#endif
