/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TEMPORARY_H
#define KUKEON_TEMPORARY_H

#include "context.h"

/*
 * Rules of a space's egress policy that end by themselves (kuke allow), in a file per space
 * in the runtime directory: they are not part of the document and do not outlive the boot.
 * They end by a clock that is never set (clock_ms); the time of day is only shown.
 */
enum {
	TEMPORARY_MAX = 64, /* rules of a space */
	TEMPORARY_MIN_MS = 1000,
	TEMPORARY_MAX_MS = 24 * 3600 * 1000,
};

struct temporary {
	struct temporary_rule rule;
	int64_t end_ms;
};

struct temporary_list {
	struct temporary *v;
	size_t n;
};

void temporary_clear(struct temporary_list *l);
#define cleanup_temporary cleanup_(temporary_clear)

/* The rule for the same destination, however its address range is written; or NULL. */
struct temporary *temporary_find(const struct temporary_list *l, const struct temporary_rule *r);
/* Take out rules that have ended by now (clock_ms). True: there were some. */
bool temporary_drop_ended(struct temporary_list *l, int64_t now);
void temporary_remove(struct temporary_list *l, struct temporary *t);

/*
 * All rules on file, those included that have ended and were not taken out yet. Nothing where
 * there is no file, or it is of an earlier boot. An error, with a message, if it is damaged.
 */
int temporary_load(struct engine *e, const struct addr *space, struct temporary_list *ret,
		   struct kerr *err);
/* Without rules the file is removed. The caller holds the space's lock. */
int temporary_save(struct engine *e, const struct addr *space, const struct temporary_list *l,
		   struct kerr *err);

/*
 * Put those in force into the status of a document whose policy denies; under another one they
 * have no effect. A damaged file opens nothing.
 */
void temporary_show(struct engine *e, const struct addr *space, struct space_doc *d);

/* Call fn for each space with a file. */
typedef void temporary_fn(void *ctx, struct engine *e, const struct addr *space);
void temporary_each(struct engine *e, temporary_fn *fn, void *ctx);

/* The text of the file and back. */
void temporary_text(const struct temporary_list *l, const char *boot, struct buf *out);
int temporary_read(const char *text, size_t n, const char *boot, const char *what,
		   struct temporary_list *ret, struct kerr *err);

#endif
