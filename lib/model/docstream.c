/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "copy.h"
#include "decode.h"
#include "docstream.h"
#include "encoding.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "node.h"
#include "str.h"
#include "validate.h"

#define LIST_KIND "List"

/* State of a load. */
struct load {
	const char *file_name;
	enum docstream_flags flags;
	struct docstream *m;
	/* list items visited; bounded, because aliases may expand beyond the input size */
	size_t visited;
};

/* One part of the text between two separators. */
struct chunk {
	const char *p;
	size_t n;
	unsigned line; /* of its first byte, from 1 */
	bool after_end; /* preceded by a line "..." */
};

void *doc_free(enum kind kind, void *doc)
{
	if (doc != NULL) {
		model_clear(kind_info(kind)->type, doc);
		free(doc);
	}
	return NULL;
}

void docstream_clear(struct docstream *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->v[i].doc = doc_free(m->v[i].kind, m->v[i].doc);
		free(m->v[i].error);
		free(m->v[i].parse_error);
		free(m->v[i].file);
	}
	free(m->v);
	m->v = NULL;
	m->n = 0;
	strlist_clear(&m->warnings);
}

void *docstream_take(struct docstream_doc *d)
{
	return take_ptr(d->doc);
}

/* ---- splitting ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/*
 * The rule of YAML 1.2: a document starts at three dashes in column 0 that are followed
 * by white space or the end of the text, or after a line of three dots.
 */
static bool is_marker(const char *p, const char *end, const char *marker)
{
	size_t n = (size_t) (end - p);

	return n >= 3 && memcmp(p, marker, 3) == 0 && (n == 3 || is_space(p[3]));
}

static const char *line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t) (end - p));

	return nl == NULL ? end : nl + 1;
}

/* Whether a chunk has only white space and at most a separator: it is dropped. */
static bool chunk_is_blank(const struct chunk *c)
{
	const char *end = c->p + c->n;
	size_t i = is_marker(c->p, end, "---") || is_marker(c->p, end, "...") ? 3 : 0;

	for (; i < c->n; i++)
		if (!is_space(c->p[i]))
			return false;
	return true;
}

/*
 * Whether a chunk has only blank lines, comments and %DIRECTIVES (*ret_directives: it
 * has any). It belongs to the document that follows.
 */
static bool chunk_is_prologue(const struct chunk *c, bool *ret_directives)
{
	const char *p = c->p, *end = c->p + c->n;

	*ret_directives = false;
	for (; p < end; p = line_end(p, end)) {
		if (*p == '%')
			*ret_directives = true;
		else if (*p != '#' && *p != '\r' && *p != '\n')
			return false;
	}
	return true;
}

/* Cut the next chunk off the front of rest. False at the end. */
static bool chunk_next(struct chunk *rest, struct chunk *ret)
{
	const char *p = rest->p, *end = rest->p + rest->n;
	bool dots;

	if (rest->n == 0)
		return false;
	*ret = *rest;
	do {
		dots = is_marker(p, end, "...");
		p = line_end(p, end);
		rest->line++;
	} while (p < end && !dots && !is_marker(p, end, "---"));
	ret->n = (size_t) (p - ret->p);
	rest->n = (size_t) (end - p);
	rest->p = p;
	rest->after_end = dots;
	return true;
}

/* ---- one document ---- */

static struct docstream_doc *doc_add(struct load *l, unsigned line)
{
	struct docstream_doc *d = vec_grow(&l->m->v, &l->m->n, sizeof(*d));

	d->index = l->m->n - 1;
	d->line = line;
	d->file = xstrdup(l->file_name);
	return d;
}

/* The text already names the document; the wrapper names it again, as upstream does. */
static void doc_parse_error(struct docstream_doc *d, const char *what, const char *text)
{
	d->parse_error = xasprintf("document %zu: %s%s", d->index, what, text);
	d->error = xasprintf("document %zu (): %s", d->index, d->parse_error);
}

/* The version is checked before the name is read, so its error has no name in front. */
static void doc_error(struct docstream_doc *d, const char *text)
{
	const char *kind = kind_info(d->kind)->name;
	const char *name = ((const struct doc_head *) d->doc)->metadata.name;

	if (str_empty(name) || str_has_prefix(text, "unsupported apiVersion: "))
		d->error = xasprintf("document %zu (%s): %s", d->index, kind, text);
	else
		d->error = xasprintf("document %zu (%s \"%s\"): %s", d->index, kind, name, text);
	d->doc = doc_free(d->kind, d->doc);
}

/* Convert line numbers in a chunk to line numbers in the whole input. */
static void shift_lines(struct node *n, unsigned by)
{
	if (n == NULL)
		return;
	if (n->line > 0)
		n->line += by;
	for (size_t i = 0; i < n->n; i++)
		shift_lines(n->items[i], by);
}

