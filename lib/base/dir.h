/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DIR_H
#define KUKEON_DIR_H

struct strlist;

/* Names in a directory except hidden ones, sorted; empty if the directory cannot be read. */
void dir_names(const char *dir, struct strlist *ret);
/*
 * The same where it matters whether it can be read: 0 or -errno; a missing directory
 * has none.
 */
int dir_list(const char *dir, struct strlist *ret);

#endif
