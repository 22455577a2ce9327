/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PAGES_H
#define KUKEON_PAGES_H

#include "selector.h"
#include "subject.h"

/*
 * Call fn with the document of each object of a kind (containers: struct container_doc), page
 * by page: a list may be larger than a reply or than memory. An empty part of the scope ("")
 * matches all. A negative result of fn ends the walk and is returned.
 */
typedef int pages_fn(void *ctx, const void *doc);
int pages_each(struct cli *c, enum kind kind, const struct scope *scope,
	       const struct selector *selector, pages_fn *fn, void *ctx, struct kerr *err);

#endif
