/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DENIED_LOG_H
#define KUKEON_DENIED_LOG_H

#include "context.h"

/*
 * What the cells of a space tried and was not allowed, in its directory: a JSON object a line
 * in denied.log, and in denied.log.1 what came before. Nothing is synced, because nothing
 * depends on it. A line that is damaged or cut is passed over.
 */
enum {
	DENIED_LOG_MAX = 256 << 10, /* bytes of each of the two files */
	DENIED_NAME_MAX = 253, /* of a name, before it is escaped; the rest is cut off */
	DENIED_CELL_MAX = 2048, /* of a cell's address, escaped */
};

struct denied {
	struct ktime time, last; /* the first and the last time; time not set: now */
	const char *cell; /* "realm/space/stack/cell"; NULL, "": not known */
	const char *address; /* of the cell */
	const char *name; /* NULL, "": none */
	const char *destination; /* an address; NULL, "": a question for a name */
	int64_t port; /* 0: none */
	const char *protocol; /* "tcp", "udp", "icmp", "dns" or a number */
	int64_t count; /* 0 counts as 1 */
};

/*
 * Add an entry. What it has may come from a cell: names are made printable, and what is no
 * address, port or protocol is left out. -ENOENT: there is no such space. Any process may call
 * it, with any locks.
 */
int denied_log_append(struct engine *e, const struct addr *space, const struct denied *d,
		      struct kerr *err);

/* Up to where a log was read: the file and the place in it. Zeroed: nothing of it. */
struct denied_at {
	uint64_t ino;
	uint64_t offset;
};

/*
 * Call fn with what came after *at, in the order in which it was written, and move *at there.
 * The strings are valid during the call. Nothing where there is no log.
 */
typedef void denied_fn(void *ctx, const struct denied *d);
int denied_log_read(struct engine *e, const struct addr *space, struct denied_at *at, denied_fn *fn,
		    void *ctx, struct kerr *err);

/* A line of the file, with its newline; and the entries of a text, up to its last newline. */
void denied_log_line(const struct denied *d, struct buf *out);
size_t denied_log_parse(const char *text, size_t n, denied_fn *fn, void *ctx);

#endif
