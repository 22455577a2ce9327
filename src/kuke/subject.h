/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SUBJECT_H
#define KUKEON_SUBJECT_H

#include "cli.h"

/*
 * The five kinds as subjects of verbs: where an object lives and the document that
 * names it in a request.
 */
struct scope {
	char *realm;
	char *space;
	char *stack;
	char *cell;
};

void scope_clear(struct scope *s);
#define cleanup_scope cleanup_(scope_clear)

enum scope_flags {
	SCOPE_LIST = 1 << 0, /* a part that is not given matches all, instead of being "default" */
	SCOPE_CHECK = 1 << 1, /* an explicit "" is an error here; otherwise the engine reports it */
};

/*
 * Read the flags that locate an object of the kind, trimmed. No part of *ret is NULL; parts
 * that the kind does not use are "". Errors: `realm name is required (--realm)`.
 */
int scope_read(const struct cli *c, enum kind kind, enum scope_flags flags, struct scope *ret,
	       struct kerr *err);

/* Fill envelope, name and location of a zeroed document. */
void scope_fill_doc(const struct scope *s, enum kind kind, const char *name, void *doc);

/* Copy --timeout into the arguments of a method with a grace period; others are unchanged. */
int scope_fill_grace(const struct cli *c, const struct rpc_method *m, void *args, struct kerr *err);

#define OPT_ROW_TIMEOUT(DEF)                                                    \
	{                                                                       \
		"timeout", 0, OPT_DURATION, DEF,                                \
			"what is to end may take that long before it is killed" \
	}

/* Rows of flags. DEF is what help shows as the default. */
#define OPT_ROW_REALM(DEF)                           \
	{                                            \
		"realm", 0, OPT_STRING, DEF, "realm" \
	}
#define OPT_ROW_SPACE(DEF)                           \
	{                                            \
		"space", 0, OPT_STRING, DEF, "space" \
	}
#define OPT_ROW_STACK(DEF)                           \
	{                                            \
		"stack", 0, OPT_STRING, DEF, "stack" \
	}
#define OPT_ROW_CELL                                \
	{                                           \
		"cell", 0, OPT_STRING, NULL, "cell" \
	}
#define OPT_ROWS_SPACE(DEF) OPT_ROW_REALM(DEF)
#define OPT_ROWS_STACK(DEF) OPT_ROW_REALM(DEF), OPT_ROW_SPACE(DEF)
#define OPT_ROWS_CELL(DEF) OPT_ROW_REALM(DEF), OPT_ROW_SPACE(DEF), OPT_ROW_STACK(DEF)
#define OPT_ROWS_CONTAINER(DEF) OPT_ROWS_CELL(DEF), OPT_ROW_CELL

/* Tables of the location flags of one kind, with their defaults. */
extern const struct opt scope_opts_space[], scope_opts_stack[], scope_opts_cell[],
	scope_opts_container[];

/*
 * Arguments of any method whose subject is a document; the document is the first member of
 * each. The method decides which member is used.
 */
union subject_args {
	struct rpc_realm_args realm;
	struct rpc_space_args space;
	struct rpc_stack_args stack;
	struct rpc_cell_args cell;
	struct rpc_container_args container;
	struct rpc_realm_flags_args realm_flags;
	struct rpc_space_flags_args space_flags;
	struct rpc_stack_flags_args stack_flags;
	struct rpc_cell_stop_args cell_stop;
	struct rpc_container_stop_args container_stop;
};

#endif
