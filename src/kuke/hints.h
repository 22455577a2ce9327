/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HINTS_H
#define KUKEON_HINTS_H

#include "buf.h"
#include "cmd.h"

/*
 * What a word may have meant that the last command of chain does not know:
 * commands ready to be typed, a line each, added to ret. hints_for_word() knows words of other
 * programs; hints_for_argument() takes the word for a file or a name without its flag or kind.
 */
void hints_for_word(const struct cmd *const *chain, size_t n, const char *word, struct buf *ret);
void hints_for_argument(const struct cmd *const *chain, size_t n, const char *word,
			struct buf *ret);

/* The same for a flag ("-n", "--namespace") that is not among o: a sentence, or nothing. */
void hints_for_flag(const struct opt_values *o, const char *flag, struct buf *ret);

/* The lines of row i of the table, for the test that all these commands are there; NULL. */
const char *hints_line(size_t i);

#endif
