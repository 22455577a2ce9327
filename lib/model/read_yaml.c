/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>

#include <yaml.h>

#include "encode.h"
#include "node.h"

#include "buf.h"
#include "encoding.h"
#include "mem.h"
#include "scalar.h"
#include "str.h"
#include "vec.h"

/*
 * Reads YAML through libyaml's event API. Scalar types, tags and aliases are handled
 * here, because documents follow yaml.v3, while libyaml's document loader implements
 * YAML 1.1.
 */
enum {
	MAX_ANCHORS = 1024, /* of one document */
};

struct node_stream {
	yaml_parser_t parser;
	size_t nodes; /* created so far, in all documents */
	unsigned line, col; /* of the last error */
	bool ended;
	bool has_nul;
	yaml_mark_t nul; /* position of the first NUL */
	struct node *open[KUKE_MAX_NESTING]; /* the lists and maps being read, outermost first */
	unsigned depth;
	struct node *anchors[MAX_ANCHORS]; /* owned by the tree */
	size_t n_anchors;
};

static const struct {
	const char *name;
	enum node_tag tag;
} core_tags[] = {
	{ "!!str", NODE_TAG_STR },	 { "!!null", NODE_TAG_NULL },
	{ "!!bool", NODE_TAG_BOOL },	 { "!!int", NODE_TAG_INT },
	{ "!!float", NODE_TAG_FLOAT },	 { "!!timestamp", NODE_TAG_TIME },
	{ "!!binary", NODE_TAG_BINARY }, { "!!merge", NODE_TAG_MERGE },
	{ "!!seq", NODE_TAG_SEQ },	 { "!!map", NODE_TAG_MAP },
};

static int stream_fail(struct node_stream *s, const yaml_mark_t *at, struct kerr *err,
		       const char *problem)
{
	s->ended = true;
	s->line = (unsigned) at->line + 1;
	s->col = (unsigned) at->column + 1;
	return kerr_plain(err, -EINVAL, "yaml: line %u: %s", s->line, problem);
}

/* Get the next event; converts libyaml's error. */
static int stream_event(struct node_stream *s, yaml_event_t *ev, struct kerr *err)
{
	const char *problem;

	if (s->has_nul)
		return stream_fail(s, &s->nul, err, "control characters are not allowed");
	if (yaml_parser_parse(&s->parser, ev))
		return 0;
	problem = s->parser.problem ? s->parser.problem : "unknown problem parsing YAML content";
	/* The reader (bad UTF-8, control characters) gives an offset only. */
	if (s->parser.error == YAML_READER_ERROR)
		return stream_fail(s, &s->parser.mark, err, problem);
	return stream_fail(s, &s->parser.problem_mark, err, problem);
}

/* "tag:yaml.org,2002:str" as "!!str". NULL for none and for "!". */
static char *short_tag(const yaml_char_t *tag)
{
	static const char core[] = "tag:yaml.org,2002:";
	const char *t = (const char *) tag;

	if (!t || streq(t, "!"))
		return NULL;
	if (str_has_prefix(t, core))
		return xasprintf("!!%s", t + strlen(core));
	return xstrdup(t);
}

static enum node_tag tag_from_text(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(core_tags); i++)
		if (streq(core_tags[i].name, text))
			return core_tags[i].tag;
	return NODE_TAG_OTHER;
}

static bool decode_binary(struct node *n)
{
	cleanup_buf struct buf bytes = BUF_INIT(KUKE_MAX_MANIFEST);
	cleanup_buf struct buf plain = BUF_INIT(KUKE_MAX_MANIFEST);

	for (const char *p = n->text; *p; p++)
		if (*p != '\n' && *p != ' ')
			buf_addc(&plain, *p);
	if (base64_decode(&bytes, buf_str(&plain), plain.len) < 0)
		return false;
	free(n->text);
	n->len = bytes.len;
	n->text = buf_take(&bytes);
	return true;
}

/*
 * Whether a standard YAML tag fits the type of the text. A mismatch is an error only
 * when the value is decoded. Any other tag is ignored: the value is the text.
 */
static bool tag_fits(struct node *n)
{
	enum node_tag natural = scalar_tag(n->text, n->len), wanted = n->tag;

	if (wanted == NODE_TAG_OTHER) {
		n->tag = NODE_TAG_STR;
		return true;
	}
	if (wanted == NODE_TAG_BINARY)
		return decode_binary(n);
	return wanted == NODE_TAG_STR || wanted == NODE_TAG_MERGE || wanted == natural ||
	       (wanted == NODE_TAG_FLOAT && natural == NODE_TAG_INT);
}

