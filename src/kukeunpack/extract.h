/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EXTRACT_H
#define KUKEON_EXTRACT_H

#include "buf.h"
#include "err.h"
#include "tarread.h"
#include "unpack_proto.h"

struct extract_target {
	int root; /* an empty directory */
	int list; /* the list of files is written here (filelist.h); < 0: no list */
	const struct unpack_limits *limits;
};

/*
 * Write all entries of a layer below the root. Sets the counts in ret and appends to
 * notes (unpack_proto.h).
 */
int extract_layer(struct tar_reader *tar, const struct extract_target *to,
		  struct unpack_result *ret, struct buf *notes, struct kerr *err);

/*
 * Normalise an entry's name to a path as used by tree.h: leading slashes, empty
 * components and "." are dropped, ".." removes the component before it. -EINVAL when
 * ".." leads above the root, -ENAMETOOLONG when a limit is exceeded. Owned by the
 * caller.
 */
int extract_clean_path(const char *name, const struct unpack_limits *limits, char **ret,
		       struct kerr *err);

#endif
