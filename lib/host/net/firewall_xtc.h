/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FIREWALL_XTC_H
#define KUKEON_FIREWALL_XTC_H

#include "err.h"
#include "firewall.h"
#include "firewall_entry.h"

/*
 * The wrapper of libiptc: one legacy table of one family, read as a whole, changed in
 * memory, and put back by one commit. Calls that return bool say false with errno set;
 * xtc_fail makes the message.
 */
struct xtc;

/* Reads the table, which makes the kernel load its module. */
int xtc_open(enum firewall_family family, enum firewall_table table, struct xtc **ret,
	     struct kerr *err);
struct xtc *xtc_free(struct xtc *x); /* without a commit nothing has changed */
static inline void xtc_freep(struct xtc **x)
{
	*x = xtc_free(*x);
}

/* Whether a table exists in this namespace; loads nothing. */
bool xtc_exists(enum firewall_family family, enum firewall_table table);

/* -errno and "<what> in the table '<name>': <why>", of the call that failed last. */
int xtc_fail(const struct xtc *x, const char *what, struct kerr *err);

bool xtc_has_chain(const struct xtc *x, const char *chain);
/* The entries of a chain in order; NULL: no more, or no such chain. */
const void *xtc_first(const struct xtc *x, const char *chain);
const void *xtc_next(const struct xtc *x, const void *entry);
const char *xtc_target(const struct xtc *x, const void *entry); /* "ACCEPT", or a chain */

bool xtc_drops(const struct xtc *x, const char *builtin); /* by its policy */
/* Whether a built-in chain has a rule that is not a jump to ours, or the policy DROP. */
bool xtc_used_by_others(const struct xtc *x);

bool xtc_create(struct xtc *x, const char *chain);
bool xtc_flush(struct xtc *x, const char *chain);
bool xtc_delete(struct xtc *x, const char *chain);
bool xtc_append(struct xtc *x, const char *chain, const struct firewall_entry *e);
bool xtc_insert(struct xtc *x, const char *chain, const struct firewall_entry *e, unsigned at);
bool xtc_remove(struct xtc *x, const char *chain, unsigned at); /* both count from 0 */

/* EAGAIN in errno: another program changed the table since it was read. */
bool xtc_commit(struct xtc *x);

#endif
