/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HELP_H
#define KUKEON_HELP_H

#include "cmd.h"

/* Print usage and help of the last command of chain on stdout. */
void cmd_print_help(const struct cmd *const *chain, size_t n);

/* The words of the chain ("kuke get cell"); owned by the caller. */
char *cmd_path(const struct cmd *const *chain, size_t n) __attribute__((returns_nonnull));

#endif
