/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A manifest as apply gets it: split, decode, both stages of checks, the normal
 * form, and a comparison with itself, which has to find nothing.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "convert.h"
#include "diff.h"
#include "docstream.h"
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct docstream_doc *d)
{
	cleanup_diff struct diff diff = { 0 };
	cleanup_strlist struct strlist warnings = { 0 };
	struct kerr err = { 0 };

	if (d->doc == NULL || doc_normalise(d->kind, d->doc, &warnings, &err) < 0)
		return;
	if (d->kind == KIND_CELL && cell_root(&((struct cell_doc *) d->doc)->spec) == NULL)
		cell_add_root(d->doc);
	doc_add_managed_labels(d->kind, d->doc);
	diff_doc(d->kind, d->doc, d->doc, &diff);
	if (diff.action != DIFF_NONE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_docstream struct docstream s = { 0 };
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_REPLY);
	struct kerr err = { 0 };
	size_t i;

	if (docstream_load((const char *) data, size, "fuzz", 0, &s, &err) < 0)
		return 0;
	docstream_validate(&s, DOCSTREAM_FOR_DELETE);
	(void) docstream_check(&s, DOCSTREAM_STYLE_APPLY, &text, &err);
	for (i = 0; i < s.n; i++)
		use(&s.v[i]);
	return 0;
}
