/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>

#include "emit.h"
#include "emit_json.h"
#include "field.h"
#include "model.h"
#include "pick.h"

#include "encode.h"
#include "str.h"

void jemit_init(struct jemit *j, struct buf *out, enum emit_flags flags)
{
	*j = (struct jemit){ .out = out, .flags = flags };
}

static void jemit_newline(struct jemit *j)
{
	if (!(j->flags & EMIT_INDENT))
		return;
	buf_addc(j->out, '\n');
	for (unsigned i = 0; i < j->depth; i++)
		buf_adds(j->out, "  ");
}

/* Write the separator before a value or a key. */
static void jemit_next(struct jemit *j)
{
	if (j->keyed) {
		j->keyed = false;
		return;
	}
	if (j->depth == 0)
		return;
	if (j->any)
		buf_addc(j->out, ',');
	jemit_newline(j);
	j->any = true;
}

static void jemit_begin(struct jemit *j, char c)
{
	jemit_next(j);
	buf_addc(j->out, c);
	j->depth++;
	j->any = false;
}

static void jemit_end(struct jemit *j, char c)
{
	assert(j->depth > 0 && !j->keyed);
	j->depth--;
	if (j->any)
		jemit_newline(j);
	buf_addc(j->out, c);
	j->any = true;
}

void jemit_object(struct jemit *j)
{
	jemit_begin(j, '{');
}

void jemit_object_end(struct jemit *j)
{
	jemit_end(j, '}');
}

void jemit_array(struct jemit *j)
{
	jemit_begin(j, '[');
}

void jemit_array_end(struct jemit *j)
{
	jemit_end(j, ']');
}

/* The short escapes of encoding/json; 0: none. */
static char short_escape(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char) c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	}
	return 0;
}

static bool needs_escape(unsigned char c)
{
	static const bool special[0x60] = {
		['"'] = true, ['\\'] = true, ['<'] = true, ['>'] = true, ['&'] = true
	};

	return c < 0x20 || c >= 0x80 || (c < sizeof(special) && special[c]);
}

/* Escape one character; returns how many input bytes it has. */
static size_t escape_one(struct buf *out, const char *s, size_t n)
{
	unsigned char c = (unsigned char) *s;
	size_t len;

	if (short_escape(c)) {
		buf_addc(out, '\\');
		buf_addc(out, short_escape(c));
		return 1;
	}
	if (c < 0x80) {
		buf_addf(out, "\\u%04x", c);
		return 1;
	}
	len = utf8_len(s, n);
	if (len == 0) {
		buf_adds(out, "\\ufffd");
		return 1;
	}
	/* U+2028 and U+2029 are line ends in JavaScript. */
	if (len == 3 && memcmp(s, "\xe2\x80", 2) == 0 && (s[2] == '\xa8' || s[2] == '\xa9'))
		buf_addf(out, "\\u202%c", s[2] == '\xa8' ? '8' : '9');
	else
		buf_add(out, s, len);
	return len;
}

void jemit_quote(struct buf *out, const char *s, size_t n)
{
	size_t i = 0, start;

	buf_addc(out, '"');
	while (i < n) {
		for (start = i; i < n && !needs_escape((unsigned char) s[i]); i++)
			;
		buf_add(out, s + start, i - start);
		if (i < n)
			i += escape_one(out, s + i, n - i);
	}
	buf_addc(out, '"');
}

void jemit_key(struct jemit *j, const char *key)
{
	assert(j->depth > 0 && !j->keyed);
	jemit_next(j);
	jemit_quote(j->out, key, strlen(key));
	buf_adds(j->out, j->flags & EMIT_INDENT ? ": " : ":");
	j->keyed = true;
}

void jemit_strn(struct jemit *j, const char *s, size_t n)
{
	jemit_next(j);
	jemit_quote(j->out, s, n);
}

void jemit_str(struct jemit *j, const char *s)
{
	jemit_strn(j, s ? s : "", s ? strlen(s) : 0);
}

