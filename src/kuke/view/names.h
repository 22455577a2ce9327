/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_H
#define KUKEON_NAMES_H

#include "selector.h"
#include "subject.h"

/* Objects of a verb: by name, or by label (-l). */
enum {
	NAMES_MAX = 10000
};

#define OPT_ROW_SELECTOR                                                                \
	{                                                                               \
		"selector", 'l', OPT_LIST, NULL,                                        \
			"only objects whose labels match: k=v, k!=v, k, !k, k in (a,b)" \
	}

/*
 * Read the names on the command line, trimmed, without duplicates and blank ones, and the
 * terms of -l. Both together are an error.
 */
int names_read(const struct cli *c, struct strlist *ret, struct selector *ret_selector,
	       struct kerr *err);

/* Error `accepts 1 arg(s), received 0` if there is neither a name nor -l. */
int names_given(struct cli *c, struct kerr *err);

/*
 * For verbs that change something: the names on the command line, where a blank one is an
 * error, or those that -l selects in the scope, which may be none.
 */
int names_wanted(struct cli *c, enum kind kind, const struct scope *scope, struct strlist *ret,
		 struct kerr *err);

/*
 * Call fn for each name. With several names an error is printed on stderr and the rest still
 * run; returns 1 if any failed. begin (may be NULL) sends a name's request early
 * (cli_call_early); it must be the first and only call that fn makes.
 */
typedef int names_fn(struct cli *c, const char *name, void *ctx, struct kerr *err);
typedef void names_begin_fn(struct cli *c, const char *name, void *ctx);
int names_each(struct cli *c, const struct strlist *names, names_begin_fn *begin, names_fn *fn,
	       void *ctx, struct kerr *err);

#endif
