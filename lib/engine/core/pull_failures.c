/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "mem.h"
#include "pull_failures.h"
#include "str.h"

/* An image whose pull failed during this request. */
struct pull_failures {
	struct pull_failures *next;
	char *ref;
	struct kerr why;
};

void pull_failures_forget(struct engine *e)
{
	struct pull_failures *f;

	while ((f = e->failures)) {
		e->failures = f->next;
		free(f->ref);
		free(f);
	}
}

void pull_failures_add(struct engine *e, const char *ref, const struct kerr *why)
{
	struct pull_failures *f = xcalloc(1, sizeof(*f));

	f->ref = xstrdup(ref);
	f->why = *why;
	f->next = e->failures;
	e->failures = f;
}

int pull_failures_explain(const struct engine *e, const char *ref, int r, struct kerr *err)
{
	for (const struct pull_failures *f = e->failures; f; f = f->next) {
		if (!streq(f->ref, ref))
			continue;
		if (err)
			*err = f->why;
		break;
	}
	return r;
}
