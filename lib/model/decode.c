/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>

#include "copy.h"
#include "decode.h"
#include "field.h"
#include "model.h"
#include "node.h"

#include "encode.h"
#include "mem.h"
#include "scalar.h"
#include "str.h"

enum {
	MAX_ERROR_TEXT = 4096,
	MAX_UNKNOWN = 100, /* unknown keys reported */
	MAX_HINT_KEY = 64, /* longer keys get no hint */
	MAX_FIELDS = 64, /* rows of a struct including embedded ones: bits of a mask */
};

/* The current position, as a chain on the stack. */
struct place {
	const struct place *up;
	const struct model_type *type; /* the struct whose member this is */
	const char *name; /* wire name; NULL: item index of a list */
	size_t index;
};

struct decoder {
	bool json;
	struct unknown_fields *unknown;
	struct buf errors; /* YAML: the lines; JSON: the first text */
	struct kerr fatal; /* an error that is reported alone */
	bool has_fatal;
	size_t visited;
};

/* ---- what went wrong ---- */

static void place_text(struct buf *out, const struct place *at, bool with_index)
{
	if (!at)
		return;
	place_text(out, at->up, with_index);
	if (!at->name) {
		if (with_index)
			buf_addf(out, "[%zu]", at->index);
		return;
	}
	if (out->len > 0)
		buf_addc(out, '.');
	str_vis(out, at->name, strnlen(at->name, 128));
}

static void set_fatal(struct decoder *d, const char *fmt, ...) printf_like(2, 3);

/* Set an error with its own message. The first one is kept. */
static void set_fatal(struct decoder *d, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (d->has_fatal || (d->json && d->errors.len > 0))
		return;
	va_start(ap, fmt);
	(void) vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->has_fatal = true;
	(void) kerr_plain(&d->fatal, -EINVAL, "%s", text);
}

static void yaml_line(struct decoder *d, unsigned line)
{
	buf_addf(&d->errors, "\n  line %u: ", line);
}

static const char *tag_name(enum node_tag tag)
{
	static const char *const names[] = {
		[NODE_TAG_STR] = "!!str",	[NODE_TAG_NULL] = "!!null",
		[NODE_TAG_BOOL] = "!!bool",	[NODE_TAG_INT] = "!!int",
		[NODE_TAG_FLOAT] = "!!float",	[NODE_TAG_TIME] = "!!timestamp",
		[NODE_TAG_BINARY] = "!!binary", [NODE_TAG_MERGE] = "!!merge",
		[NODE_TAG_SEQ] = "!!seq",	[NODE_TAG_MAP] = "!!map",
	};

	return tag < NODE_TAG_OTHER ? names[tag] : "!!str";
}

static const char *scalar_tag_name(const struct node *n)
{
	return n->tag_text ? n->tag_text : tag_name(n->tag);
}

static void yaml_mismatch(struct decoder *d, const struct node *n, const char *go_type)
{
	yaml_line(d, n->line);
	buf_addf(&d->errors, "cannot unmarshal %.40s", scalar_tag_name(n));
	if (n->kind == NODE_SCALAR) {
		buf_adds(&d->errors, " `");
		str_vis(&d->errors, n->text, n->len > 10 ? 7 : n->len);
		buf_adds(&d->errors, n->len > 10 ? "...`" : "`");
	}
	buf_addf(&d->errors, " into %s", go_type);
}

static const char *json_kind(const struct node *n)
{
	if (n->kind != NODE_SCALAR)
		return n->kind == NODE_SEQ ? "array" : "object";
	if (n->tag == NODE_TAG_BOOL)
		return "bool";
	return n->tag == NODE_TAG_STR ? "string" : "number";
}

static void json_mismatch(struct decoder *d, const struct node *n, const char *go_type,
			  const struct place *at)
{
	cleanup_buf struct buf path = BUF_INIT(MAX_ERROR_TEXT);
	const struct place *member = at;
	bool is_int = str_has_prefix(go_type, "int") || str_has_prefix(go_type, "uint");

	if (d->errors.len > 0 || d->has_fatal)
		return;
	while (member && !member->name)
		member = member->up;
	buf_addf(&d->errors, "json: cannot unmarshal %s", json_kind(n));
	if (is_int && (n->tag == NODE_TAG_INT || n->tag == NODE_TAG_FLOAT))
		buf_addf(&d->errors, " %.64s", n->text);
	if (!member) {
		buf_addf(&d->errors, " into Go value of type %s", go_type);
		return;
	}
	place_text(&path, at, false);
	buf_addf(&d->errors, " into Go struct field %s.%s of type %s", member->type->name,
		 buf_str(&path), go_type);
}

