/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "convert.h"
#include "labels.h"
#include "mem.h"
#include "model.h"
#include "str.h"

/* The value that kukeon sets for a label, borrowed; NULL: kukeon does not set it. */
static const char *own_value(enum kind kind, const void *doc, const char *key)
{
	const struct doc_head *head = doc;
	const struct space_doc *space = doc;
	const struct stack_doc *stack = doc;
	const struct cell_doc *cell = doc;
	const char *name = head->metadata.name;

	if (streq(key, "realm.kukeon.io"))
		return kind == KIND_REALM   ? ((const struct realm_doc *) doc)->spec.namespace
		       : kind == KIND_SPACE ? space->spec.realm_id
		       : kind == KIND_STACK ? stack->spec.realm_id
		       : kind == KIND_CELL  ? cell->spec.realm_id
					    : NULL;
	if (streq(key, "space.kukeon.io"))
		return kind == KIND_SPACE   ? name
		       : kind == KIND_STACK ? stack->spec.space_id
		       : kind == KIND_CELL  ? cell->spec.space_id
					    : NULL;
	if (streq(key, "stack.kukeon.io"))
		return kind == KIND_STACK ? name : kind == KIND_CELL ? cell->spec.stack_id : NULL;
	return streq(key, "cell.kukeon.io") && kind == KIND_CELL ? name : NULL;
}

static int check_managed(enum kind kind, const void *doc, const char *key, const char *value,
			 struct kerr *err)
{
	const char *own = own_value(kind, doc, key);
	cleanup_free char *want = str_trim(own ? own : "");

	if (*want && streq(value, want))
		return 0;
	if (*want)
		return kerr_plain(
			err, -EINVAL,
			"metadata.labels: \"%s\" is set by kukeon, to \"%s\"; leave it out", key,
			want);
	return kerr_plain(err, -EINVAL,
			  "metadata.labels: \"%s\" cannot be set: keys that end in .kukeon.io are "
			  "kukeon's own",
			  key);
}

int labels_check(enum kind kind, const void *doc, struct kerr *err)
{
	const struct strmap *labels = &((const struct doc_head *) doc)->metadata.labels;
	size_t bytes = 0;
	int r;

	for (size_t i = 0; i < labels->n; i++)
		bytes += strlen(labels->v[i].key) + strlen(labels->v[i].value);
	if (bytes > KUKE_MAX_LABELS)
		return kerr_plain(
			err, -EINVAL,
			"metadata.labels: keys and values have %zu bytes in all, at most %d "
			"are allowed",
			bytes, KUKE_MAX_LABELS);
	for (size_t i = 0; i < labels->n; i++) {
		if (!label_managed(labels->v[i].key))
			continue;
		r = check_managed(kind, doc, labels->v[i].key, labels->v[i].value, err);
		if (r < 0)
			return r;
	}
	return 0;
}
