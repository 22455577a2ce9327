/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_VERBS_H
#define KUKEON_VERBS_H

#include "cmd.h"

/* The verbs, one file each (cmd_<verb>.c). A group's table names its subjects. */
extern const struct cmd cmd_daemon;
extern const struct cmd cmd_get;
extern const struct cmd cmd_init;
extern const struct cmd cmd_version;

#endif