/* Go's name for the type of a member, or of one of its items. */
static void go_type_text(struct buf *out, const struct field *f, bool item)
{
	static const char *const names[_FIELD_TYPE_MAX] = {
		[FIELD_STRING] = "string",  [FIELD_NSTRING] = "string", [FIELD_BOOL] = "bool",
		[FIELD_NBOOL] = "bool",	    [FIELD_INT] = "int64",	[FIELD_NINT] = "int64",
		[FIELD_UINT32] = "uint32",  [FIELD_TIME] = "time.Time", [FIELD_STATE] = "string",
		[FIELD_STRLIST] = "string", [FIELD_INTLIST] = "int",	[FIELD_STRMAP] = "string",
		[FIELD_BYTES] = "[]uint8",
	};
	bool list =
		f->type == FIELD_STRLIST || f->type == FIELD_INTLIST || f->type == FIELD_OBJLIST;

	if (list && !item)
		buf_adds(out, "[]");
	if (f->type == FIELD_STRMAP && !item)
		buf_adds(out, "map[string]");
	assert(f->type < _FIELD_TYPE_MAX);
	if (f->obj)
		buf_addf(out, "v1beta1.%s", f->obj->name);
	else
		buf_adds(out, names[f->type]);
}

static bool mismatch_text(struct decoder *d, const struct node *n, const char *go_type,
			  const struct place *at)
{
	if (d->json)
		json_mismatch(d, n, go_type, at);
	else
		yaml_mismatch(d, n, go_type);
	return false;
}

static bool mismatch(struct decoder *d, const struct field *f, const struct node *n,
		     const struct place *at, bool item)
{
	cleanup_buf struct buf type = BUF_INIT(256);

	go_type_text(&type, f, item);
	return mismatch_text(d, n, buf_str(&type), at);
}

/* ---- scalars: true if the value was stored ---- */

static bool is_null(const struct node *n)
{
	return n->kind == NODE_SCALAR && n->tag == NODE_TAG_NULL;
}

/* The text of a string, owned by the caller. */
static bool take_string(struct decoder *d, const struct node *n, char **ret, const struct place *at)
{
	if (n->kind != NODE_SCALAR || (d->json && n->tag != NODE_TAG_STR))
		return mismatch_text(d, n, "string", at);
	/* Only !!binary can hold bytes that are not UTF-8, and no member accepts them. */
	if (n->tag == NODE_TAG_BINARY && !utf8_valid(n->text, n->len))
		return mismatch_text(d, n, "string", at);
	if (strlen(n->text) != n->len) {
		set_fatal(d, "line %u: a string with a NUL character", n->line);
		return false;
	}
	free(*ret);
	*ret = xstrdup(n->text);
	return true;
}

static bool take_bool(const struct decoder *d, const struct node *n, bool *ret)
{
	if (n->kind != NODE_SCALAR)
		return false;
	if (n->tag == NODE_TAG_BOOL) {
		*ret = n->text[0] == 't' || n->text[0] == 'T';
		return true;
	}
	/* The boolean words of YAML 1.1, quoted or not. */
	if (d->json || n->tag != NODE_TAG_STR || strlen(n->text) != n->len ||
	    !scalar_is_old_bool(n->text))
		return false;
	*ret = strchr("yY", n->text[0]) || str_case_eq(n->text, "on");
	return true;
}

static bool take_int(const struct decoder *d, const struct node *n, int64_t min, int64_t max,
		     int64_t *ret)
{
	int64_t v;

	if (n->kind != NODE_SCALAR || (n->tag != NODE_TAG_INT && n->tag != NODE_TAG_FLOAT))
		return false;
	if (d->json ? str_to_i64(n->text, INT64_MIN, INT64_MAX, &v) < 0
		    : scalar_to_i64(n->text, &v) < 0)
		return false;
	if (v < min || v > max)
		return false;
	*ret = v;
	return true;
}

