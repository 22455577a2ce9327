/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy_in.h"
#include "fd.h"
#include "mem.h"
#include "str.h"

enum {
	COPY_ENTRIES_MAX = 16384, /* per tree; each entry costs kernel memory */
	COPY_DEPTH_MAX = 64,
	COPY_CHUNK = 1 << 20,
};

struct copy {
	size_t entries;
	unsigned depth;
};

static int copy_dir(struct copy *c, int from, int to, struct kerr *err);

static int copy_meta(int from, int to)
{
	struct timespec ts[2];
	struct stat st;

	if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 ||
	    /* last, as a change of owner clears the setuid bit */
	    fchmod(to, st.st_mode & 07777) < 0)
		return -errno;
	ts[0] = st.st_atim;
	ts[1] = st.st_mtim;
	return futimens(to, ts) < 0 ? -errno : 0;
}

static int copy_bytes(int from, int to)
{
	ssize_t n;

	do {
		n = sendfile(to, from, NULL, COPY_CHUNK);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
	cleanup_fd int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int to = -EBADF;
	int r;

	if (from < 0)
		return -errno;
	to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return -errno;
	r = copy_bytes(from, to);
	return r < 0 ? r : copy_meta(from, to);
}

static int copy_subdir(struct copy *c, int from_dir, int to_dir, const char *name, struct kerr *err)
{
	cleanup_fd int from = -EBADF, to = -EBADF;
	int r;

	if (++c->depth > COPY_DEPTH_MAX)
		return -ENOSPC;
	from = openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || mkdirat(to_dir, name, 0700) < 0)
		return -errno;
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return -errno;
	r = copy_dir(c, from, to, err);
	c->depth--;
	return r < 0 ? r : copy_meta(from, to);
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st)
{
	cleanup_free char *text = xmalloc(PATH_MAX);
	ssize_t n = readlinkat(from_dir, name, text, PATH_MAX - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (symlinkat(text, to_dir, name) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_node(int to_dir, const char *name, const struct stat *st)
{
	if (mknodat(to_dir, name, st->st_mode & ~(mode_t) 07777, st->st_rdev) < 0 ||
	    fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(to_dir, name, st->st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

static int copy_entry(struct copy *c, int from, int to, const char *name, struct kerr *err)
{
	struct stat st;
	int r;

	if (++c->entries > COPY_ENTRIES_MAX)
		return kerr_set(err, -ENOSPC, "copy '%s'", name);
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return kerr_set(err, -errno, "stat '%s'", name);
	if (S_ISDIR(st.st_mode))
		r = copy_subdir(c, from, to, name, err);
	else if (S_ISREG(st.st_mode))
		r = copy_file(from, to, name);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name, &st);
	else
		r = S_ISSOCK(st.st_mode) ? 0 : copy_node(to, name, &st);
	return r < 0 ? kerr_set(err, r, "copy '%s'", name) : 0;
}

static int copy_dir(struct copy *c, int from, int to, struct kerr *err)
{
	int again = fcntl(from, F_DUPFD_CLOEXEC, 0);
	struct dirent *e;
	DIR *d;
	int r = 0;

	d = again < 0 ? NULL : fdopendir(again);
	if (d == NULL) {
		r = kerr_set(err, -errno, "read a directory");
		fd_close_p(&again);
		return r;
	}
	while (r == 0) {
		errno = 0;
		e = readdir(d);
		if (e == NULL) {
			r = errno == 0 ? 0 : kerr_set(err, -errno, "read a directory");
			break;
		}
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			r = copy_entry(c, from, to, e->d_name, err);
	}
	(void) closedir(d); /* read only: nothing to flush */
	return r;
}

int copy_in(int from, int to, struct kerr *err)
{
	struct copy c = { 0 };

	return copy_dir(&c, from, to, err);
}
