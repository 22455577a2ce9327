/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DENIED_GET_H
#define KUKEON_DENIED_GET_H

#include "cli.h"

/* `kuke get denied`: what cells tried and was not allowed. */
int denied_get_run(struct cli *c, struct kerr *err);

#endif
