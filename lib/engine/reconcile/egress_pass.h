/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EGRESS_PASS_H
#define KUKEON_EGRESS_PASS_H

#include "context.h"
#include "resolve.h"

/*
 * Host names of egress policies, asked for again by every pass: the resolver works while
 * the pass does the rest, and the pass waits little for it at its end. What has no answer
 * then stays as it was.
 */
struct egress_pass {
	struct resolve names;
	int64_t begun_ms;
};

void egress_pass_begin(struct engine *e, struct egress_pass *p);
/* Takes each space's lock if it is free; else the next pass does. */
void egress_pass_end(struct engine *e, struct egress_pass *p);
void egress_pass_clear(struct egress_pass *p);

#endif
