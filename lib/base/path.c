/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"

enum {
	PATH_TEXT_MAX = 1 << 20,
	DEPTH_OPEN = 32, /* directories held open while a tree is removed */
	RESCANS = 16, /* times a directory is read again when entries appear during removal */
	NAME_TRIES = 1 << 20
};

char *path_join(const char *first, ...)
{
	struct buf b = BUF_INIT(PATH_TEXT_MAX);
	va_list ap;

	va_start(ap, first);
	for (const char *part = first; part != NULL; part = va_arg(ap, const char *)) {
		if (part[0] == '\0')
			continue;
		if (b.len > 0) {
			while (part[0] == '/')
				part++;
			if (part[0] != '\0' && b.data[b.len - 1] != '/')
				buf_addc(&b, '/');
		}
		buf_adds(&b, part);
	}
	va_end(ap);
	return buf_take(&b);
}

const char *path_basename(const char *p)
{
	const char *slash = strrchr(p, '/');

	return slash != NULL ? slash + 1 : p;
}

char *path_dirname(const char *p)
{
	const char *end = strrchr(p, '/');

	if (end == NULL)
		return xstrdup(".");
	while (end > p && end[-1] == '/')
		end--;
	return end == p ? xstrdup("/") : xstrndup(p, (size_t) (end - p));
}

/* Order of bytes: end of path, then '/', then all others. */
static int path_rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : (unsigned char) c + 2;
}

int path_compare(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return path_rank(*a) - path_rank(*b);
}

int path_clean(const char *p, char **ret)
{
	cleanup_free char *out = NULL;
	size_t len = 0;

	if (p[0] != '/')
		return -EINVAL;
	out = xmalloc(strlen(p) + 2);
	while (*p != '\0') {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && p[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, p, n);
			len += n;
		}
		p += n + (p[n] == '/');
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	*ret = take_ptr(out);
	return 0;
}

/* One step of mkdir_p: create name below *dir if missing, and replace *dir by it. */
static int mkdir_step(int *dir, const char *name, mode_t mode)
{
	cleanup_fd int next = -EBADF;
	bool made = false;

	if (mkdirat(*dir, name, mode & 0700) == 0)
		made = true;
	else if (errno != EEXIST)
		return -errno;
	next = openat(*dir, name,
		      made ? O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
			   : O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (next < 0)
		return -errno;
	if (made && fchmod(next, mode) < 0)
		return -errno;
	fd_close_p(dir);
	*dir = take_fd(next);
	return 0;
}

/* Fast path: only the last part is missing. */
static int mkdir_last(const char *path, mode_t mode)
{
	cleanup_free char *parent = path_dirname(path);
	cleanup_fd int dir = -EBADF;
	const char *name = path_basename(path);

	if (name[0] == '\0')
		return -EINVAL;
	dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : mkdir_step(&dir, name, mode);
}

int mkdir_p(const char *path, mode_t mode, struct kerr *err)
{
	cleanup_free char *copy = xstrdup(path);
	cleanup_fd int dir = -EBADF;
	char *p = copy;
	struct stat st;
	int r;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	r = mkdir_last(path, mode);
	if (r == 0)
		return 0;
	dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return kerr_set(err, -errno, "create directory '%s'", path);
	if (path[0] == '\0')
		return kerr_set(err, -ENOENT, "create directory ''");
	for (;;) {
		char *end;
		bool last;

		p += strspn(p, "/");
		if (*p == '\0')
			return 0;
		end = p + strcspn(p, "/");
		last = *end == '\0';
		*end = '\0';
		r = mkdir_step(&dir, p, mode);
		if (r < 0)
			return kerr_set(err, r, "create directory '%s'", path);
		if (last)
			return 0;
		p = end + 1;
	}
}

/* The state of one removal. level[0] is the directory to remove. */
struct removal {
	struct {
		DIR *dir;
		char *name; /* in the directory one level up */
		unsigned scans;
	} level[DEPTH_OPEN];
	size_t depth;
	int parent; /* where level[0].name is */
	unsigned moved; /* deep directories brought up to level 0 */
	enum remove_tree_flags flags;
};

static void removal_clear(struct removal *rm)
{
	while (rm->depth > 0) {
		rm->depth--;
		(void) closedir(rm->level[rm->depth].dir); /* read only */
		free(rm->level[rm->depth].name);
	}
	fd_close_p(&rm->parent);
}

static int open_dir_below(const struct removal *rm, int at, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
		.resolve = (rm->flags & REMOVE_TREE_SAME_FS) != 0 ? RESOLVE_NO_XDEV : 0,
	};
	long fd = syscall(SYS_openat2, at, name, &how, sizeof(how));

	return fd < 0 ? -errno : (int) fd;
}

