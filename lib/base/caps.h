/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CAPS_H
#define KUKEON_CAPS_H

#include <linux/capability.h>

#include "defs.h"
#include "err.h"

/* Linux capabilities by number (capabilities(7)), without gaps. Names come from libcap. */
enum {
	CAPS_MAX = CAP_LAST_CAP + 1,
	CAPS_NAME_MAX = 64,
};

/* "CAP_CHOWN" for 0. Fills and returns buf. */
const char *caps_name(int cap, char buf[CAPS_NAME_MAX]);

/* From "CAP_NET_RAW", "net_raw" (any case). -EINVAL when there is no such capability. */
int caps_from_name(const char *s);

/* Whether the kernel supports the capability and the bounding set of this process holds it. */
bool caps_in_bounding(int cap);

/*
 * Drop all capabilities but those in keep. Those of keep that the process has stay
 * permitted and effective; the inheritable and ambient sets are emptied.
 */
int caps_keep_only(const int *keep, size_t n, struct kerr *err);

#endif
