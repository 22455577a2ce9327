/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_IDLE_H
#define KUKEON_IDLE_H

#include "cell_look.h"

/*
 * Whether a pass would find nothing to do for a cell. Without its lock and on files that
 * may be changing: who changes them asks for a pass afterwards, as monitors do, so it is
 * enough that what was seen was so at some time during this pass. false where it is not
 * certain.
 */
bool cell_is_idle(struct cell_look *l, const struct addr *a);

#endif
