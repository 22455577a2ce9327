/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "explain.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "rowutil.h"
#include "str.h"

enum {
	EXPLAIN_MAX = 1 << 20, /* bytes of one answer */
	EXPLAIN_WIDTH = 78, /* column at which help is wrapped */
};

/* Names of types as kubectl prints them: <string>, <[]Object>, <map[string]string>. */
static const char *type_word(const struct field *f)
{
	switch (f->type) {
	case FIELD_STRING:
	case FIELD_NSTRING:
	case FIELD_STATE:
	case FIELD_TIME:
	case FIELD_BYTES:
		return "string";
	case FIELD_BOOL:
	case FIELD_NBOOL:
		return "boolean";
	case FIELD_INT:
	case FIELD_NINT:
	case FIELD_UINT32:
		return "integer";
	case FIELD_STRLIST:
		return "[]string";
	case FIELD_INTLIST:
		return "[]integer";
	case FIELD_STRMAP:
		return "map[string]string";
	case FIELD_OBJ:
	case FIELD_OBJPTR:
	case FIELD_EMBED:
		return "Object";
	case FIELD_OBJLIST:
		return "[]Object";
	case _FIELD_TYPE_MAX:
		break;
	}
	return "";
}

static void spaces(struct buf *out, unsigned n)
{
	buf_addf(out, "%*s", (int) n, "");
}

/* Write text wrapped and indented; ends with a newline. */
static void wrapped(struct buf *out, const char *text, unsigned indent)
{
	unsigned col = 0;
	size_t n;

	while (*text != '\0') {
		n = strcspn(text, " ");
		if (col > 0 && col + 1 + n > EXPLAIN_WIDTH - indent) {
			buf_addc(out, '\n');
			col = 0;
		}
		if (col == 0)
			spaces(out, indent);
		else
			buf_addc(out, ' ');
		buf_add(out, text, n);
		col += (unsigned) n + (col > 0);
		text += n;
		text += strspn(text, " ");
	}
	buf_addc(out, '\n');
}

/* Write the row's properties: default, values, bounds, whether it is read-only. */
static void extras(struct buf *out, const struct field *f, unsigned indent)
{
	if (f->values != NULL || f->labels != NULL) {
		const char *const *v = f->values != NULL ? f->values : f->labels;

		spaces(out, indent);
		buf_adds(out, "Possible values:");
		for (size_t i = 0; v[i] != NULL; i++)
			buf_addf(out, "%s %s", i > 0 ? "," : "", v[i]);
		buf_addc(out, '\n');
	}
	if (f->def != NULL) {
		spaces(out, indent);
		buf_addf(out, "Default: %s\n", f->def);
	}
	if (f->min != 0 || (f->max != 0 && f->max != INT64_MAX)) {
		spaces(out, indent);
		buf_addf(out, "Range: %lld to %lld\n", (long long) f->min, (long long) f->max);
	}
	if (f->flags & FIELD_READ_ONLY) {
		spaces(out, indent);
		buf_adds(out, "Set by kukeond; ignored on input.\n");
	}
}

static void field_line(struct buf *out, const struct field *f, unsigned indent)
{
	spaces(out, indent);
	buf_addf(out, "%s\t<%s>%s\n", f->name, type_word(f),
		 f->flags & FIELD_REQUIRED ? " -required-" : "");
}

static void list_fields(struct buf *out, const struct model_type *t, enum explain_flags flags,
			unsigned indent)
{
	const struct field *f;

	for (size_t i = 0; (f = row_get(t, i)) != NULL; i++) {
		field_line(out, f, indent);
		if (flags & EXPLAIN_RECURSIVE) {
			if (f->obj != NULL)
				list_fields(out, f->obj, flags, indent + 2);
			continue;
		}
		wrapped(out, f->help, indent + 2);
		extras(out, f, indent + 2);
		buf_addc(out, '\n');
	}
}

static int no_such_field(const struct model_type *t, const char *name, const char *path,
			 struct kerr *err)
{
	const char *near = row_nearest(t, name);

	if (near != NULL)
		return kerr_plain(err, -ENOENT,
				  "field \"%s\" does not exist in %s (did you mean \"%s\"?)", name,
				  path, near);
	return kerr_plain(err, -ENOENT, "field \"%s\" does not exist in %s", name, path);
}

