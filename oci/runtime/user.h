/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_USER_H
#define KUKEON_USER_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/* Whom a container's process runs as. */
struct user_ids {
	uint32_t uid;
	uint32_t gid;
	uint32_t *groups; /* supplementary, the primary gid first; owned */
	size_t n_groups;
};

enum user_resolve_flags {
	/* "user:group" means exactly that group; without it, the image's rule adds the user's others. */
	USER_EXACT_GROUP = 1 << 0,
};

enum {
	USER_FILE_MAX = 4 << 20, /* bytes of a passwd or group file */
	USER_GROUPS_MAX = 65536, /* NGROUPS_MAX */
};

/*
 * Resolve "name", "uid", "name:group", "uid:gid" and mixtures ("" is root, also before
 * a colon; nothing behind it is as without one) against etc/passwd and etc/group of a
 * root file system. The files are the image's: they are opened with RESOLVE_IN_ROOT |
 * RESOLVE_NO_MAGICLINKS, must be regular and bounded; missing ones count as empty. A
 * number is never looked up as a name. Ids are at most 2^31 - 1, anything else is refused.
 * An unknown name is an error; an unknown uid has gid 0. Supplementary groups are
 * those that list the user's name. *ret is owned by the caller (user_ids_clear).
 */
int user_resolve(int rootfd, const char *user, enum user_resolve_flags flags, struct user_ids *ret,
		 struct kerr *err);
void user_ids_clear(struct user_ids *u);

/* The same from the bytes of the two files: what user_resolve uses, and the fuzz target. */
int user_resolve_text(const struct buf *passwd, const struct buf *group, const char *user,
		      enum user_resolve_flags flags, struct user_ids *ret, struct kerr *err);

#define cleanup_user_ids cleanup_(user_ids_clear)

#endif
