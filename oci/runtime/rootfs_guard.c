/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "path.h"
#include "rootfs_guard.h"
#include "str.h"
#include "way.h"

enum {
	GUARD_PATH_MAX = PATH_MAX - 1,
};

/* State while a path is resolved in the root. */
struct walk {
	int root;
	const char *path; /* as passed by the caller */
	const struct strlist *covered;
	enum guard_flags flags;
	bool make; /* create missing parts */
	char *done; /* the resolved part, "" or "/a/b", without links */
	struct way todo;
};

static void walk_clear(struct walk *w)
{
	free(w->done);
	way_clear(&w->todo);
}

static int open_entry(int dir, const char *name, mode_t *ret_type)
{
	struct stat st;
	int fd = open_no_links(dir, name, O_PATH | O_NOFOLLOW, 0);

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0) {
		int r = -errno;

		(void) close(fd);
		return r;
	}
	*ret_type = st.st_mode;
	return fd;
}

/* ---- directories in the root ---- */

int guard_top_dir(int root, const char *name, mode_t mode, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	mode_t have = 0;
	bool is_dir;

	fd = open_entry(root, name, &have);
	if (fd < 0 && fd != -ENOENT)
		return kerr_set(err, fd, "open '/%s' of the container", name);
	is_dir = fd >= 0 && S_ISDIR(have);
	if (fd >= 0 && !is_dir && unlinkat(root, name, 0) < 0)
		return kerr_set(err, -errno, "remove '/%s' of the container", name);
	if (!is_dir && mkdirat(root, name, 0755) < 0)
		return kerr_set(err, -errno, "make the directory '/%s' of the container", name);
	if (mode == 0 || (is_dir && (have & 07777) == mode))
		return 0;
	/* This is a directory now and no other process runs here, so no link is followed. */
	if (fchmodat(root, name, mode, 0) < 0)
		return kerr_set(err, -errno, "set the mode of '/%s' of the container", name);
	return 0;
}

/* ---- any path in the root ---- */

static bool is_at_or_below(const char *path, const char *place)
{
	size_t n = strlen(place);

	return strncmp(path, place, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool is_covered(const struct walk *w, const char *path)
{
	for (size_t i = 0; i < w->covered->n; i++)
		if (is_at_or_below(path, w->covered->v[i]))
			return true;
	return false;
}

static void walk_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	if (slash != NULL)
		*slash = '\0';
}

static int bad_place(const struct walk *w, int r, const char *place, const char *why,
		     struct kerr *err)
{
	return streq(w->path, place)
		       ? kerr_plain(err, r, "'%s' in the container's root %s", place, why)
		       : kerr_plain(err, r, "'%s' leads to '%s' in the container's root, which %s",
				    w->path, place, why);
}

static int walk_link(struct walk *w, int fd, const char *at, struct kerr *err)
{
	cleanup_free char *text = xmalloc(PATH_MAX);
	ssize_t n;
	int r;

	n = readlinkat(fd, "", text, PATH_MAX - 1);
	if (n < 0)
		return kerr_set(err, -errno, "read the link '%s' of the container", at);
	text[n] = '\0';
	r = way_follow(&w->todo, text);
	if (r == -ELOOP)
		return bad_place(w, r, at, "is a link that leads through too many links", err);
	if (r < 0)
		return bad_place(w, r, at, "is a link to a path that is too long", err);
	if (r > 0)
		w->done[0] = '\0';
	return 0;
}

/* Create name, which does not exist, in the directory reached so far. */
static int make_entry(const struct walk *w, const char *name, bool file, struct kerr *err)
{
	const char *at = w->done[0] == '\0' ? "." : w->done;
	cleanup_fd int parent = open_no_links(w->root, at, O_PATH | O_DIRECTORY, 0);
	cleanup_fd int fd = -EBADF;
	int r;

	if (parent < 0)
		return kerr_set(err, parent, "open '%s/' of the container", w->done);
	if (file) {
		fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0644);
		r = fd;
	} else {
		r = mkdirat(parent, name, 0755);
	}
	return r < 0 ? kerr_set(err, -errno, "make '%s/%s' of the container", w->done, name) : 0;
}

static int replace_entry(const struct walk *w, const char *name, const char *at, bool file,
			 struct kerr *err)
{
	if (unlinkat(w->root, at + 1, 0) < 0)
		return kerr_set(err, -errno, "remove '%s' of the container", at);
	return make_entry(w, name, file, err);
}

/* The next part of the path exists: continue with it, or fail with the reason. */
static int walk_existing(struct walk *w, int fd, mode_t type, const char *name, const char *at,
			 struct kerr *err)
{
	bool last = way_is_last(&w->todo);
	bool file = last && (w->flags & GUARD_FILE) != 0;
	bool link = S_ISLNK(type);

	if (link && !(last && (w->flags & GUARD_NO_LINK)))
		return walk_link(w, fd, at, err);
	if (link || (!file && !S_ISDIR(type) && (w->flags & GUARD_REPLACE))) {
		int r = replace_entry(w, name, at, file, err);

		if (r < 0)
			return r;
	} else if (w->make && file != !S_ISDIR(type)) {
		return bad_place(w, file ? -EISDIR : -ENOTDIR, at,
				 file ? "is a directory, and a file is to be mounted there"
				      : "is a file, and a directory is needed there",
				 err);
	}
	free(w->done);
	w->done = xstrdup(at);
	return 0;
}