void jemit_i64(struct jemit *j, int64_t v)
{
	jemit_next(j);
	if (v < 0)
		buf_addc(j->out, '-');
	buf_addu(j->out, v < 0 ? -(uint64_t) v : (uint64_t) v);
}

void jemit_u64(struct jemit *j, uint64_t v)
{
	jemit_next(j);
	buf_addu(j->out, v);
}

void jemit_bool(struct jemit *j, bool v)
{
	jemit_raw(j, v ? "true" : "false", v ? 4 : 5);
}

void jemit_null(struct jemit *j)
{
	jemit_raw(j, "null", 4);
}

void jemit_time(struct jemit *j, const struct ktime *t)
{
	char text[KTIME_TEXT_MAX];

	jemit_str(j, ktime_text(t, text));
}

void jemit_strlist(struct jemit *j, const struct strlist *l)
{
	if (!l->v) {
		jemit_null(j);
		return;
	}
	jemit_array(j);
	for (size_t i = 0; i < l->n; i++)
		jemit_str(j, l->v[i]);
	jemit_array_end(j);
}

void jemit_strmap(struct jemit *j, const struct strmap *m)
{
	if (!m->v) {
		jemit_null(j);
		return;
	}
	jemit_object(j);
	for (size_t i = 0; i < m->n; i++) {
		jemit_key(j, m->v[i].key);
		jemit_str(j, m->v[i].value);
	}
	jemit_object_end(j);
}

void jemit_bytes(struct jemit *j, const void *p, size_t n)
{
	if (n == 0) {
		jemit_null(j);
		return;
	}
	jemit_next(j);
	buf_addc(j->out, '"');
	base64_encode(j->out, p, n);
	buf_addc(j->out, '"');
}

void jemit_raw(struct jemit *j, const char *json, size_t n)
{
	jemit_next(j);
	buf_add(j->out, json, n);
}

static void jemit_intlist(struct jemit *j, const void *list)
{
	struct list_view view = list_view(list);
	int64_t v;

	if (!view.v) {
		jemit_null(j);
		return;
	}
	jemit_array(j);
	for (size_t i = 0; i < view.n; i++) {
		memcpy(&v, view.v + i * sizeof(v), sizeof(v));
		jemit_i64(j, v);
	}
	jemit_array_end(j);
}

static void jemit_picked(struct jemit *j, const struct model_type *t, const void *obj,
			 const struct pick *pick);

static void jemit_objlist(struct jemit *j, const struct model_type *t, const void *list,
			  const struct pick *pick)
{
	struct list_view view = list_view(list);

	if (!view.v) {
		jemit_null(j);
		return;
	}
	jemit_array(j);
	for (size_t i = 0; i < view.n; i++)
		jemit_picked(j, t, view.v + i * t->size, pick);
	jemit_array_end(j);
}

/* Write null if a nullable member is not set. */
static bool jemit_absent(struct jemit *j, bool set)
{
	if (!set)
		jemit_null(j);
	return !set;
}

static void jemit_string_field(struct jemit *j, const struct field *f, const char *s)
{
	if ((f->flags & FIELD_SECRET) && (j->flags & EMIT_REDACT) && !str_empty(s))
		s = EMIT_REDACTED;
	jemit_str(j, s);
}

