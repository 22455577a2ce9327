/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"
#include "kukecp.h"
#include "mem.h"
#include "str.h"
#include "tarout.h"

enum {
	CHUNK = 64 << 10,
	NAMES_MAX = 64 << 10, /* of attributes (XATTR_LIST_MAX) */
	LINKS_MAX = 1 << 20, /* files with several names that are remembered */
};

/* A file with several names, and the one under which it is in the archive. */
struct seen {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct packer {
	const struct work *w;
	struct tarout out;
	struct seen *seen; /* hash table, a power of two */
	size_t n_seen, room;
	char *path; /* of the entry in the archive, COPY_PATH_MAX bytes */
	char *chunk;
	bool begun; /* there is an entry */
	bool incomplete;
};

static void packer_clear(struct packer *p)
{
	for (size_t i = 0; i < p->room; i++)
		free(p->seen[i].path);
	free(p->seen);
	free(p->path);
	free(p->chunk);
}

/* What cannot be copied is said, and the rest goes on. */
static int leave_out(struct packer *p, const struct kerr *why)
{
	say_error(why);
	p->incomplete = true;
	return 0;
}

static int failed_to_write(int r, struct kerr *err)
{
	return kerr_set(err, r, "write the archive");
}

/* ---- files with several names ---- */

static struct seen *slot_of(struct packer *p, dev_t dev, ino_t ino)
{
	const uint64_t key[2] = { (uint64_t) dev, (uint64_t) ino };
	size_t i = fnv1a32(key, sizeof(key)) & (p->room - 1);

