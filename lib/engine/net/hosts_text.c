/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cellnet.h"
#include "hosts_text.h"
#include "mem.h"
#include "str.h"

const char hosts_head[] = "127.0.0.1\tlocalhost\n"
			  "::1\tlocalhost ip6-localhost ip6-loopback\n"
			  "fe00::\tip6-localnet\n"
			  "ff00::\tip6-mcastprefix\n"
			  "ff02::1\tip6-allnodes\n"
			  "ff02::2\tip6-allrouters\n";

void hosts_cells_clear(struct hosts_cells *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].cell);
		free(l->v[i].stack);
		free(l->v[i].space);
		strlist_clear(&l->v[i].aliases);
	}
	free(l->v);
	*l = (struct hosts_cells){ 0 };
}

/* ---- the names of a cell ---- */

enum group {
	GROUP_OWN,
	GROUP_JOINED,
	GROUP_ALIAS,
	_GROUP_MAX
};

/* key: of its group; the smallest key that has a name keeps it. */
typedef void name_fn(void *ctx, const char *name, unsigned key);

enum {
	LABELS_MAX = 3 * 64 /* bytes of three labels with their dots or NUL */
};

/* Append a label, which is valid, to a name. */
static void append(char name[LABELS_MAX], size_t *n, const char *label)
{
	size_t len = strlen(label);

	assert(*n + len + 2 <= LABELS_MAX);
	if (*n > 0)
		name[(*n)++] = '.';
	memcpy(name + *n, label, len + 1);
	*n += len;
}

/* The names of the cell itself: those of a thousand are made at each start. */
static void each_own(const struct hosts_cell *c, unsigned key, name_fn *fn, void *ctx)
{
	const char *const labels[] = { c->cell, c->stack, c->space };
	char name[LABELS_MAX] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(labels) && labels[i] && host_label_valid(labels[i]);
	     i++) {
		append(name, &n, labels[i]);
		if (!host_name_fixed(name))
			fn(ctx, name, key);
		else if (i == 0)
			return;
	}
}

static void each_name(const struct hosts_cell *c, name_fn *fn, void *ctx)
{
	unsigned base = c->section * _GROUP_MAX;

	each_own(c, base + (c->space ? GROUP_JOINED : GROUP_OWN), fn, ctx);
	for (size_t i = 0; i < c->aliases.n; i++)
		if (host_name_valid(c->aliases.v[i]) && !host_name_fixed(c->aliases.v[i]))
			fn(ctx, c->aliases.v[i], base + GROUP_ALIAS);
}

/* ---- who keeps a name ---- */

/* Names in lower case, and the smallest key of each; open addressing. */
struct table {
	struct slot {
		char *name;
		unsigned key;
	} * v;
	size_t size; /* a power of two, more than twice the names */
};

static char *lower(const char *s)
{
	char *copy = xstrdup(s);

	for (char *at = copy; *at; at++)
		*at = (char) tolower((unsigned char) *at);
	return copy;
}

/* The slot of the name, which is in lower case, or a free one. */
static struct slot *find(const struct table *t, const char *name)
{
	size_t i = fnv1a32(name, strlen(name)) & (t->size - 1);

	while (t->v[i].name && !streq(t->v[i].name, name))
		i = (i + 1) & (t->size - 1);
	return &t->v[i];
}

static void claim(void *ctx, const char *name, unsigned key)
{
	cleanup_free char *low = lower(name);
	struct slot *s = find(ctx, low);

	if (!s->name)
		*s = (struct slot){ .name = take_ptr(low), .key = key };
	else if (key < s->key)
		s->key = key;
}

static void count(void *ctx, const char *name, unsigned key)
{
	size_t *n = ctx;

	(void) name;
	(void) key;
	(*n)++;
}

/* Cells of one space without aliases keep all their names: no table is needed. */
static bool is_simple(const struct hosts_cells *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].section > 0 || l->v[i].space || l->v[i].aliases.n > 0)
			return false;
	return true;
}

static void table_make(struct table *t, const struct hosts_cells *l)
{
	size_t n = 0;

	if (is_simple(l))
		return;
	for (size_t i = 0; i < l->n; i++)
		each_name(&l->v[i], count, &n);
	for (t->size = 16; t->size <= 2 * n;)
		t->size *= 2;
	t->v = xcalloc(t->size, sizeof(*t->v));
	for (size_t i = 0; i < l->n; i++)
		each_name(&l->v[i], claim, t);
}

static void table_clear(struct table *t)
{
	for (size_t i = 0; i < t->size; i++)
		free(t->v[i].name);
	free(t->v);
}

/* ---- lines ---- */

struct line {
	const struct table *table;
	struct buf *out;
	const char *ip;
};

static void add_name(void *ctx, const char *name, unsigned key)
{
	struct line *l = ctx;

	if (l->table->v) {
		cleanup_free char *low = lower(name);

		if (find(l->table, low)->key < key)
			return;
	}
	if (l->ip)
		buf_adds(l->out, l->ip);
	buf_addc(l->out, l->ip ? '\t' : ' ');
	l->ip = NULL;
	buf_adds(l->out, name);
}

static void add_line(struct buf *out, const struct table *t, const struct hosts_cell *c,
		     const char *ip)
{
	struct line line = { .table = t, .out = out, .ip = ip };

	each_name(c, add_name, &line);
	if (!line.ip) /* at least one name */
		buf_addc(out, '\n');
}

void hosts_text(struct buf *out, const struct hosts_cells *l)
{
	struct table t = { 0 };

	table_make(&t, l);
	buf_adds(out, hosts_head);
	for (size_t i = 0; i < l->n; i++) {
		char ip[IPNET_TEXT_MAX];

		add_line(out, &t, &l->v[i], ipv4_text(l->v[i].addr, ip));
		if (l->v[i].addr6.family != IPNET_NONE)
			add_line(out, &t, &l->v[i], ipnet_addr_text(&l->v[i].addr6, ip));
	}
	table_clear(&t);
}
