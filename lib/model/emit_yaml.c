/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <inttypes.h>

#include "emit.h"
#include "emit_yaml.h"
#include "field.h"
#include "model.h"
#include "node.h"

#include "encode.h"
#include "mem.h"
#include "scalar.h"
#include "str.h"

enum {
	SIMPLE_KEY_MAX = 128, /* a longer key is written "? key" */
};

/* The properties that decide in which style a string is written. */
struct scalar_shape {
	bool break_any; /* has a line break */
	bool plain, single, block; /* the styles that can hold it */
};

/* Column in which the content of a new level or block starts. */
static unsigned yemit_column(const struct yemit *y)
{
	const struct yemit_level *top;

	if (y->depth == 0)
		return 0;
	top = &y->level[y->depth - 1];
	if (top->seq)
		return top->column + 2; /* past the "- " */
	return y->indent * ((top->column + y->indent) / y->indent);
}

static void yemit_spaces(struct yemit *y, unsigned n)
{
	while (n-- > 0)
		buf_addc(y->out, ' ');
}

/*
 * The start of an entry of the level on top: "- " or the indentation of a key. The
 * first entry of a list in a list and of a map in a list follow on the same line.
 */
static void yemit_entry(struct yemit *y)
{
	struct yemit_level *top = &y->level[y->depth - 1];
	bool inline_first = y->depth > 1 && y->level[y->depth - 2].seq;

	if (!top->any && y->depth > 1 && !inline_first)
		buf_addc(y->out, '\n');
	if (top->any || !inline_first)
		yemit_spaces(y, top->column);
	top->any = true;
	if (top->seq)
		buf_adds(y->out, "- ");
}

/* Start a scalar: after "- ", after "key:", or alone on the line. */
static void yemit_scalar_start(struct yemit *y)
{
	if (y->depth == 0)
		return;
	if (y->level[y->depth - 1].seq)
		yemit_entry(y);
	else
		buf_addc(y->out, ' ');
}

static void yemit_begin(struct yemit *y, bool seq)
{
	struct yemit_level *level;

	assert(y->depth < YEMIT_MAX_DEPTH);
	level = &y->level[y->depth];
	if (y->depth > 0 && y->level[y->depth - 1].seq)
		yemit_entry(y);
	*level = (struct yemit_level){ .seq = seq, .column = yemit_column(y) };
	y->depth++;
}

static void yemit_end(struct yemit *y, bool seq)
{
	const struct yemit_level *level;

	assert(y->depth > 0);
	level = &y->level[--y->depth];
	assert(level->seq == seq);
	if (level->any)
		return;
	if (y->depth > 0 && !y->level[y->depth - 1].seq)
		buf_addc(y->out, ' ');
	buf_adds(y->out, seq ? "[]\n" : "{}\n");
}

void yemit_init(struct yemit *y, struct buf *out, unsigned indent, enum emit_flags flags)
{
	assert(indent >= 2 && indent <= 9);
	*y = (struct yemit){ .out = out, .indent = indent, .flags = flags };
}

void yemit_map(struct yemit *y)
{
	yemit_begin(y, false);
}

void yemit_map_end(struct yemit *y)
{
	yemit_end(y, false);
}

void yemit_seq(struct yemit *y)
{
	yemit_begin(y, true);
}

void yemit_seq_end(struct yemit *y)
{
	yemit_end(y, true);
}

/* The code point of the sequence of len bytes. */
static uint32_t code_point(const char *s, size_t len)
{
	uint32_t c = (unsigned char) s[0];

	if (len == 1)
		return c;
	c &= 0xff >> (len + 1);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char) s[i] & 0x3f);
	return c;
}

/* Whether a character may be written unescaped. yaml.v3 escapes everything beyond the BMP. */
static bool is_printable(uint32_t c)
{
	if (c < 0x80)
		return (c >= 0x20 && c < 0x7f) || c == '\n';
	return c >= 0xa0 && c != 0x2028 && c != 0x2029 && c <= 0xfffd && c != 0xfeff;
}

