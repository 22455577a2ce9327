/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SECURITY_H
#define KUKEON_SECURITY_H

#include "err.h"
#include "kinds.h"
#include "seccomp_profile.h"

/* The effect of a container's securityOpts on this host. */
enum security_flags {
	SECURITY_SECCOMP_DEFAULT = 1 << 0, /* the built-in profile if the container sets none */
};

struct security {
	bool no_new_privileges; /* default: true */
	char *apparmor; /* NULL: none; owned */
	bool seccomp; /* whether profile is set */
	struct seccomp_profile profile;
};

/*
 * caps: the capabilities the process will have (CAPS_MAX entries), for the built-in
 * profile. Reads a user's profile from its file. *ret is owned by the caller
 * (security_clear).
 */
int security_resolve(const struct container_spec *c, enum security_flags flags, const bool *caps,
		     struct security *ret, struct kerr *err);
void security_clear(struct security *s);
#define cleanup_security cleanup_(security_clear)

/*
 * Check that this host has the profiles the options name; called before a resource is
 * changed.
 */
int security_check(const struct container_spec *c, struct kerr *err);

#endif
