/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RUNC_FIXES_H
#define KUKEON_RUNC_FIXES_H

#include "runc.h"

/*
 * List the known vulnerabilities of a runtime that this version does not fix, with the
 * versions that do: one line of text, owned by the caller; NULL: none. A fix that a
 * distribution backported is recognised if the version names a package listed here; for
 * other packages, the text says that the fix may be there.
 */
char *runc_fixes_missing(const struct runc_version *v);

#endif
