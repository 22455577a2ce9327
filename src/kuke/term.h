/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TERM_H
#define KUKEON_TERM_H

#include "buf.h"
#include "vec.h"

/*
 * The door through which kuke's output leaves. What is printed quotes names and texts
 * of others: nothing of them may drive a terminal.
 */

/* On stdout. A terminal gets it escaped, anything else byte for byte. */
void term_out(const char *s, size_t n);
/* Lines on stderr, always escaped; stdout is flushed first, so that both stay in order. */
void term_err(const char *fmt, ...) printf_like(1, 2);
/* Each as one line, whatever is in it. */
void term_err_lines(const struct strlist *lines);

/* str_vis() of some lines: their ends and tabs stay. */
void term_escape(struct buf *out, const char *s, size_t n);

/* How many columns a terminal gives to printable text: 2 for wide characters, 0 for marks. */
size_t term_columns(const char *s);

void term_add_size(struct buf *out, int64_t bytes);

#endif
