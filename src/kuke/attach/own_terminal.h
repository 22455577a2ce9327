/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_OWN_TERMINAL_H
#define KUKEON_OWN_TERMINAL_H

#include <termios.h>

#include "buf.h"
#include "screen_modes.h"

/*
 * The terminal that kuke itself runs in, while it shows another one: without echo and
 * lines, and afterwards as it was, whatever the program that was shown has switched on.
 */
struct own_terminal {
	bool in, out; /* standard input, output is one */
	bool raw;
	int show; /* standard output; a terminal is opened anew, so that it never blocks us */
	struct termios before;
	struct screen_modes modes; /* switched on by what was shown */
};

/* Look at standard input and output; changes nothing. */
void own_terminal_init(struct own_terminal *t);
void own_terminal_clear(struct own_terminal *t);

/* Write text of ours. A terminal that takes nothing for a second does not get the rest. */
void own_terminal_say(const struct own_terminal *t, const char *text);

/* No echo, no lines, no signals from keys; on again what was switched on before. */
void own_terminal_raw(struct own_terminal *t);

/* As it was; may be called at any time, also twice. */
void own_terminal_restore(struct own_terminal *t);

/* false: there is no size. */
bool own_terminal_size(const struct own_terminal *t, uint16_t *ret_cols, uint16_t *ret_rows);

/* Whether it is ours, not that of another job of the shell. */
bool own_terminal_is_ours(const struct own_terminal *t);

#endif
