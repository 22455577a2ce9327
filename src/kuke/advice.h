/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ADVICE_H
#define KUKEON_ADVICE_H

#include "cli.h"

/* What to do about an error, as c's hint (cli_hint). Nothing when nothing comes to mind. */

/*
 * A space, stack or cell of the command line is not where it was looked for (err->kind): where
 * one of that name is. Asks the daemon; err's whole text in c is lost.
 */
void advice_elsewhere(struct cli *c, const struct kerr *err);

/* What an error's text alone suggests. */
void advice_text(struct cli *c, const char *text);

#endif
