/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CHARWIDTH_H
#define KUKEON_CHARWIDTH_H

#include "defs.h"

/*
 * The columns that a printable character takes: 0 if it joins the one before it, 1 or 2. A
 * table of our own, as those of C libraries depend on the locale.
 */
int charwidth(uint32_t c);

#endif
