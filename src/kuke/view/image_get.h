/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IMAGE_GET_H
#define KUKEON_IMAGE_GET_H

#include "cli.h"

/* `kuke image get [REF...]`: one image, several, or all of a realm. */
int image_get_run(struct cli *c, struct kerr *err);

#endif
