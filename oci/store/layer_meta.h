/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_META_H
#define KUKEON_LAYER_META_H

/* Owner, mode, times and an image's xattrs, from one directory to another. -errno. */
int layer_copy_meta(int from, int to);

#endif
