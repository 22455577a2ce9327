/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMING_H
#define KUKEON_NAMING_H

#include "err.h"
#include "model.h"

/*
 * The name of an object of kind realm, space, stack, cell or container. The name is
 * checked as it will be used, without surrounding white space. Empty: `realm name is
 * required` or `name is invalid: cell name is required`.
 */
int validate_name(enum kind kind, const char *name, struct kerr *err);

#endif