static bool take_time(struct decoder *d, const struct node *n, struct ktime *ret)
{
	if (n->kind != NODE_SCALAR || (d->json && n->tag != NODE_TAG_STR))
		return false;
	if (n->tag == NODE_TAG_TIME && scalar_to_time(n->text, ret) == 0)
		return true;
	if (strlen(n->text) == n->len && ktime_parse(n->text, ret) == 0)
		return true;
	set_fatal(d,
		  "parsing time \"%.64s\" as \"2006-01-02T15:04:05Z07:00\": "
		  "not an RFC 3339 timestamp",
		  n->text);
	return false;
}

static bool take_bytes(struct decoder *d, const struct node *n, struct buf *ret)
{
	if (n->kind != NODE_SCALAR || n->tag != NODE_TAG_STR)
		return false;
	buf_clear(ret);
	buf_init(ret, KUKE_MAX_MANIFEST);
	if (base64_decode(ret, n->text, n->len) < 0) {
		set_fatal(d, "illegal base64 data");
		return false;
	}
	if (ret->failed) {
		set_fatal(d, "more than %d bytes in one value", KUKE_MAX_MANIFEST);
		return false;
	}
	return true;
}

static bool state_by_number(struct decoder *d, const struct field *f, const struct node *n,
			    const char *prefix, unsigned *ret)
{
	int64_t v;

	if (!take_int(d, n, INT64_MIN, INT64_MAX, &v)) {
		set_fatal(d, "%s: expected string or int, got %.64s", prefix, n->text);
		return false;
	}
	for (unsigned i = 0; f->labels[i]; i++) {
		if (i == v) {
			*ret = i;
			return true;
		}
	}
	set_fatal(d, "%s: int %" PRId64 " out of range", prefix, v);
	return false;
}

/* Decode a state: its label or its legacy integer. */
static bool decode_state(struct decoder *d, const struct field *f, const struct node *n, void *m,
			 const struct place *at)
{
	static const unsigned yaml_kinds[] = { [NODE_SEQ] = 2, [NODE_MAP] = 4 };
	const char *prefix = at->type->state_prefix ? at->type->state_prefix : "state";
	unsigned state = 0;

	if (n->kind != NODE_SCALAR) {
		if (d->json)
			set_fatal(d, "%s: expected string or int, got %s", prefix,
				  n->kind == NODE_SEQ ? "[]" : "{}");
		else
			set_fatal(d, "%s: expected scalar, got %u", prefix, yaml_kinds[n->kind]);
		return false;
	}
	if (is_null(n)) {
		if (d->json)
			set_fatal(d, "%s: unknown label \"\"", prefix);
		return false;
	}
	if (n->tag == NODE_TAG_INT || (d->json && n->tag != NODE_TAG_STR)) {
		if (!state_by_number(d, f, n, prefix, &state))
			return false;
		memcpy(m, &state, sizeof(state));
		return true;
	}
	for (state = 0; f->labels[state]; state++) {
		if (streq(f->labels[state], n->text)) {
			memcpy(m, &state, sizeof(state));
			return true;
		}
	}
	set_fatal(d, "%s: unknown label \"%.64s\"", prefix, n->text);
	return false;
}

/* ---- lists, maps, structs ---- */

static bool decode_object(struct decoder *d, const struct model_type *t, const struct node *n,
			  void *obj, const struct place *at);

/* Resolve an alias, and limit the total number of visits. */
static const struct node *visit(struct decoder *d, const struct node *n)
{
	if (d->visited++ >= KUKE_MAX_NODES)
		set_fatal(d, "yaml: document contains excessive aliasing");
	n = node_resolve(n);
	if (n->flags & NODE_MISTAGGED && n->tag == NODE_TAG_BINARY)
		set_fatal(d, "yaml: line %u: !!binary value contains invalid base64 data", n->line);
	else if (n->flags & NODE_MISTAGGED)
		set_fatal(d, "yaml: line %u: cannot decode %s `%.64s` as a %.64s", n->line,
			  tag_name(scalar_tag(n->text, n->len)), n->text, n->tag_text);
	return n;
}

static bool decode_strlist(struct decoder *d, const struct node *n, struct strlist *l,
			   const struct place *at)
{
	struct place item = { .up = at };
	const struct node *v;
	char *s;

	strlist_make_empty(l);
	for (; item.index < n->n && !d->has_fatal; item.index++) {
		v = visit(d, n->items[item.index]);
		s = NULL;
		if (is_null(v)) {
			if (d->json)
				strlist_add(l, "");
		} else if (take_string(d, v, &s, &item)) {
			strlist_add_owned(l, s);
		}
	}
	return true;
}

