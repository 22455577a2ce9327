/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKE_EXECVIEW_H
#define KUKE_EXECVIEW_H

#include "defs.h"
#include "err.h"

enum execview_flags {
	EXECVIEW_TTY = 1 << 0, /* the program has a terminal: ours becomes raw meanwhile */
	EXECVIEW_STDIN = 1 << 1, /* our standard input goes to the program */
};

/* The size of our terminal (standard input); 0 and 0 if it is none. */
void execview_size(int64_t *ret_rows, int64_t *ret_columns);

/*
 * The client's end of a program's stream (exec_proto.h) on a connection: our standard streams
 * to and from the program, signals and sizes to it, until it has ended. *ret_status: what a
 * shell would say, 128 + n after signal n. -EPIPE: its monitor is gone. The terminal is as
 * before when this returns.
 */
int execview(int fd, enum execview_flags flags, int *ret_status, struct kerr *err);

#endif
