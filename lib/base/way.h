/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WAY_H
#define KUKEON_WAY_H

#include "defs.h"

/*
 * The unprocessed rest of a path that is walked part by part, following links, in an
 * untrusted tree. Works on the text only: the caller opens each part and keeps track of
 * the current directory. (Clean paths in which no link is followed, as in
 * oci/layer_below, only need strsep.)
 */
struct way {
	char *left;
	size_t max; /* limit in bytes for the rest after expanding links */
	unsigned links; /* followed so far */
};

enum {
	WAY_LINKS_MAX = 40, /* as many as the kernel follows */
};

enum way_part {
	WAY_END = 0,
	WAY_DOWN,
	WAY_UP, /* ".." */
};

void way_init(struct way *w, const char *path, size_t max);
void way_clear(struct way *w);

/*
 * The next part; "." and "" are skipped. *ret_name is the name for WAY_DOWN, owned by
 * the caller, else NULL.
 */
enum way_part way_next(struct way *w, char **ret_name);

/* Whether the part that way_next returned was the last one. */
bool way_is_last(const struct way *w);

/*
 * The part is a link: put its target before the rest. 1: the target is absolute,
 * continue at the root; 0: continue in the link's directory. -ELOOP after WAY_LINKS_MAX
 * links, -ENAMETOOLONG beyond max.
 */
int way_follow(struct way *w, const char *target);

#endif
