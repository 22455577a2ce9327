/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "place.h"
#include "str.h"

enum {
	LINKS_MAX = 40, /* as many as the kernel follows */
};

void place_clear(struct place *p)
{
	fd_close_p(&p->base);
	free_p(&p->name);
}

static int refuse(const struct work *w, int r, const char *why, struct kerr *err)
{
	return kerr_plain(err, r, "destination '%s'%s %s", w->job.path,
			  w->root >= 0 ? " in the container" : "", why);
}

static int fail(const struct work *w, int r, struct kerr *err)
{
	return kerr_set(err, r, "destination '%s'%s", w->job.path,
			w->root >= 0 ? " in the container" : "");
}

static int into(const struct work *w, int dir, const char *name, struct place *ret,
		struct kerr *err)
{
	int r = work_check_directory(w, dir, w->job.path, err);

	if (r < 0) {
		(void) close(dir);
		return r;
	}
	ret->base = dir;
	ret->as_is = (w->job.flags & COPY_ARCHIVE) != 0;
	ret->name = xstrdup(name);
	return 0;
}

/* The path that a link stands for, in the directory that it is in. */
static char *follow(const char *path, const char *name, const char *target)
{
	size_t end = strlen(path);

	while (end > 0 && path[end - 1] == '/')
		end--;
	end -= strlen(name);
	if (target[0] == '/')
		return xstrdup(target);
	return xasprintf("%.*s%s", (int) end, path, target);
}

/* Under the name that a path has, in its directory; links to other names are followed. */
static int as_named(const struct work *w, struct place *ret, struct kerr *err)
{
	cleanup_free char *path = xstrdup(w->job.path);

	for (int i = 0; i < LINKS_MAX; i++) {
		cleanup_free char *target = xcalloc(1, COPY_PATH_MAX + 1);
		cleanup_free char *name = NULL;
		cleanup_fd int dir = work_open_parent(w, path, &name);
		char *next;

		if (dir < 0)
			return fail(w, dir, err);
		if (readlinkat(dir, name, target, COPY_PATH_MAX) < 0)
			return into(w, take_fd(dir), name, ret, err);
		next = follow(path, name, target);
		free(path);
		path = next;
	}
	return fail(w, -ELOOP, err);
}

int place_find(const struct work *w, bool is_dir, struct place *ret, struct kerr *err)
{
	bool archive = (w->job.flags & COPY_ARCHIVE) != 0;
	cleanup_fd int there = work_open(w, w->job.path, O_PATH);
	struct stat st;

	if (there == -ENOENT && archive)
		return refuse(w, -ENOENT, "does not exist: an archive needs a directory", err);
	if (there == -ENOENT && !is_dir && str_has_suffix(w->job.path, "/"))
		return refuse(w, -ENOENT, "is no directory that exists", err);
	if (there == -ENOENT)
		return as_named(w, ret, err);
	if (there < 0)
		return fail(w, there, err);
	if (fstat(there, &st) < 0)
		return fail(w, -errno, err);
	if (S_ISDIR(st.st_mode))
		return into(w, take_fd(there),
			    (w->job.flags & COPY_CONTENTS) != 0 ? "" : w->job.name, ret, err);
	if (archive)
		return refuse(w, -ENOTDIR, "is not a directory", err);
	if (is_dir)
		return refuse(w, -ENOTDIR, "is not a directory, the source is one", err);
	return as_named(w, ret, err);
}

int place_map(const struct place *p, const char *path, char **ret, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(COPY_PATH_MAX);
	bool skip = !p->as_is;

	if (!p->as_is)
		buf_adds(&out, p->name);
	for (const char *at = path; *at != '\0';) {
		size_t n = strcspn(at, "/");

		if (n == 2 && strncmp(at, "..", n) == 0)
			return kerr_plain(err, -EINVAL, "refused '%.200s': it leads upwards by ..",
					  path);
		if (n > 0 && !(n == 1 && at[0] == '.')) {
			if (!skip) {
				if (out.len > 0)
					buf_addc(&out, '/');
				buf_add(&out, at, n);
			}
			skip = false;
		}
		at += n;
		at += strspn(at, "/");
	}
	if (out.failed)
		return kerr_plain(err, -ENAMETOOLONG, "the path is too long: '%.200s...'", path);
	*ret = buf_take(&out);
	return 0;
}
