/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TERM_H
#define KUKEON_TERM_H

#include "buf.h"
#include "vec.h"

/*
 * All output of kuke goes through here. It quotes names and texts from elsewhere, whose
 * control characters must not reach a terminal.
 */

/* Write to stdout: escaped on a terminal, otherwise byte for byte. */
void term_out(const char *s, size_t n);
/* Write to stderr, always escaped. Flushes stdout first, so that both stay in order. */
void term_err(const char *fmt, ...) printf_like(1, 2);
/* Print each on one line; newlines inside are escaped too. */
void term_err_lines(const struct strlist *lines);

/* str_vis() line by line: newlines and tabs are kept. */
void term_escape(struct buf *out, const char *s, size_t n);

/* Columns that printable text takes on a terminal: 2 per wide character, 0 per mark. */
size_t term_columns(const char *s);

void term_add_size(struct buf *out, int64_t bytes);

#endif
