/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKECP_PLACE_H
#define KUKECP_PLACE_H

#include "kukecp.h"

/* Where an archive goes, which its first entry and the files there decide. */
struct place {
	int base; /* directory, O_PATH; -EBADF: not decided */
	bool as_is; /* entries keep their names; else their first part becomes: */
	char *name; /* "": nothing, so that what is in the source comes into base */
};

void place_clear(struct place *p);

/* As docker-cp(1) and podman-cp(1) have it. is_dir: what comes is a directory. */
int place_find(const struct work *w, bool is_dir, struct place *ret, struct kerr *err);

/*
 * The path of an entry (or of a hard link's target) below base, without "." and "//"; "": base
 * itself. Owned by the caller. -EINVAL: it has a "..".
 */
int place_map(const struct place *p, const char *path, char **ret, struct kerr *err);

#endif
