/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"
#include "layer.h"
#include "layer_notes.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "unpack_proto.h"

#define OPAQUE "trusted.overlay.opaque"

enum {
	LAYER_XATTR_MAX = 64 << 10, /* bytes of a list of names or of a value */
};

/* A directory below an unpacked layer, never by way of a symlink. */
static int open_dir(int fs, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long r = syscall(SYS_openat2, fs, *path ? path : ".", &how, sizeof(how));

	return r < 0 ? -errno : (int) r;
}

static bool is_opaque(int fd)
{
	char c = 0;

	return fgetxattr(fd, OPAQUE, &c, 1) == 1 && c == 'y';
}

/* Whether path's parents in a layer hide what layers below have there. */
static bool hidden_by(int fs, const char *path)
{
	cleanup_free char *p = xstrdup(path);
	char *slash;
	int fd;
	bool r;

	for (slash = strrchr(p, '/'); slash; slash = strrchr(p, '/')) {
		*slash = '\0';
		fd = open_dir(fs, p);
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return true; /* a whiteout, a file or a symlink stands there */
		r = is_opaque(fd);
		fd_close_p(&fd);
		if (r)
			return true;
	}
	return false;
}

/* The directory that overlay would show at path of the layers below. -ENOENT when there is none. */
static int find_below(const struct layer_below *below, const char *path, struct kerr *err)
{
	struct layer_info info;
	size_t i;
	int r;

	for (i = below->n; i > 0; i--) {
		const char *dir = below->dirs[i - 1];
		cleanup_free char *fs_path = path_join(dir, LAYER_FS, NULL);
		cleanup_fd int fs = open(fs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fs < 0)
			return kerr_set(err, -errno, "open '%s'", fs_path);
		r = open_dir(fs, path);
		if (r >= 0)
			return r;
		if (r != -ENOENT || hidden_by(fs, path))
			return -ENOENT;
		r = layer_read_info_in(dir, &info, err);
		if (r < 0)
			return r == -ENOENT ? kerr_set(err, r, "read the record of '%s'", dir) : r;
		if (info.opaque_root)
			return -ENOENT;
	}
	return -ENOENT;
}

static int copy_xattrs(int from, int to)
{
	cleanup_free char *names = xmalloc(LAYER_XATTR_MAX), *value = xmalloc(LAYER_XATTR_MAX);
	ssize_t n, len;
	char *p;

	n = flistxattr(from, names, LAYER_XATTR_MAX);
	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (p = names; p < names + n; p += strlen(p) + 1) {
		if (!str_has_prefix(p, "user.") && !str_has_prefix(p, "security.capability"))
			continue;
		len = fgetxattr(from, p, value, LAYER_XATTR_MAX);
		if (len < 0 || fsetxattr(to, p, value, (size_t) len, 0) < 0)
			return -errno;
	}
	return 0;
}

int layer_copy_meta(int from, int to)
{
	struct timespec ts[2];
	struct stat st;
	int r;

	r = fstat(from, &st);
	if (r == 0)
		r = fchown(to, st.st_uid, st.st_gid);
	if (r < 0)
		return -errno;
	r = copy_xattrs(from, to);
	if (r < 0)
		return r;
	ts[0] = st.st_mtim;
	ts[1] = st.st_mtim;
	r = fchmod(to, st.st_mode & 07777);
	if (r == 0)
		r = futimens(to, ts);
	return r < 0 ? -errno : 0;
}

/* A layer's notes on their way to its files. */
struct applying {
	int fs;
	const struct layer_below *below;
	bool opaque_root;
};

static int apply_implied(const struct applying *a, const char *path, struct kerr *err)
{
	cleanup_fd int to = open_dir(a->fs, path), from = -EBADF;
	int r;

	if (a->below->n == 0)
		return 0;
	if (to < 0)
		return kerr_set(err, to, "open implied directory '%s'", path);
	/* What hides the layers below here gives a new directory, not that one. */
	if (hidden_by(a->fs, path) || a->opaque_root)
		return 0;
	from = find_below(a->below, path, err);
	if (from == -ENOENT)
		return 0;
	if (from < 0)
		return from;
	r = layer_copy_meta(from, to);
	return r < 0 ? kerr_set(err, r, "copy attributes of '%s'", path) : 0;
}

static int apply_opaque(struct applying *a, const char *path, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	int r;

	if (!*path) {
		a->opaque_root = true; /* overlay heeds no mark there: the record has it */
		return 0;
	}
	fd = open_dir(a->fs, path);
	if (fd < 0)
		return kerr_set(err, fd, "open opaque directory '%s'", path);
	r = fsetxattr(fd, OPAQUE, "y", 1, 0);
	return r < 0 ? kerr_set(err, -errno, "mark '%s' opaque", path) : 0;
}

int layer_notes_apply(int fs, const struct layer_below *below, const struct buf *notes,
		      bool *ret_opaque_root, struct kerr *err)
{
	/* Opaque marks first: they decide where implied directories come from. */
	static const char order[] = { UNPACK_NOTE_OPAQUE, UNPACK_NOTE_IMPLIED };
	struct applying a = { .fs = fs, .below = below };
	const char *p, *end = buf_str(notes) + notes->len;
	size_t i;
	int r;

	if (notes->len > 0 && end[-1] != '\0')
		return kerr_plain(err, -EPROTO, "kukeunpack gave an answer that makes no sense");
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		for (p = buf_str(notes); p < end; p += strlen(p) + 1) {
			if (*p != order[i])
				continue;
			r = *p == UNPACK_NOTE_OPAQUE ? apply_opaque(&a, p + 1, err)
						     : apply_implied(&a, p + 1, err);
			if (r < 0)
				return r;
		}
	}
	*ret_opaque_root = a.opaque_root;
	return 0;
}