/* Read only the kind. *ret is owned by the caller. */
static int read_kind(const struct node *n, char **ret, struct kerr *err)
{
	static const struct field rows[] = { {
		.name = "kind",
		.type = FIELD_STRING,
		.help = "kind",
	} };
	static const struct model_type type = {
		.name = "TypeMeta",
		.help = "kind",
		.size = sizeof(char *),
		.fields = rows,
		.n_fields = 1,
	};
	char *kind = NULL;
	int r;

	r = model_decode(&type, n, &kind, NULL, err);
	if (r < 0)
		return r;
	*ret = kind == NULL ? xstrdup("") : kind;
	return 0;
}

static void drop_status(enum kind kind, void *doc)
{
	const struct field *f = model_find(kind_info(kind)->type, "status", NULL);

	if (f != NULL)
		model_clear(f->obj, field_ptr(f, doc));
}

static void tell_unknown(struct load *l, struct docstream_doc *d, const struct unknown_fields *u)
{
	cleanup_buf struct buf text = BUF_INIT(64 << 10);

	for (size_t i = 0; i < u->n; i++) {
		buf_reset(&text);
		buf_addf(&text, "%s:%u:%u: ", l->file_name, u->v[i].line, u->v[i].col);
		unknown_field_text(&text, &u->v[i]);
		if (l->flags & DOCSTREAM_STRICT && u->v[i].remark == NULL) {
			doc_error(d, buf_str(&text));
			return;
		}
		strlist_addf(&l->m->warnings, "warning: %s", buf_str(&text));
	}
}

static void load_doc(struct load *l, struct docstream_doc *d, const struct node *n)
{
	cleanup_(unknown_fields_clear) struct unknown_fields unknown = { 0 };
	cleanup_free char *kind = NULL;
	cleanup_free char *what = NULL;
	const struct kind_info *info;
	struct kerr err = { 0 };

	if (read_kind(n, &kind, &err) < 0) {
		doc_parse_error(d, "failed to parse kind: ", err.msg);
		return;
	}
	d->kind = kind_from_name(kind);
	info = kind_info(d->kind);
	if (info == NULL || !info->resource) {
		d->kind = KIND_INVALID;
		doc_parse_error(d, "unknown kind: ", kind);
		return;
	}
	d->doc = xcalloc(1, info->type->size);
	if (model_decode(info->type, n, d->doc, &unknown, &err) < 0) {
		what = xasprintf("failed to parse %s: ", info->name);
		d->doc = doc_free(d->kind, d->doc);
		d->kind = KIND_INVALID;
		doc_parse_error(d, what, err.msg);
		return;
	}
	drop_status(d->kind, d->doc);
	tell_unknown(l, d, &unknown);
}

/* ---- lists ---- */

static int doc_room(const struct load *l, struct kerr *err)
{
	if (l->m->n < KUKE_MAX_DOCUMENTS)
		return 0;
	return kerr_plain(err, -E2BIG, "failed to parse YAML: more than %d documents",
			  KUKE_MAX_DOCUMENTS);
}

static bool is_list(const struct node *n)
{
	const struct node *kind = n->kind == NODE_MAP ? node_get(n, "kind") : NULL;

	return kind != NULL && kind->kind == NODE_SCALAR && streq(kind->text, LIST_KIND);
}

/* An error in the list itself; NULL if it is valid. */
static char *list_problem(const struct node *list)
{
	static const char *const versions[] = { "", "v1", "v1beta1" };
	const struct node *items = node_get(list, "items"), *version = node_get(list, "apiVersion");
	size_t i = 0;

	if (version != NULL && version->kind == NODE_SCALAR && !node_is_null(version)) {
		while (i < ARRAY_SIZE(versions) && !streq(versions[i], version->text))
			i++;
		if (i == ARRAY_SIZE(versions))
			return xasprintf("unsupported apiVersion: %.64s (expected v1)",
					 version->text);
	}
	if (items == NULL)
		return xstrdup("items is required");
	if (items->kind != NODE_SEQ && !node_is_null(items))
		return xstrdup("items must be a list");
	return NULL;
}

static int load_value(struct load *l, unsigned line, const struct node *n, struct kerr *err);

static int load_items(struct load *l, unsigned line, const struct node *seq, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && seq->kind == NODE_SEQ && i < seq->n; i++)
		r = load_value(l, line, seq->items[i], err);
	return r;
}