static int walk_down(struct walk *w, const char *name, struct kerr *err)
{
	cleanup_free char *at = xasprintf("%s/%s", w->done, name);
	cleanup_fd int fd = -EBADF;
	mode_t type = 0;
	int r;

	if (strlen(at) > GUARD_PATH_MAX)
		return bad_place(w, -ENAMETOOLONG, "/", "leads to a path that is too long", err);
	if (!is_covered(w, at)) {
		fd = open_entry(w->root, at + 1, &type);
		if (fd >= 0)
			return walk_existing(w, fd, type, name, at, err);
		if (fd != -ENOENT && (fd != -ENOTDIR || w->make))
			return kerr_set(err, fd, "open '%s' of the container", at);
		r = w->make ? make_entry(w, name, way_is_last(&w->todo) && (w->flags & GUARD_FILE),
					 err)
			    : 0;
		if (r < 0)
			return r;
	}
	free(w->done);
	w->done = take_ptr(at);
	return 0;
}

static int walk_all(struct walk *w, struct kerr *err)
{
	int r = 0;

	while (r == 0) {
		cleanup_free char *name = NULL;

		switch (way_next(&w->todo, &name)) {
		case WAY_END:
			return 0;
		case WAY_UP:
			walk_up(w);
			break;
		case WAY_DOWN:
			r = walk_down(w, name, err);
			break;
		}
		/*
		 * The runtime mounts its own file systems here, which hide what the
		 * image has.
		 */
		if (r == 0 && w->make &&
		    (is_at_or_below(w->done, "/proc") || is_at_or_below(w->done, "/sys")))
			r = bad_place(w, -EINVAL, w->done, "is in a kernel file system", err);
	}
	return r;
}

/* Usually the path exists and has no links, which one openat2 call can tell. */
static bool is_plain(const struct walk *w)
{
	bool file = (w->flags & GUARD_FILE) != 0;
	cleanup_fd int fd = -EBADF;
	mode_t type = 0;

	if (is_covered(w, w->path))
		return false;
	fd = open_entry(w->root, w->path + 1, &type);
	return fd >= 0 && (file ? S_ISREG(type) : S_ISDIR(type)) &&
	       !is_at_or_below(w->path, "/proc") && !is_at_or_below(w->path, "/sys");
}

int guard_resolve(int root, const char *path, const struct strlist *covered, enum guard_flags flags,
		  char **ret, struct kerr *err)
{
	cleanup_(walk_clear) struct walk w = {
		.root = root, .path = path, .covered = covered, .flags = flags, .make = true
	};
	int r;

	if (is_plain(&w)) {
		*ret = xstrdup(path);
		return 0;
	}
	w.done = xstrdup("");
	way_init(&w.todo, path, GUARD_PATH_MAX);
	r = walk_all(&w, err);
	if (r < 0)
		return r;
	if (w.done[0] == '\0')
		return bad_place(&w, -EINVAL, "/", "is the root itself", err);
	if (streq(w.done, "/dev") && !streq(path, "/dev"))
		return bad_place(&w, -EINVAL, w.done, "is set up by the runtime", err);
	*ret = take_ptr(w.done);
	return 0;
}

int guard_follow(int root, const char *path, const struct strlist *covered, char **ret,
		 struct kerr *err)
{
	cleanup_(walk_clear) struct walk w = {
		.root = root, .path = path, .covered = covered, .done = xstrdup("")
	};
	int r;

	way_init(&w.todo, path, GUARD_PATH_MAX);
	r = walk_all(&w, err);
	if (r == 0)
		*ret = take_ptr(w.done);
	return r;
}

/* ---- directories that other processes may change ---- */

static int make_below(int dir, const char *name, bool file)
{
	int r;

	if (!file)
		return mkdirat(dir, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
	r = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (r < 0)
		return errno == EEXIST ? 0 : -errno;
	(void) close(r);
	return 0;
}

static int step_below(int dir, const char *name, bool file, const char *what, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	mode_t type = 0;
	int r;

	fd = open_entry(dir, name, &type);
	if (fd == -ENOENT) {
		r = make_below(dir, name, file);
		if (r < 0)
			return kerr_set(err, r, "make the mount point '%s' in %s", name, what);
		fd = open_entry(dir, name, &type);
	}
	if (fd < 0)
		return kerr_set(err, fd, "open '%s' in %s", name, what);
	if (S_ISLNK(type))
		return kerr_plain(err, -ELOOP,
				  "'%s' in %s is a symbolic link: nothing can be mounted there",
				  name, what);
	if (file != !S_ISDIR(type))
		return kerr_plain(err, file ? -EISDIR : -ENOTDIR, "'%s' in %s is a %s", name, what,
				  file ? "directory, and a file is to be mounted there"
				       : "file, and a directory is needed there");
	return take_fd(fd);
}

int guard_below(int dir, const char *rel, enum guard_flags flags, const char *what,
		struct kerr *err)
{
	cleanup_fd int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	size_t n;

	if (at < 0)
		return kerr_set(err, -errno, "duplicate a descriptor");
	for (rel += strspn(rel, "/"); *rel != '\0'; rel += n + strspn(rel + n, "/")) {
		cleanup_free char *name = NULL;
		bool last;
		int fd;

		n = strcspn(rel, "/");
		name = xstrndup(rel, n);
		last = rel[n + strspn(rel + n, "/")] == '\0';
		fd = step_below(at, name, last && (flags & GUARD_FILE), what, err);
		if (fd < 0)
			return fd;
		fd_close_p(&at);
		at = fd;
	}
	return take_fd(at);
}