static void fill_scalar(struct node *n, const yaml_event_t *ev)
{
	yaml_scalar_style_t style = ev->data.scalar.style;

	n->text = xmalloc(ev->data.scalar.length + 1);
	memcpy(n->text, ev->data.scalar.value, ev->data.scalar.length);
	n->text[ev->data.scalar.length] = 0;
	n->len = ev->data.scalar.length;
	if (style == YAML_PLAIN_SCALAR_STYLE)
		n->flags |= NODE_PLAIN;
	if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE)
		n->flags |= NODE_BLOCK;
	n->tag_text = short_tag(ev->data.scalar.tag);
	if (n->tag_text) {
		n->tag = tag_from_text(n->tag_text);
		if (!tag_fits(n))
			n->flags |= NODE_MISTAGGED;
	} else if (!(n->flags & NODE_PLAIN)) {
		n->tag = NODE_TAG_STR;
	} else if (streq(n->text, "<<")) {
		n->tag = NODE_TAG_MERGE;
	} else {
		n->tag = scalar_tag(n->text, n->len);
	}
}

static struct node *find_anchor(const struct node_stream *s, const char *name)
{
	for (size_t i = s->n_anchors; i-- > 0;)
		if (streq(s->anchors[i]->anchor, name))
			return s->anchors[i];
	return NULL;
}

static int fill_alias(struct node_stream *s, struct node *n, const yaml_event_t *ev,
		      struct kerr *err)
{
	char problem[200];

	n->anchor = xstrdup((const char *) ev->data.alias.anchor);
	n->target = find_anchor(s, n->anchor);
	if (!n->target) {
		(void) snprintf(problem, sizeof(problem), "unknown anchor '%.100s' referenced",
				n->anchor);
		return stream_fail(s, &ev->start_mark, err, problem);
	}
	for (unsigned i = 0; i < s->depth; i++) {
		if (s->open[i] != n->target)
			continue;
		(void) snprintf(problem, sizeof(problem), "anchor '%.100s' value contains itself",
				n->anchor);
		return stream_fail(s, &ev->start_mark, err, problem);
	}
	return 0;
}

static int set_anchor(struct node_stream *s, struct node *n, const yaml_char_t *anchor,
		      const yaml_event_t *ev, struct kerr *err)
{
	if (!anchor)
		return 0;
	if (s->n_anchors == MAX_ANCHORS)
		return stream_fail(s, &ev->start_mark, err, "too many anchors");
	n->anchor = xstrdup((const char *) anchor);
	s->anchors[s->n_anchors++] = n;
	return 0;
}

static int fill_container(struct node_stream *s, struct node *n, const yaml_event_t *ev,
			  struct kerr *err)
{
	bool seq = ev->type == YAML_SEQUENCE_START_EVENT;

	if (s->depth == KUKE_MAX_NESTING)
		return stream_fail(s, &ev->start_mark, err, "exceeded max depth");
	s->open[s->depth++] = n;
	n->tag = seq ? NODE_TAG_SEQ : NODE_TAG_MAP;
	n->tag_text = short_tag(seq ? ev->data.sequence_start.tag : ev->data.mapping_start.tag);
	return set_anchor(s, n,
			  seq ? ev->data.sequence_start.anchor : ev->data.mapping_start.anchor, ev,
			  err);
}

static enum node_kind node_kind_of(const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_SEQUENCE_START_EVENT:
		return NODE_SEQ;
	case YAML_MAPPING_START_EVENT:
		return NODE_MAP;
	case YAML_ALIAS_EVENT:
		return NODE_ALIAS;
	default:
		return NODE_SCALAR;
	}
}

/* Create the node of an event and add it to the list or map being read. */
static int add_node(struct node_stream *s, const yaml_event_t *ev, struct node **root,
		    struct kerr *err)
{
	struct node *n, *parent = s->depth > 0 ? s->open[s->depth - 1] : NULL;