/* Report unknown keys of a list. *problem: the first one, if unknown keys are errors. */
static void list_unknown(struct load *l, const struct node *list, char **problem)
{
	static const char *const known[] = { "apiVersion", "kind", "metadata", "items" };

	for (size_t i = 0; i < node_count(list); i++) {
		const struct node *key = node_key(list, i);
		const char *text = node_str(key);

		for (size_t k = 0; text != NULL && k < ARRAY_SIZE(known); k++)
			if (streq(text, known[k]))
				text = NULL;
		if (text == NULL)
			continue;
		if (!(l->flags & DOCSTREAM_STRICT))
			strlist_addf(&l->m->warnings, "warning: %s:%u:%u: unknown field %.128s",
				     l->file_name, key->line, key->col, text);
		else if (*problem == NULL)
			*problem = xasprintf("%s:%u:%u: unknown field %.128s", l->file_name,
					     key->line, key->col, text);
	}
}

static int load_list(struct load *l, unsigned line, const struct node *list, struct kerr *err)
{
	cleanup_free char *problem = list_problem(list);
	struct docstream_doc *d;

	list_unknown(l, list, &problem);
	if (problem == NULL)
		return load_items(l, line, node_get(list, "items"), err);
	d = doc_add(l, line);
	d->error = xasprintf("document %zu (" LIST_KIND "): %s", d->index, problem);
	return 0;
}

/* Load a document, or all documents of a list; line: used if n has no line number. */
static int load_value(struct load *l, unsigned line, const struct node *n, struct kerr *err)
{
	int r;

	n = node_resolve(n);
	if (node_is_null(n))
		return 0;
	if (l->visited++ == KUKE_MAX_NODES)
		return kerr_plain(err, -E2BIG,
				  "failed to parse YAML: document contains excessive aliasing");
	line = n->line > 0 ? n->line : line;
	if (n->kind == NODE_SEQ)
		return load_items(l, line, n, err);
	r = doc_room(l, err);
	if (r < 0)
		return r;
	if (is_list(n))
		return load_list(l, line, n, err);
	load_doc(l, doc_add(l, line), n);
	return 0;
}

/* ---- a chunk ---- */

/* Set the error "yaml: line 3: did not find …" with the position in the whole input. */
static void syntax_error(struct load *l, struct docstream_doc *d, const struct node_stream *s,
			 const char *msg, unsigned shift)
{
	cleanup_free char *text = NULL;
	const char *rest = msg;
	unsigned line, col;

	node_stream_mark(s, &line, &col);
	if (line > 0) {
		rest = str_has_prefix(msg, "yaml: line ") ? strstr(msg + 6, ": ") : NULL;
		rest = rest != NULL ? rest + 2 : msg;
		text = xasprintf("yaml: %s:%u:%u: %s", l->file_name, line + shift, col, rest);
	}
	doc_parse_error(d, "failed to parse kind: ", text != NULL ? text : msg);
}

/* Parse as JSON a chunk with escapes that YAML does not have (surrogate pairs). */
static struct node *read_as_json(const struct chunk *c)
{
	struct node *n = NULL;
	size_t i = 0;

	while (i < c->n && is_space(c->p[i]))
		i++;
	if (i == c->n || (c->p[i] != '{' && c->p[i] != '[') ||
	    node_read_json(c->p, c->n, "json", &n, NULL) < 0)
		return NULL;
	return n;
}