static void jemit_value(struct jemit *j, const struct field *f, const void *m,
			const struct pick *pick)
{
	switch (f->type) {
	case FIELD_STRING:
		jemit_string_field(j, f, objptr_get(m));
		break;
	case FIELD_NSTRING:
		if (!jemit_absent(j, objptr_get(m)))
			jemit_string_field(j, f, objptr_get(m));
		break;
	case FIELD_BOOL:
		jemit_bool(j, *(const bool *) m);
		break;
	case FIELD_NBOOL:
		if (!jemit_absent(j, ((const struct nbool *) m)->set))
			jemit_bool(j, ((const struct nbool *) m)->v);
		break;
	case FIELD_INT:
		jemit_i64(j, *(const int64_t *) m);
		break;
	case FIELD_NINT:
		if (!jemit_absent(j, ((const struct nint *) m)->set))
			jemit_i64(j, ((const struct nint *) m)->v);
		break;
	case FIELD_UINT32:
		jemit_u64(j, *(const uint32_t *) m);
		break;
	case FIELD_TIME:
		jemit_time(j, m);
		break;
	case FIELD_STATE:
		jemit_str(j, state_label(f->labels, field_state(m)));
		break;
	case FIELD_STRLIST:
		jemit_strlist(j, m);
		break;
	case FIELD_STRMAP:
		jemit_strmap(j, m);
		break;
	case FIELD_INTLIST:
		jemit_intlist(j, m);
		break;
	case FIELD_OBJLIST:
		jemit_objlist(j, f->obj, m, pick);
		break;
	case FIELD_OBJ:
		jemit_picked(j, f->obj, m, pick);
		break;
	case FIELD_OBJPTR:
		if (!jemit_absent(j, objptr_get(m)))
			jemit_picked(j, f->obj, objptr_get(m), pick);
		break;
	case FIELD_BYTES:
		jemit_bytes(j, ((const struct buf *) m)->data, ((const struct buf *) m)->len);
		break;
	case FIELD_EMBED: /* jemit_fields */
	case _FIELD_TYPE_MAX:
		break;
	}
}

/* The rows from that one on. */
static void jemit_fields(struct jemit *j, const struct model_type *t, const void *obj, size_t from,
			 const struct pick *pick)
{
	const struct pick *below;
	const void *m;

	for (size_t i = from; i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];

		if (!pick_has(pick, i, &below))
			continue;
		m = field_cptr(f, obj);
		if (f->type == FIELD_EMBED) {
			jemit_fields(j, f->obj, m, 0, below);
			continue;
		}
		if ((f->flags & FIELD_OMIT_EMPTY) && field_is_zero(f, m))
			continue;
		jemit_key(j, f->name);
		jemit_value(j, f, m, below);
	}
}

static void jemit_picked(struct jemit *j, const struct model_type *t, const void *obj,
			 const struct pick *pick)
{
	jemit_object(j);
	jemit_fields(j, t, obj, 0, pick);
	jemit_object_end(j);
}

void jemit_model(struct jemit *j, const struct model_type *t, const void *obj)
{
	jemit_picked(j, t, obj, NULL);
}

void model_emit_json_picked(struct buf *out, const struct model_type *t, const void *obj,
			    const struct pick *pick, enum emit_flags flags)
{
	struct jemit j;

	jemit_init(&j, out, flags);
	jemit_picked(&j, t, obj, pick);
}

void model_emit_json_open(struct buf *out, const struct model_type *t)
{
	assert(t->n_fields > 0 && t->fields[0].type == FIELD_OBJLIST);
	buf_adds(out, "{");
	jemit_quote(out, t->fields[0].name, strlen(t->fields[0].name));
	buf_adds(out, ":[");
}

void model_emit_json_close(struct buf *out, const struct model_type *t, const void *obj,
			   enum emit_flags flags)
{
	struct jemit j;

	if (!out->failed && out->len > 0 && out->data[out->len - 1] == '[') {
		buf_cut(out, out->len - 1);
		buf_adds(out, "null");
	} else {
		buf_addc(out, ']');
	}
	jemit_init(&j, out, flags);
	j.depth = 1;
	j.any = true;
	jemit_fields(&j, t, obj, 1, NULL);
	jemit_object_end(&j);
}

void model_emit_json(struct buf *out, const struct model_type *t, const void *obj,
		     enum emit_flags flags)
{
	struct jemit j;

	jemit_init(&j, out, flags);
	jemit_model(&j, t, obj);
}

void model_emit_json_list(struct buf *out, const struct model_type *t, const void *const *objs,
			  size_t n, enum emit_flags flags)
{
	struct jemit j;

	jemit_init(&j, out, flags);
	if (!objs) {
		jemit_null(&j);
		return;
	}
	jemit_array(&j);
	for (size_t i = 0; i < n; i++)
		jemit_model(&j, t, objs[i]);
	jemit_array_end(&j);
}
