/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SECCOMP_PROFILE_H
#define KUKEON_SECCOMP_PROFILE_H

#include "emit.h"
#include "err.h"
#include "sysfilter.h"
#include "vec.h"

/*
 * Seccomp profiles of containers: the one we bring (seccomp_default.c) and those
 * of a user's file.
 */
struct seccomp_profile {
	struct sysfilter_profile p; /* points into the members below, or into tables */
	struct strlist *lists; /* owned: what rules, archs and flags point to */
	size_t n_lists;
	struct sysfilter_rule *rules;
	size_t n_rules;
};

void seccomp_profile_clear(struct seccomp_profile *s);
#define cleanup_seccomp_profile cleanup_(seccomp_profile_clear)

enum {
	SECCOMP_FILE_MAX = 1 << 20, /* bytes of a profile of a user's */
	SECCOMP_RULES_MAX = 4096,
};

/*
 * The profile in the file of an absolute path on the host: an object as linux.seccomp of
 * the runtime spec. What could change its meaning when it was passed over is refused,
 * Docker's own keys ("includes", "archMap", …) among it. Messages start with
 * `seccomp profile 'PATH'`.
 */
int seccomp_profile_load(const char *path, struct seccomp_profile *ret, struct kerr *err);
/* The same from the bytes of a file, for the fuzz target. */
int seccomp_profile_parse(const char *text, size_t n, const char *path, struct seccomp_profile *ret,
			  struct kerr *err);

/*
 * The built-in profile for a process that has caps (CAPS_MAX of them): what only they
 * can use is allowed with them. kukeon-security(7) describes it.
 */
void seccomp_profile_default(const bool *caps, struct seccomp_profile *ret);

/* As the value of linux.seccomp. */
void seccomp_profile_emit(const struct sysfilter_profile *p, struct jemit *j);

#endif
