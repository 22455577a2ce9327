/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <stdarg.h>

#include "node.h"

#include "mem.h"
#include "scalar.h"
#include "str.h"

struct node *node_free(struct node *n)
{
	if (!n)
		return NULL;
	if (n->flags & NODE_JSON) {
		node_free_json(n);
		return NULL;
	}
	for (size_t i = 0; i < n->n; i++)
		(void) node_free(n->items[i]);
	free(n->items);
	free(n->text);
	free(n->tag_text);
	free(n->anchor);
	free(n);
	return NULL;
}

const struct node *node_resolve(const struct node *n)
{
	while (n && n->kind == NODE_ALIAS)
		n = n->target;
	return n;
}

static const struct node *node_of(const struct node *n, enum node_kind kind)
{
	n = node_resolve(n);
	return n && n->kind == kind ? n : NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
	const struct node *k;

	map = node_of(map, NODE_MAP);
	for (size_t i = map ? map->n : 0; i >= 2; i -= 2) {
		k = node_of(map->items[i - 2], NODE_SCALAR);
		if (k && k->len == strlen(key) && streq(k->text, key))
			return node_resolve(map->items[i - 1]);
	}
	return NULL;
}

const struct node *node_path(const struct node *n, ...)
{
	const char *key;
	va_list ap;

	va_start(ap, n);
	while ((key = va_arg(ap, const char *)))
		n = node_get(n, key);
	va_end(ap);
	return node_resolve(n);
}

size_t node_count(const struct node *n)
{
	n = node_resolve(n);
	if (!n)
		return 0;
	return n->kind == NODE_SEQ ? n->n : n->kind == NODE_MAP ? n->n / 2 : 0;
}

const struct node *node_key(const struct node *map, size_t i)
{
	map = node_of(map, NODE_MAP);
	return map && i < map->n / 2 ? node_resolve(map->items[2 * i]) : NULL;
}

const char *node_str(const struct node *n)
{
	n = node_of(n, NODE_SCALAR);
	if (!n || n->tag != NODE_TAG_STR || strlen(n->text) != n->len)
		return NULL;
	return n->text;
}

bool node_is_null(const struct node *n)
{
	n = node_resolve(n);
	return !n || (n->kind == NODE_SCALAR && n->tag == NODE_TAG_NULL);
}

void node_set_text(struct node *n, char *owned_text)
{
	assert(!(n->flags & NODE_JSON));
	free(n->text);
	n->text = owned_text;
	n->len = strlen(owned_text);
	if (n->flags & NODE_PLAIN && !n->tag_text && scalar_tag(n->text, n->len) == NODE_TAG_NULL)
		n->tag = NODE_TAG_NULL;
}
