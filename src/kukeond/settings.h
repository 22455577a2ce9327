/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SETTINGS_H
#define KUKEON_SETTINGS_H

#include "err.h"
#include "model.h"

/*
 * kukeond's settings out of their layers: flag, environment, file, default.
 */
struct settings {
	char *configuration; /* path of the file */
	char *run_path;
	char *socket;
	char *log_level;
	char *suffix;
	char *cgroup_root;
	int64_t socket_gid; /* -1: not set */
	int64_t reconcile_ms;
	struct server_doc doc; /* the file, for settings without a flag */
	struct strlist warnings; /* to be logged once the log is open */
};

enum settings_result {
	SETTINGS_SERVE = 1,
	SETTINGS_DONE = 2, /* help, version or completion was printed: exit */
};

/*
 * Parse the command line and load the file (written on the first run at its
 * default path). SETTINGS_SERVE, SETTINGS_DONE, or -EINVAL and others.
 */
int settings_load(int argc, char **argv, struct settings *ret, struct kerr *err);
void settings_clear(struct settings *s);

#endif
