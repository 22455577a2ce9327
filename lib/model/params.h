/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARAMS_H
#define KUKEON_PARAMS_H

#include "err.h"
#include "vec.h"

/*
 * Values of profile parameters as `kuke run -p` is given them (spec surface.md
 * 3.4). The last of two values of one name wins. Every error ends in
 * "profile is invalid"; -EINVAL.
 */
#define PROFILE_INVALID "profile is invalid"

/* [A-Za-z_][A-Za-z0-9_]*, all n bytes of it. */
bool param_name_valid(const char *s, size_t n);

/* One --param: KEY=VALUE, the name trimmed, the value as it is. */
int params_add(struct strmap *params, const char *arg, struct kerr *err);

/*
 * The text of a --param-file: a KEY=VALUE per line, blank lines and those that
 * begin with '#' skipped. path is what errors call it.
 */
int params_read(struct strmap *params, const char *path, const char *text, size_t n,
		struct kerr *err);

#endif