/* Whether a string cannot be plain because of its first bytes. */
static bool starts_like_syntax(const char *s)
{
	if (str_has_prefix(s, "---") || str_has_prefix(s, "..."))
		return true;
	if (strchr("#,[]{}&*!|>'\"%@`", *s))
		return true;
	return strchr("?:-", *s) && (!s[1] || strchr(" \n\t", s[1]));
}

static struct scalar_shape scalar_shape(const char *s)
{
	struct scalar_shape shape = { .plain = true, .single = true, .block = true };
	const char *p = s;
	size_t len;

	if (!*s)
		return (struct scalar_shape){ .plain = true, .single = true };
	shape.plain = !starts_like_syntax(s) && *s != ' ' && *s != '\n';
	for (; *p; p += len) {
		len = utf8_len(p, strlen(p) < 4 ? strlen(p) : 4);
		if (*p == '\t') {
			shape.plain = shape.single = false;
		} else if (len == 0 || !is_printable(code_point(p, len))) {
			return (struct scalar_shape){ .break_any = strchr(s, '\n') != NULL };
		} else if (*p == '\n') {
			shape.break_any = true;
			shape.plain = false;
			if (p > s && p[-1] == ' ')
				shape.single = shape.block = false;
		} else if (*p == ' ') {
			if (p > s && p[-1] == '\n')
				shape.single = false;
			if (!p[1])
				shape.plain = shape.block = false;
		} else if (*p == ':' && (!p[1] || strchr(" \n\t", p[1]))) {
			shape.plain = false;
		} else if (*p == '#' && p > s && strchr(" \n\t", p[-1])) {
			shape.plain = false;
		}
	}
	return shape;
}

static void double_quoted_one(struct buf *out, uint32_t c, const char *s, size_t len)
{
	static const char named[] = "\a\b\t\n\v\f\r\x1b\"\\";
	static const char letters[] = "abtnvfre\"\\";
	const char *at = c > 0 && c < 0x80 ? strchr(named, (int) c) : NULL;

	if (at)
		buf_addf(out, "\\%c", letters[at - named]);
	else if (is_printable(c))
		buf_add(out, s, len);
	else if (c == 0x85)
		buf_adds(out, "\\N");
	else if (c == 0x2028 || c == 0x2029)
		buf_adds(out, c == 0x2028 ? "\\L" : "\\P");
	else if (c <= 0xff)
		buf_addf(out, "\\x%02X", c);
	else if (c <= 0xffff)
		buf_addf(out, "\\u%04X", c);
	else
		buf_addf(out, "\\U%08X", c);
}

static void double_quoted(struct buf *out, const char *s)
{
	size_t len;

	buf_addc(out, '"');
	for (; *s; s += len) {
		len = utf8_len(s, strlen(s) < 4 ? strlen(s) : 4);
		double_quoted_one(out, code_point(s, len), s, len);
	}
	buf_addc(out, '"');
}

static void single_quoted(struct buf *out, const char *s)
{
	buf_addc(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_addc(out, '\'');
		buf_addc(out, *s);
	}
	buf_addc(out, '\'');
}

/* Write a literal block: its header, then the indented lines. */
static void literal(struct yemit *y, const char *s)
{
	unsigned column = yemit_column(y);
	unsigned parent = y->depth > 0 ? y->level[y->depth - 1].column : 0;
	size_t n = strlen(s), line;

	assert(n > 0);
	if (y->depth == 0)
		column = y->indent;
	buf_addc(y->out, '|');
	if (*s == ' ' || *s == '\n' || *s == '\t') /* otherwise it would be read as indentation */
		buf_addf(y->out, "%u", column - parent);
	if (s[n - 1] != '\n')
		buf_addc(y->out, '-');
	else if (n == 1 || s[n - 2] == '\n')
		buf_addc(y->out, '+');
	buf_addc(y->out, '\n');
	while (*s) {
		line = strcspn(s, "\n");
		if (line > 0)
			yemit_spaces(y, column);
		buf_add(y->out, s, line);
		buf_addc(y->out, '\n');
		s += line;
		s += *s == '\n';
	}
}

