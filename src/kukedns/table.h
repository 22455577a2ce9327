/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TABLE_H
#define KUKEON_TABLE_H

#include "defs.h"

/*
 * Things that are found by a hash and kept in an order, for caches that forget the oldest.
 * An item is the first member of what it is part of; the table owns none of them.
 */
struct table_item {
	struct table_item *chain; /* the next one of its bucket */
	struct table_item *older, *newer;
	uint32_t hash;
};

struct table {
	struct table_item **buckets;
	size_t n_buckets; /* a power of two, 0 while it is empty */
	size_t n;
	struct table_item *oldest, *newest;
};

/* As the newest one. */
void table_add(struct table *t, struct table_item *item, uint32_t hash);
void table_remove(struct table *t, struct table_item *item);
/* Make an item the newest one. */
void table_touch(struct table *t, struct table_item *item);
/* The first item with that hash, and the next one after an item. NULL: none. */
struct table_item *table_first(const struct table *t, uint32_t hash);
struct table_item *table_next(const struct table_item *item);
/* Free the buckets of an empty table. */
void table_clear(struct table *t);

/* The hash of some bytes, on top of another one. */
uint32_t table_hash(uint32_t hash, const void *p, size_t n);
#define TABLE_HASH_START 2166136261U

#endif
