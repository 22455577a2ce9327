/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_CHOOSE_H
#define KUKEON_CONTAINER_CHOOSE_H

#include "err.h"
#include "kinds.h"

/*
 * Which container of a cell is meant by a verb that works in one: the one of that name, with
 * "" the only one beside the root. *ret points into cell. Errors name the containers.
 */
int container_choose(const struct cell_doc *cell, const char *asked,
		     const struct container_spec **ret, struct kerr *err);

#endif
