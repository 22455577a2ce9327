/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON of others by jansson, held against the reader of documents: same texts, same values. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "jval.h"
#include "node.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
	if (!ok)
		abort();
}

static void check_number(const struct node *n, const struct jval *v)
{
	int64_t i = 0, want_i = 0;
	uint64_t u = 0, want_u = 0;
	bool whole = n->tag == NODE_TAG_INT;
	int r = whole ? str_to_i64(n->text, INT64_MIN, INT64_MAX, &want_i) : -1;

	need(!jval_str(v) && !jval_is_null(v) && !jval_is_object(v) && !jval_is_array(v));
	need((jval_i64(v, &i) == 0) == (r == 0) && i == want_i);
	r = whole ? str_to_u64(n->text, 0, UINT64_MAX, &want_u) : -1;
	if (!streq(n->text, "-0"))
		need((jval_u64(v, &u) == 0) == (r == 0) && u == want_u);
}

static void check_scalar(const struct node *n, const struct jval *v)
{
	const char *s = jval_str(v);
	bool b = false;

	need(jval_is_null(v) == (n->tag == NODE_TAG_NULL));
	need((jval_bool(v, &b) == 0) == (n->tag == NODE_TAG_BOOL));
	need(b == (n->tag == NODE_TAG_BOOL && n->text[0] == 't'));
	if (n->tag == NODE_TAG_STR)
		need(s ? streq(s, n->text) : strlen(n->text) != n->len);
	else if (n->tag != NODE_TAG_NULL && n->tag != NODE_TAG_BOOL)
		check_number(n, v);
}

static void check(const struct node *n, const struct jval *v)
{
	const struct jval *other;
	void *iter = NULL;
	const char *key;
	size_t i;

	switch (n->kind) {
	case NODE_SCALAR:
		check_scalar(n, v);
		break;
	case NODE_SEQ:
		need(jval_is_array(v) && jval_count(v) == n->n);
		for (i = 0; i < n->n; i++)
			check(n->items[i], jval_item(v, i));
		break;
	case NODE_MAP:
		need(jval_is_object(v));
		for (i = 0; i < n->n; i += 2)
			if (node_get(n, n->items[i]->text) == n->items[i + 1])
				check(n->items[i + 1], jval_get(v, n->items[i]->text));
		for (i = 0; jval_next(v, &iter, &key, &other); i++)
			need(jval_get(v, key) == other);
		need(i <= n->n / 2 && (i > 0) == (n->n > 0));
		break;
	case NODE_ALIAS:
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_node struct node *n = NULL;
	cleanup_jval struct jval *v = NULL;
	struct kerr why = { 0 }, err = { 0 };
	int want, r;

	want = node_read_json((const char *) data, size, "json", &n, &why);
	r = jval_read((const char *) data, size, "json", &v, &err);
	need(r == want && streq(err.msg, why.msg));
	if (r == 0)
		check(n, v);
	return 0;
}
