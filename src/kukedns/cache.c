/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cache.h"
#include "mem.h"
#include "str.h"

struct entry {
	struct table_item item;
	int64_t space, until_ms;
	unsigned type;
	char *name;
	struct buf reply;
};

static uint32_t hash_of(int64_t space, const char *name, unsigned type)
{
	uint32_t h = table_hash(TABLE_HASH_START, &space, sizeof(space));

	return table_hash(table_hash(h, &type, sizeof(type)), name, strlen(name));
}

static size_t size_of(const struct entry *e)
{
	return sizeof(*e) + strlen(e->name) + 1 + e->reply.cap;
}

static struct entry *find(const struct cache *c, int64_t space, const char *name, unsigned type)
{
	struct table_item *i = table_first(&c->table, hash_of(space, name, type));
	struct entry *e;

	for (; i; i = table_next(i)) {
		e = (struct entry *) i;
		if (e->space == space && e->type == type && streq(e->name, name))
			return e;
	}
	return NULL;
}

static void drop(struct cache *c, struct entry *e)
{
	table_remove(&c->table, &e->item);
	c->bytes -= size_of(e);
	buf_clear(&e->reply);
	free(e->name);
	free(e);
}

void cache_put(struct cache *c, int64_t space, const char *name, unsigned type,
	       const struct buf *reply, int64_t until_ms)
{
	struct entry *e = find(c, space, name, type);

	if (e)
		drop(c, e);
	if (reply->failed || reply->len > CACHE_REPLY_MAX)
		return;
	e = xcalloc(1, sizeof(*e));
	e->space = space;
	e->until_ms = until_ms;
	e->type = type;
	e->name = xstrdup(name);
	buf_init(&e->reply, CACHE_REPLY_MAX);
	buf_add(&e->reply, reply->data, reply->len);
	c->bytes += size_of(e);
	table_add(&c->table, &e->item, hash_of(space, name, type));
	while (c->table.n > CACHE_MAX || c->bytes > CACHE_BYTES)
		drop(c, (struct entry *) c->table.oldest);
}

const struct buf *cache_get(struct cache *c, int64_t space, const char *name, unsigned type,
			    int64_t now_ms, uint32_t *ret_ttl)
{
	struct entry *e = find(c, space, name, type);

	if (!e)
		return NULL;
	if (e->until_ms <= now_ms) {
		drop(c, e);
		return NULL;
	}
	*ret_ttl = (uint32_t) ((e->until_ms - now_ms) / 1000);
	return &e->reply;
}

void cache_forget(struct cache *c, int64_t space)
{
	struct table_item *next;

	for (struct table_item *i = c->table.oldest; i; i = next) {
		struct entry *e = (struct entry *) i;

		next = i->newer;
		if (e->space == space)
			drop(c, e);
	}
}
