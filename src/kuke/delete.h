/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DELETE_H
#define KUKEON_DELETE_H

#include "cli.h"

/*
 * Delete the object that args (a union subject_args, consumed) names, with
 * --cascade and --force of the command line. The names of direct children that
 * went with it are added to ret_cascaded (may be NULL).
 */
int delete_subject(struct cli *c, enum kind kind, void *owned_args, struct strlist *ret_cascaded,
		   struct kerr *err);

/* `kuke delete -f`: the documents of a file, children before parents. */
int delete_file(struct cli *c, struct kerr *err);

#endif