static bool decode_intlist(struct decoder *d, const struct field *f, const struct node *n, void *m,
			   const struct place *at)
{
	struct place item = { .up = at };
	const struct node *v;
	int64_t i;

	list_make_empty(m, sizeof(i));
	for (; item.index < n->n && !d->has_fatal; item.index++) {
		v = visit(d, n->items[item.index]);
		i = 0;
		if (is_null(v) && !d->json)
			continue;
		if (!is_null(v) && !take_int(d, v, INT64_MIN, INT64_MAX, &i))
			(void) mismatch(d, f, v, &item, true);
		memcpy(list_grow(m, sizeof(i)), &i, sizeof(i));
	}
	return true;
}

static bool decode_objlist(struct decoder *d, const struct field *f, const struct node *n, void *m,
			   const struct place *at)
{
	struct place item = { .up = at };
	const struct node *v;
	void *obj;

	list_make_empty(m, f->obj->size);
	for (; item.index < n->n && !d->has_fatal; item.index++) {
		v = visit(d, n->items[item.index]);
		if (is_null(v) && !d->json)
			continue;
		obj = list_grow(m, f->obj->size);
		if (!is_null(v))
			(void) decode_object(d, f->obj, v, obj, &item);
	}
	return true;
}

/* Merge the value of "<<": a map, or a list of maps of which earlier ones take precedence. */
typedef void merge_fn(struct decoder *d, const struct node *map, void *ctx);

static void merge_each(struct decoder *d, const struct node *value, merge_fn *fn, void *ctx)
{
	const struct node *item;
	size_t i;

	value = visit(d, value);
	if (value->kind == NODE_MAP) {
		fn(d, value, ctx);
		return;
	}
	for (i = 0; value->kind == NODE_SEQ && i < value->n && !d->has_fatal; i++) {
		item = visit(d, value->items[i]);
		if (item->kind != NODE_MAP)
			break;
		fn(d, item, ctx);
	}
	if (value->kind != NODE_SEQ || (i < value->n && !d->has_fatal))
		set_fatal(d, "yaml: map merge requires map or sequence of maps as the value");
}

static int key_cmp(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;
	size_t n = (*x)->len < (*y)->len ? (*x)->len : (*y)->len;
	int r = memcmp((*x)->text, (*y)->text, n);

	if (r != 0)
		return r;
	if ((*x)->len != (*y)->len)
		return (*x)->len < (*y)->len ? -1 : 1;
	if ((*x)->line != (*y)->line)
		return (*x)->line < (*y)->line ? -1 : 1;
	return (*x)->col < (*y)->col ? -1 : (*x)->col > (*y)->col;
}

/* YAML: a duplicate key makes the whole map invalid. */
static bool keys_unique(struct decoder *d, const struct node *map)
{
	cleanup_free const struct node **keys = NULL;
	size_t i, n = 0;
	bool unique = true;

	if (d->json)
		return true;
	keys = xcalloc(map->n / 2 + 1, sizeof(*keys));
	for (i = 0; i < map->n; i += 2)
		if (map->items[i]->kind == NODE_SCALAR)
			keys[n++] = map->items[i];
	qsort(keys, n, sizeof(*keys), key_cmp);
	for (i = 1; i < n; i++) {
		if (keys[i]->len != keys[i - 1]->len ||
		    memcmp(keys[i]->text, keys[i - 1]->text, keys[i]->len) != 0)
			continue;
		yaml_line(d, keys[i]->line);
		buf_adds(&d->errors, "mapping key \"");
		str_vis(&d->errors, keys[i]->text, keys[i]->len < 128 ? keys[i]->len : 128);
		buf_addf(&d->errors, "\" already defined at line %u", keys[i - 1]->line);
		unique = false;
	}
	return unique;
}

struct strmap_fill {
	struct strmap *map;
	const struct place *at;
	bool merging;
};

static void fill_strmap(struct decoder *d, const struct node *n, void *ctx)
{
	struct strmap_fill *f = ctx;
	struct strmap_fill inner = { f->map, f->at, true };
	struct place item = { .up = f->at };
	const struct node *key, *value, *merge = NULL;
	char *s;

	if (!keys_unique(d, n))
		return;
	for (; item.index < n->n / 2 && !d->has_fatal; item.index++) {
		key = visit(d, n->items[2 * item.index]);
		value = n->items[2 * item.index + 1];
		if (key->tag == NODE_TAG_MERGE) {
			merge = value;
			continue;
		}
		value = visit(d, value);
		s = NULL;
		if (is_null(key) || !take_string(d, key, &s, f->at))
			continue;
		free(s);
		s = NULL;
		if (f->merging && strmap_get(f->map, key->text))
			continue;
		if (is_null(value) || take_string(d, value, &s, &item))
			strmap_set(f->map, key->text, s ? s : "");
		free(s);
	}
	if (merge)
		merge_each(d, merge, fill_strmap, &inner);
}

