/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_H
#define KUKEON_NAMES_H

#include "selector.h"
#include "subject.h"

/* Verbs on several objects: by their names, or by their labels (-l). */
enum {
	NAMES_MAX = 10000
};

#define OPT_ROW_SELECTOR                                                                \
	{                                                                               \
		"selector", 'l', OPT_LIST, NULL,                                        \
			"only objects whose labels match: k=v, k!=v, k, !k, k in (a,b)" \
	}

/*
 * The names that were typed, trimmed, each once, blank ones left out, and the terms
 * of -l; not both.
 */
int names_read(const struct cli *c, struct strlist *ret, struct selector *ret_selector,
	       struct kerr *err);

/* `accepts 1 arg(s), received 0` where neither a name nor -l was typed. */
int names_given(struct cli *c, struct kerr *err);

/*
 * For verbs that change something: the names that were typed, none of them blank, or
 * those that -l selects in the scope. May be none then.
 */
int names_wanted(struct cli *c, enum kind kind, const struct scope *scope, struct strlist *ret,
		 struct kerr *err);

/*
 * fn for each of them. Of several, one that fails is told on stderr and does not keep
 * the others: 1 when any failed. begin (may be NULL) sends the request of one early
 * (cli_call_early), which fn makes as its first and only call.
 */
typedef int names_fn(struct cli *c, const char *name, void *ctx, struct kerr *err);
typedef void names_begin_fn(struct cli *c, const char *name, void *ctx);
int names_each(struct cli *c, const struct strlist *names, names_begin_fn *begin, names_fn *fn,
	       void *ctx, struct kerr *err);

#endif
