/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_VERBS_H
#define KUKEON_CONTAINER_VERBS_H

#include "cell_stop.h"
#include "context.h"

struct page;

/* The verbs for containers of a cell. */
int container_verb_start(struct engine *e, const struct container_doc *d,
			 struct rpc_container_done_result *ret, struct kerr *err);
int container_verb_stop(struct engine *e, const struct container_doc *d, enum cell_stop_flags flags,
			struct rpc_container_done_result *ret, struct kerr *err);
int container_verb_create(struct engine *e, struct container_doc *d,
			  struct rpc_create_container_result *ret, struct kerr *err);
int container_verb_delete(struct engine *e, const struct container_doc *d,
			  struct rpc_delete_container_result *ret, struct kerr *err);

/*
 * What refuses a deletion of the container, without the cell's lock. Changes nothing;
 * *ret_rest is the stored cell without it.
 */
int container_check_delete(struct engine *e, const struct addr *cell, const char *id,
			   struct cell_doc *ret_rest, struct kerr *err);
int container_verb_get(struct engine *e, const struct container_doc *d,
		       struct rpc_get_container_result *ret, struct kerr *err);
int container_verb_log(struct engine *e, const struct container_doc *d, struct rpc_log_result *ret,
		       struct kerr *err);
/*
 * The path of the container's terminal. ERR_ATTACH_NOT_SUPPORTED, ERR_ATTACH_NOT_RUNNING
 * with what to do about it.
 */
int container_verb_attach(struct engine *e, const struct container_doc *d,
			  struct rpc_attach_result *ret, struct kerr *err);
int container_list(struct engine *e, const struct addr *filter, struct page *page,
		   struct kerr *err);

/* List full documents, with status and labels: struct rpc_list_container_docs_reply. */
int container_list_docs(struct engine *e, const struct addr *filter, struct page *page,
			struct kerr *err);

#endif