	while (p->seen[i].path && (p->seen[i].dev != dev || p->seen[i].ino != ino))
		i = (i + 1) & (p->room - 1);
	return &p->seen[i];
}

static void grow_seen(struct packer *p)
{
	struct seen *old = p->seen;
	size_t n = p->room;

	p->room = n > 0 ? 2 * n : 64;
	p->seen = xcalloc(p->room, sizeof(*p->seen));
	for (size_t i = 0; i < n; i++)
		if (old[i].path)
			*slot_of(p, old[i].dev, old[i].ino) = old[i];
	free(old);
}

/* The name under which the file is in the archive; NULL: not yet. */
static const char *seen_before(struct packer *p, const struct stat *st)
{
	struct seen *s;

	if (st->st_nlink < 2)
		return NULL;
	if (2 * p->n_seen >= p->room)
		grow_seen(p);
	s = slot_of(p, st->st_dev, st->st_ino);
	if (s->path)
		return s->path;
	if (p->n_seen < LINKS_MAX) {
		*s = (struct seen){ st->st_dev, st->st_ino, xstrdup(p->path) };
		p->n_seen++;
	}
	return NULL;
}

/* ---- attributes ---- */

static int add_xattr(int fd, const char *name, struct tar_item *i)
{
	cleanup_free char *value = xmalloc(NAMES_MAX);
	ssize_t n = fgetxattr(fd, name, value, NAMES_MAX);

	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	i->xattrs = xreallocarray(i->xattrs, i->n_xattrs + 1, sizeof(*i->xattrs));
	i->xattrs[i->n_xattrs++] = (struct tar_xattr){ xstrdup(name), take_ptr(value), (size_t) n };
	return 0;
}

static int take_xattrs(int fd, struct tar_item *i)
{
	cleanup_free char *names = xmalloc(NAMES_MAX);
	ssize_t n = flistxattr(fd, names, NAMES_MAX);
	int r = 0;

	if (n < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (ssize_t at = 0; r == 0 && at < n; at += (ssize_t) strlen(names + at) + 1)
		if (work_takes_xattr(names + at) && i->n_xattrs < TAR_XATTRS_MAX)
			r = add_xattr(fd, names + at, i);
	return r;
}

static void item_free_xattrs(struct tar_item *i)
{
	for (size_t k = 0; k < i->n_xattrs; k++) {
		free(i->xattrs[k].name);
		free(i->xattrs[k].value);
	}
	free_p(&i->xattrs);
	i->n_xattrs = 0;
}

/* ---- entries ---- */

static void fill(struct tar_item *i, const struct stat *st, char *path)
{
	static char none[] = "";

	*i = (struct tar_item){
		.path = path,
		.link = none,
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = st->st_mtim.tv_sec,
		.mtime_ns = st->st_mtim.tv_nsec,
	};
}

static int put(struct packer *p, const struct tar_item *i, struct kerr *err)
{
	int r = tarout_entry(&p->out, i);

	p->begun = true;
	return r < 0 ? failed_to_write(r, err) : 0;
}

/* Exactly size bytes, as the header says, whatever became of the file. */
static int put_content(struct packer *p, int fd, uint64_t size, struct kerr *err)
{
	struct kerr why = { 0 };
	uint64_t left = size;
	bool broken = false;
	int r = 0;

	while (r == 0 && left > 0) {
		size_t want = left < CHUNK ? (size_t) left : CHUNK;
		ssize_t n = broken ? 0 : read(fd, p->chunk, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 && !broken) {
			broken = true;
			(void) leave_out(p, (kerr_set(&why, n < 0 ? -errno : -ENODATA,
						      "read '%s' to its end", p->path),
					     &why));
			memset(p->chunk, 0, CHUNK);
		}
		if (n <= 0)
			n = (ssize_t) want;
		r = tarout_data(&p->out, p->chunk, (size_t) n);
		left -= (uint64_t) n;
	}
	if (r == 0)
		r = tarout_pad(&p->out, size);
	return r < 0 ? failed_to_write(r, err) : 0;
}

static int pack_file(struct packer *p, int fd, const struct stat *st, struct kerr *err)
{
	const char *other = seen_before(p, st);
	cleanup_fd int file = -EBADF;
	struct kerr why = { 0 };
	struct tar_item i;
	int r;

	fill(&i, st, p->path);
	if (other) {
		i.type = TAR_HARDLINK;
		i.link = xstrdup(other);
		r = put(p, &i, err);
		free(i.link);
		return r;
	}
	file = r = work_reopen(p->w, fd, O_RDONLY);
	if (r >= 0)
		r = take_xattrs(file, &i);
	if (r < 0) {
		item_free_xattrs(&i);
		(void) kerr_set(&why, r, "read '%s'", p->path);
		return leave_out(p, &why);
	}
	i.type = TAR_FILE;
	i.size = (uint64_t) st->st_size;
	r = put(p, &i, err);
	item_free_xattrs(&i);
	return r == 0 ? put_content(p, file, i.size, err) : r;
}

static int pack_symlink(struct packer *p, int fd, const struct stat *st, struct kerr *err)
{
	cleanup_free char *target = xcalloc(1, COPY_PATH_MAX + 1);
	struct kerr why = { 0 };
	struct tar_item i;

	if (readlinkat(fd, "", target, COPY_PATH_MAX) <= 0) {
		(void) kerr_set(&why, -errno, "read link '%s'", p->path);
		return leave_out(p, &why);
	}
	fill(&i, st, p->path);
	i.type = TAR_SYMLINK;
	i.link = target;
	return put(p, &i, err);
}

static int pack_fd(struct packer *p, int fd, bool top, struct kerr *err);

static int pack_child(struct packer *p, int dir, const char *name, struct kerr *err)
{
	size_t n = strlen(p->path);
	cleanup_fd int fd = -EBADF;
	struct kerr why = { 0 };
	int r = 0;

	if (n + 1 + strlen(name) >= COPY_PATH_MAX) {
		(void) kerr_plain(&why, -ENAMETOOLONG, "too deep to be copied: '%.200s...'",
				  p->path);
		return leave_out(p, &why);
	}
	p->path[n] = '/';
	memcpy(p->path + n + 1, name, strlen(name) + 1);
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT) { /* what was removed meanwhile is no loss */
		(void) kerr_set(&why, -errno, "open '%s'", p->path);
		r = leave_out(p, &why);
	}
	if (fd >= 0)
		r = pack_fd(p, fd, false, err);
	p->path[n] = '\0';
	return r;
}

static int pack_children(struct packer *p, DIR *dir, struct kerr *err)
{
	const struct dirent *e;
	struct kerr why = { 0 };
	int r = 0;

	while (r == 0) {
		errno = 0;
		e = readdir(dir);
		if (e == NULL)
			break;
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			r = pack_child(p, dirfd(dir), e->d_name, err);
	}
	if (r == 0 && errno != 0) {
		(void) kerr_set(&why, -errno, "read directory '%s'", p->path);
		return leave_out(p, &why);
	}
	return r;
}

static int put_directory(struct packer *p, int fd, const struct stat *st, struct kerr *err)
{
	cleanup_free char *path = xasprintf("%s/", p->path);
	struct tar_item i;
	int r;

	fill(&i, st, path);
	i.type = TAR_DIR;
	(void) take_xattrs(fd, &i); /* a directory without them is still one */
	r = put(p, &i, err);
	item_free_xattrs(&i);
	return r;
}

static int pack_directory(struct packer *p, int fd, const struct stat *st, struct kerr *err)
{
	struct kerr why = { 0 };
	DIR *dir = NULL;
	int list = -EBADF;
	int r = work_check_directory(p->w, fd, p->path, &why);

	if (r < 0) {
		say_warning(&why);
		return 0;
	}
	list = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = list < 0 ? NULL : fdopendir(list);
	if (dir == NULL) {
		(void) kerr_set(&why, -errno, "open directory '%s'", p->path);
		fd_close_p(&list);
		return leave_out(p, &why);
	}
	r = put_directory(p, dirfd(dir), st, err);
	if (r == 0)
		r = pack_children(p, dir, err);
	(void) closedir(dir);
	return r;
}

static int pack_fifo(struct packer *p, const struct stat *st, struct kerr *err)
{
	struct tar_item i;

	fill(&i, st, p->path);
	i.type = TAR_FIFO;
	return put(p, &i, err);
}

static int pack_fd(struct packer *p, int fd, bool top, struct kerr *err)
{
	struct kerr why = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0) {
		(void) kerr_set(&why, -errno, "stat '%s'", p->path);
		return leave_out(p, &why);
	}
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return pack_file(p, fd, &st, err);
	case S_IFDIR:
		return pack_directory(p, fd, &st, err);
	case S_IFLNK:
		return pack_symlink(p, fd, &st, err);
	case S_IFIFO:
		return pack_fifo(p, &st, err);
	default:
		(void) kerr_plain(&why, -EOPNOTSUPP, "'%s' is a %s, which is not copied", p->path,
				  S_ISSOCK(st.st_mode) ? "socket" : "device");
		if (top)
			return leave_out(p, &why);
		say_warning(&why);
		return 0;
	}
}

