/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EXPLAIN_H
#define KUKEON_EXPLAIN_H

#include "buf.h"
#include "err.h"
#include "model.h"
#include "vec.h"

enum explain_flags {
	EXPLAIN_RECURSIVE = 1 << 0, /* the tree of field names and types, without help texts */
};

/*
 * `kuke explain KIND[.path]` in kubectl's layout, appended to out. path is
 * "cell.spec.containers"; the kind is matched as word, plural or name. -ENOENT for an
 * unknown kind or field, with a "did you mean".
 */
int explain(struct buf *out, const char *path, enum explain_flags flags, struct kerr *err);

/* The paths that start with begun, up to the next dot: "cell.sp" gives "cell.spec". */
void explain_complete(const char *begun, struct strlist *ret);

#endif
