/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_VERBS_H
#define KUKEON_VERBS_H

#include "cmd.h"

/* The verbs, one file each (cmd_<verb>.c), with their sub-commands. */
extern const struct cmd cmd_allow;
extern const struct cmd cmd_apply;
extern const struct cmd cmd_attach;
extern const struct cmd cmd_complete;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_cp;
extern const struct cmd cmd_create;
extern const struct cmd cmd_daemon;
extern const struct cmd cmd_delete;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_exec;
extern const struct cmd cmd_explain;
extern const struct cmd cmd_get;
extern const struct cmd cmd_help;
extern const struct cmd cmd_image;
extern const struct cmd cmd_init;
extern const struct cmd cmd_kill;
extern const struct cmd cmd_log;
extern const struct cmd cmd_man;
extern const struct cmd cmd_run;
extern const struct cmd cmd_schema;
extern const struct cmd cmd_screenshot;
extern const struct cmd cmd_start;
extern const struct cmd cmd_status;
extern const struct cmd cmd_stop;
extern const struct cmd cmd_version;

#endif
