/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_VALIDATE_H
#define KUKEON_VALIDATE_H

#include "err.h"
#include "model.h"

/*
 * Checks of a single document on its own; kukeon(5) has the rules. Messages have no
 * "document N" prefix; errors in a cell's container start with `container "id": `. All
 * return 0 or -EINVAL.
 */
enum validate_flags {
	VALIDATE_ANY_FIELD = 1 << 0, /* do not refuse unsupported fields, nor labels */
	VALIDATE_NO_CONTAINERS = 1 << 1, /* a cell may have none (`create cell`) */
};

/* The structural checks; the first rule that fails is reported. */
int validate_doc(enum kind kind, const void *doc, enum validate_flags flags, struct kerr *err);

int validate_egress(const struct egress_policy *p, struct kerr *err);
int validate_egress_rule(const struct egress_rule *rule, struct kerr *err);

#endif
