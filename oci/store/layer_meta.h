/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_META_H
#define KUKEON_LAYER_META_H

/*
 * Copy owner, mode, times and the xattrs that images may set from one open directory to
 * another. -errno.
 */
int layer_copy_meta(int from, int to);

#endif
