/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"
#include "kukecp.h"
#include "mem.h"
#include "path.h"
#include "place.h"
#include "str.h"
#include "tarin.h"

/*
 * Entries are put in place by *at calls in directories that were opened below the
 * destination without following any link, so neither the archive nor who else changes the
 * tree can lead out of it. What had the name is removed first, never written through.
 */
enum {
	CHUNK = 64 << 10,
	HOLE = 4096, /* zeros that are not written, but left out of the file */
	MODE_IMPLIED = 0755,
	MODE_MEANWHILE = 0700,
};

/* A directory made here: what it gets when everything is in it. */
struct made {
	char *path;
	dev_t dev;
	ino_t ino;
	struct tar_item item; /* of its numbers only */
};

struct unpacker {
	const struct work *w;
	struct tarin tar;
	struct place place;
	struct made *made;
	size_t n_made, room;
	char *at; /* the directory that is open, relative to the destination; NULL: none */
	int at_fd;
	char *chunk;
};

static void unpacker_clear(struct unpacker *u)
{
	for (size_t i = 0; i < u->n_made; i++)
		free(u->made[i].path);
	free(u->made);
	tarin_clear(&u->tar);
	place_clear(&u->place);
	free(u->at);
	fd_close_p(&u->at_fd);
	free(u->chunk);
}

static int fail_at(struct kerr *err, int r, const char *what, const char *path)
{
	return kerr_set(err, r, "%s '%.300s'", what, *path ? path : ".");
}

/* ---- owner, mode, times ---- */

static bool takes_owner(const struct unpacker *u)
{
	return (u->w->job.flags & COPY_OWNER) != 0 && u->w->privileged;
}

/* Without the owner, set-id bits would be of another one. */
static mode_t mode_of(const struct unpacker *u, const struct tar_item *i)
{
	return i->mode & (takes_owner(u) ? 07777 : 01777);
}

static int check_owner(const struct unpacker *u, const struct tar_item *i, struct kerr *err)
{
	/* chown(2) takes the largest id as "unchanged" */
	if (takes_owner(u) && (i->uid >= UINT32_MAX || i->gid >= UINT32_MAX))
		return kerr_plain(err, -EINVAL, "refused '%.200s': impossible owner", i->path);
	return 0;
}

static void times_of(const struct tar_item *i, struct timespec ret[2])
{
	ret[0] = ret[1] = (struct timespec){ (time_t) i->mtime, (long) i->mtime_ns };
}

/* Owner first: it clears set-id bits and capabilities. Mode and times of what fd is open of. */
static int set_all(const struct unpacker *u, int fd, const struct tar_item *i)
{
	struct timespec ts[2];

	times_of(i, ts);
	if (takes_owner(u) && fchown(fd, (uid_t) i->uid, (gid_t) i->gid) < 0)
		return -errno;
	if ((u->w->job.flags & COPY_OWNER) != 0)
		for (size_t k = 0; k < i->n_xattrs; k++) {
			const struct tar_xattr *x = &i->xattrs[k];

			if (!work_takes_xattr(x->name) ||
			    (!u->w->privileged && !str_has_prefix(x->name, "user.")))
				continue;
			if (fsetxattr(fd, x->name, x->value, x->n, 0) < 0 && errno != ENOTSUP)
				return -errno;
		}
	if (fchmod(fd, mode_of(u, i)) < 0)
		return -errno;
	return futimens(fd, ts) < 0 && errno != EINVAL ? -errno : 0; /* a time it cannot keep */
}

/* Of a link or a FIFO, by a descriptor that is not open for reading. */
static void set_owner_and_time(const struct unpacker *u, int dir, const char *name,
			       const struct tar_item *i)
{
	cleanup_fd int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct timespec ts[2];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || (!S_ISLNK(st.st_mode) && !S_ISFIFO(st.st_mode)))
		return; /* it is no longer what was made here */
	times_of(i, ts);
	if (takes_owner(u))
		(void) fchownat(fd, "", (uid_t) i->uid, (gid_t) i->gid, AT_EMPTY_PATH);
	(void) utimensat(fd, "", ts, AT_EMPTY_PATH); /* since Linux 5.8 */
}

