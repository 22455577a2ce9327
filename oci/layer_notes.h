/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_NOTES_H
#define KUKEON_LAYER_NOTES_H

#include "buf.h"
#include "err.h"

/* Directories (LAYER_FS and LAYER_RECORD in each) of the layers below one, lowest first. */
struct layer_below {
	const char *const *dirs;
	size_t n;
};

/*
 * What kukeunpack could not do itself, by its notes (unpack_proto.h): mark opaque
 * directories of the layer whose files are below fs, and give those that it
 * implies but does not carry the owner, mode, times and attributes of what is
 * below. Notes are not trusted.
 */
int layer_notes_apply(int fs, const struct layer_below *below, const struct buf *notes,
		      bool *ret_opaque_root, struct kerr *err);

/* Owner, mode, times and an image's xattrs, from one directory to another. -errno. */
int layer_copy_meta(int from, int to);

#endif
