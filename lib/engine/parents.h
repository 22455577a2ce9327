/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PARENTS_H
#define KUKEON_PARENTS_H

#include "engine_priv.h"

struct page;

/* Realms, spaces and stacks: the objects that hold others. All take the locks they need. */

int realm_create(struct engine *e, struct realm_doc *want, struct rpc_create_realm_result *ret,
		 struct kerr *err);
/* What creating one begins with: its namespace is named, and no other realm's (-EEXIST). */
void realm_default_namespace(struct engine *e, const char *realm, struct realm_doc *want);
int realm_check_namespace(struct engine *e, const char *realm, const char *ns, struct kerr *err);
int realm_refuse_namespace(const char *ns, const char *owner, struct kerr *err);
int realm_get(struct engine *e, const struct addr *a, struct rpc_get_realm_result *ret,
	      struct kerr *err);
/* Lists go to the reply of page (page.h), struct rpc_list_realms_reply and so on. */
int realm_list(struct engine *e, struct page *page, struct kerr *err);

int space_create(struct engine *e, struct space_doc *want, struct rpc_create_space_result *ret,
		 struct kerr *err);
int space_get(struct engine *e, const struct addr *a, struct rpc_get_space_result *ret,
	      struct kerr *err);
int space_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err);

int stack_create(struct engine *e, struct stack_doc *want, struct rpc_create_stack_result *ret,
		 struct kerr *err);
int stack_get(struct engine *e, const struct addr *a, struct rpc_get_stack_result *ret,
	      struct kerr *err);
int stack_list(struct engine *e, const struct addr *filter, struct page *page, struct kerr *err);

/* Make what is missing of the address' parents, with default settings and no labels of users'. */
int parents_create(struct engine *e, const struct addr *a, struct kerr *err);

enum delete_flags {
	DELETE_CASCADE = 1 << 0, /* children first */
	DELETE_FORCE = 1 << 1, /* the object alone, without looking for children */
};

/* What a deletion did, in the words of the wire ("space:a", "metadata", …). */
struct deleted {
	struct strlist parts;
	bool metadata, cgroup, extra; /* extra: namespace of a realm, network of a space */
};

void deleted_clear(struct deleted *d);

/* A pass: mend what an object stands on, and store its state where that changed. */
int parent_settle_locked(struct engine *e, const struct addr *a, struct kerr *err);

/* A realm, space or stack. The document as it was goes to ret_doc (zeroed; of the level's kind). */
int parent_delete(struct engine *e, const struct addr *a, enum delete_flags flags, void *ret_doc,
		  struct deleted *ret, struct kerr *err);

/* The cells below it, which are about to be deleted, are asked to end, all at once (cell_ask). */
void parent_ask_cells(struct engine *e, const struct addr *a);

/* -ENOTEMPTY for one that has n children. */
int parent_has_children(const struct addr *a, size_t n, struct kerr *err);

#endif
