/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARAMS_H
#define KUKEON_PARAMS_H

#include "err.h"
#include "vec.h"

/*
 * Values of profile parameters given to `kuke run -p` (kuke(1)). If a name is repeated,
 * the last value is used. Every error is -EINVAL and ends in "profile is invalid".
 */
#define PROFILE_INVALID "profile is invalid"

/* Whether all n bytes match [A-Za-z_][A-Za-z0-9_]*. */
bool param_name_valid(const char *s, size_t n);

/* Add one --param KEY=VALUE; the name is trimmed, the value is kept as it is. */
int params_add(struct strmap *params, const char *arg, struct kerr *err);

/*
 * Add the lines of a --param-file: one KEY=VALUE per line; blank lines and lines that
 * start with '#' are skipped. path is used in messages.
 */
int params_read(struct strmap *params, const char *path, const char *text, size_t n,
		struct kerr *err);

#endif
