/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SPEC_TABLES_H
#define KUKEON_SPEC_TABLES_H

#include "defs.h"

/* The constant parts of every runtime spec. All lists end with NULL. */

struct spec_mount {
	const char *destination;
	const char *type;
	const char *source;
	const char *const *options;
};

extern const struct spec_mount spec_base_mounts[];
extern const size_t spec_base_mounts_n;
extern const char *const spec_run_options[]; /* for the tmpfs at /run */
extern const char *const spec_capabilities[]; /* the default set, in order of their numbers */
extern const char *const spec_masked_paths[];
extern const char *const spec_readonly_paths[];

#define SPEC_DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
	SPEC_FILES_SOFT = 1024, /* RLIMIT_NOFILE: the same as systemd's and docker's */
	SPEC_FILES_HARD = 524288,
	SPEC_MOUNT_OPTIONS = 8, /* maximum number of options of a base mount */
};

#endif