	if (s->nodes++ == KUKE_MAX_NODES)
		return stream_fail(s, &ev->start_mark, err, "too many nodes");
	n = xcalloc(1, sizeof(*n));
	n->kind = node_kind_of(ev);
	n->line = (unsigned) ev->start_mark.line + 1;
	n->col = (unsigned) ev->start_mark.column + 1;
	if (parent)
		*(struct node **) vec_grow(&parent->items, &parent->n, sizeof(n)) = n;
	else
		*root = n;
	if (n->kind == NODE_ALIAS)
		return fill_alias(s, n, ev, err);
	if (n->kind != NODE_SCALAR)
		return fill_container(s, n, ev, err);
	fill_scalar(n, ev);
	return set_anchor(s, n, ev->data.scalar.anchor, ev, err);
}

/* Read the body of a document up to its end. */
static int read_document(struct node_stream *s, struct node **root, struct kerr *err)
{
	yaml_event_t ev;
	int r;

	s->depth = 0;
	s->n_anchors = 0;
	for (;;) {
		r = stream_event(s, &ev, err);
		if (r < 0)
			return r;
		if (ev.type == YAML_DOCUMENT_END_EVENT) {
			yaml_event_delete(&ev);
			return 0;
		}
		if (ev.type == YAML_SEQUENCE_END_EVENT || ev.type == YAML_MAPPING_END_EVENT) {
			assert(s->depth > 0); /* libyaml's grammar pairs them */
			s->depth--;
		} else {
			r = add_node(s, &ev, root, err);
		}
		yaml_event_delete(&ev);
		if (r < 0)
			return r;
	}
}

/* Whether a document is empty: libyaml returns an empty plain scalar for it. */
static bool is_nothing(const struct node *root)
{
	return root && root->kind == NODE_SCALAR && root->len == 0 && root->flags & NODE_PLAIN &&
	       !root->tag_text && !root->anchor;
}

/* libyaml stops at a NUL, so a file of zeros would be read as empty: find NULs first. */
static void find_nul(struct node_stream *s, const char *text, size_t len)
{
	const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;

	s->has_nul = nul != NULL;
	for (const char *p = text; s->has_nul && p < nul; p++) {
		s->nul.line += *p == '\n';
		s->nul.column = *p == '\n' ? 0 : s->nul.column + 1;
	}
}

struct node_stream *node_stream_new(const char *text, size_t len)
{
	struct node_stream *s = xcalloc(1, sizeof(*s));

	find_nul(s, text, len);
	if (!yaml_parser_initialize(&s->parser))
		abort(); /* out of memory */
	yaml_parser_set_input_string(&s->parser, (const unsigned char *) text, len);
	yaml_parser_set_encoding(&s->parser, YAML_UTF8_ENCODING);
	return s;
}

struct node_stream *node_stream_free(struct node_stream *s)
{
	if (!s)
		return NULL;
	yaml_parser_delete(&s->parser);
	free(s);
	return NULL;
}

int node_stream_next(struct node_stream *s, struct node **ret, struct kerr *err)
{
	cleanup_node struct node *root = NULL;
	yaml_event_type_t type;
	yaml_event_t ev;
	int r;

	while (!s->ended) {
		r = stream_event(s, &ev, err);
		if (r < 0)
			return r;
		type = ev.type;
		s->ended = type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
		if (type != YAML_DOCUMENT_START_EVENT)
			continue;
		r = read_document(s, &root, err);
		if (r < 0)
			return r;
		*ret = is_nothing(root) ? NULL : take_ptr(root);
		return 1;
	}
	return 0;
}

void node_stream_mark(const struct node_stream *s, unsigned *ret_line, unsigned *ret_col)
{
	*ret_line = s->line;
	*ret_col = s->col;
}

int node_read_yaml(const char *text, size_t len, struct node **ret, struct node **ret_second,
		   struct kerr *err)
{
	cleanup_(node_stream_freep) struct node_stream *s = NULL;
	cleanup_node struct node *first = NULL, *second = NULL;
	cleanup_buf struct buf own = BUF_INIT(0);
	int r;

	r = encoding_to_utf8(&text, &len, &own, err);
	if (r < 0)
		return r;
	s = node_stream_new(text, len);
	do {
		cleanup_node struct node *n = NULL;

		r = node_stream_next(s, &n, err);
		if (r < 0)
			return r;
		if (node_is_null(n))
			continue;
		if (first == NULL)
			first = take_ptr(n);
		else if (second == NULL)
			second = take_ptr(n);
	} while (r > 0);
	*ret = take_ptr(first);
	if (ret_second != NULL)
		*ret_second = take_ptr(second);
	return 0;
}
