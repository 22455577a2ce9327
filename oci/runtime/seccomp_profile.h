/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SECCOMP_PROFILE_H
#define KUKEON_SECCOMP_PROFILE_H

#include "emit_json.h"
#include "err.h"
#include "sysfilter.h"
#include "vec.h"

/*
 * Seccomp profiles of containers: the built-in one (seccomp_default.c) and those in
 * files of users.
 */
struct seccomp_profile {
	struct sysfilter_profile p; /* points into the members below or into constant tables */
	struct strlist *lists; /* owned: what rules, archs and flags point to */
	size_t n_lists;
	struct sysfilter_rule *rules;
	size_t n_rules;
};

void seccomp_profile_clear(struct seccomp_profile *s);
#define cleanup_seccomp_profile cleanup_(seccomp_profile_clear)

enum {
	SECCOMP_FILE_MAX = 1 << 20, /* limit of a user's profile */
	SECCOMP_RULES_MAX = 4096,
};

/*
 * Load a profile from a file of the host (absolute path): an object like linux.seccomp
 * in the OCI runtime-spec. Keys that would change its meaning if they were ignored are
 * refused, among them Docker's own ("includes", "archMap", …). Messages start with
 * `seccomp profile 'PATH'`.
 */
int seccomp_profile_load(const char *path, struct seccomp_profile *ret, struct kerr *err);
/* The same from the content of the file; also for the fuzz target. */
int seccomp_profile_parse(const char *text, size_t n, const char *path, struct seccomp_profile *ret,
			  struct kerr *err);

/*
 * The built-in profile for a process with the capabilities caps (CAPS_MAX entries);
 * calls that need one of them are allowed. Described in kukeon-security(7).
 */
void seccomp_profile_default(const bool *caps, struct seccomp_profile *ret);

/* Write the profile as the value of linux.seccomp. */
void seccomp_profile_emit(const struct sysfilter_profile *p, struct jemit *j);

#endif