static int removal_enter(struct removal *rm, int at, const char *name)
{
	cleanup_fd int fd = open_dir_below(rm, at, name);
	DIR *d;

	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (d == NULL)
		return -errno;
	(void) take_fd(fd); /* now owned by the DIR */
	rm->level[rm->depth].dir = d;
	rm->level[rm->depth].name = xstrdup(name);
	rm->level[rm->depth].scans = 0;
	rm->depth++;
	return 0;
}

/* The tree is deeper than DEPTH_OPEN: move this directory up to level 0 and remove it there. */
static int removal_move_up(struct removal *rm, int at, const char *name)
{
	int top = dirfd(rm->level[0].dir);
	char to[32];

	for (int tries = 0; tries < NAME_TRIES; tries++) {
		(void) snprintf(to, sizeof(to), ".rm-%u", rm->moved++);
		if (renameat(at, name, top, to) == 0)
			return 0;
		if (errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
			return -errno;
	}
	return -EEXIST;
}

static int removal_entry(struct removal *rm, const struct dirent *e)
{
	int at = dirfd(rm->level[rm->depth - 1].dir);
	int r;

	if (e->d_type != DT_DIR) {
		if (unlinkat(at, e->d_name, 0) == 0 || errno == ENOENT)
			return 0;
		if (errno != EISDIR)
			return -errno;
	}
	if (unlinkat(at, e->d_name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0; /* gone or replaced: reading the directory again shows which */
	if (errno == EBUSY && (rm->flags & REMOVE_TREE_SAME_FS) != 0)
		return -EXDEV; /* a mount point */
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	if (rm->depth == DEPTH_OPEN)
		return removal_move_up(rm, at, e->d_name);
	r = removal_enter(rm, at, e->d_name);
	return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

/* The deepest open directory has been read: remove it, or read it again if it is not empty. */
static int removal_leave(struct removal *rm)
{
	size_t i = rm->depth - 1;
	int up = i > 0 ? dirfd(rm->level[i - 1].dir) : rm->parent;

	if (unlinkat(up, rm->level[i].name, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		if ((errno != ENOTEMPTY && errno != EEXIST) || rm->level[i].scans >= RESCANS)
			return -errno;
		if (i == 0 && rm->moved > 0)
			rm->moved = 0; /* removing what was moved up is progress */
		else
			rm->level[i].scans++;
		rewinddir(rm->level[i].dir);
		return 0;
	}
	(void) closedir(rm->level[i].dir); /* read only */
	free(rm->level[i].name);
	rm->depth--;
	return 0;
}

static int removal_run(struct removal *rm)
{
	struct dirent *e;
	int r;

	while (rm->depth > 0) {
		errno = 0;
		e = readdir(rm->level[rm->depth - 1].dir);
		if (e == NULL && errno != 0)
			return -errno;
		if (e == NULL)
			r = removal_leave(rm);
		else if (streq(e->d_name, ".") || streq(e->d_name, ".."))
			r = 0;
		else
			r = removal_entry(rm, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int remove_tree_at(int dirfd, const char *name, enum remove_tree_flags flags, struct kerr *err)
{
	cleanup_(removal_clear) struct removal rm = { .parent = -EBADF, .flags = flags };
	cleanup_free char *path = xstrdup(name);
	cleanup_free char *dir = NULL;
	size_t n = strlen(path);
	const char *base;
	int r;

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	base = path_basename(path);
	if (base[0] == '\0' || streq(base, ".") || streq(base, ".."))
		return kerr_plain(err, -EINVAL, "remove '%s': not a name", name);
	dir = path_dirname(path);
	rm.parent = openat(dirfd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rm.parent < 0)
		return errno == ENOENT ? 0 : kerr_set(err, -errno, "remove '%s'", name);
	if (unlinkat(rm.parent, base, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return kerr_set(err, -errno, "remove '%s'", name);
	r = removal_enter(&rm, rm.parent, base);
	if (r == 0)
		r = removal_run(&rm);
	if (r < 0 && r != -ENOENT)
		return kerr_set(err, r, "remove '%s'", name);
	return 0;
}