/* The source itself: a link at the end is copied as a link, unless the path says otherwise. */
static int open_source(const struct work *w, struct kerr *err)
{
	const char *path = w->job.path;
	bool follow = (w->job.flags & COPY_FOLLOW) != 0 || str_has_suffix(path, "/") ||
		      copy_is_contents(path);
	cleanup_free char *name = NULL;
	cleanup_fd int dir = -EBADF;
	int fd;

	if (follow) {
		fd = work_open(w, path, O_PATH | (str_has_suffix(path, "/") ? O_DIRECTORY : 0));
	} else {
		fd = dir = work_open_parent(w, path, &name);
		if (fd >= 0) {
			fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
			fd = fd < 0 ? -errno : fd;
		}
	}
	return fd < 0 ? kerr_set(err, fd, "source '%s'%s", path,
				 w->root >= 0 ? " in the container" : "")
		      : fd;
}

int pack(const struct work *w, struct kerr *err)
{
	cleanup_(packer_clear) struct packer p = { .w = w, .out = { STDOUT_FILENO } };
	cleanup_fd int fd = open_source(w, err);
	cleanup_free char *name = copy_name(w->job.path);
	const char *top = *w->job.name ? w->job.name : *name ? name : ".";
	int r;

	if (fd < 0)
		return fd;
	p.path = xmalloc(COPY_PATH_MAX);
	p.chunk = xmalloc(CHUNK);
	if (strlen(top) >= COPY_PATH_MAX)
		return kerr_plain(err, -ENAMETOOLONG, "the name of the source is too long");
	memcpy(p.path, top, strlen(top) + 1);
	r = work_check_directory(w, fd, w->job.path, err);
	if (r == 0)
		r = pack_fd(&p, fd, true, err);
	if (r == 0 && p.begun) /* else the other end is not to take it for an archive */
		r = tarout_end(&p.out) < 0 ? failed_to_write(-EPIPE, err) : 0;
	return r < 0 ? r : p.incomplete;
}
