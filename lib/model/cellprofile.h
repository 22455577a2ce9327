/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELLPROFILE_H
#define KUKEON_CELLPROFILE_H

#include "buf.h"
#include "err.h"
#include "model.h"
#include "node.h"
#include "vec.h"

/*
 * A CellProfile in use: `kuke run -p` (spec surface.md section 3). The way of
 * one is
 *
 *   cellprofile_find()        the file of a name, read and judged
 *   cellprofile_resolve()     a value for each parameter
 *   cellprofile_substitute()  the values take the places of ${KEY}
 *   cellprofile_cell()        the cell
 *
 * All that fails does with -EINVAL, except that a missing profile is -ENOENT and
 * an unreadable file has the errno of it. The texts are interface.
 */
struct cellprofile {
	char *name; /* metadata.name as it is written: what errors call it */
	struct node *tree; /* the first document of the file */
	struct profile_doc doc; /* what it decodes to */
};

void cellprofile_clear(struct cellprofile *p);
#define cleanup_cellprofile cleanup_(cellprofile_clear)

enum cellprofile_flags {
	CELLPROFILE_STRICT = 1 << 0, /* an unknown key is an error */
};

/*
 * Read one from text; path is what errors and warnings call it. warnings (may be
 * NULL): unknown keys, as "warning: p:3:5: unknown field spec.cel (did you …)".
 */
int cellprofile_read(const char *path, const char *text, size_t n, enum cellprofile_flags flags,
		     struct cellprofile *ret, struct strlist *warnings, struct kerr *err);

/* The one of a name: the file NAME.yaml or NAME.yml if it has that name, else any in dir. */
int cellprofile_find(const char *dir, const char *name, enum cellprofile_flags flags,
		     struct cellprofile *ret, struct strlist *warnings, struct kerr *err);

/* The names of all that load, sorted, each once. A missing directory has none. */
void cellprofile_names(const char *dir, struct strlist *ret);

/*
 * given > the parameter's default > environment > "" or, for a required one, an
 * error. env is asked for names that are left; NULL: there is none.
 */
int cellprofile_resolve(const struct cellprofile *p, const struct strmap *given,
			const char *(*env)(const char *name), struct strmap *ret, struct kerr *err);

/* Replace each ${KEY} for which there is a value, in one pass, and decode again. */
int cellprofile_substitute(struct cellprofile *p, const struct strmap *values, struct kerr *err);

/* <prefix>-<6 hex digits>, another one at each call. Owned by the caller. */
int cellprofile_draw_name(const struct cellprofile *p, char **ret, struct kerr *err);

/* The cell of that name. *ret is replaced. */
void cellprofile_cell(const struct cellprofile *p, const char *name, struct cell_doc *ret);

#endif
