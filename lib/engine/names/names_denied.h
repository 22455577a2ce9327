/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_DENIED_H
#define KUKEON_NAMES_DENIED_H

#include "names_space.h"

/* Put on record what kukedns says was denied in a space: the cell is told by its address. */
void names_denied(struct engine *e, const struct names_space *s, const struct proto_msg *m);

#endif
