/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HINTS_H
#define KUKEON_HINTS_H

#include "buf.h"
#include "cmd.h"

/*
 * Suggestions for a word that the last command of chain does not know: complete commands, one
 * per line, added to ret. hints_for_word() knows the commands of other programs;
 * hints_for_argument() assumes a file or a name whose flag or kind is missing.
 */
void hints_for_word(const struct cmd *const *chain, size_t n, const char *word, struct buf *ret);
void hints_for_argument(const struct cmd *const *chain, size_t n, const char *word,
			struct buf *ret);

/* The same for a flag ("-n", "--namespace") that is not in o: a sentence, or nothing. */
void hints_for_flag(const struct opt_values *o, const char *flag, struct buf *ret);

/* The lines of row i of the table, or NULL; for the test that these commands exist. */
const char *hints_line(size_t i);

#endif
