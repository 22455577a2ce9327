/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_REALM_H
#define KUKEON_REALM_H

#include "context.h"

struct page;

int realm_create(struct engine *e, struct realm_doc *want, struct rpc_create_realm_result *ret,
		 struct kerr *err);

/* Set the default namespace if none is given, and check that no other realm has it (-EEXIST). */
void realm_default_namespace(struct engine *e, const char *realm, struct realm_doc *want);
int realm_check_namespace(struct engine *e, const char *realm, const char *ns, struct kerr *err);
int realm_refuse_namespace(const char *ns, const char *owner, struct kerr *err);

int realm_get(struct engine *e, const struct addr *a, struct rpc_get_realm_result *ret,
	      struct kerr *err);

/* List into the reply of page (page.h), struct rpc_list_realms_reply and so on. */
int realm_list(struct engine *e, struct page *page, struct kerr *err);

#endif
