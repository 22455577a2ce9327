/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EXTRACT_H
#define KUKEON_EXTRACT_H

#include "buf.h"
#include "err.h"
#include "tarread.h"
#include "unpack_proto.h"

struct extract_target {
	int root; /* an empty directory */
	int list; /* where the list of files goes (filelist.h); < 0: nowhere */
	const struct unpack_limits *limits;
};

/*
 * Write all entries of a layer below the root. Fills in the counts of ret; notes
 * gets the notes of unpack_proto.h.
 */
int extract_layer(struct tar_reader *tar, const struct extract_target *to,
		  struct unpack_result *ret, struct buf *notes, struct kerr *err);

/*
 * An entry's name as a path of tree.h: leading slashes, empty parts and "." go, ".."
 * takes away the part before it. -EINVAL when that leads out, -ENAMETOOLONG past the
 * limits. Owned by the caller.
 */
int extract_clean_path(const char *name, const struct unpack_limits *limits, char **ret,
		       struct kerr *err);

#endif
