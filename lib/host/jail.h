/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JAIL_H
#define KUKEON_JAIL_H

#include "defs.h"
#include "err.h"

/*
 * For helpers that talk to the network: everything they do not need is given up, for good.
 * The root directory becomes an empty one in memory, user and group become 65534 without
 * further groups and capabilities, resource limits are set, and a seccomp filter allows
 * no sockets but TCP and UDP.
 */
struct jail {
	uint64_t memory; /* bytes of address space */
	uint64_t files; /* descriptors */
	uint64_t writes; /* bytes of a file that is written */
	bool threads; /* whether new ones may be made */
	const char *const *calls; /* system calls that are allowed beyond those; ends with NULL */
	const char *const *denied; /* and that are not; ends with NULL. Both may be NULL */
};

/* The empty root: a detached mount, as a descriptor for the two below. */
int jail_root(struct kerr *err);
/*
 * Append a file of the host to a file in that root. -ENOENT without a message if there is
 * none.
 */
int jail_copy(int root, const char *from, const char *to, struct kerr *err);
int jail_enter(const struct jail *j, int root, struct kerr *err);

#endif
