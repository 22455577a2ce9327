/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mem.h"
#include "table.h"

enum {
	FIRST_BUCKETS = 16,
};

static struct table_item **bucket(const struct table *t, uint32_t hash)
{
	return &t->buckets[hash & (t->n_buckets - 1)];
}

static void grow(struct table *t)
{
	size_t n = t->n_buckets ? t->n_buckets * 2 : FIRST_BUCKETS;
	struct table_item **b;

	free(t->buckets);
	t->buckets = xcalloc(n, sizeof(struct table_item *));
	t->n_buckets = n;
	for (struct table_item *i = t->oldest; i; i = i->newer) {
		b = bucket(t, i->hash);
		i->chain = *b;
		*b = i;
	}
}

static void append(struct table *t, struct table_item *item)
{
	item->newer = NULL;
	item->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = item;
	t->newest = item;
}

static void take_out(struct table *t, struct table_item *item)
{
	*(item->older ? &item->older->newer : &t->oldest) = item->newer;
	*(item->newer ? &item->newer->older : &t->newest) = item->older;
}

void table_add(struct table *t, struct table_item *item, uint32_t hash)
{
	struct table_item **b;

	if (t->n >= t->n_buckets)
		grow(t);
	item->hash = hash;
	b = bucket(t, hash);
	item->chain = *b;
	*b = item;
	append(t, item);
	t->n++;
}

void table_remove(struct table *t, struct table_item *item)
{
	struct table_item **b;

	for (b = bucket(t, item->hash); *b != item; b = &(*b)->chain)
		;
	*b = item->chain;
	take_out(t, item);
	t->n--;
}

void table_touch(struct table *t, struct table_item *item)
{
	take_out(t, item);
	append(t, item);
}

struct table_item *table_first(const struct table *t, uint32_t hash)
{
	struct table_item *i = t->n_buckets ? *bucket(t, hash) : NULL;

	while (i && i->hash != hash)
		i = i->chain;
	return i;
}

struct table_item *table_next(const struct table_item *item)
{
	struct table_item *i = item->chain;

	while (i && i->hash != item->hash)
		i = i->chain;
	return i;
}

void table_clear(struct table *t)
{
	free(t->buckets);
	*t = (struct table){ 0 };
}

uint32_t table_hash(uint32_t hash, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * 16777619U;
	return hash;
}
