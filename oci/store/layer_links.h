/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_LINKS_H
#define KUKEON_LAYER_LINKS_H

#include "err.h"
#include "layer_below.h"
#include "vec.h"

/*
 * A layer may have "bin/x" where "bin" is a symlink to "usr/bin" in the layers below and
 * nothing in this one: applied to a plain directory, that is "usr/bin/x". kukeunpack,
 * which has this layer alone, makes a directory "bin"; here its content goes where it
 * belongs. dir is the layer's directory and fs its files; notes are those of
 * unpack_proto.h, a kind and a path each, and are made to fit, as the list of files is.
 */
int layer_links_follow(const char *dir, int fs, struct layer_below *below, struct strlist *notes,
		       struct kerr *err);

#endif
