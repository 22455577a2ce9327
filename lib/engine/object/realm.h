/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REALM_H
#define KUKEON_REALM_H

#include "context.h"

struct page;

int realm_create(struct engine *e, struct realm_doc *want, struct rpc_create_realm_result *ret,
		 struct kerr *err);

/* Check whether a new realm could be created; want becomes what would be stored. */
int realm_check_create(struct engine *e, struct realm_doc *want, struct kerr *err);

int realm_get(struct engine *e, const struct addr *a, struct rpc_get_realm_result *ret,
	      struct kerr *err);

/* List into the reply of page (page.h), struct rpc_list_realms_reply and so on. */
int realm_list(struct engine *e, struct page *page, struct kerr *err);

#endif
