/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "denied.h"
#include "mem.h"
#include "str.h"

/*
 * The table's order is that of the ends of their minutes, as an entry becomes the newest
 * one when it is told of.
 */
struct entry {
	struct table_item item;
	struct denied_what what; /* name is the one below */
	uint64_t count; /* since it was told of */
	int64_t due_ms;
	bool ready; /* to be told of now */
	bool last; /* and then forgotten */
	char name[];
};

static bool is_query(const struct denied_what *w)
{
	return w->to.family == 0;
}

static uint32_t hash_of(const struct denied_what *w)
{
	uint32_t h = table_hash(TABLE_HASH_START, &w->space, sizeof(w->space));

	h = table_hash(h, w->cell.b, sizeof(w->cell.b));
	if (is_query(w))
		return table_hash(h, w->name, strlen(w->name));
	h = table_hash(h, w->to.b, sizeof(w->to.b));
	h = table_hash(h, &w->port, sizeof(w->port));
	return table_hash(h, &w->proto, sizeof(w->proto));
}

/* The name that an address has may change: it says what it was last. */
static bool same(const struct denied_what *a, const struct denied_what *b)
{
	return a->space == b->space && ipaddr_eq(&a->cell, &b->cell) && ipaddr_eq(&a->to, &b->to) &&
	       a->proto == b->proto && a->port == b->port &&
	       (!is_query(a) || streq(a->name, b->name));
}

static struct entry *find(const struct denied *d, const struct denied_what *w)
{
	struct table_item *i = table_first(&d->table, hash_of(w));

	while (i && !same(&((struct entry *) i)->what, w))
		i = table_next(i);
	return (struct entry *) i;
}

static void drop(struct denied *d, struct entry *e)
{
	d->n_ready -= e->ready;
	d->n_counted -= !e->ready && e->count > 0;
	table_remove(&d->table, &e->item);
	free(e);
}

static void make_ready(struct denied *d, struct entry *e)
{
	if (e->ready)
		return;
	d->n_counted -= e->count > 0;
	d->n_ready++;
	e->ready = true;
}

/* ---- room ---- */

/* Let an old one go: with what it has to tell, unless that is too much as well. */
static void let_go(struct denied *d, struct entry *e, bool at_once)
{
	if (!e)
		return;
	if (at_once || (!e->ready && e->count == 0)) {
		drop(d, e);
		return;
	}
	e->last = true;
	make_ready(d, e);
}

static void make_room(struct denied *d, int64_t space)
{
	struct entry *oldest = NULL, *own = NULL, *own_any = NULL;
	size_t n_own = 0;

	for (struct table_item *i = d->table.oldest; i; i = i->newer) {
		struct entry *e = (struct entry *) i;

		if (!oldest && !e->last)
			oldest = e;
		if (e->what.space != space)
			continue;
		n_own++;
		if (!own_any)
			own_any = e;
		if (!own && !e->last)
			own = e;
	}
	if (n_own >= 2 * DENIED_SPACE_MAX)
		let_go(d, own_any, true);
	else if (d->table.n >= 2 * DENIED_MAX)
		let_go(d, (struct entry *) d->table.oldest, true);
	else if (n_own >= DENIED_SPACE_MAX)
		let_go(d, own, false);
	else if (d->table.n >= DENIED_MAX)
		let_go(d, oldest, false);
}

void denied_add(struct denied *d, const struct denied_what *what, int64_t now_ms)
{
	struct entry *e = find(d, what);
	size_t n = strlen(what->name) + 1;

	if (e) {
		d->n_counted += !e->ready && e->count == 0;
		e->count++;
		if (e->due_ms <= now_ms)
			make_ready(d, e);
		return;
	}
	make_room(d, what->space);
	e = xcalloc(1, sizeof(*e) + n);
	memcpy(e->name, what->name, n);
	e->what = *what;
	e->what.name = e->name;
	e->count = 1;
	e->due_ms = now_ms;
	e->ready = true;
	d->n_ready++;
	table_add(&d->table, &e->item, hash_of(what));
}

/* ---- telling ---- */

/* What has had its minute: told of if it has something to tell, else forgotten. */
static void end_minutes(struct denied *d, int64_t now_ms)
{
	struct table_item *next;

	for (struct table_item *i = d->table.oldest; i; i = next) {
		struct entry *e = (struct entry *) i;

		next = i->newer;
		if (e->ready)
			continue;
		if (e->due_ms > now_ms)
			return;
		if (e->count > 0)
			make_ready(d, e);
		else
			drop(d, e);
	}
}

/* One of another space than the last time if there is one: none waits for a flood of others. */
static struct entry *pick(const struct denied *d)
{
	struct entry *first = NULL;

	for (struct table_item *i = d->table.oldest; i && d->n_ready > 0; i = i->newer) {
		struct entry *e = (struct entry *) i;

		if (!e->ready)
			continue;
		if (e->what.space != d->last_space)
			return e;
		if (!first)
			first = e;
	}
	return first;
}

bool denied_next(struct denied *d, int64_t now_ms, struct denied_report *ret)
{
	struct entry *e;

	if (now_ms - d->filled_ms >= 1000) {
		d->filled_ms = now_ms;
		d->spent = 0;
	}
	if (d->spent >= DENIED_PER_SECOND)
		return false;
	end_minutes(d, now_ms);
	e = pick(d);
	if (!e)
		return false;
	*ret = (struct denied_report){ e->what, e->count, &e->item };
	return true;
}

void denied_told(struct denied *d, const struct denied_report *r, int64_t now_ms)
{
	struct entry *e = (struct entry *) r->item;

	d->spent++;
	d->last_space = e->what.space;
	if (e->last) {
		drop(d, e);
		return;
	}
	d->n_ready--;
	e->ready = false;
	e->count = 0;
	e->due_ms = now_ms + DENIED_PERIOD_MS;
	table_touch(&d->table, &e->item);
}

int64_t denied_wakes(const struct denied *d)
{
	if (d->n_ready > 0)
		return d->spent >= DENIED_PER_SECOND ? d->filled_ms + 1000 : 0;
	if (d->n_counted == 0)
		return -1;
	return ((struct entry *) d->table.oldest)->due_ms;
}

void denied_forget(struct denied *d, int64_t space)
{
	struct table_item *next;

	for (struct table_item *i = d->table.oldest; i; i = next) {
		struct entry *e = (struct entry *) i;

		next = i->newer;
		if (e->what.space == space)
			drop(d, e);
	}
}
