/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "filelist.h"
#include "layer.h"
#include "layer_links.h"
#include "layer_meta.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "unpack_proto.h"
#include "way.h"

enum {
	LINKS_MAX_MOVES = 200, /* directories of one layer that are symlinks in the layers below */
	LINKS_LIST_MAX = 1 << 30, /* bytes of a list of files */
};

struct move {
	char *from, *to;
};

struct links {
	int fs;
	struct layer_below *below;
	struct strlist *notes;
	struct move *moves;
	size_t n_moves;
	char *asked; /* the last argument of is_cut() */
	bool cut; /* and its result */
};

static void links_clear(struct links *x)
{
	for (size_t i = 0; i < x->n_moves; i++) {
		free(x->moves[i].from);
		free(x->moves[i].to);
	}
	free_p(&x->moves);
	free_p(&x->asked);
}

static char *join(const char *dir, const char *name)
{
	return *dir ? xasprintf("%s/%s", dir, name) : xstrdup(name);
}

static char *parent_of(const char *path)
{
	return strchr(path, '/') ? path_dirname(path) : xstrdup("");
}

/* Open a directory of this layer; never follows a symlink. -errno. */
static int open_own(const struct links *x, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long r = syscall(SYS_openat2, x->fs, *path ? path : ".", &how, sizeof(how));

	return r < 0 ? -errno : (int) r;
}

