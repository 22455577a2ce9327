/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kuke run -p`: a profile and, behind a line "%%", the file of its parameters.
 * What is substituted stays where it was put: the shape of the document is that
 * of before, and a second pass with the same values only touches what they say.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "cellprofile.h"
#include "convert.h"
#include "docstream.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "node.h"
#include "params.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_shape(const struct node *a, const struct node *b)
{
	size_t i;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->tag != b->tag && a->tag != NODE_TAG_NULL) /* a value may be null */
		return false;
	for (i = 0; i < a->n; i++)
		if (!same_shape(a->items[i], b->items[i]))
			return false;
	return true;
}

/* The cell goes the way that one of a manifest goes. */
static void use_cell(const struct cellprofile *p)
{
	cleanup_docstream struct docstream docs = { 0 };
	cleanup_strlist struct strlist warnings = { 0 };
	cleanup_free char *name = NULL;
	struct kerr err = { 0 };

	if (cellprofile_draw_name(p, &name, &err) < 0)
		abort();
	cellprofile_cell(p, name, docstream_add(&docs, KIND_CELL));
	docstream_validate(&docs, 0);
	if (docs.v[0].doc != NULL)
		(void) cell_normalise(docs.v[0].doc, &warnings, &err);
}

static void use_profile(const char *text, size_t n, const struct strmap *given)
{
	cleanup_cellprofile struct cellprofile p = { 0 }, q = { 0 };
	cleanup_strlist struct strlist warnings = { 0 };
	cleanup_strmap struct strmap values = { 0 }, none = { 0 };
	struct kerr err = { 0 };

	if (cellprofile_read("fuzz", text, n, 0, &p, &warnings, &err) < 0) {
		if (err.msg[0] == '\0' || p.tree != NULL || p.name != NULL)
			abort();
		return;
	}
	if (cellprofile_read("fuzz", text, n, 0, &q, NULL, &err) < 0 ||
	    cellprofile_substitute(&q, &none, &err) < 0 ||
	    !model_eq(&profile_doc_type, &p.doc, &q.doc))
		abort();
	if (cellprofile_resolve(&p, given, NULL, &values, &err) < 0 &&
	    cellprofile_resolve(&p, &none, NULL, &values, &err) < 0)
		return;
	if (values.n != p.doc.spec.parameters.n)
		abort();
	if (cellprofile_substitute(&p, &values, &err) == 0)
		use_cell(&p);
	else if (!str_has_prefix(err.msg, "profile \""))
		abort();
	if (!same_shape(p.tree, q.tree))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_strmap struct strmap given = { 0 };
	const char *text = (const char *) data, *cut;
	struct kerr err = { 0 };
	size_t n = size;

	cut = memmem(text, size, "\n%%\n", 4);
	if (cut != NULL) {
		n = (size_t) (cut - text) + 1;
		if (params_read(&given, "fuzz", cut + 4, size - n - 3, &err) < 0 &&
		    err.msg[0] == '\0')
			abort();
	}
	use_profile(text, n, &given);
	return 0;
}
