/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_FIXUP_H
#define KUKEON_LAYER_FIXUP_H

#include "buf.h"
#include "err.h"
#include "vec.h"

/*
 * Applies the notes of kukeunpack (unpack_proto.h) about what only the layers below can
 * decide: creates whiteouts and marks directories opaque where they hide something
 * (overlayfs would show the others), and gives implied directories, which have no entry
 * in the layer, the owner, mode, times and attributes of the directory below.
 * dir is the layer's directory; files created here are added to its list of files. below
 * are the directories of the layers below, lowest first. The notes are not trusted.
 */
int layer_fixup_apply(const char *dir, const struct strlist *below, const struct buf *notes,
		      bool *ret_opaque_root, struct kerr *err);

#endif
