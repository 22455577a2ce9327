/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cache.h"
#include "clock.h"
#include "mem.h"
#include "str.h"

struct entry {
	struct table_item item;
	int64_t space, until_ms;
	uint16_t type;
	uint16_t name_n, n; /* bytes: the name with its NUL, the reply */
	char data[]; /* the name, then the reply */
};

static uint32_t hash_of(int64_t space, const char *name, unsigned type)
{
	uint32_t h = table_hash(TABLE_HASH_START, &space, sizeof(space));

	return table_hash(table_hash(h, &type, sizeof(type)), name, strlen(name));
}

static size_t size_of(const struct entry *e)
{
	return sizeof(*e) + e->name_n + e->n;
}

static struct entry *find(const struct cache *c, int64_t space, const char *name, unsigned type)
{
	struct table_item *i = table_first(&c->table, hash_of(space, name, type));
	struct entry *e;

	for (; i; i = table_next(i)) {
		e = (struct entry *) i;
		if (e->space == space && e->type == type && streq(e->data, name))
			return e;
	}
	return NULL;
}

static void drop(struct cache *c, struct entry *e)
{
	table_remove(&c->table, &e->item);
	c->bytes -= size_of(e);
	free(e);
}

void cache_put(struct cache *c, int64_t space, const char *name, unsigned type,
	       const struct buf *reply, uint32_t ttl)
{
	struct entry *e = find(c, space, name, type);
	size_t n = strlen(name) + 1;

	if (e)
		drop(c, e);
	if (reply->failed || reply->len > CACHE_REPLY_MAX || n > CACHE_REPLY_MAX || ttl == 0)
		return;
	e = xcalloc(1, sizeof(*e) + n + reply->len);
	e->space = space;
	e->until_ms = clock_ms() + (int64_t) ttl * 1000;
	e->type = (uint16_t) type;
	e->name_n = (uint16_t) n;
	e->n = (uint16_t) reply->len;
	memcpy(e->data, name, n);
	memcpy(e->data + n, reply->data, reply->len);
	c->bytes += size_of(e);
	table_add(&c->table, &e->item, hash_of(space, name, type));
	while (c->table.n > CACHE_MAX || c->bytes > CACHE_BYTES)
		drop(c, (struct entry *) c->table.oldest);
}

bool cache_get(struct cache *c, int64_t space, const char *name, unsigned type, struct buf *ret,
	       uint32_t *ret_ttl)
{
	struct entry *e = find(c, space, name, type);
	int64_t left = e ? e->until_ms - clock_ms() : 0;

	if (e && left <= 0)
		drop(c, e);
	if (left <= 0)
		return false;
	*ret_ttl = (uint32_t) (left / 1000);
	buf_add(ret, e->data + e->name_n, e->n);
	return true;
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
