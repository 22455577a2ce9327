/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ALLOW_PASS_H
#define KUKEON_ALLOW_PASS_H

#include "context.h"

/* Temporary rules (temporary.h) whose time is over are taken out. */
void allow_pass(struct engine *e);

/* When the next one ends, or is to be tried again (clock_ms); -1: there is none. */
int64_t allow_pass_next(struct engine *e);

#endif
