/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARENTS_H
#define KUKEON_PARENTS_H

#include "context.h"

/* Operations common to realms, spaces and stacks. They take the locks they need. */

/* Create the missing parents of the address with default settings and without user labels. */
int parents_create(struct engine *e, const struct addr *a, struct kerr *err);

#endif
