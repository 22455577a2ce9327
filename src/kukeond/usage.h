/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_USAGE_H
#define KUKEON_USAGE_H

#include "err.h"
#include "vec.h"

/* A flag of kukeond as help shows it and as it is looked for in the environment. */
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
 * What the words of the command line ask for: SETTINGS_SERVE, or SETTINGS_DONE with help or a
 * completion script printed. `unknown command "x" for "kukeond"`.
 */
int usage_words(const struct strlist *words, struct kerr *err);
/* The help of the command that the words name, or of kukeond. SETTINGS_DONE, -EINVAL. */
int usage_help(const struct strlist *words, struct kerr *err);
int usage_version(void); /* SETTINGS_DONE */
/* Candidates for the last of `-- WORD…`, as the completion scripts ask. SETTINGS_DONE. */
int usage_complete(int argc, char **argv);

#endif
