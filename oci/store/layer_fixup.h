/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_FIXUP_H
#define KUKEON_LAYER_FIXUP_H

#include "buf.h"
#include "err.h"
#include "vec.h"

/*
 * What kukeunpack could not do itself, by its notes (unpack_proto.h): make whiteouts
 * and mark opaque directories where they hide something (overlay shows those that
 * hide nothing), and give directories that the layer implies but does not carry the
 * owner, mode, times and attributes of what is below. dir is the layer's directory,
 * whose list of files grows by what is made; below are those of the layers below,
 * lowest first. Notes are not trusted.
 */
int layer_fixup_apply(const char *dir, const struct strlist *below, const struct buf *notes,
		      bool *ret_opaque_root, struct kerr *err);

#endif
