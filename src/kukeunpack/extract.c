/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "crc32c.h"
#include "extract.h"
#include "fd.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "tree.h"
#include "vec.h"

#define WHITEOUT ".wh."

enum {
	SHOWN_MAX = 80, /* bytes of a name in a message */
	/* from this size on, writing a file to disk is started at once */
	EXTRACT_WRITE_EARLY = 64 << 10,
};

/* A hard link whose target did not exist yet. */
struct pending_link {
	char *path;
	char *target;
};

struct extract {
	struct tar_reader *tar;
	const struct unpack_limits *limits;
	struct unpack_result *ret;
	struct buf *notes;
	struct filelist_writer list;
	struct tree tree;
	struct pending_link *pending;
	size_t n_pending;
};

static void add_note(struct buf *notes, enum unpack_note kind, const char *path)
{
	buf_addc(notes, (char) kind);
	buf_add(notes, path, strlen(path) + 1);
}

/* An entry of the layer and where it is written. */
struct place {
	const struct tar_entry *e;
	char *path; /* cleaned name */
	char *dir; /* path of its directory, with symlinks resolved */
	const char *name; /* last component of path; "" for the root */
	int dirfd; /* borrowed from the tree */
};

static void place_clear(struct place *p)
{
	free_p(&p->path);
	free_p(&p->dir);
}

static void extract_clear(struct extract *x)
{
	for (size_t i = 0; i < x->n_pending; i++) {
		free(x->pending[i].path);
		free(x->pending[i].target);
	}
	free_p(&x->pending);
	tree_clear(&x->tree);
	filelist_writer_clear(&x->list);
}

/* Make a name fit for a message: shortened and escaped, as a name may contain anything. */
static void show(struct buf *out, const char *path)
{
	size_t n = strnlen(path, SHOWN_MAX + 1);

	str_vis(out, path, n > SHOWN_MAX ? SHOWN_MAX : n);
	if (n > SHOWN_MAX)
		buf_adds(out, "...");
}

static int fail_at(struct kerr *err, int r, const char *what, const char *path)
{
	cleanup_buf struct buf shown = BUF_INIT(8 * SHOWN_MAX);

	show(&shown, path);
	return kerr_set(err, r, "%s '%s'", what, buf_str(&shown));
}

static int refuse(struct kerr *err, int r, const char *path, const char *why)
{
	cleanup_buf struct buf shown = BUF_INIT(8 * SHOWN_MAX);

	show(&shown, path);
	return kerr_plain(err, r, "refused '%s': %s", buf_str(&shown), why);
}

static int refuse_link(struct kerr *err, int r, const char *path, const char *target,
		       const char *why)
{
	cleanup_buf struct buf text = BUF_INIT(8 * SHOWN_MAX + 100);

	buf_adds(&text, "a hard link to '");
	show(&text, target);
	buf_addf(&text, "', which %s", why);
	return refuse(err, r, path, buf_str(&text));
}

/* The maximum length of a component; the prefix of a whiteout is not counted. */
static size_t max_part(const char *p, size_t n, const struct unpack_limits *limits)
{
	bool last = p[n + strspn(p + n, "/")] == '\0';

	return limits->max_name + (last && str_has_prefix(p, WHITEOUT) ? strlen(WHITEOUT) : 0);
}

/* Remove the last component of path; false when there is none. */
static bool path_up(struct buf *path)
{
	const char *slash;

	if (path->len == 0)
		return false;
	slash = strrchr(buf_str(path), '/');
	path->len = slash ? (size_t) (slash - path->data) : 0;
	path->data[path->len] = '\0';
	return true;
}

