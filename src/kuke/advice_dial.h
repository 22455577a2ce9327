/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ADVICE_DIAL_H
#define KUKEON_ADVICE_DIAL_H

#include "cli.h"

/* The daemon at settings.host could not be reached: r is rpc_dial()'s. */
void advice_dial(struct cli *c, int r);

#endif