static bool decode_strmap(struct decoder *d, const struct node *n, struct strmap *m,
			  const struct place *at)
{
	struct strmap_fill fill = { m, at, false };

	strmap_make_empty(m);
	fill_strmap(d, n, &fill);
	return true;
}

/* null unsets lists, maps and optional members; others keep their value. */
static bool decode_null(const struct field *f, void *m)
{
	switch (f->type) {
	case FIELD_STRLIST:
	case FIELD_STRMAP:
	case FIELD_INTLIST:
	case FIELD_OBJLIST:
	case FIELD_OBJPTR:
	case FIELD_BYTES:
	case FIELD_NBOOL:
	case FIELD_NINT:
	case FIELD_NSTRING:
		field_clear(f, m);
		break;
	case FIELD_STRING:
	case FIELD_BOOL:
	case FIELD_INT:
	case FIELD_UINT32:
	case FIELD_TIME:
	case FIELD_STATE:
	case FIELD_OBJ:
	case FIELD_EMBED:
	case _FIELD_TYPE_MAX:
		break;
	}
	return true;
}

/*
 * Whether a mode is a usual one: write or search only with read, and the group has no
 * more rights than the owner.
 */
static bool mode_is_usual(int64_t mode)
{
	unsigned owner = (unsigned) mode >> 6 & 7, group = (unsigned) mode >> 3 & 7,
		 other = (unsigned) mode & 7, search = owner & 1;

	if (owner < 4 || (group | owner) != owner || (other | group) != group)
		return false;
	return (group == 0 || group == search || (group >= 4 && (group & 1) == search)) &&
	       (other == 0 || other == search || (other >= 4 && (other & 1) == search));
}

/* Warn about a decimal mode such as 777, which is 01411. */
static void look_at_mode(struct decoder *d, const struct node *n, int64_t v)
{
	struct unknown_field *u;
	uint64_t meant;

	if (!d->unknown || d->unknown->n >= MAX_UNKNOWN || n->text[0] == '0' ||
	    str_to_u64_base(n->text, 8, 07777, &meant) < 0 || mode_is_usual(v) ||
	    !mode_is_usual((int64_t) meant))
		return;
	u = vec_grow(&d->unknown->v, &d->unknown->n, sizeof(*u));
	u->line = n->line;
	u->col = n->col;
	u->remark = xasprintf("mode %s is a decimal number, 0%o in octal (did you mean 0%s?)",
			      n->text, (unsigned) v, n->text);
}

static bool decode_number(struct decoder *d, const struct field *f, const struct node *n, void *m)
{
	bool small = f->type == FIELD_UINT32;
	int64_t v;

	if (!take_int(d, n, small ? 0 : INT64_MIN, small ? UINT32_MAX : INT64_MAX, &v))
		return false;
	if (f->flags & FIELD_MODE)
		look_at_mode(d, n, v);
	if (f->type == FIELD_INT)
		*(int64_t *) m = v;
	else if (small)
		*(uint32_t *) m = (uint32_t) v;
	else
		*(struct nint *) m = (struct nint){ true, v };
	return true;
}

static bool decode_truth(const struct decoder *d, const struct field *f, const struct node *n,
			 void *m)
{
	bool v;

	if (!take_bool(d, n, &v))
		return false;
	if (f->type == FIELD_BOOL)
		*(bool *) m = v;
	else
		*(struct nbool *) m = (struct nbool){ true, v };
	return true;
}

static bool decode_list(struct decoder *d, const struct field *f, const struct node *n, void *m,
			const struct place *at)
{
	if (n->kind != NODE_SEQ)
		return mismatch(d, f, n, at, false);
	field_clear(f, m); /* of duplicate keys the last one counts */
	if (f->type == FIELD_STRLIST)
		return decode_strlist(d, n, m, at);
	if (f->type == FIELD_INTLIST)
		return decode_intlist(d, f, n, m, at);
	return decode_objlist(d, f, n, m, at);
}