/* Whether it would be read as another type without quotes. */
static bool reads_as_other(const char *s)
{
	return scalar_tag(s, strlen(s)) != NODE_TAG_STR || scalar_is_old_bool(s) ||
	       scalar_is_base60(s) || streq(s, "<<");
}

/* Write a string on the current line; false if it needs a literal block. */
static bool flow_string(struct yemit *y, const char *s, bool key)
{
	struct scalar_shape shape = scalar_shape(s);

	if (!utf8_valid(s, strlen(s))) {
		buf_adds(y->out, "!!binary ");
		base64_encode(y->out, s, strlen(s));
	} else if (shape.break_any) {
		if (shape.block && !key)
			return false;
		double_quoted(y->out, s);
	} else if (reads_as_other(s)) {
		double_quoted(y->out, s);
	} else if (shape.plain) {
		buf_adds(y->out, s);
	} else if (shape.single) {
		single_quoted(y->out, s);
	} else {
		double_quoted(y->out, s);
	}
	return true;
}

void yemit_key(struct yemit *y, const char *key)
{
	bool simple = strlen(key) <= SIMPLE_KEY_MAX;

	assert(y->depth > 0 && !y->level[y->depth - 1].seq);
	yemit_entry(y);
	if (!simple)
		buf_adds(y->out, "? ");
	(void) flow_string(y, key, true);
	if (!simple) {
		buf_addc(y->out, '\n');
		yemit_spaces(y, y->level[y->depth - 1].column);
	}
	buf_addc(y->out, ':');
}

void yemit_str(struct yemit *y, const char *s)
{
	s = s ? s : "";
	yemit_scalar_start(y);
	if (flow_string(y, s, false))
		buf_addc(y->out, '\n');
	else
		literal(y, s);
}

static void yemit_text(struct yemit *y, const char *text)
{
	yemit_scalar_start(y);
	buf_adds(y->out, text);
	buf_addc(y->out, '\n');
}

void yemit_i64(struct yemit *y, int64_t v)
{
	yemit_scalar_start(y);
	buf_addf(y->out, "%" PRId64 "\n", v);
}

void yemit_u64(struct yemit *y, uint64_t v)
{
	yemit_scalar_start(y);
	buf_addf(y->out, "%" PRIu64 "\n", v);
}

void yemit_bool(struct yemit *y, bool v)
{
	yemit_text(y, v ? "true" : "false");
}

void yemit_null(struct yemit *y)
{
	yemit_text(y, "null");
}

void yemit_time(struct yemit *y, const struct ktime *t)
{
	char text[KTIME_TEXT_MAX];

	yemit_text(y, ktime_text(t, text));
}

void yemit_strlist(struct yemit *y, const struct strlist *l)
{
	yemit_seq(y);
	for (size_t i = 0; i < l->n; i++)
		yemit_str(y, l->v[i]);
	yemit_seq_end(y);
}

static int item_cmp(const void *a, const void *b)
{
	const struct strmap_item *const *x = a, *const *y = b;

	return scalar_key_cmp((*x)->key, (*y)->key);
}

void yemit_strmap(struct yemit *y, const struct strmap *m)
{
	cleanup_free const struct strmap_item **order = NULL;

	order = xcalloc(m->n + 1, sizeof(*order));
	for (size_t i = 0; i < m->n; i++)
		order[i] = &m->v[i];
	qsort(order, m->n, sizeof(*order), item_cmp);
	yemit_map(y);
	for (size_t i = 0; i < m->n; i++) {
		yemit_key(y, order[i]->key);
		yemit_str(y, order[i]->value);
	}
	yemit_map_end(y);
}

static void yemit_intlist(struct yemit *y, const void *list)
{
	struct list_view view = list_view(list);
	int64_t v;

	yemit_seq(y);
	for (size_t i = 0; i < view.n; i++) {
		memcpy(&v, view.v + i * sizeof(v), sizeof(v));
		yemit_i64(y, v);
	}
	yemit_seq_end(y);
}

static void yemit_objlist(struct yemit *y, const struct model_type *t, const void *list)
{
	struct list_view view = list_view(list);

	yemit_seq(y);
	for (size_t i = 0; i < view.n; i++)
		yemit_model(y, t, view.v + i * t->size);
	yemit_seq_end(y);
}

