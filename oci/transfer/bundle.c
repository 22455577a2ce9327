/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bundle.h"
#include "fd.h"
#include "imgstore.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "tarscan.h"
#include "vec.h"

enum {
	BUNDLE_MAX_LINKS = 8, /* length of a chain of links */
	BUNDLE_SHOWN_MAX = 80, /* bytes of a name in a message */
};

/* A file in an archive, or a link to one. */
struct member {
	char *name; /* normalised by resolve_name */
	char *link; /* normalised target; NULL for a file */
	int64_t offset;
	int64_t size;
};

struct bundle {
	int dirfd; /* the layout directory, or -EBADF */
	int fd; /* the archive (borrowed), or the spool file (owned) */
	bool own_fd;
	int opened; /* in a layout directory: the file opened last */
	/* in the archive's order; for a name that occurs twice, the last one counts */
	struct member *members;
	size_t n_members;
};

struct bundle *bundle_free(struct bundle *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; i < b->n_members; i++) {
		free(b->members[i].name);
		free(b->members[i].link);
	}
	free(b->members);
	if (b->own_fd)
		fd_close_p(&b->fd);
	fd_close_p(&b->opened);
	free(b);
	return NULL;
}

static struct bundle *bundle_new(void)
{
	struct bundle *b = xcalloc(1, sizeof(*b));

	b->dirfd = b->fd = b->opened = -EBADF;
	return b;
}

/*
 * Normalise dir/name without looking at files: drop "." and empty parts; ".." stops at
 * the root.
 */
static char *resolve_name(const char *dir, const char *name)
{
	cleanup_free char *joined = *name == '/' ? xstrdup(name) : xasprintf("/%s/%s", dir, name);
	char *clean;

	if (path_clean(joined, &clean) < 0)
		return xstrdup("");
	memmove(clean, clean + 1, strlen(clean));
	return clean;
}

/* Whether '..' parts lead above the directory that name starts in. */
static bool leads_out(const char *name)
{
	const char *p = name;
	size_t n, depth = 0;

	for (; *p; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.') {
			if (depth == 0)
				return true;
			depth--;
		} else {
			depth += n > 0 && !(n == 1 && *p == '.');
		}
	}
	return false;
}

static int clean_name(const char *name, char **ret, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(8 * BUNDLE_SHOWN_MAX);

	if (leads_out(name)) {
		str_vis(&shown, name, strnlen(name, BUNDLE_SHOWN_MAX));
		return kerr_plain(err, -EINVAL,
				  "bad image archive: refused '%s': '..' leads out of the archive",
				  buf_str(&shown));
	}
	*ret = resolve_name("", name);
	return 0;
}

/* Create a file for the contents of a stream's files. It is unlinked at once. */
static int open_spool(struct image_store *s, struct bundle *b, struct kerr *err)
{
	cleanup_free char *path = image_store_path(s, NS_STAGING, "spool-XXXXXX");

	b->fd = mkostemp(path, O_CLOEXEC);
	if (b->fd < 0)
		return kerr_set(err, -errno, "create '%s'", path);
	b->own_fd = true;
	(void) unlink(path);
	return 0;
}

static int spool(struct tarscan *t, struct bundle *b, int64_t *at, struct kerr *err)
{
	cleanup_free char *block = xmalloc(256 << 10);
	ssize_t n;
	int r;

	for (;;) {
		n = tarscan_read(t, block, 256 << 10, err);
		if (n <= 0)
			return (int) n;
		r = fd_write_all(b->fd, block, (size_t) n);
		if (r < 0)
			return kerr_set(err, r, "write image archive to staging");
		*at += n;
	}
}

static void add_member(struct bundle *b, const struct tarscan_entry *e, char *owned_name,
		       int64_t offset)
{
	cleanup_free char *dir = path_dirname(owned_name);
	struct member *m = vec_grow(&b->members, &b->n_members, sizeof(*m));

	m->name = owned_name;
	m->offset = offset;
	m->size = e->size;
	if (e->type == TARSCAN_SYMLINK)
		m->link = resolve_name(streq(dir, ".") ? "" : dir, e->link);
	else if (e->type == TARSCAN_HARDLINK)
		m->link = resolve_name("", e->link);
}