static bool decode_member(struct decoder *d, const struct field *f, const struct node *n, void *m,
			  const struct place *at)
{
	bool ok = false;

	n = visit(d, n);
	if (f->type == FIELD_STATE)
		return decode_state(d, f, n, m, at);
	if (is_null(n))
		return decode_null(f, m);
	switch (f->type) {
	case FIELD_STRING:
	case FIELD_NSTRING: /* a struct of one pointer */
		return take_string(d, n, m, at);
	case FIELD_BOOL:
	case FIELD_NBOOL:
		ok = decode_truth(d, f, n, m);
		break;
	case FIELD_INT:
	case FIELD_NINT:
	case FIELD_UINT32:
		ok = decode_number(d, f, n, m);
		break;
	case FIELD_TIME:
		ok = take_time(d, n, m) || d->has_fatal;
		break;
	case FIELD_BYTES:
		ok = take_bytes(d, n, m) || d->has_fatal;
		break;
	case FIELD_STRLIST:
	case FIELD_INTLIST:
	case FIELD_OBJLIST:
		return decode_list(d, f, n, m, at);
	case FIELD_STRMAP:
		ok = n->kind == NODE_MAP && decode_strmap(d, n, m, at);
		break;
	case FIELD_OBJ:
		return decode_object(d, f->obj, n, m, at);
	case FIELD_OBJPTR:
		return decode_object(d, f->obj, n, objptr_make(m, f->obj), at);
	case FIELD_STATE:
	case FIELD_EMBED: /* its rows are inline */
	case _FIELD_TYPE_MAX:
		break;
	}
	return ok || mismatch(d, f, n, at, false);
}

/* Find a row by key; *base is the offset of its struct, *bit its index among all rows. */
static const struct field *find_row(const struct model_type *t, const char *key, bool fold,
				    size_t *base, unsigned *bit)
{
	const struct field *f, *inner;
	size_t start = *base;

	for (f = t->fields; f < t->fields + t->n_fields; f++) {
		if (f->type == FIELD_EMBED) {
			*base = start + f->offset;
			inner = find_row(f->obj, key, fold, base, bit);
			if (inner)
				return inner;
			continue;
		}
		if (fold ? str_case_eq(f->name, key)
			 : f->name[0] == key[0] && streq(f->name, key)) {
			*base = start;
			return f;
		}
		(*bit)++;
	}
	return NULL;
}

static void best_hint(const struct model_type *t, const char *key, const char **best, size_t *most)
{
	size_t distance;

	for (const struct field *f = t->fields; f < t->fields + t->n_fields; f++) {
		if (f->type == FIELD_EMBED) {
			best_hint(f->obj, key, best, most);
			continue;
		}
		distance = str_case_eq(f->name, key) ? 0 : str_distance(f->name, key);
		if (distance < *most) {
			*most = distance;
			*best = f->name;
		}
	}
}

static bool is_retired(const struct model_type *t, const char *key)
{
	for (size_t i = 0; t->retired && t->retired[i]; i++)
		if (streq(t->retired[i], key))
			return true;
	return false;
}

static void tell_unknown(struct decoder *d, const struct model_type *t, const struct node *key,
			 const struct place *at)
{
	cleanup_buf struct buf path = BUF_INIT(MAX_ERROR_TEXT);
	struct place here = { .up = at, .type = t, .name = key->text };
	size_t most = key->len / 3 < 3 ? key->len / 3 + 1 : 4;
	struct unknown_field *u;

	if (!d->unknown || d->unknown->n >= MAX_UNKNOWN || is_retired(t, key->text))
		return;
	place_text(&path, &here, true);
	u = vec_grow(&d->unknown->v, &d->unknown->n, sizeof(*u));
	u->path = buf_take(&path);
	u->line = key->line;
	u->col = key->col;
	if (key->len <= MAX_HINT_KEY)
		best_hint(t, key->text, &u->hint, &most);
}

struct object_fill {
	const struct model_type *type;
	void *obj;
	const struct place *at;
	uint64_t done; /* rows that have a value already */
	bool merging;
};

