/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_WAY_H
#define KUKEON_WAY_H

#include "defs.h"

/*
 * A path that is walked part by part, links included, in a tree that is not ours: what is
 * left of it, by text alone. The caller keeps where it stands, in whatever form, and
 * looks at each part. (Paths that are clean and in which no link is followed, such as those
 * of oci/layer_below, need no more than strsep.)
 */
struct way {
	char *left;
	size_t max; /* bytes that links may make of what is left */
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

/* The next part, "." and "" left out. Of WAY_DOWN the name, owned by the caller; else NULL. */
enum way_part way_next(struct way *w, char **ret_name);

/* Whether nothing comes after the part that way_next gave. */
bool way_is_last(const struct way *w);

/*
 * The part is a link: its target comes before what is left. 1: that begins at the root,
 * 0: in the directory of the link. -ELOOP after too many, -ENAMETOOLONG beyond max.
 */
int way_follow(struct way *w, const char *target);

#endif
