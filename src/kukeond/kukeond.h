/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_KUKEOND_H
#define KUKEON_KUKEOND_H

/* The program under its name kukeond: `serve` and its flags. Returns the exit code. */
int kukeond_main(int argc, char **argv);

#endif
