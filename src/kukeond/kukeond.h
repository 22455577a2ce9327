/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_KUKEOND_H
#define KUKEON_KUKEOND_H

/* kukeond as started by an init system or a shell: `serve`, flags, help. Returns the exit code. */
int kukeond_main(int argc, char **argv);

/*
 * `kukeond __engine FD`: as started by kuke, with one end of a socketpair. It serves this one
 * connection, with the private methods, and ends with it. Returns the exit code.
 */
int private_main(int argc, char **argv);

#endif
