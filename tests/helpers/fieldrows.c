/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a user can set of cells and containers, a line each, from the model's own
 * tables:
 *
 *   cell|container NAME in-place|container|cell|refused supported|later
 *
 * Names, places and what the daemon fills in are left out.
 */
#include "config.h"

#include <stdio.h>

#include "mem.h"
#include "model.h"
#include "unsupported.h"

static const char *class_word(enum field_class c)
{
	switch (c) {
	case CLASS_NONE:
		break;
	case CLASS_IN_PLACE:
		return "in-place";
	case CLASS_RECREATE_CONTAINER:
		return "container";
	case CLASS_RECREATE_CELL:
		return "cell";
	case CLASS_REFUSED:
		return "refused";
	}
	return "none";
}

static void print_rows(const char *what, const struct model_type *t, const char *prefix)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		char *path cleanup_free = xasprintf("%s%s", prefix, f->name);

		if (f->flags & (FIELD_READ_ONLY | FIELD_IDENTITY) || f->change == CLASS_NONE)
			continue;
		printf("%s %s %s %s\n", what, f->name, class_word(f->change),
		       validate_path_unsupported(KIND_CELL, path) ? "later" : "supported");
	}
}

int main(void)
{
	print_rows("cell", &cell_spec_type, "spec.");
	print_rows("container", &container_spec_type, "spec.containers[].");
	return 0;
}
