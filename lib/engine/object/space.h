/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SPACE_H
#define KUKEON_SPACE_H

#include "context.h"

struct network_list;
struct page;
struct space_net;

int space_create(struct engine *e, struct space_doc *want, struct rpc_create_space_result *ret,
		 struct kerr *err);

/*
 * Whether a space that is not there could be created beside those networks; want becomes
 * what would be stored. 1: *ret is its network; 0: plugins make it.
 */
int space_check_create(struct engine *e, struct space_doc *want, const struct network_list *others,
		       struct space_net *ret, struct kerr *err);

int space_get(struct engine *e, const struct addr *a, struct rpc_get_space_result *ret,
	      struct kerr *err);
int space_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err);

#endif
