/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARENTS_H
#define KUKEON_PARENTS_H

#include "context.h"

/* Realms, spaces and stacks: the objects that hold others. All take the locks they need. */

/* Make what is missing of the address' parents, with default settings and no labels of users'. */
int parents_create(struct engine *e, const struct addr *a, struct kerr *err);

#endif
