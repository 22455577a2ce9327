/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"
#include "layer.h"
#include "layer_below.h"
#include "mem.h"
#include "path.h"
#include "str.h"

/* Directories of the same path in several layers, topmost first. */
struct stack {
	int *fds;
	size_t n;
};

struct layer_below {
	struct strlist dirs; /* layers not opened yet, lowest first */
	struct stack roots; /* opened on demand, down to the first opaque layer */
	/* the directories that path is merged from; empty: path is not a directory */
	struct stack at;
	char *path; /* what `at` was filled for; NULL: nothing */
};

static void stack_clear(struct stack *s)
{
	for (size_t i = 0; i < s->n; i++)
		fd_close_p(&s->fds[i]);
	free_p(&s->fds);
	s->n = 0;
}

static void stack_push(struct stack *s, int fd)
{
	*(int *) vec_grow(&s->fds, &s->n, sizeof(*s->fds)) = fd;
}

struct layer_below *layer_below_free(struct layer_below *b)
{
	if (!b)
		return NULL;
	strlist_clear(&b->dirs);
	stack_clear(&b->roots);
	stack_clear(&b->at);
	free(b->path);
	free(b);
	return NULL;
}

bool layer_is_opaque(int fd)
{
	char c = 0;

	return fgetxattr(fd, LAYER_OPAQUE, &c, 1) == 1 && c == 'y';
}

int layer_open_child(int dirfd, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long r = syscall(SYS_openat2, dirfd, name, &how, sizeof(how));

	return r < 0 ? -errno : (int) r;
}

struct layer_below *layer_below_new(const struct strlist *dirs)
{
	struct layer_below *b = xcalloc(1, sizeof(*b));

	strlist_copy(&b->dirs, dirs);
	return b;
}

static int open_next_root(struct layer_below *b, struct kerr *err)
{
	const char *dir = b->dirs.v[b->dirs.n - 1];
	cleanup_free char *fs = path_join(dir, LAYER_FS, NULL);
	struct layer_info info;
	int fd, r;

	fd = open(fs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", fs);
	stack_push(&b->roots, fd);
	r = layer_read_info_in(dir, &info, err);
	if (r < 0)
		return r == -ENOENT ? kerr_set(err, r, "read the record of '%s'", dir) : r;
	strlist_remove(&b->dirs, b->dirs.n - 1);
	if (info.opaque_root)
		strlist_clear(&b->dirs);
	return 0;
}

/* Get directory i of a stack. Returns 1, 0 when there are fewer, -errno. */
static int stack_get(struct layer_below *b, const struct stack *s, size_t i, int *ret,
		     struct kerr *err)
{
	int r = 0;

	while (r == 0 && s == &b->roots && i >= s->n && b->dirs.n > 0)
		r = open_next_root(b, err);
	if (r < 0 || i >= s->n)
		return r;
	*ret = s->fds[i];
	return 1;
}

/* Find the directory `name` in all directories of from, merged as overlayfs does it. */
static int stack_enter(struct layer_below *b, const struct stack *from, const char *name,
		       struct stack *ret, struct kerr *err)
{
	int dir = -EBADF, fd, r;

	for (size_t i = 0; (r = stack_get(b, from, i, &dir, err)) > 0; i++) {
		fd = layer_open_child(dir, name);
		if (fd == -ENOENT)
			continue;
		if (fd == -ENOTDIR || fd == -ELOOP)
			return 0; /* a file, symlink or whiteout hides everything below it */
		if (fd < 0)
			return kerr_set(err, fd, "open '%s' in the layers below", name);
		stack_push(ret, fd);
		if (layer_is_opaque(fd))
			return 0;
	}
	return r;
}

/* Fill b->at with the directories that are merged at path. */
static int enter_dir(struct layer_below *b, const char *path, struct kerr *err)
{
	cleanup_free char *todo = xstrdup(path);
	const struct stack *from = &b->roots;
	char *name, *rest = todo;
	int r;

	if (b->path && streq(b->path, path))
		return 0;
	free_p(&b->path);
	stack_clear(&b->at);
	while ((name = strsep(&rest, "/"))) {
		struct stack next = { NULL, 0 };

		r = stack_enter(b, from, name, &next, err);
		stack_clear(&b->at);
		b->at = next;
		from = &b->at;
		if (r < 0)
			return r;
	}
	b->path = xstrdup(path);
	return 0;
}

/* Get the directories that are merged at path's parent. */
static int enter_parent(struct layer_below *b, const char *path, const struct stack **ret,
			struct kerr *err)
{
	cleanup_free char *dir = NULL;
	int r;

	*ret = &b->roots;
	if (!strchr(path, '/'))
		return 0;
	dir = path_dirname(path);
	r = enter_dir(b, dir, err);
	*ret = &b->at;
	return r;
}

int layer_below_stat(struct layer_below *b, const char *path, struct stat *ret, struct kerr *err)
{
	const char *name = *path ? path_basename(path) : ".";
	const struct stack *in;
	int dir, r;

	r = enter_parent(b, path, &in, err);
	if (r < 0)
		return r;
	for (size_t i = 0; (r = stack_get(b, in, i, &dir, err)) > 0; i++) {
		r = fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW);
		if (r == 0)
			return S_ISCHR(ret->st_mode) && ret->st_rdev == makedev(0, 0) ? 0 : 1;
		if (errno != ENOENT)
			return kerr_set(err, -errno, "stat '%s' in the layers below", path);
	}
	return r;
}

int layer_below_readlink(struct layer_below *b, const char *path, char **ret, struct kerr *err)
{
	cleanup_free char *target = xcalloc(1, PATH_MAX);
	const struct stack *in;
	int dir, r;

	r = enter_parent(b, path, &in, err);
	if (r < 0)
		return r;
	for (size_t i = 0; (r = stack_get(b, in, i, &dir, err)) > 0; i++) {
		if (readlinkat(dir, path_basename(path), target, PATH_MAX - 1) >= 0) {
			*ret = take_ptr(target);
			return 0;
		}
		if (errno != ENOENT)
			return kerr_set(err, -errno, "read link '%s' in the layers below", path);
	}
	return r < 0 ? r : kerr_set(err, -ENOENT, "read link '%s' in the layers below", path);
}

int layer_below_open_dir(struct layer_below *b, const char *path, struct kerr *err)
{
	const char *name = *path ? path_basename(path) : ".";
	const struct stack *in;
	int dir, fd, r;

	r = enter_parent(b, path, &in, err);
	if (r < 0)
		return r;
	for (size_t i = 0; (r = stack_get(b, in, i, &dir, err)) > 0; i++) {
		fd = layer_open_child(dir, name);
		if (fd >= 0)
			return fd;
		if (fd == -ENOTDIR || fd == -ELOOP)
			return -ENOENT;
		if (fd != -ENOENT)
			return kerr_set(err, fd, "open '%s' in the layers below", path);
	}
	return r < 0 ? r : -ENOENT;
}