int extract_clean_path(const char *name, const struct unpack_limits *limits, char **ret,
		       struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(limits->max_path);
	const char *p = name;
	size_t n;

	for (; *p; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && *p == '.'))
			continue;
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			if (!path_up(&out))
				return refuse(err, -EINVAL, name, "'..' leads out of the layer");
			continue;
		}
		if (n > max_part(p, n, limits))
			return refuse(err, -ENAMETOOLONG, name, "a part of the name is too long");
		if (out.len > 0)
			buf_addc(&out, '/');
		buf_add(&out, p, n);
		if (out.failed)
			return refuse(err, -ENAMETOOLONG, name,
				      "the name is too long (imageLimits.maxPath)");
	}
	*ret = buf_take(&out);
	return 0;
}

/* A layer could use trusted.overlay.* to imitate overlayfs' own attributes. */
static int check_xattrs(struct extract *x, const struct tar_entry *e, const char *path,
			struct kerr *err)
{
	size_t n, bytes = 0;
	const char *name;
	const void *value;

	if (e->n_xattrs > x->limits->max_xattrs)
		return refuse(err, -E2BIG, path,
			      "too many extended attributes (imageLimits.maxXattrs)");
	while (tar_next_xattr(x->tar, &name, &value, &n) > 0) {
		if (str_has_prefix(name, "trusted.overlay."))
			return refuse(err, -EINVAL, path,
				      "its attributes are reserved for overlayfs");
		bytes += strlen(name) + n;
	}
	if (bytes > x->limits->max_xattr_bytes)
		return refuse(err, -E2BIG, path,
			      "too large extended attributes (imageLimits.maxXattrBytes)");
	return 0;
}

/*
 * Only attributes that an image may set; others have no meaning in a container or on
 * this host.
 */
static int set_xattrs(struct extract *x, const struct place *p, int fd, struct kerr *err)
{
	const char *name;
	const void *value;
	size_t n;
	int r;

	tar_rewind_xattrs(x->tar);
	while (tar_next_xattr(x->tar, &name, &value, &n) > 0) {
		if (!str_has_prefix(name, "user.") &&
		    !(streq(name, "security.capability") && p->e->type == S_IFREG))
			continue;
		r = fsetxattr(fd, name, value, n, 0);
		if (r < 0 && errno == EOPNOTSUPP && str_has_prefix(name, "user."))
			continue; /* not supported by this file system */
		if (r < 0)
			return fail_at(err, -errno, "set an attribute of", p->path);
	}
	return 0;
}

static void entry_times(const struct tar_entry *e, struct timespec ret[2])
{
	ret[0] = ret[1] = e->mtime;
	if (e->mtime.tv_nsec < 0 || e->mtime.tv_nsec > 999999999)
		ret[0].tv_nsec = ret[1].tv_nsec = 0;
}

/*
 * Owner, attributes and mode must be set in this order, as each clears a part of the
 * following ones.
 */
static int set_meta_fd(struct extract *x, const struct place *p, int fd, struct kerr *err)
{
	int r;

	r = fchown(fd, (uid_t) p->e->uid, (gid_t) p->e->gid);
	if (r < 0)
		return fail_at(err, -errno, "change the owner of", p->path);
	r = set_xattrs(x, p, fd, err);
	if (r < 0)
		return r;
	r = fchmod(fd, p->e->mode);
	if (r < 0)
		return fail_at(err, -errno, "change the mode of", p->path);
	return 0;
}

/* The same for symlinks and devices, which must not be opened. */
static int set_meta_at(const struct place *p, struct kerr *err)
{
	struct timespec ts[2];
	int r;

	r = fchownat(p->dirfd, p->name, (uid_t) p->e->uid, (gid_t) p->e->gid, AT_SYMLINK_NOFOLLOW);
	if (r < 0)
		return fail_at(err, -errno, "change the owner of", p->path);
	/* We have just created the file, and no other process can replace it here. */
	r = p->e->type == S_IFLNK ? 0 : fchmodat(p->dirfd, p->name, p->e->mode, 0);
	if (r < 0)
		return fail_at(err, -errno, "change the mode of", p->path);
	entry_times(p->e, ts);
	r = utimensat(p->dirfd, p->name, ts, AT_SYMLINK_NOFOLLOW);
	if (r < 0)
		return fail_at(err, -errno, "set the times of", p->path);
	return 0;
}

