/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell_id.h"
#include "copy.h"
#include "mem.h"
#include "overlay.h"
#include "scope.h"
#include "str.h"

/*
 * Runtime ids derive from spec.id, so it must be unique in a stack. A cell claims an id
 * that is not its own name by a symbolic link .id-<id> -> <cell>. A cell whose id is
 * its name needs no link: its document is the claim.
 */
#define ID_PREFIX ".id-" /* same as in layout_cell_id */

static struct addr stack_of(const struct addr *cell)
{
	return addr_parent(cell);
}

/* Search for another cell of the stack that has the id, or may have it (unreadable document). */
struct id_search {
	const struct addr *cell; /* the cell to skip */
	const char *id;
	char name[KUKE_MAX_NAME + 1]; /* the cell found; "" if none */
};

static int match_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct id_search *u = ctx;
	struct cell_doc d = { 0 };
	int r;

	(void) err;
	if (streq(a->cell, u->cell->cell) || u->name[0])
		return 0;
	r = store_load(&e->layout, a, 0, &d, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0 || streq_null(d.spec.id, u->id))
		(void) snprintf(u->name, sizeof(u->name), "%s", a->cell);
	model_clear(&cell_doc_type, &d);
	return 0;
}

static int refuse(const char *id, const char *owner, struct kerr *err)
{
	return kerr_plain(err, -EEXIST,
			  "spec.id \"%s\" is already used by cell \"%s\" in the same stack", id,
			  owner);
}

/*
 * The claim's owner has no document. It is a leftover of an interrupted create or
 * delete, or damaged, so the documents decide. An unreadable document counts as having
 * the id.
 */
static int check_users(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct id_search u = { .cell = cell, .id = id };
	struct addr stack = stack_of(cell);
	int r = scope_each(e, ADDR_CELL, &stack, match_cell, &u, err);

	return r == 0 && u.name[0] ? refuse(id, u.name, err) : r;
}

/*
 * Read the cell that a claim names, "" if there is no claim. An error if it is not a
 * symbolic link.
 */
static int read_claim(const char *file, char ret[KUKE_MAX_NAME + 1], struct kerr *err)
{
	ssize_t n = readlink(file, ret, KUKE_MAX_NAME);

	ret[n < 0 ? 0 : n] = '\0';
	if (n > 0 || (n < 0 && errno == ENOENT))
		return 0;
	if (n < 0 && errno != EINVAL)
		return kerr_set(err, -errno, "read '%s'", file);
	return kerr_plain(err, -EBADMSG, "'%s' is not a symbolic link to a cell", file);
}

static int check_claim(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct addr stack = stack_of(cell), other = stack;
	cleanup_free char *file = layout_cell_id(&e->layout, &stack, id);
	char owner[KUKE_MAX_NAME + 1];
	int r = read_claim(file, owner, err);

	if (r < 0)
		return kerr_wrap(err, r, "cannot tell whether spec.id \"%s\" is in use", id);
	if (!owner[0] || streq(owner, cell->cell))
		return 0;
	other.cell = owner;
	if (store_exists(&e->layout, &other, NULL) != 0)
		return refuse(id, owner, err);
	return check_users(e, cell, id, err);
}

/* Refuse an id that is the name of another cell: that cell owns it without a link. */
static int check_name(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct addr other = stack_of(cell);

	other.cell = id;
	if (streq(id, cell->cell) || store_exists(&e->layout, &other, NULL) == 0)
		return 0;
	return refuse(id, id, err);
}

/* A cell that is only planned has made no claim: its document says it. */
static int check_planned(struct engine *e, const struct addr *cell, const char *id,
			 struct kerr *err)
{
	struct addr stack = stack_of(cell);
	cleanup_strlist struct strlist names = { 0 };
	int r = 0;

	overlay_list(e->layout.overlay, &stack, &names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct addr other = addr_child(&stack, names.v[i]);
		const void *doc;

		if (overlay_find(e->layout.overlay, &other, &doc) > 0 &&
		    !streq(names.v[i], cell->cell) &&
		    streq_null(((const struct cell_doc *) doc)->spec.id, id))
			r = refuse(id, names.v[i], err);
	}
	return r;
}

int cell_id_check(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	int r = check_claim(e, cell, id, err);

	if (r == 0)
		r = check_planned(e, cell, id, err);
	return r < 0 ? r : check_name(e, cell, id, err);
}

int cell_id_claim(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct addr stack = stack_of(cell);
	cleanup_free char *file = layout_cell_id(&e->layout, &stack, id);
	int r = check_claim(e, cell, id, err);

	if (r < 0 || streq(id, cell->cell))
		return r;
	(void) unlink(file); /* left by an earlier create of this cell, or stale */
	if (symlink(cell->cell, file) < 0)
		return errno == EEXIST ? refuse(id, id, err)
				       : kerr_set(err, -errno, "claim '%s'", file);
	/*
	 * Link first, then check. Creating a cell of that name checks in the opposite
	 * order, so one of both sees the other.
	 */
	r = check_name(e, cell, id, err);
	if (r < 0)
		(void) unlink(file);
	return r;
}

int cell_id_keep(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct addr stack = stack_of(cell);
	cleanup_free char *file = NULL;
	char owner[KUKE_MAX_NAME + 1];
	struct stat st;
	int r;

	if (str_empty(id) || streq(id, cell->cell))
		return 0;
	file = layout_cell_id(&e->layout, &stack, id);
	if (read_claim(file, owner, NULL) == 0 && streq(owner, cell->cell))
		return 0;
	if (lstat(file, &st) == 0 && S_ISDIR(st.st_mode))
		return 0; /* a directory in its place reserves the id as well */
	r = check_users(e, cell, id, err);
	if (r < 0)
		return r;
	(void) unlink(file); /* on failure, symlink reports the error */
	return symlink(cell->cell, file) < 0 ? kerr_set(err, -errno, "claim '%s'", file) : 1;
}

char *cell_id_of(struct engine *e, const struct addr *cell)
{
	struct addr stack = stack_of(cell);
	cleanup_free char *path = layout_object(&e->layout, &stack, OBJECT_DIR);
	DIR *d = opendir(path);
	struct dirent *de;
	char *id = NULL;

	while (d && !id && (de = readdir(d)) != NULL) {
		char owner[KUKE_MAX_NAME + 1] = "";

		if (!str_has_prefix(de->d_name, ID_PREFIX))
			continue;
		if (readlinkat(dirfd(d), de->d_name, owner, KUKE_MAX_NAME) > 0 &&
		    streq(owner, cell->cell))
			id = xstrdup(de->d_name + strlen(ID_PREFIX));
	}
	if (d)
		(void) closedir(d);
	return id ? id : xstrdup(cell->cell);
}

void cell_id_release(struct engine *e, const struct addr *cell, const char *id)
{
	struct addr stack = stack_of(cell);
	cleanup_free char *file = NULL;

	if (str_empty(id) || streq(id, cell->cell))
		return;
	file = layout_cell_id(&e->layout, &stack, id);
	(void) unlink(file); /* only a leftover if this fails, as the cell is being deleted */
}
