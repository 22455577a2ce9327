/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "node.h"

#include "jscan.h"
#include "mem.h"
#include "str.h"
#include "vec.h"

/*
 * Builds the same trees from JSON documents as read_yaml.c from YAML. Uses jscan
 * instead of jansson, because the trees must keep the source text of numbers and all
 * duplicate keys. jscan checks the grammar; this code only links the values into the
 * tree.
 */
struct json_tree {
	struct node *root;
	struct node *open[JSCAN_MAX_DEPTH];
	unsigned depth;
	const char *run; /* the string or literal being read; it arrives as one run */
	size_t run_len;
	size_t nodes;
	bool too_many;
};

static struct node *tree_add(struct json_tree *t, enum node_kind kind, enum node_tag tag)
{
	struct node *n, *parent = t->depth > 0 ? t->open[t->depth - 1] : NULL;

	n = xcalloc(1, sizeof(*n));
	n->kind = kind;
	n->tag = tag;
	n->flags = NODE_JSON;
	if (parent)
		*(struct node **) vec_grow(&parent->items, &parent->n, sizeof(n)) = n;
	else
		t->root = n;
	return n;
}

/* The text with escapes decoded and bytes that are not UTF-8 replaced by U+FFFD. */
static char *string_text(const char *raw, size_t n, size_t *ret_len)
{
	struct buf clean = BUF_INIT(3 * n + 1); /* U+FFFD has three bytes */
	char *text = xmalloc(n + 1);
	size_t len, k;

	len = jscan_unescape(text, raw, n);
	text[len] = 0;
	if (utf8_valid(text, len)) {
		*ret_len = len;
		return text;
	}
	for (size_t i = 0; i < len; i += k ? k : 1) {
		k = utf8_len(text + i, len - i);
		if (k > 0)
			buf_add(&clean, text + i, k);
		else
			buf_adds(&clean, "\xef\xbf\xbd");
	}
	free(text);
	*ret_len = clean.len;
	return buf_take(&clean);
}

static void add_string(struct json_tree *t)
{
	struct node *n = tree_add(t, NODE_SCALAR, NODE_TAG_STR);

	n->text = string_text(t->run, t->run_len, &n->len);
}

static enum node_tag literal_tag(const char *s, size_t n)
{
	if (*s == 'n')
		return NODE_TAG_NULL;
	if (*s == 't' || *s == 'f')
		return NODE_TAG_BOOL;
	return memchr(s, '.', n) || memchr(s, 'e', n) || memchr(s, 'E', n) ? NODE_TAG_FLOAT
									   : NODE_TAG_INT;
}

static void add_literal(struct json_tree *t)
{
	struct node *n = tree_add(t, NODE_SCALAR, literal_tag(t->run, t->run_len));

	n->flags |= NODE_PLAIN;
	n->text = xstrndup(t->run, t->run_len);
	n->len = t->run_len;
}

static void open_container(struct json_tree *t, enum node_kind kind)
{
	struct node *n = tree_add(t, kind, kind == NODE_MAP ? NODE_TAG_MAP : NODE_TAG_SEQ);

	t->open[t->depth++] = n; /* jscan limits the depth */
}

static void on_event(void *ctx, enum jscan_event ev, unsigned depth, const char *p, size_t n)
{
	struct json_tree *t = ctx;

	if (t->nodes == KUKE_MAX_NODES && ev != JSCAN_EV_OBJECT_END && ev != JSCAN_EV_ARRAY_END)
		t->too_many = true;
	if (t->too_many)
		return;
	switch (ev) {
	case JSCAN_EV_OBJECT_BEGIN:
	case JSCAN_EV_ARRAY_BEGIN:
		t->nodes++;
		open_container(t, ev == JSCAN_EV_OBJECT_BEGIN ? NODE_MAP : NODE_SEQ);
		break;
	case JSCAN_EV_OBJECT_END:
	case JSCAN_EV_ARRAY_END:
		t->depth--;
		break;
	case JSCAN_EV_KEY:
	case JSCAN_EV_STRING:
	case JSCAN_EV_LITERAL:
		t->run = p;
		t->run_len = n;
		break;
	case JSCAN_EV_KEY_END:
	case JSCAN_EV_STRING_END:
		t->nodes++;
		add_string(t);
		t->run_len = 0;
		break;
	case JSCAN_EV_LITERAL_END:
		t->nodes++;
		add_literal(t);
		t->run_len = 0;
		break;
	}
}

int node_read_json(const char *text, size_t len, const char *what, struct node **ret,
		   struct kerr *err)
{
	struct json_tree t = { .run = "" };
	enum jscan_result result;
	size_t used = 0;
	struct jscan s;

	jscan_init(&s, on_event, &t);
	result = jscan_feed(&s, text, len, &used);
	if (result == JSCAN_MORE)
		result = jscan_finish(&s);
	while (result == JSCAN_DONE && used < len && strchr(" \t\r\n", text[used]) && text[used])
		used++;
	if (t.too_many) {
		(void) node_free(t.root);
		return kerr_plain(err, -E2BIG, "%s: more than %d JSON values", what,
				  KUKE_MAX_NODES);
	}
	if (result == JSCAN_DONE && used == len) {
		*ret = t.root;
		return 0;
	}
	(void) node_free(t.root);
	if (result == JSCAN_MORE)
		return kerr_plain(err, -EINVAL, "%s: unexpected end of JSON input", what);
	if (s.too_deep)
		return kerr_plain(
			err, -E2BIG,
			"%s: objects and lists are nested deeper than %d levels at byte %zu", what,
			JSCAN_MAX_DEPTH, used + 1);
	return kerr_plain(err, -EINVAL, "%s: invalid JSON at byte %zu", what, used + 1);
}
