/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "emit.h"
#include "emit_json.h"
#include "mem.h"
#include "model.h"
#include "rowutil.h"
#include "schema.h"
#include "str.h"

/* Types to be defined in $defs, in the order of their first use. */
struct defs {
	const struct model_type **v;
	size_t n;
};

static void need(struct defs *d, const struct model_type *t)
{
	const struct model_type **slot;

	for (size_t i = 0; i < d->n; i++)
		if (d->v[i] == t)
			return;
	slot = vec_grow(&d->v, &d->n, sizeof(*d->v));
	*slot = t;
}

static void key_str(struct jemit *j, const char *key, const char *value)
{
	jemit_key(j, key);
	jemit_str(j, value);
}

static void ref(struct jemit *j, const struct model_type *t, struct defs *d)
{
	cleanup_free char *path = xasprintf("#/$defs/%s", t->name);

	need(d, t);
	key_str(j, "$ref", path);
}

static void names(struct jemit *j, const char *key, const char *const *v, bool empty_too)
{
	jemit_key(j, key);
	jemit_array(j);
	if (empty_too)
		jemit_str(j, "");
	for (size_t i = 0; v[i] != NULL; i++)
		jemit_str(j, v[i]);
	jemit_array_end(j);
}

static void bounds(struct jemit *j, const struct field *f)
{
	int64_t max = f->type == FIELD_UINT32 ? UINT32_MAX : 0;

	if (f->type == FIELD_UINT32 || f->min != 0 || f->max != 0) {
		jemit_key(j, "minimum");
		jemit_i64(j, f->min);
	}
	max = f->max != 0 ? f->max : max;
	if (max != 0 && max != INT64_MAX) {
		jemit_key(j, "maximum");
		jemit_i64(j, max);
	}
}

static void items(struct jemit *j, const char *type)
{
	jemit_key(j, "items");
	jemit_object(j);
	key_str(j, "type", type);
	jemit_object_end(j);
}

/* Write "type" and the keywords that belong to it into the open object. */
static void value_schema(struct jemit *j, const struct field *f, struct defs *d)
{
	switch (f->type) {
	case FIELD_STRING:
	case FIELD_NSTRING:
		key_str(j, "type", "string");
		if (f->values != NULL)
			names(j, "enum", f->values, !(f->flags & FIELD_REQUIRED));
		break;
	case FIELD_STATE:
		key_str(j, "type", "string");
		names(j, "enum", f->labels, false);
		break;
	case FIELD_TIME:
		key_str(j, "type", "string");
		key_str(j, "format", "date-time");
		break;
	case FIELD_BYTES:
		key_str(j, "type", "string");
		key_str(j, "contentEncoding", "base64");
		break;
	case FIELD_BOOL:
	case FIELD_NBOOL:
		key_str(j, "type", "boolean");
		break;
	case FIELD_INT:
	case FIELD_NINT:
	case FIELD_UINT32:
		key_str(j, "type", "integer");
		bounds(j, f);
		break;
	case FIELD_STRLIST:
		key_str(j, "type", "array");
		items(j, "string");
		break;
	case FIELD_INTLIST:
		key_str(j, "type", "array");
		jemit_key(j, "items");
		jemit_object(j);
		key_str(j, "type", "integer");
		bounds(j, f);
		jemit_object_end(j);
		break;
	case FIELD_STRMAP:
		key_str(j, "type", "object");
		jemit_key(j, "additionalProperties");
		jemit_object(j);
		key_str(j, "type", "string");
		jemit_object_end(j);
		break;
	case FIELD_OBJ:
	case FIELD_OBJPTR:
		ref(j, f->obj, d);
		break;
	case FIELD_OBJLIST:
		key_str(j, "type", "array");
		jemit_key(j, "items");
		jemit_object(j);
		ref(j, f->obj, d);
		jemit_object_end(j);
		break;
	case FIELD_EMBED: /* row_get() returns the embedded rows instead */
	case _FIELD_TYPE_MAX:
		break;
	}
}

static void property(struct jemit *j, const struct field *f, struct defs *d)
{
	jemit_key(j, f->name);
	jemit_object(j);
	key_str(j, "description", f->help);
	value_schema(j, f, d);
	/* Defaults such as "<…>" are explanations, not values. */
	if (f->def != NULL && f->def[0] != '<' && f->type == FIELD_STRING)
		key_str(j, "default", f->def);
	if (f->flags & FIELD_READ_ONLY) {
		jemit_key(j, "readOnly");
		jemit_bool(j, true);
	}
	if (f->flags & FIELD_SECRET) {
		jemit_key(j, "writeOnly");
		jemit_bool(j, true);
	}
	jemit_object_end(j);
}

/* Write the schema of an object's members into the open object. */
static void object_schema(struct jemit *j, const struct model_type *t, struct defs *d)
{
	const struct field *f;
	bool any = false;

	key_str(j, "description", t->help);
	key_str(j, "type", "object");
	jemit_key(j, "properties");
	jemit_object(j);
	for (size_t i = 0; (f = row_get(t, i)) != NULL; i++)
		property(j, f, d);
	jemit_object_end(j);
	for (size_t i = 0; (f = row_get(t, i)) != NULL; i++) {
		if (!(f->flags & FIELD_REQUIRED))
			continue;
		if (!any) {
			jemit_key(j, "required");
			jemit_array(j);
		}
		any = true;
		jemit_str(j, f->name);
	}
	if (any)
		jemit_array_end(j);
}

void schema_json(struct buf *out, enum kind kind)
{
	const struct kind_info *info = kind_info(kind);
	struct defs defs = { NULL, 0 };
	struct jemit j;

	assert(info != NULL);
	jemit_init(&j, out, EMIT_INDENT);
	jemit_object(&j);
	key_str(&j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	key_str(&j, "title", info->name);
	object_schema(&j, info->type, &defs);
	jemit_key(&j, "$defs");
	jemit_object(&j);
	/* The list may grow during the loop. */
	for (size_t i = 0; i < defs.n; i++) {
		jemit_key(&j, defs.v[i]->name);
		jemit_object(&j);
		object_schema(&j, defs.v[i], &defs);
		jemit_object_end(&j);
	}
	jemit_object_end(&j);
	jemit_object_end(&j);
	buf_addc(out, '\n');
	free(defs.v);
}
