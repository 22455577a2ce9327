/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PROGRAM_H
#define KUKEON_PROGRAM_H

/* What kuke and kukeond begin and end with. */

/* Standard descriptors are open, so that no other one takes their number; no SIGPIPE. */
void program_begin(void);

/* Flush standard output and return the exit code: output that is lost is a failure. */
int program_end(int code);

#endif
