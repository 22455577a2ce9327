/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_METHOD_ROWS_H
#define KUKEON_METHOD_ROWS_H

#include "methods.h"
#include "rows.h"

/*
 * For the files that describe the structs of methods.h. Keys are the field names of
 * upstream's Go structs, which have no JSON tags. S is defined as the struct before each
 * group of rows, and undefined behind it.
 */
#define STR(m, wire) ROW_STRING(struct S, m, wire, .help = "")
#define INT(m, wire) ROW_INT(struct S, m, wire, .help = "")
#define NINT(m, wire) ROW_NINT(struct S, m, wire, .help = "")
#define BOOL(m, wire) ROW_BOOL(struct S, m, wire, .help = "")
#define LIST(m, wire) ROW_STRLIST(struct S, m, wire, .help = "")
#define OBJ(m, T, wire, type) ROW_OBJ(struct S, m, T, wire, type, .help = "")
#define OBJS(m, T, wire, type) ROW_OBJLIST(struct S, m, T, wire, type, .help = "")
#define BYTES(m, wire) ROW_BYTES(struct S, m, wire, .help = "")
/* Our extensions: upstream's clients do not send them, and its daemon ignores them. */
#define GRACE(m) ROW_NINT(struct S, m, RPC_GRACE_KEY, .flags = FIELD_OMIT_EMPTY, .help = "")
#define WARNING(m) ROW_STRING(struct S, m, "Warning", .flags = FIELD_OMIT_EMPTY, .help = "")
/* The last row of every reply. */
#define ERR() ROW_OBJPTR(struct S, err, struct rpc_err, "Err", rpc_err_type, .help = "")

/* The type id_type, of the rows id_rows; static where no other file has it. */
#define TYPE_VALUE(id, go)                                                \
	{                                                                 \
		.name = (go), .help = "", TYPE_ROWS(struct S, id##_rows), \
	}
#define TYPE(id, go) const struct model_type id##_type = TYPE_VALUE(id, go)

#endif
