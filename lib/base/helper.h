/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HELPER_H
#define KUKEON_HELPER_H

#include "err.h"

/*
 * The path of a helper program ("kukeunpack", "kukeshim", …): searched beside the
 * running program, then in src/<name>/ below it (both for a build tree), then in
 * libexecdir/kukeon. Owned by the caller. -ENOENT with a message that names the
 * folders.
 */
int helper_path(const char *name, char **ret, struct kerr *err);

/* Append the environment variables for kukefetch (proxies, certificates) to ret as "NAME=value". */
struct strlist;
void helper_environment(struct strlist *ret);

#endif
