/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STATUSCHECK_H
#define KUKEON_STATUSCHECK_H

#include "methods.h"

/*
 * What daemon and client judge alike in a status (KukeonX1.Status): the daemon fills it, and
 * the client says the rest, all of it where no daemon answers.
 */
enum {
	STATUS_DISK_WARN = 85, /* percent of a file system in use */
	STATUS_DISK_FAIL = 95,
};

/*
 * Add a check; section to status are one of those of methods.h. owned_detail becomes its own, on
 * one line; remediation NULL: "".
 */
void status_check(struct rpc_status_result *s, const char *section, const char *status,
		  const char *name, char *owned_detail, const char *remediation);

/* Numbers of the file system that path is on. -errno: it is added as a check. */
int status_disk(struct rpc_status_result *s, const char *path);
/* From the numbers of statvfs; pure. */
struct statvfs;
void status_disk_add(struct rpc_status_result *s, const char *path, const struct statvfs *fs);

/* Compare the versions, where both are known. */
void status_versions(struct rpc_status_result *s);

/* The last step: set ok, and make lists without anything in them empty ones. */
void status_settle(struct rpc_status_result *s);

#endif
