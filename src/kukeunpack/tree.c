/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "tree.h"
#include "vec.h"
#include "way.h"

static struct tree_dir *record(struct tree *t, const char *path);

void tree_init(struct tree *t, int root, const struct unpack_limits *limits,
	       struct filelist_writer *list)
{
	*t = (struct tree){ .root = root, .limits = limits, .list = list, .cached_fd = -EBADF };
	record(t, "");
}

static void drop_cache(struct tree *t)
{
	free_p(&t->cached);
	fd_close_p(&t->cached_fd);
}

void tree_clear(struct tree *t)
{
	for (size_t i = 0; i < t->n_dirs; i++) {
		free(t->dirs[i]->path);
		free(t->dirs[i]);
	}
	free_p(&t->dirs);
	free_p(&t->slots);
	drop_cache(t);
	t->n_dirs = t->n_slots = 0;
}

/* The slot of a path in the hash table: with its record, or free. */
static struct tree_dir **slot_of(struct tree *t, const char *path)
{
	size_t i = fnv1a32(path, strlen(path)) & (t->n_slots - 1);

	while (t->slots[i] && !streq(t->slots[i]->path, path))
		i = (i + 1) & (t->n_slots - 1);
	return &t->slots[i];
}

struct tree_dir *tree_find(struct tree *t, const char *path)
{
	return t->n_slots ? *slot_of(t, path) : NULL;
}

static void grow_slots(struct tree *t)
{
	t->n_slots = t->n_slots ? t->n_slots * 2 : 256;
	free(t->slots);
	t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < t->n_dirs; i++)
		*slot_of(t, t->dirs[i]->path) = t->dirs[i];
}

/* Add a record for a directory just created; an old record of the path is reset. */
static struct tree_dir *record(struct tree *t, const char *path)
{
	struct tree_dir *d = tree_find(t, path);

	if (d) {
		*d = (struct tree_dir){ .path = d->path };
		return d;
	}
	d = xcalloc(1, sizeof(*d));
	d->path = xstrdup(path);
	*(struct tree_dir **) vec_grow(&t->dirs, &t->n_dirs, sizeof(*t->dirs)) = d;
	if (t->n_dirs * 2 > t->n_slots)
		grow_slots(t);
	else
		*slot_of(t, path) = d;
	return d;
}

char *tree_join(const char *dir, const char *name)
{
	return *dir ? xasprintf("%s/%s", dir, name) : xstrdup(name);
}

int tree_openat(int dirfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t) flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long r;

	r = syscall(SYS_openat2, dirfd, *path ? path : ".", &how, sizeof(how));
	return r < 0 ? -errno : (int) r;
}

int tree_mkdir(struct tree *t, int dirfd, const char *dir, const char *name, struct kerr *err)
{
	cleanup_free char *path = tree_join(dir, name);
	int r;

	r = mkdirat(dirfd, name, 0755);
	if (r < 0)
		return kerr_set(err, -errno, "create directory '%s'", path);
	record(t, path);
	filelist_add(t->list, &(struct filelist_entry){ .type = 'i', .path = path });
	return 0;
}

int tree_remove(struct tree *t, int dirfd, const char *dir, const char *name, struct kerr *err)
{
	cleanup_free char *path = NULL;
	int r;

	r = unlinkat(dirfd, name, 0);
	if (r < 0 && errno == ENOENT)
		return 0;
	if (r < 0 && errno != EISDIR && errno != EPERM)
		return kerr_set(err, -errno, "remove '%s'", name);
	path = tree_join(dir, name);
	filelist_add(t->list, &(struct filelist_entry){ .type = '-', .path = path });
	if (r == 0)
		return 0;
	/*
	 * The cached directory may be the one removed. Its descriptor stays open, as
	 * callers may still use it.
	 */
	free_p(&t->cached);
	return remove_tree_at(dirfd, name, REMOVE_TREE_SAME_FS, err);
}

/* State while a path is resolved. */
struct walk {
	struct tree *t;
	int fd; /* current directory; -EBADF: it does not exist */
	struct buf at; /* path of fd */
	struct way todo;
};

static void walk_clear(struct walk *w)
{
	fd_close_p(&w->fd);
	buf_clear(&w->at);
	way_clear(&w->todo);
}

/* Return to the first len bytes of the path, or to the root. */
static int walk_jump(struct walk *w, size_t len, struct kerr *err)
{
	int fd;

	w->at.len = len;
	if (w->at.data)
		w->at.data[len] = '\0';
	fd = tree_openat(w->t->root, buf_str(&w->at), O_PATH | O_DIRECTORY);
	if (fd < 0 && !(fd == -ENOENT && w->fd < 0))
		return kerr_set(err, fd, "open '%s'", buf_str(&w->at));
	fd_close_p(&w->fd);
	w->fd = fd;
	return 0;
}

