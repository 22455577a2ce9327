/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PAGE_H
#define KUKEON_PAGE_H

#include "context.h"

/*
 * A list on its way into a reply, whole or a page of it. A page ends after about
 * PAGE_BYTES and says where the next one begins; a whole list that is larger than
 * a reply fails and names its largest documents. Memory is bounded in both.
 */
enum {
	PAGE_BYTES = 4 << 20,
	PAGE_LARGEST = 3,
};

struct page_large {
	char *name; /* "realm/space/stack/cell" */
	size_t bytes;
};

struct page {
	const char *after; /* where the last page ended, "" for the first one; NULL: a whole list */
	void *reply; /* for the list's own use */
	bool plain; /* names are compared as they are, not part by part */
	size_t bytes; /* JSON of what was taken */
	char *last; /* where the last one that was taken is */
	bool more; /* one was left for the next page */
	bool over; /* the whole list is larger than a reply */
	struct page_large large[PAGE_LARGEST];
	struct buf text;
};

void page_clear(struct page *p);

/*
 * Whether the document at name is not for this page: it was on one before, or this
 * one is full. Names are compared as the list is sorted, the index after them.
 */
bool page_skips(const struct page *p, const char *name, size_t index);

/* Whether doc has room in the reply. index tells documents with the same name apart. */
bool page_takes(struct page *p, const char *name, size_t index, const struct model_type *t,
		const void *doc);

/* At the end. Of a page, *ret_next is where the next one begins, "" after the last. */
int page_end(struct page *p, const char *what, char **ret_next, struct kerr *err);

/* "realm/space/stack/cell" as far as the address goes; owned by the caller. */
char *page_name(const struct addr *a);

#endif
