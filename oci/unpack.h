/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_UNPACK_H
#define KUKEON_UNPACK_H

#include "buf.h"
#include "err.h"
#include "layer.h"
#include "unpack_proto.h"

/*
 * Run kukeunpack on a layer: its files into the empty directory targetfd. ret
 * has digests and counts, notes the notes of unpack_proto.h; both come from a
 * program that has read hostile input and are to be used as such. Blocks until
 * it has ended. A failure leaves whatever was written.
 */
int unpack_layer(const struct layer_source *src, int targetfd, const struct unpack_limits *limits,
		 struct unpack_result *ret, struct buf *notes, struct kerr *err);

#endif