static int walk_up(struct walk *w, struct kerr *err)
{
	size_t n = w->at.len;

	while (n > 0 && w->at.data[n - 1] != '/')
		n--;
	return walk_jump(w, n > 0 ? n - 1 : 0, err);
}

/* Continue with the target of the symlink, followed by the rest of the path. */
static int walk_symlink(struct walk *w, const char *name, struct kerr *err)
{
	cleanup_free char *target = xcalloc(1, PATH_MAX);
	ssize_t n;
	int r;

	n = readlinkat(w->fd, name, target, PATH_MAX - 1);
	if (n < 0)
		return kerr_set(err, -errno, "read link '%s'", name);
	r = way_follow(&w->todo, target);
	if (r < 0)
		return kerr_set(err, r, "follow '%s'", name);
	return r > 0 ? walk_jump(w, 0, err) : 0;
}

/* name is not a directory: follow it if it is a symlink, or create a directory if allowed. */
static int walk_obstacle(struct walk *w, const char *name, enum tree_open_flags flags,
			 struct kerr *err)
{
	cleanup_free char *path = tree_join(buf_str(&w->at), name);
	struct stat st;
	int r;

	r = fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW);
	if (r < 0 && errno != ENOENT)
		return kerr_set(err, -errno, "stat '%s'", path);
	if (r == 0 && S_ISLNK(st.st_mode))
		return walk_symlink(w, name, err);
	if (!(flags & TREE_CREATE))
		return kerr_set(err, r < 0 ? -ENOENT : -ENOTDIR, "open '%s'", path);
	if (r == 0)
		return kerr_set(err, -ENOTDIR, "create directory '%s'", path);
	r = tree_mkdir(w->t, w->fd, buf_str(&w->at), name, err);
	return r < 0 ? r : 1; /* try again */
}

static int walk_append(struct walk *w, const char *name, struct kerr *err)
{
	if (w->at.len > 0)
		buf_addc(&w->at, '/');
	buf_adds(&w->at, name);
	return buf_check(&w->at, "path", err);
}

static int walk_step(struct walk *w, const char *name, enum tree_open_flags flags, struct kerr *err)
{
	int fd, r;

	if (w->fd < 0)
		return walk_append(w, name, err);
	fd = tree_openat(w->fd, name, O_PATH | O_DIRECTORY);
	if (fd == -ENOENT && (flags & TREE_MAY_MISS)) {
		fd_close_p(&w->fd);
		return walk_append(w, name, err);
	}
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP) {
		r = walk_obstacle(w, name, flags, err);
		if (r <= 0)
			return r;
		fd = tree_openat(w->fd, name, O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		return kerr_set(err, fd, "open directory '%s'", name);
	fd_close_p(&w->fd);
	w->fd = fd;
	return walk_append(w, name, err);
}

/* Resolve the whole path. On success, w is at the directory. */
static int walk_path(struct walk *w, enum tree_open_flags flags, struct kerr *err)
{
	enum way_part part;
	char *next;
	int r;

	r = walk_jump(w, 0, err);
	while (r >= 0 && (part = way_next(&w->todo, &next)) != WAY_END) {
		cleanup_free char *name = next;

		r = part == WAY_UP ? walk_up(w, err) : walk_step(w, name, flags, err);
	}
	return r;
}

int tree_open_dir(struct tree *t, const char *path, enum tree_open_flags flags, int *ret_fd,
		  char **ret_path, struct kerr *err)
{
	cleanup_(walk_clear) struct walk w = { .t = t, .fd = -EBADF };
	int r;

	if (t->cached && streq(t->cached, path)) {
		*ret_fd = t->cached_fd;
		*ret_path = xstrdup(path);
		return 0;
	}
	buf_init(&w.at, t->limits->max_path);
	w.fd = tree_openat(t->root, path, O_PATH | O_DIRECTORY);
	if (w.fd >= 0) {
		buf_adds(&w.at, path);
	} else {
		way_init(&w.todo, path, SIZE_MAX);
		r = walk_path(&w, flags, err);
		if (r < 0)
			return r;
	}
	drop_cache(t);
	t->cached = xstrdup(buf_str(&w.at));
	t->cached_fd = take_fd(w.fd);
	*ret_fd = t->cached_fd;
	*ret_path = xstrdup(t->cached);
	return 0;
}

int tree_resolve(struct tree *t, const char *path, char **ret, struct kerr *err)
{
	cleanup_(walk_clear) struct walk w = { .t = t, .fd = -EBADF };
	int r;

	buf_init(&w.at, t->limits->max_path);
	way_init(&w.todo, path, SIZE_MAX);
	r = walk_path(&w, TREE_MAY_MISS, err);
	if (r == 0)
		*ret = xstrdup(buf_str(&w.at));
	return r;
}
