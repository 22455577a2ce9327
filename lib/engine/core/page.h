/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_PAGE_H
#define KUKEON_PAGE_H

#include "context.h"
#include "emit.h"
#include "pick.h"

/*
 * A list being put into a reply, either whole or one page of it. A page ends after
 * about PAGE_BYTES and has a cursor for the next one. A whole list that exceeds the
 * size of a reply is an error that names the largest documents. Memory is bounded in
 * both cases.
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
	const char *after; /* cursor of the previous page, "" for the first; NULL: list all */
	/*
	 * The documents' JSON is appended here (rpc_link.items); NULL: the caller puts what
	 * page_takes takes into reply, whose type depends on the list.
	 */
	struct buf *out;
	void *reply;
	enum emit_flags flags; /* of out */
	struct pick *pick; /* what of each document goes to out; NULL: all. Owned */
	int64_t max; /* bytes of a page, where fewer than PAGE_BYTES; 0: as many */
	bool plain; /* compare names as plain strings, not per path component */
	size_t bytes; /* JSON size of the documents taken so far */
	char *last; /* cursor of the last document taken */
	bool any; /* a document was taken */
	bool more; /* at least one document is left for the next page */
	bool over; /* the whole list exceeds the size of a reply */
	struct page_large large[PAGE_LARGEST];
	struct buf text;
};

void page_clear(struct page *p);

/*
 * Return whether the document does not belong in this page: an earlier page had it, or
 * this one is full. Documents are ordered by name, then by index.
 */
bool page_skips(const struct page *p, const char *name, size_t index);

/* Return whether doc still fits into the reply. index distinguishes documents of the same name. */
bool page_takes(struct page *p, const char *name, size_t index, const struct model_type *t,
		const void *doc);

/* page_takes, for a page with out; the document is cleared. */
void page_put(struct page *p, const char *name, size_t index, const struct model_type *t,
	      void *owned_doc);

/*
 * Call after the last document. For a page, *ret_next is the cursor of the next one, ""
 * after the last.
 */
int page_end(struct page *p, const char *what, char **ret_next, struct kerr *err);

/* Format as "realm/space/stack/cell", down to the level of the address; owned by the caller. */
char *page_name(const struct addr *a);

#endif
