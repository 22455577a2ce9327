/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TTY_SESSION_H
#define KUKEON_TTY_SESSION_H

#include "detach_keys.h"
#include "err.h"

/* The terminal of a container shown in ours. */
enum session_end {
	SESSION_DETACHED = 1,
	SESSION_ENDED, /* by the other side: usually the program has ended */
	SESSION_SIGNALLED, /* kuke was asked to end */
};

struct session_opts {
	const char *path; /* as AttachContainer gives it */
	struct detach_keys keys;
	bool read_only; /* nothing is typed there, and its size stays */
	bool replay; /* begin with all that was shown, not with the screen as it is */
	bool end_input; /* the end of an input that is no terminal is typed: control-D */
	int *ret_exit_code; /* of the program, with SESSION_ENDED; NULL: not asked for */
};

/*
 * Show it until one of these. Standard input and output need not be a terminal; ours is as
 * before when this returns, whatever it returns. *ret_signal: of SESSION_SIGNALLED.
 */
int session_run(const struct session_opts *o, enum session_end *ret, int *ret_signal,
		struct kerr *err);

#endif
