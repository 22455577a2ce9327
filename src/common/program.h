/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PROGRAM_H
#define KUKEON_PROGRAM_H

/* Start and end of main() in kuke and kukeond. */

/* Open missing standard descriptors, so that no other file gets their number; ignore SIGPIPE. */
void program_begin(void);

/* Flush standard output and return the exit code; lost output is a failure. */
int program_end(int code);

#endif
