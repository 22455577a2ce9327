/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SCREEN_CHECK_H
#define SCREEN_CHECK_H

#include "drawing.h"

/*
 * Whether b shows what a does, in everything that decides what comes next as well. NULL, or
 * the first difference, valid until the next call.
 */
const char *screen_check_same(const struct screen *a, const struct screen *b);

/* Draw a, which has come to the end of a sequence, on the terminal b of the same size. */
void screen_check_draw(const struct screen *a, struct screen *b, enum drawing_how how);

#endif
