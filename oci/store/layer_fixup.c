/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "fd.h"
#include "filelist.h"
#include "layer.h"
#include "layer_below.h"
#include "layer_fixup.h"
#include "layer_links.h"
#include "layer_meta.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "unpack_proto.h"

/* A note of kukeunpack about a path, to be applied to the layers below. */
struct mark {
	enum unpack_note kind;
	const char *path; /* owned by the list of notes */
	bool fresh; /* the layer replaces the directory of the layers below by a new one */
};

/* What this layer itself has at a path. */
enum own_state {
	OWN_DIR = 1, /* a directory */
	OWN_OPAQUE, /* a directory that hides its content in the layers below */
	OWN_MISSING, /* nothing */
	OWN_HIDDEN, /* nothing, and a parent in this layer hides the path in the layers below */
};

/* State while the notes are applied to a layer. */
struct fixup {
	int fs;
	struct layer_below *below;
	struct filelist_writer list;
	struct mark *marks; /* sorted by path, so parents come first */
	size_t n_marks;
	bool opaque_root;
	char *own_path; /* the directory that own and own_fd describe; NULL: none */
	enum own_state own;
	int own_fd;
};

static void forget_own(struct fixup *x)
{
	free_p(&x->own_path);
	fd_close_p(&x->own_fd);
}

static void fixup_clear(struct fixup *x)
{
	forget_own(x);
	fd_close_p(&x->fs);
	fd_close_p(&x->list.fd);
	filelist_writer_clear(&x->list);
	x->below = layer_below_free(x->below);
	free_p(&x->marks);
}

/* ---- the layer's own directories ---- */

static int own_step(struct fixup *x, const char *name, struct kerr *err)
{
	int fd = layer_open_child(x->own_fd, name);

	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR && fd != -ELOOP)
		return kerr_set(err, fd, "open '%s'", name);
	fd_close_p(&x->own_fd);
	x->own_fd = fd;
	if (fd < 0)
		x->own = fd == -ENOENT ? OWN_MISSING : OWN_HIDDEN;
	else if (layer_is_opaque(fd))
		x->own = OWN_OPAQUE;
	return 0;
}

/* Fill x->own and x->own_fd for a directory. */
static int own_enter(struct fixup *x, const char *path, struct kerr *err)
{
	cleanup_free char *todo = xstrdup(path);
	char *name, *rest = *path ? todo : NULL;
	int r;

	if (x->own_path && streq(x->own_path, path))
		return 0;
	forget_own(x);
	x->own = x->opaque_root ? OWN_OPAQUE : OWN_DIR;
	x->own_fd = fcntl(x->fs, F_DUPFD_CLOEXEC, 0);
	if (x->own_fd < 0)
		return kerr_set(err, -errno, "duplicate a descriptor");
	while (x->own == OWN_DIR && (name = strsep(&rest, "/"))) {
		r = own_step(x, name, err);
		if (r < 0)
			return r;
	}
	if (x->own == OWN_OPAQUE && rest)
		x->own = OWN_HIDDEN;
	x->own_path = xstrdup(path);
	return 0;
}

static char *parent_of(const char *path)
{
	return strchr(path, '/') ? path_dirname(path) : xstrdup("");
}

static int enter_parent(struct fixup *x, const char *path, struct kerr *err)
{
	cleanup_free char *dir = parent_of(path);

	return own_enter(x, dir, err);
}

/* Create a directory or whiteout without changing the times of its parent. */
static int make_in(int dirfd, const char *name, mode_t type)
{
	struct timespec ts[2];
	struct stat st;
	int r;

	r = fstat(dirfd, &st);
	if (r == 0)
		r = type == S_IFDIR ? mkdirat(dirfd, name, 0700)
				    : mknodat(dirfd, name, S_IFCHR, makedev(0, 0));
	if (r < 0)
		return -errno;
	ts[0] = st.st_atim;
	ts[1] = st.st_mtim;
	return futimens(dirfd, ts) < 0 ? -errno : 0;
}

/* Create a directory of the layers below in this layer too, with the same attributes. */
static int copy_implied_dir(struct fixup *x, int dirfd, const char *path, struct kerr *err)
{
	const char *name = path_basename(path);
	cleanup_fd int from = layer_below_open_dir(x->below, path, err), to = -EBADF;
	int r;

	if (from < 0) /* the caller has found it before */
		return from == -ENOENT ? kerr_set(err, from, "open '%s' in the layers below", path)
				       : from;
	r = make_in(dirfd, name, S_IFDIR);
	if (r == 0)
		r = to = layer_open_child(dirfd, name);
	if (r >= 0)
		r = layer_copy_meta(from, to);
	if (r < 0)
		return kerr_set(err, r, "create implied directory '%s'", path);
	filelist_add(&x->list, &(struct filelist_entry){ .type = 'i', .path = path });
	return 0;
}

