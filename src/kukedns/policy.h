/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_POLICY_H
#define KUKEON_POLICY_H

#include "ipaddr.h"
#include "vec.h"

/* A name of the space's own cells; a name can have several addresses. */
struct policy_own {
	char *name;
	struct ipaddr addr;
};

/*
 * What names a space's cells may ask for. Names are compared without case and without a dot
 * at the end; those with other bytes than letters, digits, '-' and '_' are in no list.
 */
struct policy {
	struct strlist exact;
	struct strlist below; /* of "*.example.com" what is behind the "*." */
	struct policy_own *own;
	size_t n_own;
	bool ready; /* committed: it can be asked */
};

void policy_clear(struct policy *p);

/* Names, each with a newline; "*.example.com" is every name below example.com. */
void policy_allow(struct policy *p, const char *hosts);
/* Lines of hosts(5). */
void policy_names(struct policy *p, const char *text);
void policy_commit(struct policy *p);

/* Of a plain name in lower case without the last dot: */
bool policy_allows(const struct policy *p, const char *name);
/* Its entries of the space's own names, *ret_n of them; NULL if it is none. */
const struct policy_own *policy_find_own(const struct policy *p, const char *name, size_t *ret_n);

#endif
