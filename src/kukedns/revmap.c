/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mem.h"
#include "revmap.h"
#include "str.h"

struct entry {
	struct table_item item;
	int64_t space;
	struct ipaddr addr;
	char name[];
};

static uint32_t hash_of(int64_t space, const struct ipaddr *addr)
{
	return table_hash(table_hash(TABLE_HASH_START, &space, sizeof(space)), addr->b,
			  sizeof(addr->b));
}

static struct entry *find(const struct revmap *m, int64_t space, const struct ipaddr *addr)
{
	struct table_item *i = table_first(&m->table, hash_of(space, addr));
	struct entry *e;

	for (; i; i = table_next(i)) {
		e = (struct entry *) i;
		if (e->space == space && ipaddr_eq(&e->addr, addr))
			return e;
	}
	return NULL;
}

static void drop(struct revmap *m, struct entry *e)
{
	table_remove(&m->table, &e->item);
	free(e);
}

void revmap_set(struct revmap *m, int64_t space, const struct ipaddr *addr, const char *name)
{
	struct entry *e = find(m, space, addr);
	size_t n = strlen(name) + 1;

	if (e && streq(e->name, name)) {
		table_touch(&m->table, &e->item);
		return;
	}
	if (e)
		drop(m, e);
	else if (m->table.n >= REVMAP_MAX)
		drop(m, (struct entry *) m->table.oldest);
	e = xcalloc(1, sizeof(*e) + n);
	e->space = space;
	e->addr = *addr;
	memcpy(e->name, name, n);
	table_add(&m->table, &e->item, hash_of(space, addr));
}

const char *revmap_get(const struct revmap *m, int64_t space, const struct ipaddr *addr)
{
	const struct entry *e = find(m, space, addr);

	return e ? e->name : "";
}

void revmap_forget(struct revmap *m, int64_t space)
{
	struct table_item *next;

	for (struct table_item *i = m->table.oldest; i; i = next) {
		struct entry *e = (struct entry *) i;

		next = i->newer;
		if (e->space == space)
			drop(m, e);
	}
}
