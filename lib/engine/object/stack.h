/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STACK_H
#define KUKEON_STACK_H

#include "context.h"

struct page;

int stack_create(struct engine *e, struct stack_doc *want, struct rpc_create_stack_result *ret,
		 struct kerr *err);

/* Whether a stack that is not there could be created; want becomes what would be stored. */
int stack_check_create(struct engine *e, struct stack_doc *want, struct kerr *err);

int stack_get(struct engine *e, const struct addr *a, struct rpc_get_stack_result *ret,
	      struct kerr *err);
int stack_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err);

#endif
