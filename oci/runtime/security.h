/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SECURITY_H
#define KUKEON_SECURITY_H

#include "err.h"
#include "kinds.h"
#include "seccomp_profile.h"

/* What a container's securityOpts come to on this host. */
enum security_flags {
	SECURITY_SECCOMP_DEFAULT = 1 << 0, /* our profile where the container says nothing */
};

struct security {
	bool no_new_privileges; /* true unless it is turned off */
	char *apparmor; /* NULL: none; owned */
	bool seccomp; /* whether profile is set */
	struct seccomp_profile profile;
};

/*
 * caps: what the process will have (of CAPS_MAX), for the default profile. Reads a profile
 * of the user's. *ret is owned by the caller (security_clear).
 */
int security_resolve(const struct container_spec *c, enum security_flags flags, const bool *caps,
		     struct security *ret, struct kerr *err);
void security_clear(struct security *s);
#define cleanup_security cleanup_(security_clear)

/* Whether this host has what the options name; for the moment before a resource changes. */
int security_check(const struct container_spec *c, struct kerr *err);

#endif
