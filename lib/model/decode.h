/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DECODE_H
#define KUKEON_DECODE_H

#include "err.h"
#include "model.h"
#include "node.h"

/*
 * Decode trees and text into structs as described by rows. YAML trees follow the rules of
 * Go's yaml.v3 (exact keys, type coercion), JSON trees those of encoding/json (keys in any
 * case, no coercion).
 */

/* A key without a row, or another finding. Accepted, but reported to the caller for a warning. */
struct unknown_field {
	char *path; /* "spec.containers[0].imgae" */
	unsigned line, col;
	const char *hint; /* the row that was probably meant; NULL */
	char *remark; /* full text to print instead of "unknown field"; never an error; NULL */
};

struct unknown_fields {
	struct unknown_field *v;
	size_t n;
};

void unknown_fields_clear(struct unknown_fields *u);

/* Report a second document in a file that may have only one; NULL: there is none. */
void unknown_fields_add_document(struct unknown_fields *u, const struct node *second);

/* `unknown field spec.contaners (did you mean "containers"?)` */
void unknown_field_text(struct buf *out, const struct unknown_field *u);

/*
 * Decode into *obj, which the caller has zeroed or cleared. n NULL or null leaves it
 * zero. unknown may be NULL. On failure *obj is cleared. Messages:
 *   yaml: unmarshal errors:\n  line 3: cannot unmarshal !!str `x` into bool
 *   json: cannot unmarshal string into Go struct field CellSpec.spec.autoDelete of type bool
 *   cell state: unknown label "X"
 */
int model_decode(const struct model_type *t, const struct node *n, void *obj,
		 struct unknown_fields *unknown, struct kerr *err);

/*
 * Parse the text and decode. YAML: the first document that is not empty, if any; a
 * second one is reported in unknown.
 */
int model_read_json(const struct model_type *t, const char *text, size_t len, void *obj,
		    struct kerr *err);
int model_read_yaml(const struct model_type *t, const char *text, size_t len, void *obj,
		    struct unknown_fields *unknown, struct kerr *err);

#endif