static int scan(struct tarscan *t, struct bundle *b, struct kerr *err)
{
	struct tarscan_entry e;
	int64_t at = 0, offset;
	size_t n = 0;
	char *name = NULL;
	int r;

	for (;;) {
		r = tarscan_next(t, &e, err);
		if (r <= 0)
			return r;
		if (++n > BUNDLE_MAX_ENTRIES)
			return kerr_plain(err, -E2BIG,
					  "image archive has too many entries: at most %d are "
					  "allowed",
					  BUNDLE_MAX_ENTRIES);
		r = clean_name(e.name, &name, err);
		if (r < 0)
			return r;
		if (e.type == TARSCAN_DIR || e.type == TARSCAN_OTHER) {
			free(name);
			continue;
		}
		offset = t->seekable ? e.offset : at;
		add_member(b, &e, name, offset);
		r = !t->seekable && e.type == TARSCAN_FILE ? spool(t, b, &at, err) : 0;
		if (r < 0)
			return r;
	}
}

int bundle_open_fd(struct image_store *s, int fd, struct bundle **ret, struct kerr *err)
{
	cleanup_(bundle_freep) struct bundle *b = bundle_new();
	cleanup_(tarscan_clear) struct tarscan t;
	int r;

	tarscan_init(&t, fd);
	if (t.seekable)
		b->fd = fd;
	r = t.seekable ? 0 : open_spool(s, b, err);
	if (r < 0)
		return r;
	r = scan(&t, b, err);
	if (t.pos == 0 && (r == 0 || r == -EBADMSG))
		return kerr_plain(err, -ENODATA, "image tarball is required");
	if (!t.any && (r == 0 || r == -EBADMSG))
		return kerr_plain(err, -EINVAL, "unrecognized image format: not a tar archive");
	if (r < 0)
		return r;
	*ret = take_ptr(b);
	return 0;
}

int bundle_open_dir(struct image_store *s, int dirfd, struct bundle **ret, struct kerr *err)
{
	struct bundle *b = bundle_new();

	(void) s;
	(void) err;
	b->dirfd = dirfd;
	*ret = b;
	return 0;
}

static int find_in_dir(struct bundle *b, const char *name, struct layer_source *ret,
		       struct kerr *err)
{
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;
	int fd;

	fd = (int) syscall(SYS_openat2, b->dirfd, name, &how, sizeof(how));
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : kerr_set(err, -errno, "open '%s'", name);
	fd_close_p(&b->opened);
	b->opened = fd;
	if (fstat(fd, &st) < 0)
		return kerr_set(err, -errno, "stat '%s'", name);
	if (!S_ISREG(st.st_mode))
		return kerr_plain(err, -EINVAL, "'%s' is not a regular file", name);
	*ret = (struct layer_source){ fd, 0, st.st_size };
	return 0;
}

static const struct member *lookup(const struct bundle *b, const char *name)
{
	for (size_t i = b->n_members; i > 0; i--)
		if (streq(b->members[i - 1].name, name))
			return &b->members[i - 1];
	return NULL;
}

int bundle_find(struct bundle *b, const char *name, struct layer_source *ret, struct kerr *err)
{
	cleanup_free char *clean = resolve_name("", name);
	const struct member *m;
	int links = 0;

	if (b->dirfd >= 0)
		return find_in_dir(b, clean, ret, err);
	m = lookup(b, clean);
	while (m && m->link && links++ < BUNDLE_MAX_LINKS)
		m = lookup(b, m->link);
	if (!m || m->link)
		return -ENOENT;
	*ret = (struct layer_source){ b->fd, m->offset, m->size };
	return 0;
}

bool bundle_has(struct bundle *b, const char *name)
{
	struct layer_source src;

	return bundle_find(b, name, &src, NULL) == 0;
}

int bundle_read(struct bundle *b, const char *name, size_t max, struct buf *ret, struct kerr *err)
{
	struct layer_source src = { .fd = -EBADF };
	char *p;
	size_t done;
	ssize_t n;
	int r;

	r = bundle_find(b, name, &src, err);
	if (r < 0)
		return r;
	if ((uint64_t) src.size > max)
		return kerr_plain(err, -E2BIG, "'%s' has %lld bytes, at most %zu are allowed", name,
				  (long long) src.size, max);
	buf_clear(ret);
	buf_init(ret, max);
	p = buf_room(ret, (size_t) src.size);
	for (done = 0; done < (size_t) src.size; done += (size_t) n) {
		n = pread(src.fd, p + done, (size_t) src.size - done, src.offset + (off_t) done);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return kerr_set(err, -errno, "read '%s'", name);
		else if (n == 0)
			return kerr_plain(err, -EBADMSG, "bad image archive: '%s' ends early",
					  name);
	}
	buf_commit(ret, done);
	return 0;
}