static void fill_member(struct decoder *d, struct object_fill *o, const struct node *key,
			const struct node *value)
{
	struct place here = { .up = o->at, .type = o->type };
	const struct field *f;
	unsigned bit = 0;
	size_t base = 0;

	f = find_row(o->type, key->text, false, &base, &bit);
	if (!f && d->json) {
		base = bit = 0;
		f = find_row(o->type, key->text, true, &base, &bit);
	}
	if (!f) {
		tell_unknown(d, o->type, key, o->at);
		return;
	}
	assert(bit < MAX_FIELDS);
	if (o->merging && (o->done & UINT64_C(1) << bit))
		return;
	o->done |= UINT64_C(1) << bit;
	here.name = f->name;
	(void) decode_member(d, f, value, (char *) o->obj + base + f->offset, &here);
}

static void fill_object(struct decoder *d, const struct node *n, void *ctx)
{
	struct object_fill *o = ctx;
	const struct node *key, *merge = NULL;
	bool merging = o->merging;

	if (!keys_unique(d, n))
		return;
	for (size_t i = 0; i < n->n && !d->has_fatal; i += 2) {
		key = visit(d, n->items[i]);
		if (key->kind != NODE_SCALAR)
			(void) mismatch_text(d, key, "string", o->at);
		else if (key->tag == NODE_TAG_MERGE)
			merge = n->items[i + 1];
		else if (!is_null(key))
			fill_member(d, o, key, n->items[i + 1]);
	}
	if (!merge)
		return;
	o->merging = true;
	merge_each(d, merge, fill_object, o);
	o->merging = merging;
}

static bool decode_object(struct decoder *d, const struct model_type *t, const struct node *n,
			  void *obj, const struct place *at)
{
	struct object_fill fill = { .type = t, .obj = obj, .at = at };
	char go_type[128];

	if (n->kind != NODE_MAP) {
		(void) snprintf(go_type, sizeof(go_type), "v1beta1.%s", t->name);
		return mismatch_text(d, n, go_type, at);
	}
	fill_object(d, n, &fill);
	return true;
}

int model_decode(const struct model_type *t, const struct node *n, void *obj,
		 struct unknown_fields *unknown, struct kerr *err)
{
	struct decoder d = { .unknown = unknown, .errors = BUF_INIT(MAX_ERROR_TEXT) };
	int r = 0;

	assert(t && obj);
	n = node_resolve(n);
	if (node_is_null(n))
		return 0;
	d.json = n->flags & NODE_JSON;
	(void) decode_object(&d, t, n, obj, NULL);
	if (d.has_fatal) {
		r = kerr_plain(err, -EINVAL, "%s", d.fatal.msg);
	} else if (d.errors.len > 0) {
		r = kerr_plain(err, -EINVAL, "%s%s",
			       d.json ? "" : "yaml: unmarshal errors:", buf_str(&d.errors));
	}
	if (r < 0)
		model_clear(t, obj);
	buf_clear(&d.errors);
	return r;
}

int model_read_json(const struct model_type *t, const char *text, size_t len, void *obj,
		    struct kerr *err)
{
	cleanup_node struct node *n = NULL;
	int r;

	r = node_read_json(text, len, "json", &n, err);
	if (r < 0)
		return r;
	return model_decode(t, n, obj, NULL, err);
}

int model_read_yaml(const struct model_type *t, const char *text, size_t len, void *obj,
		    struct unknown_fields *unknown, struct kerr *err)
{
	cleanup_node struct node *n = NULL, *second = NULL;
	int r;

	r = node_read_yaml(text, len, &n, &second, err);
	if (r < 0)
		return r;
	r = model_decode(t, n, obj, unknown, err);
	if (r == 0 && unknown != NULL)
		unknown_fields_add_document(unknown, second);
	return r;
}

void unknown_fields_add_document(struct unknown_fields *u, const struct node *second)
{
	struct unknown_field *f;

	if (second == NULL)
		return;
	f = vec_grow(&u->v, &u->n, sizeof(*f));
	f->line = second->line;
	f->col = second->col;
	f->remark = xstrdup("only the first document of the file is read");
}

void unknown_fields_clear(struct unknown_fields *u)
{
	for (size_t i = 0; i < u->n; i++) {
		free(u->v[i].path);
		free(u->v[i].remark);
	}
	free(u->v);
	*u = (struct unknown_fields){ 0 };
}

void unknown_field_text(struct buf *out, const struct unknown_field *u)
{
	if (u->remark != NULL) {
		buf_adds(out, u->remark);
		return;
	}
	buf_addf(out, "unknown field %s", u->path);
	if (u->hint)
		buf_addf(out, " (did you mean \"%s\"?)", u->hint);
}
