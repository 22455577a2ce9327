/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_USER_H
#define KUKEON_USER_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/* The ids that a container's process runs with. */
struct user_ids {
	uint32_t uid;
	uint32_t gid;
	uint32_t *groups; /* supplementary groups, beginning with the primary gid; owned */
	size_t n_groups;
};

enum user_resolve_flags {
	/*
	 * "user:group" means exactly that group. Without this flag, the image's User
	 * rule applies, which adds the user's other groups.
	 */
	USER_EXACT_GROUP = 1 << 0,
};

enum {
	USER_FILE_MAX = 4 << 20, /* bytes of a passwd or group file */
	USER_GROUPS_MAX = 65536, /* NGROUPS_MAX */
};

/*
 * Resolve "name", "uid", "name:group", "uid:gid" or a mixture against etc/passwd and
 * etc/group of a root file system. "" is root, also before a colon; an empty group is
 * the same as none.
 * The files come from the image: they are opened with RESOLVE_IN_ROOT |
 * RESOLVE_NO_MAGICLINKS and must be regular files of limited size; missing ones count as
 * empty. A number is never looked up as a name. Ids above 2^31 - 1 are refused. An
 * unknown name is an error; an unknown uid gets gid 0. Supplementary groups are those
 * that list the user's name. *ret is owned by the caller (user_ids_clear).
 */
int user_resolve(int rootfd, const char *user, enum user_resolve_flags flags, struct user_ids *ret,
		 struct kerr *err);
void user_ids_clear(struct user_ids *u);

/*
 * The home directory of an uid, as the runtime finds the HOME of a container's first process:
 * that of the first line with this uid, "/" if there is none. Owned by the caller.
 */
int user_home(int rootfd, uint32_t uid, char **ret, struct kerr *err);
char *user_home_text(const struct buf *passwd, uint32_t uid) __attribute__((returns_nonnull));

/* The same from the content of the two files; used by user_resolve and the fuzz target. */
int user_resolve_text(const struct buf *passwd, const struct buf *group, const char *user,
		      enum user_resolve_flags flags, struct user_ids *ret, struct kerr *err);

#define cleanup_user_ids cleanup_(user_ids_clear)

#endif
