/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PAGES_H
#define KUKEON_PAGES_H

#include "selector.h"
#include "subject.h"

/*
 * fn for each object of a kind, as its document (containers: struct container_doc),
 * page by page: lists may be larger than a reply or than memory. Parts of the
 * scope that are "" are no filter. A negative result of fn ends it.
 */
typedef int pages_fn(void *ctx, const void *doc);
int pages_each(struct cli *c, enum kind kind, const struct scope *scope,
	       const struct selector *selector, pages_fn *fn, void *ctx, struct kerr *err);

#endif
