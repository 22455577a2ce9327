/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HELPER_H
#define KUKEON_HELPER_H

#include "err.h"

/*
 * The path of a helper program ("kukeunpack", "kukeshim", …): beside the running
 * program when it is there (a build tree), below src/<name>/ likewise, else in
 * libexecdir/kukeon. Owned by the caller. -ENOENT with a message that names the
 * folders.
 */
int helper_path(const char *name, char **ret, struct kerr *err);

/* What this process' environment has for kukefetch, as "NAME=value", added to ret. */
struct strlist;
void helper_environment(struct strlist *ret);

#endif
