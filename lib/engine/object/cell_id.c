/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <unistd.h>

#include "cell_id.h"
#include "mem.h"
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

/* The cell that owns the id, "" if unclaimed or stale. */
static void read_claim(struct engine *e, const struct addr *cell, const char *id,
		       char ret[KUKE_MAX_NAME + 1])
{
	struct addr stack = stack_of(cell), other = stack;
	char *file cleanup_free = layout_cell_id(&e->layout, &stack, id);
	ssize_t n = readlink(file, ret, KUKE_MAX_NAME);

	ret[n < 0 ? 0 : n] = '\0';
	other.cell = ret;
	if (n > 0 && !streq(ret, cell->cell) && store_exists(&e->layout, &other, NULL) == 0)
		ret[0] = '\0'; /* left by a create or a delete that was killed */
}

int cell_id_refuse(const char *id, const char *owner, struct kerr *err)
{
	return kerr_plain(err, -EEXIST,
			  "spec.id \"%s\" is already used by cell \"%s\" in the same stack", id,
			  owner);
}

static int check_claim(struct engine *e, const struct addr *cell, const char *id, struct kerr *err)
{
	char owner[KUKE_MAX_NAME + 1];

	read_claim(e, cell, id, owner);
	return owner[0] && !streq(owner, cell->cell) ? cell_id_refuse(id, owner, err) : 0;
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