static int write_at(int fd, const void *data, size_t n, off_t offset)
{
	const char *p = data;
	ssize_t r;

	while (n > 0) {
		r = pwrite(fd, p, n, offset);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		p += r;
		n -= (size_t) r;
		offset += r;
	}
	return 0;
}

/*
 * Add the file at p to the list of files; list has the values that depend on the file's
 * type.
 */
static void list_add(struct extract *x, const struct place *p, struct filelist_entry list)
{
	cleanup_free char *path = tree_join(p->dir, p->name);

	list.path = path;
	list.mode = p->e->mode;
	list.uid = (uint32_t) p->e->uid;
	list.gid = (uint32_t) p->e->gid;
	filelist_add(&x->list, &list);
}

static int write_content(struct extract *x, const struct place *p, int fd, struct kerr *err)
{
	const void *data;
	int64_t offset, end = 0;
	uint32_t crc = 0;
	size_t n;
	int r;

	for (;;) {
		r = tar_data(x->tar, &data, &n, &offset, err);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		if (offset < end || offset > p->e->size || (int64_t) n > p->e->size - offset)
			return refuse(err, -EBADMSG, p->path, "impossible size");
		r = write_at(fd, data, n, offset);
		if (r < 0)
			return fail_at(err, r, "write", p->path);
		crc = crc32c_add_zeros(crc, (uint64_t) (offset - end));
		crc = crc32c_add(crc, data, n);
		end = offset + (int64_t) n;
	}
	/* A hole at the end of the file has no data. */
	if (end < p->e->size && ftruncate(fd, p->e->size) < 0)
		return fail_at(err, -errno, "write", p->path);
	crc = crc32c_add_zeros(crc, (uint64_t) (p->e->size - end));
	list_add(x, p,
		 (struct filelist_entry){ .type = 'f', .size = (uint64_t) p->e->size, .crc = crc });
	x->ret->file_bytes += (uint64_t) p->e->size;
	/* Start writing it to disk, so that the sync at the end takes less time. */
	if (p->e->size >= EXTRACT_WRITE_EARLY)
		(void) sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

static int make_file(struct extract *x, const struct place *p, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	struct timespec ts[2];
	int r;

	if (p->e->size < 0 || (uint64_t) p->e->size > x->limits->max_bytes)
		return refuse(err, -E2BIG, p->path,
			      "it is larger than the limit (imageLimits.maxBytes)");
	fd = openat(p->dirfd, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_at(err, -errno, "create", p->path);
	r = write_content(x, p, fd, err);
	if (r < 0)
		return r;
	r = set_meta_fd(x, p, fd, err);
	if (r < 0)
		return r;
	entry_times(p->e, ts);
	r = futimens(fd, ts);
	if (r < 0)
		return fail_at(err, -errno, "set the times of", p->path);
	return 0;
}

static int make_symlink(struct extract *x, const struct place *p, struct kerr *err)
{
	size_t n;
	int r;

	if (!p->e->link || !*p->e->link)
		return refuse(err, -EINVAL, p->path, "a link without a target");
	r = symlinkat(p->e->link, p->dirfd, p->name);
	if (r < 0)
		return fail_at(err, -errno, "create link", p->path);
	n = strlen(p->e->link);
	list_add(x, p,
		 (struct filelist_entry){
			 .type = 'l', .size = n, .crc = crc32c_add(0, p->e->link, n) });
	return set_meta_at(p, err);
}

static int make_node(struct extract *x, const struct place *p, struct kerr *err)
{
	char type = p->e->type == S_IFIFO ? 'p' : p->e->type == S_IFCHR ? 'c' : 'b';
	dev_t dev = 0;
	int r;

	if (p->e->type != S_IFIFO) {
		if (p->e->dev_major > UINT32_MAX || p->e->dev_minor > UINT32_MAX)
			return refuse(err, -EINVAL, p->path, "impossible device number");
		dev = makedev((unsigned) p->e->dev_major, (unsigned) p->e->dev_minor);
	}
	if (p->e->type == S_IFCHR && dev == makedev(0, 0))
		return refuse(err, -EINVAL, p->path,
			      "character device 0:0 is reserved for overlayfs");
	r = mknodat(p->dirfd, p->name, p->e->type | 0600, dev);
	if (r < 0)
		return fail_at(err, -errno, "create device", p->path);
	list_add(x, p, (struct filelist_entry){ .type = type, .size = dev });
	return set_meta_at(p, err);
}

/* Create the directory of an entry unless it exists. Its metadata is that of the entry. */
static int make_dir(struct extract *x, const struct place *p, struct kerr *err)
{
	cleanup_free char *real = tree_join(p->dir, p->name);
	cleanup_fd int fd = -EBADF;
	bool replaced = false;
	struct tree_dir *d;
	struct timespec ts[2];
	struct stat st;
	int r;

	r = *p->name ? fstatat(p->dirfd, p->name, &st, AT_SYMLINK_NOFOLLOW) : 0;
	if (r == 0 && *p->name && !S_ISDIR(st.st_mode)) {
		replaced = true;
		r = tree_remove(&x->tree, p->dirfd, p->dir, p->name, err);
		if (r < 0)
			return r;
		r = -1;
		errno = ENOENT;
	}
	if (r < 0 && errno != ENOENT)
		return fail_at(err, -errno, "stat", p->path);
	r = r < 0 ? tree_mkdir(&x->tree, p->dirfd, p->dir, p->name, err) : 0;
	if (r < 0)
		return r;
	fd = tree_openat(p->dirfd, p->name, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fail_at(err, fd, "open", p->path);
	entry_times(p->e, ts);
	d = tree_find(&x->tree, real);
	d->carried = true;
	d->fresh |= replaced;
	d->mtime = ts[1];
	list_add(x, p, (struct filelist_entry){ .type = 'd' });
	return set_meta_fd(x, p, fd, err);
}

/* Returns 1 when the target does not exist (yet). */
static int link_to(struct extract *x, const char *path, const char *target, bool replace,
		   struct kerr *err)
{
	cleanup_free char *tdir = path_dirname(target), *dir = path_dirname(path);
	cleanup_free char *treal = NULL, *real = NULL, *to = NULL, *from = NULL;
	cleanup_fd int tfd = -EBADF;
	const char *name = path_basename(path), *tname = path_basename(target);
	struct stat st, old;
	struct kerr why;
	int fd, r;

	r = tree_open_dir(&x->tree, streq(tdir, ".") ? "" : tdir, 0, &fd, &treal, &why);
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR
			       ? 1
			       : fail_at(err, r, "open the target of link", path);
	tfd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	r = fstatat(tfd, tname, &st, AT_SYMLINK_NOFOLLOW);
	if (r < 0)
		return errno == ENOENT ? 1 : fail_at(err, -errno, "stat the target of link", path);
	if (S_ISDIR(st.st_mode))
		return refuse_link(err, -EINVAL, path, target, "is a directory");
	r = tree_open_dir(&x->tree, streq(dir, ".") ? "" : dir, TREE_CREATE, &fd, &real, err);
	if (r < 0)
		return r;
	r = fstatat(fd, name, &old, AT_SYMLINK_NOFOLLOW);
	if (r == 0 && (!replace || (old.st_ino == st.st_ino && old.st_dev == st.st_dev)))
		return 0; /* a later entry has replaced the link, or it is this file already */
	r = tree_remove(&x->tree, fd, real, name, err);
	if (r < 0)
		return r;
	r = linkat(tfd, tname, fd, name, 0);
	if (r < 0 && errno == ENOENT)
		return refuse_link(err, -EINVAL, path, target, "it replaces");
	if (r < 0)
		return fail_at(err, -errno, "create hard link", path);
	from = tree_join(treal, tname);
	to = tree_join(real, name);
	filelist_add(&x->list, &(struct filelist_entry){ .type = 'h', .path = to, .target = from });
	return 0;
}

static int make_hardlink(struct extract *x, const char *path, const char *link, struct kerr *err)
{
	cleanup_free char *target = NULL;
	struct pending_link *l;
	int r;

	r = extract_clean_path(link, x->limits, &target, err);
	if (r < 0)
		return r;
	if (!*target)
		return refuse_link(err, -EINVAL, path, "/", "is a directory");
	r = link_to(x, path, target, true, err);
	if (r != 1)
		return r;
	l = vec_grow(&x->pending, &x->n_pending, sizeof(*l));
	*l = (struct pending_link){ xstrdup(path), take_ptr(target) };
	return 0;
}

/* Create links whose targets came later in the layer, until no more can be created. */
static int finish_links(struct extract *x, struct kerr *err)
{
	size_t i, left = x->n_pending, before = left + 1;
	struct pending_link *l;
	int r;

	while (left > 0 && left < before) {
		before = left;
		for (i = 0; i < x->n_pending; i++) {
			l = &x->pending[i];
			if (!l->target)
				continue;
			r = link_to(x, l->path, l->target, false, err);
			if (r < 0)
				return r;
			if (r == 0) {
				free_p(&l->target);
				left--;
			}
		}
	}
	for (i = 0; i < x->n_pending; i++)
		if (x->pending[i].target)
			return refuse_link(err, -ENOENT, x->pending[i].path, x->pending[i].target,
					   "is not in this layer");
	return 0;
}

/*
 * ".wh.x" hides x in the layers below, ".wh..wh..opq" hides the whole content of its
 * directory there; what this layer itself has is not hidden. overlayfs would show a
 * whiteout that hides nothing, and only the engine knows the layers below, so whiteouts
 * are noted here and created by the engine.
 */
static int note_whiteout(struct extract *x, const char *path, const char *dir, struct kerr *err)
{
	const char *name = path_basename(path) + strlen(WHITEOUT);
	cleanup_free char *real_dir = NULL, *real = NULL;
	int r;

	if (str_has_prefix(name, WHITEOUT) && !streq(name, ".wh..opq"))
		return 0; /* metadata of aufs */
	if (!*name || streq(name, ".") || streq(name, ".."))
		return refuse(err, -EINVAL, path, "the whiteout names no file");
	r = tree_resolve(&x->tree, dir, &real_dir, err);
	if (r == -ENOTDIR || r == -ELOOP)
		return 0; /* a file of this layer is in the way and hides everything below it */
	if (r < 0)
		return kerr_wrap(err, r, "entry '%.80s'", path);
	if (streq(name, ".wh..opq")) {
		add_note(x->notes, UNPACK_NOTE_OPAQUE, real_dir);
		return 0;
	}
	real = tree_join(real_dir, name);
	add_note(x->notes, UNPACK_NOTE_WHITEOUT, real);
	return 0;
}

static int check_entry(const struct tar_entry *e, const char *path, struct kerr *err)
{
	/* chown takes the largest id as "unchanged". */
	if (e->uid < 0 || e->uid >= UINT32_MAX || e->gid < 0 || e->gid >= UINT32_MAX)
		return refuse(err, -EINVAL, path, "impossible owner");
	if (*path == '\0' && (e->type != S_IFDIR || e->link))
		return refuse(err, -EINVAL, e->path, "the root of a layer must be a directory");
	return 0;
}

/* Create a file that is not a directory; what had its name is removed. */
static int make_leaf(struct extract *x, const struct place *p, struct kerr *err)
{
	int r;

	r = tree_remove(&x->tree, p->dirfd, p->dir, p->name, err);
	if (r < 0)
		return r;
	if (p->e->type == S_IFREG)
		return make_file(x, p, err);
	return p->e->type == S_IFLNK ? make_symlink(x, p, err) : make_node(x, p, err);
}

static bool known_type(const struct tar_entry *e)
{
	return e->type == S_IFREG || e->type == S_IFDIR || e->type == S_IFLNK ||
	       e->type == S_IFCHR || e->type == S_IFBLK || e->type == S_IFIFO;
}

static int extract_entry(struct extract *x, const struct tar_entry *e, struct kerr *err)
{
	cleanup_(place_clear) struct place p = { .e = e };
	cleanup_free char *dir = NULL;
	int r;

	r = extract_clean_path(e->path, x->limits, &p.path, err);
	if (r < 0)
		return r;
	r = check_entry(e, p.path, err);
	if (r == 0)
		r = check_xattrs(x, e, p.path, err);
	if (r < 0)
		return r;
	p.name = path_basename(p.path);
	dir = strchr(p.path, '/') ? path_dirname(p.path) : xstrdup("");
	if (str_has_prefix(p.name, WHITEOUT))
		return note_whiteout(x, p.path, dir, err);
	if (e->hardlink)
		return make_hardlink(x, p.path, e->link, err);
	if (!known_type(e))
		return 0; /* volume labels and other types without a file */
	r = tree_open_dir(&x->tree, dir, TREE_CREATE, &p.dirfd, &p.dir, err);
	if (r < 0)
		return kerr_wrap(err, r, "entry '%.80s'", p.path);
	if (e->type == S_IFDIR)
		return make_dir(x, &p, err);
	return make_leaf(x, &p, err);
}

/* Set the times of directories last, since creating entries changes them. */
static int finish_dirs(struct extract *x, struct kerr *err)
{
	struct timespec ts[2];
	struct tree_dir *d;
	int fd, r;

	for (size_t i = 0; i < x->tree.n_dirs; i++) {
		d = x->tree.dirs[i];
		fd = tree_openat(x->tree.root, d->path, O_RDONLY | O_DIRECTORY);
		if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
			continue; /* replaced by a later entry */
		if (fd < 0)
			return fail_at(err, fd, "open", d->path);
		ts[0] = ts[1] = d->mtime;
		r = d->carried ? futimens(fd, ts) : 0;
		r = r < 0 ? -errno : 0;
		fd_close_p(&fd);
		if (r < 0)
			return fail_at(err, r, "set the times of", d->path);
		if (!d->carried)
			add_note(x->notes, UNPACK_NOTE_IMPLIED, d->path);
		if (d->fresh)
			add_note(x->notes, UNPACK_NOTE_FRESH, d->path);
	}
	return x->notes->failed ? kerr_plain(err, -E2BIG,
					     "names of whiteouts and of directories take more than "
					     "%d bytes in one layer",
					     UNPACK_MAX_NOTES)
				: 0;
}

int extract_layer(struct tar_reader *tar, const struct extract_target *to,
		  struct unpack_result *ret, struct buf *notes, struct kerr *err)
{
	cleanup_(extract_clear) struct extract x = { .tar = tar, .ret = ret, .notes = notes };
	struct tar_entry e;
	int r;

	x.limits = to->limits;
	filelist_writer_init(&x.list, to->list);
	tree_init(&x.tree, to->root, to->limits, &x.list);
	for (;;) {
		r = tar_next(tar, &e, err);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		if (++ret->entries > x.limits->max_entries)
			return kerr_plain(
				err, -E2BIG,
				"layer has more than %llu entries (imageLimits.maxEntries)",
				(unsigned long long) x.limits->max_entries);
		r = extract_entry(&x, &e, err);
		if (r < 0)
			return r;
	}
	r = finish_links(&x, err);
	if (r == 0)
		r = finish_dirs(&x, err);
	return r < 0 ? r : filelist_finish(&x.list, err);
}