static int load_chunk(struct load *l, const struct chunk *c, struct kerr *err)
{
	cleanup_(node_stream_freep) struct node_stream *s = node_stream_new(c->p, c->n);
	struct kerr yaml_err = { 0 };
	size_t before = l->m->n;
	int more = 1, r;

	while (more > 0) {
		cleanup_node struct node *n = NULL;

		more = node_stream_next(s, &n, &yaml_err);
		if (more < 0 && l->m->n == before)
			n = read_as_json(c);
		if (more < 0 && n == NULL) {
			r = doc_room(l, err);
			if (r < 0)
				return r;
			syntax_error(l, doc_add(l, c->line), s, yaml_err.msg, c->line - 1);
			break;
		}
		shift_lines(n, c->line - 1);
		r = load_value(l, c->line, n, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int load_chunks(struct load *l, struct chunk rest, struct kerr *err)
{
	struct chunk c, head = { NULL, 0, 0, false };
	bool directives;
	int r;

	while (chunk_next(&rest, &c)) {
		if (head.p != NULL) {
			head.n += c.n;
			c = head;
			head.p = NULL;
		} else if (chunk_is_prologue(&c, &directives)) {
			if (directives && rest.n > 0) {
				head = c;
				continue;
			}
			if (c.after_end)
				continue; /* comments after the end of a document */
		}
		if (chunk_is_blank(&c))
			continue;
		r = load_chunk(l, &c, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static const char *source_name(const struct docstream_source *v)
{
	return v->name == NULL ? "-" : v->name;
}

static int source_utf8(struct docstream_source *v, struct buf *own, struct kerr *err)
{
	struct kerr why = { 0 };
	int r;

	r = encoding_to_utf8(&v->text, &v->n, own, &why);
	if (r < 0)
		return kerr_plain(err, r, "failed to parse YAML: %s: %s", source_name(v), why.msg);
	return 0;
}

static int load_source(struct load *l, struct docstream_source v, struct kerr *err)
{
	cleanup_buf struct buf own = BUF_INIT(0);
	struct chunk all;
	int r;

	r = source_utf8(&v, &own, err);
	if (r < 0)
		return r;
	l->file_name = source_name(&v);
	all = (struct chunk){ v.text, v.n, 1, false };
	return load_chunks(l, all, err);
}

int docstream_load_all(const struct docstream_source *v, size_t n, enum docstream_flags flags,
		       struct docstream *ret, struct kerr *err)
{
	cleanup_docstream struct docstream m = { 0 };
	struct load l = { .flags = flags, .m = &m };
	size_t i, bytes = 0;
	int r;

	*ret = (struct docstream){ 0 };
	for (i = 0; i < n; i++) {
		assert(v[i].text != NULL || v[i].n == 0);
		bytes += v[i].n; /* cannot overflow: all files are in memory */
		if (bytes > KUKE_MAX_MANIFEST)
			return kerr_plain(err, -E2BIG,
					  "failed to parse YAML: input exceeds %d bytes",
					  KUKE_MAX_MANIFEST);
		r = load_source(&l, v[i], err);
		if (r < 0)
			return r;
	}
	if (m.n == 0)
		return kerr_plain(err, -EINVAL,
				  "failed to parse YAML: no documents found in input");
	m.files = n;
	*ret = take_struct(m);
	return 0;
}

int docstream_load(const char *text, size_t n, const char *file_name, enum docstream_flags flags,
		   struct docstream *ret, struct kerr *err)
{
	const struct docstream_source v = { text, n, file_name };

	return docstream_load_all(&v, 1, flags, ret, err);
}

int docstream_join(struct buf *out, const struct docstream_source *v, struct kerr *err)
{
	cleanup_buf struct buf own = BUF_INIT(0);
	struct docstream_source file = *v;
	int r;

	r = source_utf8(&file, &own, err);
	if (r < 0)
		return r;
	if (out->len > 0) {
		if (buf_str(out)[out->len - 1] != '\n')
			buf_addc(out, '\n');
		/* A directive is only allowed after the end of a document. */
		buf_adds(out, file.n > 0 && *file.text == '%' ? "...\n" : "---\n");
	}
	buf_add(out, file.text, file.n);
	return buf_check(out, source_name(v), err);
}

void *docstream_add(struct docstream *m, enum kind kind)
{
	struct docstream_doc *d = vec_grow(&m->v, &m->n, sizeof(*d));

	d->index = m->n - 1;
	d->line = 1;
	d->kind = kind;
	d->doc = xcalloc(1, kind_info(kind)->type->size);
	return d->doc;
}

/* ---- verdict ---- */

void docstream_validate(struct docstream *m, enum docstream_flags flags)
{
	enum validate_flags how = flags & DOCSTREAM_FOR_DELETE ? VALIDATE_ANY_FIELD : 0;
	struct kerr err = { 0 };

	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].doc != NULL && validate_doc(m->v[i].kind, m->v[i].doc, how, &err) < 0)
			doc_error(&m->v[i], err.msg);
}

static void errors_text(const struct docstream *m, const char *title, struct buf *out)
{
	buf_adds(out, title);
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].error != NULL && m->files > 1 && m->v[i].file != NULL)
			buf_addf(out, "\n  %s (%s:%u)", m->v[i].error, m->v[i].file, m->v[i].line);
		else if (m->v[i].error != NULL)
			buf_addf(out, "\n  %s", m->v[i].error);
}

/* delete -f: if all errors are syntax errors, only the first is reported. */
static const char *first_if_all_parse(const struct docstream *m)
{
	const char *first = NULL;

	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].error == NULL)
			continue;
		if (strstr(m->v[i].error, "failed to parse") == NULL)
			return NULL;
		if (first == NULL)
			first = m->v[i].parse_error != NULL ? m->v[i].parse_error : m->v[i].error;
	}
	return first;
}

int docstream_check(const struct docstream *m, enum docstream_style style, struct buf *ret_text,
		    struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_REPLY);
	const char *parse;
	size_t i;

	for (i = 0; i < m->n && m->v[i].error == NULL; i++)
		;
	if (i == m->n)
		return 0;
	parse = style == DOCSTREAM_STYLE_DELETE ? first_if_all_parse(m) : NULL;
	if (parse != NULL)
		buf_addf(&text, "failed to parse YAML: %s", parse);
	else
		errors_text(m,
			    style == DOCSTREAM_STYLE_DELETE ? "validation errors:"
							    : "validation failed:",
			    &text);
	if (ret_text != NULL)
		buf_add(ret_text, buf_str(&text), text.len);
	return kerr_plain(err, -EINVAL, "%s", buf_str(&text));
}
