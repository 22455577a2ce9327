/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cell_id.h"
#include "mem.h"
#include "scope.h"
#include "str.h"

/*
 * Runtime ids are made of spec.id, so no two cells of a stack may have the same.
 * An id that is not the cell's own name is claimed by a link .id-<id> -> <cell>;
 * a cell whose id is its name has its document for that.
 */
#define ID_PREFIX ".id-" /* as layout_cell_id has it */

static struct addr stack_of(const struct addr *cell)
{
	return addr_parent(cell);
}

/* Another cell of the stack has the id by its document, or may have it. */
struct user {
	const struct addr *cell; /* not this one */
	const char *id;
	char name[KUKE_MAX_NAME + 1]; /* "": none has */
};

static int look_at_cell(void *ctx, struct engine *e, const struct addr *a, struct kerr *err)
{
	struct user *u = ctx;
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

int cell_id_refuse(const char *id, const char *owner, struct kerr *err)
{
	return kerr_plain(err, -EEXIST,
			  "spec.id \"%s\" is already used by cell \"%s\" in the same stack", id,
			  owner);
}

/*
 * A claim for another cell that has another id, or is not there, is left from a create or
 * delete that was killed, or damaged. The documents tell whether the id is free; one
 * that cannot be read may have it.
 */
static int check_users(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct user u = { .cell = cell, .id = id };
	struct addr stack = stack_of(cell);
	int r = scope_each(e, ADDR_CELL, &stack, look_at_cell, &u, err);

	return r == 0 && u.name[0] ? cell_id_refuse(id, u.name, err) : r;
}

/* The cell that a claim names; "" without one. An error where its place has something else. */
static int read_claim(const char *file, char ret[KUKE_MAX_NAME + 1], struct kerr *err)
{
	ssize_t n = readlink(file, ret, KUKE_MAX_NAME);

	ret[n < 0 ? 0 : n] = '\0';
	if (n > 0 || (n < 0 && errno == ENOENT))
		return 0;
	if (n < 0 && errno != EINVAL)
		return kerr_set(err, -errno, "read '%s'", file);
	return kerr_plain(err, -EBADMSG, "'%s' is not the link that it was made as", file);
}

static int check_claim(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct addr stack = stack_of(cell), other = stack;
	char *file cleanup_free = layout_cell_id(&e->layout, &stack, id);
	char owner[KUKE_MAX_NAME + 1];
	int r = read_claim(file, owner, err);

	if (r < 0)
		return kerr_wrap(err, r, "a cell may have spec.id \"%s\"", id);
	if (!owner[0] || streq(owner, cell->cell))
		return 0;
	other.cell = owner;
	if (store_exists(&e->layout, &other, NULL) != 0)
		return cell_id_refuse(id, owner, err);
	return check_users(e, cell, id, err);
}

/* A cell of that name owns it without a claim. */
static int check_name(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct addr other = stack_of(cell);

	other.cell = id;
	if (streq(id, cell->cell) || store_exists(&e->layout, &other, NULL) == 0)
		return 0;
	return cell_id_refuse(id, id, err);
}

int cell_id_check(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	int r = check_claim(e, cell, id, err);

	return r < 0 ? r : check_name(e, cell, id, err);
}

int cell_id_claim(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct addr stack = stack_of(cell);
	char *file cleanup_free = layout_cell_id(&e->layout, &stack, id);
	int r = check_claim(e, cell, id, err);

	if (r < 0 || streq(id, cell->cell))
		return r;
	(void) unlink(file); /* ours from before, or stale */
	if (symlink(cell->cell, file) < 0)
		return errno == EEXIST ? cell_id_refuse(id, id, err)
				       : kerr_set(err, -errno, "claim '%s'", file);
	/* The link first, then the look: a cell of that name does it the other way round. */
	r = check_name(e, cell, id, err);
	if (r < 0)
		(void) unlink(file);
	return r;
}

int cell_id_keep(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	struct addr stack = stack_of(cell);
	char *file cleanup_free = NULL;
	char owner[KUKE_MAX_NAME + 1];
	struct stat st;
	int r;

	if (str_empty(id) || streq(id, cell->cell))
		return 0;
	file = layout_cell_id(&e->layout, &stack, id);
	if (read_claim(file, owner, NULL) == 0 && streq(owner, cell->cell))
		return 0;
	if (lstat(file, &st) == 0 && S_ISDIR(st.st_mode))
		return 0; /* no other cell gets the id while it is there */
	r = check_users(e, cell, id, err);
	if (r < 0)
		return r;
	(void) unlink(file); /* or gone; else it is in the way of the link */
	return symlink(cell->cell, file) < 0 ? kerr_set(err, -errno, "claim '%s'", file) : 1;
}

char *cell_id_of(struct engine *e, const struct addr *cell)
{
	struct addr stack = stack_of(cell);
	char *path cleanup_free = layout_object(&e->layout, &stack, OBJECT_DIR);
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
	char *file cleanup_free = NULL;

	if (str_empty(id) || streq(id, cell->cell))
		return;
	file = layout_cell_id(&e->layout, &stack, id);
	(void) unlink(file); /* stale once the cell is gone */
}
