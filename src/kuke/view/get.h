/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_GET_H
#define KUKEON_GET_H

#include "cli.h"

/* `kuke get KIND [NAME…]`: one object, several, or all. */
int get_run(struct cli *c, enum kind kind, struct kerr *err);

enum get_table_flags {
	GET_TABLE_CONTROLLERS = 1 << 0,
	GET_TABLE_WIDE = 1 << 1,
};

/* Add the header of a kind's table, and the row of one document. */
void get_table_header(struct table *t, enum kind kind, enum get_table_flags flags);
void get_table_doc(struct table *t, enum kind kind, const void *doc, enum get_table_flags flags);
/* The members that get_table_doc looks at (struct pages), added to ret. */
void get_table_fields(enum kind kind, enum get_table_flags flags, struct strlist *ret);
/* The name of a document's object on the command line; borrowed. */
const char *get_name(enum kind kind, const void *doc);
/* What that looks at, and what tells a synthesized root. */
void get_name_fields(enum kind kind, struct strlist *ret);
/* Append the age ("5d"); nothing if the time is not set. */
void get_age(struct buf *out, const struct ktime *since);

/*
 * The lines printed for an empty list of containers: what was asked for, and a hint if the
 * named cell, stack or space exists elsewhere. all: the containers of the host.
 */
struct scope;
void get_no_containers(struct buf *out, const struct scope *asked);
void get_container_hint(struct buf *out, const struct scope *asked,
			const struct rpc_list_containers_reply *all);

#endif
