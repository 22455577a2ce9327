/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PAGES_H
#define KUKEON_PAGES_H

#include "selector.h"
#include "subject.h"

/* Which objects, and what of them. */
struct pages {
	enum kind kind;
	const struct scope *scope; /* an empty part ("") matches all */
	const struct selector *selector; /* NULL: all */
	/*
	 * Members that fn looks at, as "status.state"; NULL: the whole document. An older
	 * daemon sends all.
	 */
	const struct strlist *fields;
	int64_t page_bytes; /* about how much is asked for at once; 0: the daemon decides */
};

/*
 * Call fn with the document of each object of a kind (containers: struct container_doc), page
 * by page: a list may be larger than a reply or than memory. A negative result of fn ends the
 * walk and is returned.
 */
typedef int pages_fn(void *ctx, const void *doc);
int pages_each(struct cli *c, const struct pages *p, pages_fn *fn, void *ctx, struct kerr *err);

#endif