/*
 * Open a directory that exists in the layers below and is not hidden by this layer.
 * Create it in this layer if needed.
 */
static int own_make(struct fixup *x, const char *path, struct kerr *err)
{
	cleanup_free char *part = xstrdup(path);
	size_t i, n = strlen(path);
	int r = 0;

	for (i = 0; r == 0 && i <= n; i++) {
		if (i < n && path[i] != '/')
			continue;
		part[i] = '\0';
		r = own_enter(x, part, err);
		if (r == 0 && x->own == OWN_MISSING) {
			r = enter_parent(x, part, err);
			if (r == 0)
				r = copy_implied_dir(x, x->own_fd, part, err);
			forget_own(x);
		}
		if (i < n)
			part[i] = '/';
	}
	return r == 0 ? own_enter(x, path, err) : r;
}

/* ---- notes ---- */

/* Returns 1 when path is a directory in the layers below. */
static int is_dir_below(struct fixup *x, const char *path, struct kerr *err)
{
	struct stat st;
	int r = layer_below_stat(x->below, path, &st, err);

	return r > 0 ? S_ISDIR(st.st_mode) : r;
}

static int set_opaque(struct fixup *x, int fd, const char *path, struct kerr *err)
{
	int r = is_dir_below(x, path, err);

	if (r > 0 && fsetxattr(fd, LAYER_OPAQUE, "y", 1, 0) < 0)
		r = kerr_set(err, -errno, "mark '%s' opaque", path);
	forget_own(x);
	return r < 0 ? r : 0;
}

/* Hide the content that the layers below have in this directory. */
static int apply_opaque(struct fixup *x, const struct mark *m, struct kerr *err)
{
	int r;

	if (!*m->path) {
		/*
		 * overlayfs ignores the attribute on the root; the layer's record stores
		 * it instead
		 */
		x->opaque_root = true;
		forget_own(x);
		return 0;
	}
	r = own_enter(x, m->path, err);
	if (r == 0 && x->own == OWN_MISSING) {
		r = is_dir_below(x, m->path, err);
		r = r > 0 ? own_make(x, m->path, err) : r;
	}
	return r == 0 && x->own == OWN_DIR ? set_opaque(x, x->own_fd, m->path, err) : r;
}

/* A directory of this layer that replaces whatever the layers below have. */
static int apply_fresh(struct fixup *x, struct mark *m, struct kerr *err)
{
	int r = own_enter(x, m->path, err);

	m->fresh = r == 0 && (x->own == OWN_DIR || x->own == OWN_OPAQUE);
	return m->fresh ? set_opaque(x, x->own_fd, m->path, err) : r;
}

/* Hide the path in the layers below. If this layer has the path itself, it stays. */
static int apply_whiteout(struct fixup *x, struct mark *m, struct kerr *err)
{
	cleanup_free char *dir = parent_of(m->path);
	struct stat st;
	int r;

	r = own_enter(x, dir, err);
	if (r < 0 || x->own == OWN_HIDDEN || x->own == OWN_OPAQUE)
		return r;
	r = x->own == OWN_DIR ? fstatat(x->own_fd, path_basename(m->path), &st, AT_SYMLINK_NOFOLLOW)
			      : -1;
	if (r == 0)
		return S_ISDIR(st.st_mode) ? apply_fresh(x, m, err) : 0;
	if (x->own == OWN_DIR && errno != ENOENT)
		return kerr_set(err, -errno, "stat '%s'", m->path);
	r = layer_below_stat(x->below, m->path, &st, err);
	if (r > 0)
		r = own_make(x, dir, err);
	else
		return r;
	if (r == 0)
		r = make_in(x->own_fd, path_basename(m->path), S_IFCHR);
	if (r < 0)
		return kerr_set(err, r, "create whiteout of '%s'", m->path);
	filelist_add(&x->list, &(struct filelist_entry){ .type = 'w', .path = m->path });
	return 0;
}

/* Whiteouts come first: other notes about the same path then apply to what replaces it. */
static int compare_marks(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	int r = path_compare(x->path, y->path);

	return r != 0 ? r : (y->kind == UNPACK_NOTE_WHITEOUT) - (x->kind == UNPACK_NOTE_WHITEOUT);
}

