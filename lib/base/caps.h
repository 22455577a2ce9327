/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CAPS_H
#define KUKEON_CAPS_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/* The capabilities of Linux by number: "CAP_CHOWN" first. No gaps; the rest of the tree goes by name. */
enum {
	CAPS_MAX = 41
};
extern const char *const caps_names[CAPS_MAX];

/* From "CAP_NET_RAW", "net_raw" (any case). -EINVAL when there is no such capability. */
int caps_from_name(const char *s);

/* The bounding set of this process, by number, as names: what `privileged` can give at most. */
int caps_bounding(struct strlist *ret, struct kerr *err);

#endif