static int no_such_kind(const char *word, struct kerr *err)
{
	cleanup_buf struct buf all = BUF_INIT(1024);
	const char *words[_KIND_MAX];
	const char *near;
	size_t n = 0;

	for (int k = KIND_INVALID + 1; k < _KIND_MAX; k++)
		words[n++] = kind_info((enum kind) k)->word;
	near = nearest_name(word, words, n);
	if (near != NULL)
		return kerr_plain(err, -ENOENT, "unknown kind \"%s\" (did you mean \"%s\"?)", word,
				  near);
	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%s%s", i ? ", " : "", words[i]);
	return kerr_plain(err, -ENOENT, "unknown kind \"%s\" (known kinds: %s)", word,
			  buf_str(&all));
}

/* Follow path ("spec.containers") down from *t; *ret_field is the row it ends at, NULL for "". */
static int walk(const char *path, const char *kind_word, const struct model_type **t,
		const struct field **ret_field, struct kerr *err)
{
	cleanup_buf struct buf seen = BUF_INIT(4096);
	const struct field *f = NULL;
	size_t n;

	buf_adds(&seen, kind_word);
	while (*path != '\0') {
		cleanup_free char *name = NULL;

		n = strcspn(path, ".");
		name = xstrndup(path, n);
		if (*t == NULL)
			return kerr_plain(err, -ENOENT, "%s has no fields", buf_str(&seen));
		f = model_find(*t, name, NULL);
		if (f == NULL)
			return no_such_field(*t, name, buf_str(&seen), err);
		*t = f->obj;
		buf_addf(&seen, ".%s", name);
		path += n + (path[n] == '.');
	}
	*ret_field = f;
	return 0;
}

static void print(struct buf *out, const struct kind_info *info, const struct field *f,
		  const struct model_type *t, enum explain_flags flags)
{
	buf_addf(out, "KIND:       %s\nVERSION:    v1beta1\n\n", info->name);
	if (f != NULL)
		buf_addf(out, "%s: %s <%s>%s\n\n", t != NULL ? "RESOURCE" : "FIELD", f->name,
			 type_word(f), f->flags & FIELD_REQUIRED ? " -required-" : "");
	buf_adds(out, "DESCRIPTION:\n");
	wrapped(out, f != NULL ? f->help : t->help, 4);
	if (f != NULL) {
		if (t != NULL && !streq(t->help, f->help))
			wrapped(out, t->help, 4);
		extras(out, f, 4);
	}
	if (t == NULL)
		return;
	buf_adds(out, "\nFIELDS:\n");
	list_fields(out, t, flags, 2);
}

int explain(struct buf *out, const char *path, enum explain_flags flags, struct kerr *err)
{
	cleanup_free char *word = xstrndup(path, strcspn(path, "."));
	cleanup_buf struct buf text = BUF_INIT(EXPLAIN_MAX);
	const struct kind_info *info;
	const struct model_type *t;
	const struct field *f = NULL;
	int r;

	info = kind_info(kind_from_word(word));
	if (info == NULL)
		return no_such_kind(word, err);
	t = info->type;
	path += strlen(word);
	r = walk(*path == '.' ? path + 1 : path, info->word, &t, &f, err);
	if (r < 0)
		return r;
	print(&text, info, f, t, flags);
	buf_add(out, buf_str(&text), text.len);
	return 0;
}

static void add_begun(struct strlist *ret, const char *parent, const char *name, const char *begun)
{
	cleanup_free char *path = xasprintf("%s%s", parent, name);

	if (str_has_prefix(path, begun))
		strlist_add(ret, path);
}

void explain_complete(const char *begun, struct strlist *ret)
{
	const char *dot = strrchr(begun, '.'), *first = strchr(begun, '.');
	cleanup_free char *word = xstrndup(begun, strcspn(begun, "."));
	const struct kind_info *info = kind_info(kind_from_word(word));
	cleanup_free char *parent = dot ? xstrndup(begun, (size_t) (dot - begun) + 1) : xstrdup("");
	cleanup_free char *path = NULL;
	const struct model_type *t;
	const struct field *f;

	if (dot == NULL) {
		for (int k = KIND_INVALID + 1; k < _KIND_MAX; k++)
			add_begun(ret, "", kind_info((enum kind) k)->word, begun);
		return;
	}
	if (info == NULL)
		return;
	t = info->type;
	path = first < dot ? xstrndup(first + 1, (size_t) (dot - first) - 1) : xstrdup("");
	if (walk(path, word, &t, &f, NULL) < 0 || t == NULL)
		return;
	for (size_t i = 0; (f = row_get(t, i)) != NULL; i++)
		add_begun(ret, parent, f->name, begun);
}
