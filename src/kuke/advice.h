/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ADVICE_H
#define KUKEON_ADVICE_H

#include "cli.h"

/* Hints about an error, stored in c (cli_hint); none where nothing helpful is known. */

/*
 * A space, stack or cell was not found (err->kind): hint at the places that have one of that
 * name. Asks the daemon, which overwrites the long error text in c.
 */
void advice_elsewhere(struct cli *c, const struct kerr *err);

/* A hint from the error's text alone. */
void advice_text(struct cli *c, const char *text);

#endif