static bool yemit_absent(struct yemit *y, bool set)
{
	if (!set)
		yemit_null(y);
	return !set;
}

static void yemit_string_field(struct yemit *y, const struct field *f, const char *s)
{
	if ((f->flags & FIELD_SECRET) && (y->flags & EMIT_REDACT) && !str_empty(s))
		s = EMIT_REDACTED;
	yemit_str(y, s);
}

static void yemit_bytes(struct yemit *y, const struct buf *b)
{
	cleanup_buf struct buf text = BUF_INIT(2 * b->len + 8);

	base64_encode(&text, b->data, b->len);
	yemit_str(y, buf_str(&text));
}

static void yemit_value(struct yemit *y, const struct field *f, const void *m)
{
	switch (f->type) {
	case FIELD_STRING:
		yemit_string_field(y, f, objptr_get(m));
		break;
	case FIELD_NSTRING:
		if (!yemit_absent(y, objptr_get(m)))
			yemit_string_field(y, f, objptr_get(m));
		break;
	case FIELD_BOOL:
		yemit_bool(y, *(const bool *) m);
		break;
	case FIELD_NBOOL:
		if (!yemit_absent(y, ((const struct nbool *) m)->set))
			yemit_bool(y, ((const struct nbool *) m)->v);
		break;
	case FIELD_INT:
		yemit_i64(y, *(const int64_t *) m);
		break;
	case FIELD_NINT:
		if (!yemit_absent(y, ((const struct nint *) m)->set))
			yemit_i64(y, ((const struct nint *) m)->v);
		break;
	case FIELD_UINT32:
		yemit_u64(y, *(const uint32_t *) m);
		break;
	case FIELD_TIME:
		yemit_time(y, m);
		break;
	case FIELD_STATE:
		yemit_str(y, state_label(f->labels, field_state(m)));
		break;
	case FIELD_STRLIST:
		yemit_strlist(y, m);
		break;
	case FIELD_STRMAP:
		yemit_strmap(y, m);
		break;
	case FIELD_INTLIST:
		yemit_intlist(y, m);
		break;
	case FIELD_OBJLIST:
		yemit_objlist(y, f->obj, m);
		break;
	case FIELD_OBJ:
		yemit_model(y, f->obj, m);
		break;
	case FIELD_OBJPTR:
		if (!yemit_absent(y, objptr_get(m)))
			yemit_model(y, f->obj, objptr_get(m));
		break;
	case FIELD_BYTES:
		yemit_bytes(y, m);
		break;
	case FIELD_EMBED: /* yemit_fields */
	case _FIELD_TYPE_MAX:
		break;
	}
}

static void yemit_fields(struct yemit *y, const struct model_type *t, const void *obj)
{
	const void *m;

	for (const struct field *f = t->fields; f < t->fields + t->n_fields; f++) {
		m = field_cptr(f, obj);
		if (f->type == FIELD_EMBED) {
			yemit_fields(y, f->obj, m);
			continue;
		}
		if ((f->flags & (FIELD_OMIT_EMPTY | FIELD_OMIT_YAML)) && field_is_zero(f, m))
			continue;
		yemit_key(y, f->name);
		yemit_value(y, f, m);
	}
}

void yemit_model(struct yemit *y, const struct model_type *t, const void *obj)
{
	yemit_map(y);
	yemit_fields(y, t, obj);
	yemit_map_end(y);
}

void model_emit_yaml(struct buf *out, const struct model_type *t, const void *obj, unsigned indent,
		     enum emit_flags flags)
{
	struct yemit y;

	yemit_init(&y, out, indent, flags);
	yemit_model(&y, t, obj);
}

void model_emit_yaml_list(struct buf *out, const struct model_type *t, const void *const *objs,
			  size_t n, unsigned indent, enum emit_flags flags)
{
	struct yemit y;

	yemit_init(&y, out, indent, flags);
	yemit_seq(&y);
	for (size_t i = 0; i < n; i++)
		yemit_model(&y, t, objs[i]);
	yemit_seq_end(&y);
}
