/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELLPROFILE_H
#define KUKEON_CELLPROFILE_H

#include "buf.h"
#include "err.h"
#include "model.h"
#include "node.h"
#include "vec.h"

/*
 * CellProfiles for `kuke run -p` (kuke(1), kukeon(5)). The steps are
 *
 *   cellprofile_find()        find, read and check the profile of a name
 *   cellprofile_resolve()     determine the value of each parameter
 *   cellprofile_substitute()  replace each ${KEY} by its value
 *   cellprofile_cell()        make the cell
 *
 * Errors are -EINVAL, except -ENOENT for a missing profile, and the errno for a file
 * that cannot be read. The messages are those of upstream and must not change.
 */
struct cellprofile {
	char *name; /* metadata.name as written; used in messages */
	struct node *tree; /* the first document of the file */
	struct profile_doc doc; /* what it decodes to */
};

void cellprofile_clear(struct cellprofile *p);
#define cleanup_cellprofile cleanup_(cellprofile_clear)

enum cellprofile_flags {
	CELLPROFILE_STRICT = 1 << 0, /* an unknown key is an error */
};

/*
 * Read a profile from text; path is used in messages and warnings. warnings (may be
 * NULL): unknown keys, as "warning: p:3:5: unknown field spec.cel (did you …)".
 */
int cellprofile_read(const char *path, const char *text, size_t n, enum cellprofile_flags flags,
		     struct cellprofile *ret, struct strlist *warnings, struct kerr *err);

/*
 * Find a profile by name: the file NAME.yaml or NAME.yml if its metadata.name matches,
 * else any file in dir whose metadata.name matches.
 */
int cellprofile_find(const char *dir, const char *name, enum cellprofile_flags flags,
		     struct cellprofile *ret, struct strlist *warnings, struct kerr *err);

/* The names of all valid profiles, sorted, without duplicates. Empty for a missing directory. */
void cellprofile_names(const char *dir, struct strlist *ret);

/*
 * Precedence: given, the parameter's default, the environment, and then "" or, if
 * required, an error. env looks up environment variables; NULL: none.
 */
int cellprofile_resolve(const struct cellprofile *p, const struct strmap *given,
			const char *(*env)(const char *name), struct strmap *ret, struct kerr *err);

/* Replace each ${KEY} for which there is a value, in one pass, and decode again. */
int cellprofile_substitute(struct cellprofile *p, const struct strmap *values, struct kerr *err);

/* A random name <prefix>-<6 hex digits>. Owned by the caller. */
int cellprofile_draw_name(const struct cellprofile *p, char **ret, struct kerr *err);

/* Make the cell with that name. *ret is replaced. */
void cellprofile_cell(const struct cellprofile *p, const char *name, struct cell_doc *ret);

#endif