/* ---- directories ---- */

static int open_below(struct unpacker *u, const char *path, struct kerr *err)
{
	int fd = open_no_links(u->place.base, *path ? path : ".", O_PATH | O_DIRECTORY, 0);
	int r;

	if (fd < 0)
		return fd;
	r = work_check_directory(u->w, fd, path, err);
	if (r < 0)
		(void) close(fd);
	return r < 0 ? r : fd;
}

/* Make the directories of a path that are missing, which the archive does not have. */
static int make_parents(struct unpacker *u, const char *path, struct kerr *err)
{
	for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		const char *end = strchr(slash + (slash != path), '/');
		cleanup_free char *part =
			xstrndup(path, end ? (size_t) (end - path) : strlen(path));
		cleanup_free char *dir = strchr(part, '/') ? path_dirname(part) : xstrdup("");
		cleanup_fd int fd = open_below(u, dir, err);

		if (fd < 0)
			return fd;
		if (mkdirat(fd, path_basename(part), MODE_IMPLIED) < 0 && errno != EEXIST)
			return -errno;
		if (end == NULL)
			break;
	}
	return 0;
}

static int open_directory(struct unpacker *u, const char *path, struct kerr *err)
{
	int fd;

	if (u->at && streq(u->at, path))
		return u->at_fd;
	fd = open_below(u, path, err);
	if (fd == -ENOENT) {
		fd = make_parents(u, path, err);
		if (fd == 0)
			fd = open_below(u, path, err);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return kerr_plain(err, fd,
				  "refused what is in '%.200s': there, that is a %s and not a "
				  "directory",
				  path, fd == -ELOOP ? "symbolic link" : "file");
	if (fd == -EXDEV)
		return fd;
	if (fd < 0)
		return fail_at(err, fd, "open directory", path);
	fd_close_p(&u->at_fd);
	free(u->at);
	u->at = xstrdup(path);
	u->at_fd = fd;
	return fd;
}

static void remember(struct unpacker *u, const char *path, const struct stat *st,
		     const struct tar_item *i)
{
	struct made *m;

	if (u->n_made == u->room) {
		u->room = u->room > 0 ? 2 * u->room : 64;
		u->made = xreallocarray(u->made, u->room, sizeof(*u->made));
	}
	m = &u->made[u->n_made++];
	*m = (struct made){ xstrdup(path), st->st_dev, st->st_ino, *i };
	m->item.path = m->item.link = NULL;
	m->item.xattrs = NULL;
	m->item.n_xattrs = 0;
}

/* One that is there stays as it is. */
static int keep_directory(int dir, const char *name, const char *path, struct kerr *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_at(err, -errno, "stat", path);
	return S_ISDIR(st.st_mode)
		       ? 0
		       : kerr_plain(err, -ENOTDIR,
				    "there is something at '%.300s' that is no directory", path);
}

/* A new one is closed to others until it has its own mode, at the end. */
static int put_directory(struct unpacker *u, const char *path, int dir, const char *name,
			 const struct tar_item *i, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	struct stat st;
	struct tar_item early = *i;

	if (mkdirat(dir, name, MODE_MEANWHILE) < 0)
		return errno == EEXIST ? keep_directory(dir, name, path, err)
				       : fail_at(err, -errno, "make directory", path);
	fd = open_no_links(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail_at(err, fd < 0 ? fd : -errno, "open directory", path);
	early.mode = MODE_MEANWHILE;
	(void) set_all(u, fd, &early); /* its attributes; a file system may have none */
	remember(u, path, &st, i);
	return 0;
}

static int finish_directories(struct unpacker *u, struct kerr *err)
{
	for (size_t k = u->n_made; k-- > 0;) {
		const struct made *m = &u->made[k];
		cleanup_fd int fd = open_no_links(u->place.base, m->path,
						  O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
		struct stat st;
		int r;

		if (fd < 0 || fstat(fd, &st) < 0 || st.st_dev != m->dev || st.st_ino != m->ino)
			continue; /* another process has put something else there */
		r = set_all(u, fd, &m->item);
		if (r < 0)
			return fail_at(err, r, "set owner and mode of", m->path);
	}
	return 0;
}

/* ---- files ---- */

static bool is_zeros(const char *p, size_t n)
{
	return p[0] == '\0' && memcmp(p, p + 1, n - 1) == 0;
}

static int write_at(int fd, const char *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t put = pwrite(fd, p, n, (off_t) at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		p += put;
		n -= (size_t) put;
		at += (uint64_t) put;
	}
	return 0;
}

/* Zeros become holes, so a file that is mostly hole takes no more room than where it was. */
static int write_chunk(int fd, const char *p, size_t n, uint64_t at)
{
	int r = 0;

	while (r == 0 && n > 0) {
		size_t step = HOLE - at % HOLE;

		if (step > n)
			step = n;
		if (!is_zeros(p, step))
			r = write_at(fd, p, step, at);
		p += step;
		n -= step;
		at += step;
	}
	return r;
}

static int write_content(struct unpacker *u, int fd, const char *path, uint64_t size,
			 struct kerr *err)
{
	uint64_t at = 0;

	while (at < size) {
		size_t want = size - at < CHUNK ? (size_t) (size - at) : CHUNK;
		size_t have = 0;
		int r;

		while (have < want) { /* whole chunks, so that holes are found */
			ssize_t n = tarin_data(&u->tar, u->chunk + have, want - have, err);

			if (n < 0)
				return (int) n;
			have += (size_t) n;
		}
		r = write_chunk(fd, u->chunk, have, at);
		if (r < 0)
			return fail_at(err, r, "write", path);
		at += have;
	}
	return ftruncate(fd, (off_t) size) < 0 ? fail_at(err, -errno, "write", path) : 0;
}

/*
 * Remove what has the name, unless it is a directory. -EBUSY: something is mounted on it, as
 * on /etc/hosts of a container.
 */
static int clear_name(int dir, const char *name, const char *path, struct kerr *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail_at(err, -errno, "stat", path);
	if (S_ISDIR(st.st_mode))
		return kerr_plain(err, -EISDIR,
				  "there is a directory at '%.300s', the source is none", path);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return errno == EBUSY ? -EBUSY : fail_at(err, -errno, "replace", path);
	return 0;
}

/* A file that is a mount of its own is written to in place. */
static int open_mounted(const struct unpacker *u, int dir, const char *name)
{
	cleanup_fd int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBUSY;
	return work_reopen(u->w, fd, O_WRONLY | O_TRUNC);
}

static int put_file(struct unpacker *u, const char *path, int dir, const char *name,
		    const struct tar_item *i, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	int r = clear_name(dir, name, path, err);

	if (r < 0 && r != -EBUSY)
		return r;
	if (r == -EBUSY)
		fd = open_mounted(u, dir, name);
	else
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_at(err, r == -EBUSY ? fd : -errno, "create", path);
	r = write_content(u, fd, path, i->size, err);
	if (r < 0)
		return r;
	r = set_all(u, fd, i);
	return r < 0 ? fail_at(err, r, "set owner and mode of", path) : 0;
}

static int busy(int r, const char *path, struct kerr *err)
{
	return r == -EBUSY ? fail_at(err, r, "replace", path) : r;
}

static int put_symlink(struct unpacker *u, const char *path, int dir, const char *name,
		       const struct tar_item *i, struct kerr *err)
{
	int r = busy(clear_name(dir, name, path, err), path, err);

	if (r < 0)
		return r;
	if (symlinkat(i->link, dir, name) < 0)
		return fail_at(err, -errno, "make link", path);
	set_owner_and_time(u, dir, name, i);
	return 0;
}

static int put_fifo(struct unpacker *u, const char *path, int dir, const char *name,
		    const struct tar_item *i, struct kerr *err)
{
	int r = busy(clear_name(dir, name, path, err), path, err);

	if (r < 0)
		return r;
	if (mkfifoat(dir, name, mode_of(u, i) & 01777) < 0)
		return fail_at(err, -errno, "make FIFO", path);
	set_owner_and_time(u, dir, name, i);
	return 0;
}

/* Both ends are below the destination; a link at the end of the target stays a link. */
static int put_hardlink(struct unpacker *u, const char *path, int dir, const char *name,
			const struct tar_item *i, struct kerr *err)
{
	cleanup_free char *target = NULL;
	cleanup_free char *dir_name = NULL;
	cleanup_fd int from = -EBADF;
	int r = place_map(&u->place, i->link, &target, err);

	if (r < 0)
		return r;
	if (streq(target, path))
		return 0;
	dir_name = strchr(target, '/') ? path_dirname(target) : xstrdup("");
	from = open_below(u, dir_name, err);
	if (from < 0)
		return kerr_set(err, from, "refused '%.200s': a hard link to '%.200s'", path,
				i->link);
	r = busy(clear_name(dir, name, path, err), path, err);
	if (r < 0)
		return r;
	if (linkat(from, path_basename(target), dir, name, 0) < 0)
		return kerr_set(err, -errno, "make '%.200s', a hard link to '%.200s'", path,
				i->link);
	return 0;
}

/* ---- entries ---- */

static int left_out(const struct tar_item *i)
{
	struct kerr why = { 0 };

	if (i->type == TAR_CHAR || i->type == TAR_BLOCKDEV)
		(void) kerr_plain(&why, -EPERM, "'%.300s' is a device, which is not copied",
				  i->path);
	else
		(void) kerr_plain(&why, -EPERM, "'%.300s' is of a type that is not known", i->path);
	say_warning(&why);
	return 0;
}

static int put_at(struct unpacker *u, const char *path, const struct tar_item *i, struct kerr *err)
{
	cleanup_free char *parent = strchr(path, '/') ? path_dirname(path) : xstrdup("");
	const char *name = path_basename(path);
	int dir = open_directory(u, parent, err);

	if (dir < 0)
		return dir;
	switch (i->type) {
	case TAR_DIR:
		return put_directory(u, path, dir, name, i, err);
	case TAR_FILE:
		return put_file(u, path, dir, name, i, err);
	case TAR_SYMLINK:
		return put_symlink(u, path, dir, name, i, err);
	case TAR_HARDLINK:
		return put_hardlink(u, path, dir, name, i, err);
	case TAR_FIFO:
		return put_fifo(u, path, dir, name, i, err);
	default:
		return left_out(i);
	}
}

static int put_entry(struct unpacker *u, const struct tar_item *i, struct kerr *err)
{
	cleanup_free char *path = NULL;
	int r = check_owner(u, i, err);

	if (r == 0 && u->place.base < 0)
		r = place_find(u->w, i->type == TAR_DIR, &u->place, err);
	if (r == 0)
		r = place_map(&u->place, i->path, &path, err);
	if (r < 0)
		return r;
	assert(path);
	if (*path != '\0')
		return put_at(u, path, i, err);
	if (i->type == TAR_DIR)
		return 0; /* the destination, which stays as it is */
	return kerr_plain(err, -EINVAL, "refused '%.200s': it would replace the destination",
			  i->path);
}

/* The sender of a copy says itself why it ended early; of an archive, this is the first to know. */
static bool is_told(const struct work *w, int r, const struct tarin *t)
{
	return r < 0 && (w->job.flags & COPY_ARCHIVE) == 0 && t->ended_early;
}

int unpack(const struct work *w, struct kerr *err)
{
	cleanup_(unpacker_clear) struct unpacker u = { .w = w,
						       .place = { .base = -EBADF },
						       .at_fd = -EBADF };
	const struct tar_item *i;
	int r;

	tarin_init(&u.tar, STDIN_FILENO);
	u.chunk = xmalloc(CHUNK);
	if ((w->job.flags & COPY_ARCHIVE) != 0) {
		r = place_find(w, true, &u.place, err);
		if (r < 0)
			return r;
	}
	do {
		r = tarin_next(&u.tar, &i, err);
		if (r > 0)
			r = put_entry(&u, i, err) < 0 ? -EIO : 1;
	} while (r > 0);
	if (is_told(w, r, &u.tar))
		r = -EPIPE;
	if (r < 0)
		(void) finish_directories(&u, NULL);
	else
		r = finish_directories(&u, err);
	if (r == 0)
		tarin_drain(&u.tar);
	return r;
}