/* The file type of path in this layer; 0 when it does not exist. */
static mode_t own_type(const struct links *x, const char *path)
{
	cleanup_free char *dir = parent_of(path);
	cleanup_fd int fd = open_own(x, dir);
	struct stat st;

	if (fd < 0)
		return fd == -ENOENT ? 0 : S_IFREG; /* a parent is not a directory */
	if (fstatat(fd, *path ? path_basename(path) : ".", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_mode & S_IFMT;
}

/*
 * Get the file type of path in the layers below (0: does not exist), and the target of a
 * symlink.
 */
static int type_below(const struct links *x, const char *path, mode_t *ret, char **ret_target,
		      struct kerr *err)
{
	struct stat st;
	int r = layer_below_stat(x->below, path, &st, err);

	*ret = r > 0 ? st.st_mode & S_IFMT : 0;
	if (r > 0 && *ret == S_IFLNK)
		return layer_below_readlink(x->below, path, ret_target, err);
	return r < 0 ? r : 0;
}

/* Whether path is dir or inside it. */
static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return n == 0 || (strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

/* Whether this layer hides or replaces what the layers below have at path. */
static bool is_cut(struct links *x, const char *path)
{
	if (x->asked && streq(x->asked, path))
		return x->cut;
	free(x->asked);
	x->asked = xstrdup(path);
	x->cut = true;
	for (size_t i = 0; i < x->notes->n; i++) {
		const char *note = x->notes->v[i];

		if (*note != UNPACK_NOTE_IMPLIED && is_below(path, note + 1) &&
		    (*note != UNPACK_NOTE_OPAQUE || !streq(path, note + 1)))
			return true;
	}
	return x->cut = false;
}

static void set_string(char **at, char *owned_to)
{
	free(*at);
	*at = owned_to;
}

enum resolve_flags {
	RESOLVE_LAST = 1 << 0, /* also follow a symlink in the last component */
};

/*
 * Resolve a path by text, following only symlinks of the layers below; kukeunpack has
 * followed this layer's own. *ret is NULL when the path cannot be resolved (a loop).
 */
static int resolve(struct links *x, const char *from, const char *path, enum resolve_flags flags,
		   char **ret, struct kerr *err)
{
	cleanup_(way_clear) struct way w = { 0 };
	cleanup_free char *at = xstrdup(from); /* the resolved part, without symlinks */
	enum way_part part;
	char *next_name;
	int r;

	*ret = NULL;
	way_init(&w, path, SIZE_MAX);
	while ((part = way_next(&w, &next_name)) != WAY_END) {
		cleanup_free char *name = next_name, *next = NULL, *target = NULL;
		mode_t type = 0;

		if (part == WAY_UP) {
			set_string(&at, parent_of(at));
			continue;
		}
		next = join(at, name);
		if ((!way_is_last(&w) || flags & RESOLVE_LAST) && own_type(x, next) == 0) {
			r = type_below(x, next, &type, &target, err);
			if (r < 0)
				return r;
		}
		if (type != S_IFLNK || is_cut(x, next)) {
			set_string(&at, take_ptr(next));
			continue;
		}
		r = way_follow(&w, target);
		if (r < 0)
			return 0;
		if (r > 0)
			set_string(&at, xstrdup(""));
	}
	*ret = take_ptr(at);
	return 0;
}

/* ---- moving ---- */

/* Adding and removing names changes a directory's times: remember them to set them again. */
static void times_of(int fd, struct timespec ret[2])
{
	struct stat st = { 0 };

	(void) fstat(fd, &st); /* cannot fail for an open directory */
	ret[0] = st.st_atim;
	ret[1] = st.st_mtim;
}

/* Open a directory of this layer; missing ones are created and noted as implied. */
static int make_own(struct links *x, const char *path, int *ret, struct kerr *err)
{
	cleanup_fd int at = open_own(x, "");
	cleanup_free char *todo = xstrdup(path), *done = xstrdup("");
	char *name, *rest = *path ? todo : NULL;

	while (at >= 0 && (name = strsep(&rest, "/"))) {
		char *next = join(done, name);
		struct timespec ts[2];
		int fd;

		free(done);
		done = next;
		fd = layer_open_child(at, name);
		if (fd == -ENOENT) {
			times_of(at, ts);
			if (mkdirat(at, name, 0755) < 0 || futimens(at, ts) < 0)
				return kerr_set(err, -errno, "create directory '%s'", done);
			strlist_addf(x->notes, "%c%s", UNPACK_NOTE_IMPLIED, done);
			fd = layer_open_child(at, name);
		}
		fd_close_p(&at);
		at = fd;
	}
	if (at < 0)
		return kerr_set(err, at, "open directory '%s'", path);
	*ret = take_fd(at);
	return 0;
}

static int rename_in(int from, int to, const char *name, const char *to_name)
{
	return syscall(SYS_renameat2, from, name, to, to_name, 1U /* RENAME_NOREPLACE */) < 0
		       ? -errno
		       : 0;
}

/* Two directories of this layer; the content of `from` is moved into `to`. */
struct merging {
	int from, to;
	const char *from_path, *to_path;
};

static int merge(struct links *x, const struct merging *m, struct kerr *err);

/* Remove the note that path is implied; false when there is none. */
static bool forget_implied(struct links *x, const char *path)
{
	for (size_t i = 0; i < x->notes->n; i++) {
		if (*x->notes->v[i] == UNPACK_NOTE_IMPLIED && streq(x->notes->v[i] + 1, path)) {
			strlist_remove(x->notes, i);
			return true;
		}
	}
	return false;
}

static int refuse_second(const char *path, struct kerr *err)
{
	return kerr_plain(err, -EEXIST,
			  "refused '%s': the layer contains it twice, once through a symlink of a "
			  "layer below",
			  path);
}

/*
 * Merge two directories of this layer. The attributes are taken from the one with an
 * entry of its own; both having one is an error.
 */
static int merge_dirs(struct links *x, const struct merging *m, struct kerr *err)
{
	int r = 0;

	if (!forget_implied(x, m->from_path)) {
		if (!forget_implied(x, m->to_path))
			return refuse_second(m->to_path, err);
		r = layer_copy_meta(m->from, m->to);
	}
	return r < 0 ? kerr_set(err, r, "copy attributes of '%s'", m->from_path) : merge(x, m, err);
}

/* Move one name of a directory into another directory. */
static int merge_name(struct links *x, const struct merging *in, const char *name, struct kerr *err)
{
	cleanup_free char *from_path = join(in->from_path, name);
	cleanup_free char *to_path = join(in->to_path, name);
	cleanup_fd int from = -EBADF, to = -EBADF;
	int r;

	r = rename_in(in->from, in->to, name, name);
	if (r != -EEXIST)
		return r < 0 ? kerr_set(err, r, "move '%s' to '%s'", from_path, to_path) : 0;
	from = layer_open_child(in->from, name);
	to = layer_open_child(in->to, name);
	if (from < 0 || to < 0)
		return refuse_second(to_path, err);
	r = merge_dirs(x, &(struct merging){ from, to, from_path, to_path }, err);
	if (r == 0 && unlinkat(in->from, name, AT_REMOVEDIR) < 0)
		r = kerr_set(err, -errno, "remove '%s'", from_path);
	return r;
}

static int list_names(int dirfd, struct strlist *ret)
{
	int fd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return -errno;
	while ((e = readdir(d)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			strlist_add(ret, e->d_name);
	(void) closedir(d);
	return 0;
}

static int merge(struct links *x, const struct merging *m, struct kerr *err)
{
	cleanup_strlist struct strlist names = { 0 };
	struct timespec ts[2];
	int r;

	times_of(m->to, ts);
	r = list_names(m->from, &names);
	if (r < 0)
		return kerr_set(err, r, "read directory '%s'", m->from_path);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = merge_name(x, m, names.v[i], err);
	if (r == 0 && futimens(m->to, ts) < 0)
		r = kerr_set(err, -errno, "set the times of '%s'", m->to_path);
	return r;
}

static int move_dir(struct links *x, const char *from, const char *to, struct kerr *err)
{
	cleanup_free char *from_dir = parent_of(from);
	cleanup_fd int src = open_own(x, from), src_dir = open_own(x, from_dir), dst = -EBADF;
	struct timespec ts[2];
	int r;

	if (src < 0 || src_dir < 0)
		return kerr_set(err, src < 0 ? src : src_dir, "open '%s'", from);
	r = make_own(x, to, &dst, err);
	if (r == 0)
		r = merge(x, &(struct merging){ src, dst, from, to }, err);
	if (r < 0)
		return r;
	times_of(src_dir, ts);
	if (unlinkat(src_dir, path_basename(from), AT_REMOVEDIR) < 0 || futimens(src_dir, ts) < 0)
		return kerr_set(err, -errno, "remove '%s'", from);
	*(struct move *) vec_grow(&x->moves, &x->n_moves, sizeof(*x->moves)) =
		(struct move){ xstrdup(from), xstrdup(to) };
	return 0;
}

/*
 * Handle an implied directory that is a symlink in the layers below: move its content to
 * where the symlink leads. Returns 1 when this was done, 0 when there was nothing to do.
 */
static int follow_implied(struct links *x, size_t i, struct kerr *err)
{
	cleanup_free char *path = NULL, *target = NULL, *dir = NULL, *to = NULL, *unused = NULL;
	mode_t type;
	int r;

	r = resolve(x, "", x->notes->v[i] + 1, 0, &path, err);
	if (r < 0 || !path || !*path || own_type(x, path) != S_IFDIR)
		return r;
	r = type_below(x, path, &type, &target, err);
	if (r < 0 || type != S_IFLNK || is_cut(x, path))
		return r;
	dir = parent_of(path);
	r = resolve(x, *target == '/' ? "" : dir, target, RESOLVE_LAST, &to, err);
	if (r < 0 || !to || is_below(to, path))
		return r;
	type = own_type(x, to);
	r = type == 0 && !is_cut(x, to) ? type_below(x, to, &type, &unused, err) : 0;
	if (r < 0 || (type != 0 && type != S_IFDIR))
		return r; /* it is not a directory, so the layer's directory replaces the symlink */
	if (x->n_moves == LINKS_MAX_MOVES)
		return kerr_plain(
			err, -E2BIG,
			"more than %d directories of the layer are symlinks in lower layers",
			LINKS_MAX_MOVES);
	r = move_dir(x, path, to, err);
	return r < 0 ? r : 1;
}

/* Change a note's path according to the moves. */
static int settle_note(struct links *x, size_t i, struct kerr *err)
{
	char kind = *x->notes->v[i];
	bool is_dir = kind == UNPACK_NOTE_IMPLIED || kind == UNPACK_NOTE_OPAQUE;
	cleanup_free char *to = NULL;
	char *note;
	int r;

	r = resolve(x, "", x->notes->v[i] + 1, is_dir ? RESOLVE_LAST : 0, &to, err);
	if (r < 0 || !to || streq(to, x->notes->v[i] + 1))
		return r;
	note = xasprintf("%c%s", kind, to);
	free(x->notes->v[i]);
	x->notes->v[i] = note;
	return 0;
}

/* ---- the list of files ---- */

/* A path of the list of files after all moves; owned by the caller. */
static char *moved(const struct links *x, const char *path)
{
	char *now = xstrdup(path), *next;

	for (size_t i = 0; i < x->n_moves; i++) {
		const struct move *m = &x->moves[i];

		if (!is_below(now, m->from))
			continue;
		next = join(m->to, now + strlen(m->from) + (now[strlen(m->from)] == '/'));
		if (now[strlen(m->from)] == '\0')
			next[strlen(m->to)] = '\0'; /* the directory itself: no trailing slash */
		free(now);
		now = next;
	}
	return now;
}

static int copy_list(const struct links *x, const struct buf *list, struct filelist_writer *to,
		     struct kerr *err)
{
	const char *at = buf_str(list), *end = at + list->len;
	struct filelist_entry e;
	int r;

	while ((r = filelist_next(&at, end, &e)) > 0) {
		cleanup_free char *path = moved(x, e.path);
		cleanup_free char *target = e.target ? moved(x, e.target) : NULL;

		e.path = path;
		e.target = target;
		filelist_add(to, &e);
	}
	return r < 0 ? kerr_plain(err, r, "malformed list of files from kukeunpack")
		     : filelist_finish(to, err);
}

static int rewrite_list(const struct links *x, const char *dir, struct kerr *err)
{
	cleanup_free char *path = path_join(dir, LAYER_FILES, NULL);
	cleanup_free char *temp = xasprintf("%s.new", path);
	cleanup_buf struct buf list = BUF_INIT(LINKS_LIST_MAX);
	cleanup_fd int in = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out = -EBADF;
	struct filelist_writer w;
	int r;

	if (in < 0)
		return kerr_set(err, -errno, "open '%s'", path);
	r = buf_read_fd(&list, in, err);
	if (r < 0)
		return kerr_wrap(err, r, "read '%s'", path);
	out = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return kerr_set(err, -errno, "create '%s'", temp);
	filelist_writer_init(&w, out);
	r = copy_list(x, &list, &w, err);
	filelist_writer_clear(&w);
	if (r == 0 && rename(temp, path) < 0)
		r = kerr_set(err, -errno, "rename '%s' to '%s'", temp, path);
	return r;
}

int layer_links_follow(const char *dir, int fs, struct layer_below *below, struct strlist *notes,
		       struct kerr *err)
{
	cleanup_(links_clear) struct links x = { .fs = fs, .below = below, .notes = notes };
	int r = 0;

	/*
	 * Moving a directory appends notes for new directories and removes others
	 * anywhere in the list, so start again from the first note.
	 */
	for (size_t i = 0; r >= 0 && i < notes->n; i++) {
		r = *notes->v[i] == UNPACK_NOTE_IMPLIED ? follow_implied(&x, i, err) : 0;
		if (r > 0) {
			(void) forget_implied(&x, x.moves[x.n_moves - 1].from);
			i = (size_t) -1;
		}
	}
	for (size_t i = 0; r == 0 && i < notes->n; i++)
		r = settle_note(&x, i, err);
	return r == 0 && x.n_moves > 0 ? rewrite_list(&x, dir, err) : r;
}
