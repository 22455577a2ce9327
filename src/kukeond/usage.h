/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_USAGE_H
#define KUKEON_USAGE_H

#include "err.h"
#include "vec.h"

/* A flag of kukeond: its help and its environment variable. */
struct usage_flag {
	const char *name;
	const char *env; /* NULL: none */
	const char *def;
	const char *help;
};

enum usage_flag_id {
	FLAG_CONFIGURATION = 0,
	FLAG_RUN_PATH,
	FLAG_CONTAINERD_SOCKET,
	FLAG_SOCKET,
	FLAG_SOCKET_GID,
	FLAG_LOG_LEVEL,
	FLAG_RECONCILE_INTERVAL,
	FLAG_SUFFIX,
	FLAG_CGROUP_ROOT,
	_FLAG_MAX,
};

/* All of them, ended by a NULL name. */
extern const struct usage_flag usage_flags[_FLAG_MAX + 1];

/*
 * Act on the words of the command line: SETTINGS_SERVE, or SETTINGS_DONE after printing help or
 * a completion script. Error: `unknown command "x" for "kukeond"`.
 */
int usage_words(const struct strlist *words, struct kerr *err);
/* Print the help of the command named by the words, or of kukeond. SETTINGS_DONE, -EINVAL. */
int usage_help(const struct strlist *words, struct kerr *err);
int usage_version(void); /* SETTINGS_DONE */
/* Print candidates for the last of `-- WORD…`, for the completion scripts. SETTINGS_DONE. */
int usage_complete(int argc, char **argv);

#endif
