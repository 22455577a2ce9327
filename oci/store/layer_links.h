/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYER_LINKS_H
#define KUKEON_LAYER_LINKS_H

#include "err.h"
#include "layer_below.h"
#include "vec.h"

/*
 * When a layer has "bin/x" without an entry for "bin", and "bin" is a symlink to
 * "usr/bin" in the layers below, then "usr/bin/x" is meant. kukeunpack sees only this
 * layer and creates a directory "bin"; this module moves the content to where the
 * symlink leads.
 * dir is the layer's directory and fs its opened files. notes are those of
 * unpack_proto.h, one letter for the kind and a path each; they and the list of files
 * are updated.
 */
int layer_links_follow(const char *dir, int fs, struct layer_below *below, struct strlist *notes,
		       struct kerr *err);

#endif
