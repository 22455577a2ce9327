/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "fd.h"
#include "log_files.h"
#include "mem.h"
#include "str.h"
#include "vec.h"

enum {
	KEPT_MAX = 1000, /* the most that a monitor keeps */
	TRIES_MAX = 50, /* a rotation takes microseconds, and the next one is far */
};

static void file_close(struct log_file *f)
{
	fd_close_p(&f->fd);
	fd_close_p(&f->index);
}

void log_files_clear(struct log_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		file_close(&f->v[i]);
	free_p(&f->v);
	f->n = 0;
}

static int open_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

static char *name_of(const char *name, int number, const char *suffix)
{
	return number == 0 ? xasprintf("%s%s", name, suffix)
			   : xasprintf("%s.%d%s", name, number, suffix);
}

/* The numbers of the files, 0 for NAME itself, the highest first. */
static int compare(const void *a, const void *b)
{
	const struct log_file *x = a, *y = b;

	return y->number - x->number;
}

static void closedir_p(DIR **d)
{
	if (*d)
		(void) closedir(*d);
}

static int list(int dir, const char *name, struct log_files *ret)
{
	cleanup_fd int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_(closedir_p) DIR *d = fd < 0 ? NULL : fdopendir(fd);
	size_t len = strlen(name);
	const struct dirent *e;
	uint64_t number;

	if (!d)
		return -errno;
	(void) take_fd(fd); /* d has it now */
	while (ret->n < KEPT_MAX && (e = readdir(d)) != NULL) {
		number = 0;
		if (strncmp(e->d_name, name, len) != 0 ||
		    (e->d_name[len] != '\0' &&
		     (e->d_name[len] != '.' ||
		      str_to_u64(e->d_name + len + 1, 1, INT_MAX, &number) < 0)))
			continue;
		*(struct log_file *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) =
			(struct log_file){ .fd = -EBADF, .index = -EBADF, .number = (int) number };
	}
	if (ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return 0;
}

static void identify(struct log_file *f, const struct statx *st)
{
	f->ino = st->stx_ino;
	f->born = st->stx_mask & STATX_BTIME
			  ? (uint64_t) st->stx_btime.tv_sec * 1000000000 + st->stx_btime.tv_nsec
			  : 0;
}

static int open_pair(int dir, const char *name, const char *path, struct log_file *f,
		     struct kerr *err)
{
	cleanup_free char *log = name_of(name, f->number, "");
	cleanup_free char *index = name_of(name, f->number, ".idx");
	struct statx st = { 0 };

	f->fd = open_file(dir, log);
	if (f->fd == -ENOENT)
		return -EAGAIN; /* rotated since it was listed */
	if (f->fd == -ELOOP)
		return kerr_plain(err, -EBADF, "log '%s' is a symbolic link", path);
	if (f->fd < 0)
		return kerr_set(err, f->fd, "open '%.*s%s'", (int) (strlen(path) - strlen(name)),
				path, log);
	if (statx(f->fd, "", AT_EMPTY_PATH, STATX_INO | STATX_TYPE | STATX_BTIME, &st) < 0)
		return kerr_set(err, -errno, "stat '%s'", path);
	if (!S_ISREG(st.stx_mode))
		return kerr_plain(err, -EBADF, "log '%.*s%s' is not a regular file",
				  (int) (strlen(path) - strlen(name)), path, log);
	identify(f, &st);
	f->index = open_file(dir, index);
	/* What is no file has no times; neither has what may not be read. */
	if (f->index >= 0 &&
	    (statx(f->index, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0 || !S_ISREG(st.stx_mode)))
		fd_close_p(&f->index);
	return 0;
}

/* Each name is still that of the file that was opened by it. */
static bool is_settled(int dir, const char *name, const struct log_files *f)
{
	cleanup_log_files struct log_files now = { 0 };

	if (list(dir, name, &now) < 0 || now.n != f->n)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		cleanup_free char *log = name_of(name, f->v[i].number, "");
		struct stat st;

		if (now.v[i].number != f->v[i].number ||
		    fstatat(dir, log, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_ino != f->v[i].ino)
			return false;
	}
	return true;
}

static int open_all(int dir, const char *name, const char *path, struct log_files *f,
		    struct kerr *err)
{
	int r = list(dir, name, f);

	if (r < 0)
		return kerr_set(err, r, "read the directory of '%s'", path);
	for (size_t i = 0; i < f->n && r == 0; i++)
		r = open_pair(dir, name, path, &f->v[i], err);
	return r;
}

int log_files_open(int dir, const char *name, const char *path, struct log_files *ret,
		   struct kerr *err)
{
	int r = -EAGAIN;

	for (int i = 0; i < TRIES_MAX; i++) {
		cleanup_log_files struct log_files f = { 0 };

		r = open_all(dir, name, path, &f, err);
		if (r == -EAGAIN || (r == 0 && !is_settled(dir, name, &f))) {
			r = -EAGAIN;
			continue;
		}
		if (r < 0)
			return r;
		if (f.n == 0)
			return -ENOENT;
		*ret = take_struct(f);
		return 0;
	}
	return kerr_plain(err, r, "log '%s' is renamed all the time", path);
}

bool log_file_is(const struct log_file *a, const struct log_file *b)
{
	return a->ino == b->ino && a->born == b->born;
}

int log_file_replaced(const struct log_file *f, int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return st.st_ino != f->ino;
}