/* Whether a note has marked path as a new directory. */
static bool is_fresh(const struct fixup *x, const char *path)
{
	size_t from = 0, to = x->n_marks, mid;

	while (from < to) {
		mid = from + (to - from) / 2;
		if (path_compare(x->marks[mid].path, path) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	for (; from < x->n_marks && streq(x->marks[from].path, path); from++)
		if (x->marks[from].fresh)
			return true;
	return false;
}

/*
 * An implied directory has no entry of its own in the layer: copy the attributes of the
 * directory in the layers below, if there is one.
 */
static int apply_implied(struct fixup *x, const char *path, struct kerr *err)
{
	cleanup_free char *name = xstrdup(*path ? path_basename(path) : ".");
	cleanup_fd int to = -EBADF, from = -EBADF;
	int r;

	r = *path ? enter_parent(x, path, err) : own_enter(x, "", err);
	if (r < 0 || (*path && x->own != OWN_DIR) || is_fresh(x, path))
		return r;
	to = layer_open_child(x->own_fd, name);
	if (to < 0)
		return kerr_set(err, to, "open implied directory '%s'", path);
	from = layer_below_open_dir(x->below, path, err);
	if (from < 0)
		return from == -ENOENT ? 0 : from;
	r = layer_copy_meta(from, to);
	return r < 0 ? kerr_set(err, r, "copy attributes of '%s'", path) : 0;
}

static bool is_clean(const char *path)
{
	cleanup_free char *todo = xstrdup(path);
	char *name, *rest = *path ? todo : NULL;

	while ((name = strsep(&rest, "/")))
		if (!*name || streq(name, ".") || streq(name, ".."))
			return false;
	return true;
}

/* Split the notes into strings: one letter for the kind, then the path. */
static int read_notes(const struct buf *notes, struct strlist *ret, struct kerr *err)
{
	const char *p, *end = buf_str(notes) + notes->len;

	if (notes->len > 0 && end[-1] != '\0')
		return kerr_plain(err, -EPROTO, "malformed reply from kukeunpack");
	for (p = buf_str(notes); p < end; p += strlen(p) + 1) {
		if (!*p || !strchr("oniw", *p) || !is_clean(p + 1) ||
		    (*p == UNPACK_NOTE_WHITEOUT && !p[1]))
			return kerr_plain(err, -EPROTO, "malformed reply from kukeunpack");
		strlist_add(ret, p);
	}
	return 0;
}

static void sort_marks(struct fixup *x, const struct strlist *notes)
{
	for (size_t i = 0; i < notes->n; i++) {
		const char *note = notes->v[i];

		if (*note != UNPACK_NOTE_IMPLIED)
			*(struct mark *) vec_grow(&x->marks, &x->n_marks, sizeof(*x->marks)) =
				(struct mark){ .kind = (enum unpack_note) * note,
					       .path = note + 1 };
	}
	if (x->n_marks > 0)
		qsort(x->marks, x->n_marks, sizeof(*x->marks), compare_marks);
}

static int apply_mark(struct fixup *x, struct mark *m, struct kerr *err)
{
	switch (m->kind) {
	case UNPACK_NOTE_OPAQUE:
		return apply_opaque(x, m, err);
	case UNPACK_NOTE_FRESH:
		return apply_fresh(x, m, err);
	case UNPACK_NOTE_WHITEOUT:
		return apply_whiteout(x, m, err);
	case UNPACK_NOTE_IMPLIED:
		break;
	}
	return 0;
}

static int open_layer(struct fixup *x, const char *dir, struct kerr *err)
{
	cleanup_free char *fs = path_join(dir, LAYER_FS, NULL);

	x->fs = open(fs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return x->fs < 0 ? kerr_set(err, -errno, "open '%s'", fs) : 0;
}

static int open_list(struct fixup *x, const char *dir, struct kerr *err)
{
	cleanup_free char *files = path_join(dir, LAYER_FILES, NULL);
	int fd;

	fd = open(files, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return kerr_set(err, -errno, "open '%s'", files);
	filelist_writer_init(&x->list, fd);
	return 0;
}

static int apply_all(struct fixup *x, const struct strlist *notes, struct kerr *err)
{
	int r = 0;

	sort_marks(x, notes);
	for (size_t i = 0; r == 0 && i < x->n_marks; i++)
		r = apply_mark(x, &x->marks[i], err);
	forget_own(x);
	for (size_t i = 0; r == 0 && i < notes->n; i++)
		if (*notes->v[i] == UNPACK_NOTE_IMPLIED)
			r = apply_implied(x, notes->v[i] + 1, err);
	return r == 0 ? filelist_finish(&x->list, err) : r;
}

int layer_fixup_apply(const char *dir, const struct strlist *below, const struct buf *notes,
		      bool *ret_opaque_root, struct kerr *err)
{
	cleanup_(
		fixup_clear) struct fixup x = { .fs = -EBADF, .own_fd = -EBADF, .list.fd = -EBADF };
	cleanup_strlist struct strlist list = { 0 };
	int r;

	x.below = layer_below_new(below);
	r = read_notes(notes, &list, err);
	if (r == 0)
		r = open_layer(&x, dir, err);
	if (r == 0 && below->n > 0)
		r = layer_links_follow(dir, x.fs, x.below, &list, err);
	if (r == 0)
		r = open_list(&x, dir, err);
	if (r == 0)
		r = apply_all(&x, &list, err);
	if (r < 0)
		return r;
	*ret_opaque_root = x.opaque_root;
	return 0;
}
