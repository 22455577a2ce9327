/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ADVICE_DIAL_H
#define KUKEON_ADVICE_DIAL_H

#include "cli.h"

/* A hint when the daemon at settings.host cannot be reached; r: the error of rpc_dial(). */
void advice_dial(struct cli *c, int r);

#endif
