/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_VALIDATE_CONTAINER_H
#define KUKEON_VALIDATE_CONTAINER_H

#include "err.h"
#include "kinds.h"

/* The shape of one container's fields: volumes, secrets, ports, tmpfs, … */
int validate_container_spec(const struct container_spec *c, struct kerr *err);
int validate_volume(const struct volume_mount *v, size_t i, struct kerr *err);
int validate_secret(const struct container_secret *s, size_t i, struct kerr *err);
int validate_restart_policy(const char *policy, struct kerr *err);
int validate_capabilities(const struct container_capabilities *c, struct kerr *err);

/* Check the bounds of the limits: those of the rows, and the special one of cpuShares. */
int validate_resources(const struct container_resources *r, struct kerr *err);

/* Check USER[:GROUP] as far as possible without the image. */
int validate_user(const char *user, struct kerr *err);

/*
 * One entry of securityOpts: `key`, `key=value` or `key:value`, optionally with white
 * space around both; of several with the same key the last counts. Checks only the
 * syntax; security_check (oci/security.h) checks that the host has the file or profile.
 */
enum security_key {
	SECURITY_NO_NEW_PRIVILEGES = 1,
	SECURITY_SECCOMP,
	SECURITY_APPARMOR,
};
struct security_opt {
	enum security_key key;
	bool on; /* SECURITY_NO_NEW_PRIVILEGES */
	char *value; /* of the others: trimmed, keywords in lower case; owned */
};

/* *ret is owned by the caller (security_opt_clear). -EINVAL. */
int security_opt_parse(const char *opt, struct security_opt *ret, struct kerr *err);
void security_opt_clear(struct security_opt *o);

/*
 * Check a mount target in the container: absolute, and neither the root nor in one of
 * the kernel's file systems. *ret_clean is the path without "..", "." and double
 * slashes, owned by the caller; untouched on failure. -EINVAL.
 */
int mount_target_clean(const char *path, char **ret_clean);

/*
 * Check all mounts of a container together: no target twice, and a volume at /dev only
 * if privileged. Part of validate_container_spec(); call it again after defaults were
 * filled in.
 */
int validate_mount_targets(const struct container_spec *c, struct kerr *err);

/*
 * The only rule about volumes that depends on the host: every bind source exists.
 * Called just before a resource changes, never in validate_doc().
 */
int validate_volume_sources(const struct container_spec *c, struct kerr *err);

#endif
