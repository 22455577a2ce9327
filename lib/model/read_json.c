/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "node.h"

#include "jscan.h"
#include "mem.h"
#include "str.h"

/*
 * Builds the same trees from JSON documents as read_yaml.c from YAML. Uses jscan
 * instead of jansson, because the trees must keep the source text of numbers and all
 * duplicate keys. jscan checks the grammar; this code only links the values into the
 * tree.
 *
 * A tree is read far more often than changed, and freed as a whole, so its nodes and
 * texts are not allocated one by one but cut from blocks, of which the first begins
 * with the root.
 */
enum {
	BLOCK_MIN = 4 << 10,
	BLOCK_MAX = 1 << 20,
	BLOCK_PER_BYTE = 6, /* of what a document's nodes take, per byte of its text */
	WAITING_MIN = 64,
};

struct block {
	struct block *next;
	size_t used, size; /* of data */
	struct node root; /* of the first block */
	_Alignas(struct node) char data[];
};

struct json_tree {
	struct block *first, *last;
	struct node *open[JSCAN_MAX_DEPTH];
	size_t begin[JSCAN_MAX_DEPTH]; /* index of the first item of each in waiting */
	unsigned depth;
	struct node **waiting; /* items of what is open */
	size_t n_waiting, max_waiting;
	const char *run; /* the string or literal being read; it arrives as one run */
	size_t run_len;
	size_t nodes;
	bool too_many;
};

static struct block *block_new(size_t size)
{
	struct block *b = xmalloc(sizeof(*b) + size);

	b->next = NULL;
	b->used = 0;
	b->size = size;
	return b;
}

static size_t first_size(size_t len)
{
	size_t size = len < BLOCK_MAX / BLOCK_PER_BYTE ? BLOCK_PER_BYTE * len : BLOCK_MAX;

	return size < BLOCK_MIN ? BLOCK_MIN : size;
}

void node_free_json(struct node *root)
{
	struct block *b = (struct block *) (void *) ((char *) root - offsetof(struct block, root));

	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

static void *tree_room(struct json_tree *t, size_t n)
{
	struct block *b = t->last;
	void *p;

	n = (n + _Alignof(struct node) - 1) & ~(_Alignof(struct node) - 1);
	if (n > b->size - b->used) {
		size_t size = b->size < BLOCK_MAX ? 2 * b->size : BLOCK_MAX;

		b->next = block_new(n > size ? n : size);
		b = t->last = b->next;
	}
	p = b->data + b->used;
	b->used += n;
	return p;
}

static void add_waiting(struct json_tree *t, struct node *n)
{
	if (t->n_waiting == t->max_waiting) {
		t->max_waiting = t->max_waiting > 0 ? 2 * t->max_waiting : WAITING_MIN;
		t->waiting = xreallocarray(t->waiting, t->max_waiting, sizeof(n));
	}
	t->waiting[t->n_waiting++] = n;
}

static struct node *tree_add(struct json_tree *t, enum node_kind kind, enum node_tag tag)
{
	struct node *n = &t->first->root;

	if (t->depth > 0) {
		n = tree_room(t, sizeof(*n));
		add_waiting(t, n);
	}
	*n = (struct node){ .kind = kind, .tag = tag, .flags = NODE_JSON };
	return n;
}

/* Replace bytes of text that are not UTF-8 by U+FFFD. */
static char *clean_text(struct json_tree *t, const char *text, size_t len, size_t *ret_len)
{
	char *out = tree_room(t, 3 * len + 1); /* U+FFFD has three bytes */
	size_t n = 0, k;

	for (size_t i = 0; i < len; i += k ? k : 1) {
		k = utf8_len(text + i, len - i);
		memcpy(out + n, k ? text + i : "\xef\xbf\xbd", k ? k : 3);
		n += k ? k : 3;
	}
	out[n] = '\0';
	*ret_len = n;
	return out;
}

/* The text with escapes decoded and bytes that are not UTF-8 replaced by U+FFFD. */
static char *string_text(struct json_tree *t, const char *raw, size_t n, size_t *ret_len)
{
	char *text = tree_room(t, n + 1);
	size_t len = jscan_unescape(text, raw, n);

	text[len] = '\0';
	if (!utf8_valid(text, len))
		return clean_text(t, text, len, ret_len);
	*ret_len = len;
	return text;
}

static void add_string(struct json_tree *t)
{
	struct node *n = tree_add(t, NODE_SCALAR, NODE_TAG_STR);

	n->text = string_text(t, t->run, t->run_len, &n->len);
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
	n->text = tree_room(t, t->run_len + 1);
	memcpy(n->text, t->run, t->run_len);
	n->text[t->run_len] = '\0';
	n->len = t->run_len;
}

static void open_container(struct json_tree *t, enum node_kind kind)
{
	struct node *n = tree_add(t, kind, kind == NODE_MAP ? NODE_TAG_MAP : NODE_TAG_SEQ);

	t->begin[t->depth] = t->n_waiting;
	t->open[t->depth++] = n; /* jscan limits the depth */
}

static void close_container(struct json_tree *t)
{
	struct node *n = t->open[--t->depth];
	size_t from = t->begin[t->depth];

	n->n = t->n_waiting - from;
	if (n->n == 0)
		return;
	n->items = tree_room(t, n->n * sizeof(struct node *));
	memcpy(n->items, t->waiting + from, n->n * sizeof(struct node *));
	t->n_waiting = from;
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
		close_container(t);
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

	t.first = t.last = block_new(first_size(len));
	jscan_init(&s, on_event, &t);
	result = jscan_feed(&s, text, len, &used);
	if (result == JSCAN_MORE)
		result = jscan_finish(&s);
	while (result == JSCAN_DONE && used < len && strchr(" \t\r\n", text[used]) && text[used])
		used++;
	free(t.waiting);
	if (t.too_many) {
		node_free_json(&t.first->root);
		return kerr_plain(err, -E2BIG, "%s: more than %d JSON values", what,
				  KUKE_MAX_NODES);
	}
	if (result == JSCAN_DONE && used == len) {
		*ret = &t.first->root;
		return 0;
	}
	node_free_json(&t.first->root);
	if (result == JSCAN_MORE)
		return kerr_plain(err, -EINVAL, "%s: unexpected end of JSON input", what);
	if (s.too_deep)
		return kerr_plain(
			err, -E2BIG,
			"%s: objects and lists are nested deeper than %d levels at byte %zu", what,
			JSCAN_MAX_DEPTH, used + 1);
	return kerr_plain(err, -EINVAL, "%s: invalid JSON at byte %zu", what, used + 1);
}
