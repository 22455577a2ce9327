/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RUNC_FIXES_H
#define KUKEON_RUNC_FIXES_H

#include "runc.h"

/*
 * Which known holes of a runtime this version is too old to have closed, and from which
 * versions on they are: one line for a human, owned by the caller; NULL: none. A fix that
 * a distribution has put into an older version counts where the version tells the package
 * and we know the package; else the line says that it may be there.
 */
char *runc_fixes_missing(const struct runc_version *v);

#endif
