/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CAPS_H
#define KUKEON_CAPS_H

#include <linux/capability.h>

#include "defs.h"
#include "err.h"

/* The capabilities of Linux by number, without gaps; libcap knows their names. */
enum {
	CAPS_MAX = CAP_LAST_CAP + 1,
	CAPS_NAME_MAX = 64,
};

/* "CAP_CHOWN" for 0. Fills and returns buf. */
const char *caps_name(int cap, char buf[CAPS_NAME_MAX]);

/* From "CAP_NET_RAW", "net_raw" (any case). -EINVAL when there is no such capability. */
int caps_from_name(const char *s);

/* Whether this kernel knows it and the bounding set of this process has it. */
bool caps_in_bounding(int cap);

/*
 * Give up what is not in keep: of those the process has, they stay permitted and
 * effective; nothing is inheritable or ambient after it.
 */
int caps_keep_only(const int *keep, size_t n, struct kerr *err);

#endif
