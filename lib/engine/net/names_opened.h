/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_OPENED_H
#define KUKEON_NAMES_OPENED_H

#include "context.h"

/*
 * The addresses that answers to queries of a space's cells had, for names that its policy
 * allows: open until their time is over. Written by the keeper of the resolver ahead of the
 * rules, in names/ of the runtime directory, so that each process that writes rules has them.
 * Times are those of clock_ms(): a wall clock that jumps changes nothing.
 *
 * A name keeps OPENED_PER_NAME addresses, those that end last; a space OPENED_MAX.
 */
enum {
	OPENED_PER_NAME = 128,
	OPENED_MAX = 2048,
};

struct opened_addr {
	char *name;
	struct ipnet addr;
	int64_t until_ms;
	int64_t saved_ms; /* its end on record, and in rules; 0: it is not there */
};

struct opened {
	struct opened_addr *v; /* sorted by name and address */
	size_t n;
};

void opened_clear(struct opened *o);
#define cleanup_opened cleanup_(opened_clear)

/* bridge: of the space. Nothing if there is no file, or one that cannot be read. */
void opened_load(const struct engine *e, const char *bridge, struct opened *ret);
/* Without addresses the file is removed. */
int opened_save(const struct engine *e, const char *bridge, struct opened *o, struct kerr *err);
/* Add to the file what opened_add called new: those of o that are not there. */
int opened_append(const struct engine *e, const char *bridge, struct opened *o, struct kerr *err);

/*
 * Open an address, or longer than so far, which alone needs no new rules before opened_age says
 * so. If there is no room, what ends first goes. Pure.
 */
enum opened_result {
	OPENED_LONGER = 0, /* it was open at now_ms */
	OPENED_NEW, /* it is to be added */
	OPENED_OTHER, /* more than that has changed */
};
enum opened_result opened_add(struct opened *o, const char *name, const struct ipnet *addr,
			      int64_t until_ms, int64_t now_ms);

/*
 * Drop what is over at now_ms. True: something was, or stays open although its end on record is
 * less than early_ms away. Pure.
 */
bool opened_age(struct opened *o, int64_t now_ms, int64_t early_ms);

/*
 * The text of the file and back. A line that is none is left out, as is one that was not written
 * to its end; of two about the same, the later end holds. Pure.
 */
void opened_text(const struct opened *o, struct buf *out);
void opened_read(const char *text, struct opened *ret);

#endif
