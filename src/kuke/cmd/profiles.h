/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PROFILES_H
#define KUKEON_PROFILES_H

#include "cellprofile.h"
#include "cli.h"

/*
 * Where profiles are: $KUKE_PROFILES_DIR, else ~/.kuke/profiles.d. NULL (with err)
 * without a home. Owned by the caller.
 */
char *profiles_dir(struct kerr *err);

/*
 * The profile of -p with its parameters filled in, from --param, --param-file, its defaults
 * and the environment. Warnings go to stderr.
 */
int profile_prepare(const struct cli *c, struct cellprofile *ret, struct kerr *err);

#endif
