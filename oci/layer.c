/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "atomic.h"
#include "buf.h"
#include "fd.h"
#include "jscan.h"
#include "layer.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "unpack.h"

#define OPAQUE "trusted.overlay.opaque"

enum {
	LAYER_RECORD_MAX = 4096, /* bytes of layer.json */
	LAYER_XATTR_MAX = 64 << 10, /* bytes of a list of names or of a value */
};

/* A layer on its way in. */
struct making {
	struct image_store *store;
	const struct layer_want *want;
	struct digest chain;
	char *dir; /* in staging/; NULL once it has its name */
	int fs; /* <dir>/fs */
	struct unpack_result res;
	struct buf notes;
	bool opaque_root;
};

static void making_clear(struct making *m)
{
	if (m->dir)
		(void) remove_tree_at(AT_FDCWD, m->dir, 0,
				      NULL); /* the collector takes what stays */
	free_p(&m->dir);
	fd_close_p(&m->fs);
	buf_clear(&m->notes);
}

char *layer_path(const struct image_store *s, const struct digest *chain, const char *name)
{
	cleanup_free char *dir = image_store_path(s, NS_SNAPSHOTS, digest_hex(chain));

	return path_join(dir, name, NULL);
}

static int make_staging(struct making *m, struct kerr *err)
{
	cleanup_free char *dir = image_store_path(m->store, NS_STAGING, "layer-XXXXXX");
	cleanup_free char *fs = NULL;
	int r;

	if (!mkdtemp(dir))
		return kerr_set(err, -errno, "create '%s'", dir);
	m->dir = take_ptr(dir);
	fs = path_join(m->dir, "fs", NULL);
	r = mkdir(fs, 0755);
	if (r == 0)
		r = chmod(fs, 0755); /* whatever the umask */
	if (r < 0)
		return kerr_set(err, -errno, "create '%s'", fs);
	m->fs = open(fs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return m->fs < 0 ? kerr_set(err, -errno, "open '%s'", fs) : 0;
}

static int check_digests(const struct making *m, struct kerr *err)
{
	const struct layer_want *w = m->want;

	if (w->blob && !streq(digest_hex(w->blob), m->res.blob_hex))
		return kerr_plain(err, -EBADMSG, "layer %s: content has digest sha256:%s",
				  w->blob->text, m->res.blob_hex);
	if (!streq(digest_hex(w->diff_id), m->res.diff_hex))
		return kerr_plain(err, -EBADMSG, "layer with diff id %s: unpacked it is sha256:%s",
				  w->diff_id->text, m->res.diff_hex);
	return 0;
}

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

/*
 * The directory that overlay would show at path of the layers from chain
 * downwards. -ENOENT when there is none.
 */
static int find_below(struct image_store *s, const struct digest *chain, const char *path,
		      struct kerr *err)
{
	struct digest at = *chain;
	struct layer_info info;
	int r;

	while (digest_is_set(&at)) {
		cleanup_free char *dir = layer_path(s, &at, "fs");
		cleanup_fd int fs = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fs < 0)
			return kerr_set(err, -errno, "open '%s'", dir);
		r = open_dir(fs, path);
		if (r >= 0)
			return r;
		if (r != -ENOENT || hidden_by(fs, path))
			return -ENOENT;
		r = layer_read_info(s, &at, &info, err);
		if (r < 0)
			return r == -ENOENT ? kerr_set(err, r, "layer %s", at.text) : r;
		if (info.opaque_root)
			return -ENOENT;
		at = info.parent;
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

static int apply_implied(struct making *m, const char *path, struct kerr *err)
{
	cleanup_fd int to = open_dir(m->fs, path), from = -EBADF;
	int r;

	if (!m->want->parent)
		return 0;
	if (to < 0)
		return kerr_set(err, to, "open implied directory '%s'", path);
	/* What hides the layers below here gives a new directory, not that one. */
	if (hidden_by(m->fs, path) || m->opaque_root)
		return 0;
	from = find_below(m->store, m->want->parent, path, err);
	if (from == -ENOENT)
		return 0;
	if (from < 0)
		return from;
	r = layer_copy_meta(from, to);
	return r < 0 ? kerr_set(err, r, "copy attributes of '%s'", path) : 0;
}

static int apply_opaque(struct making *m, const char *path, struct kerr *err)
{
	cleanup_fd int fd = -EBADF;
	int r;

	if (!*path) {
		m->opaque_root = true; /* overlay heeds no mark there: the record has it */
		return 0;
	}
	fd = open_dir(m->fs, path);
	if (fd < 0)
		return kerr_set(err, fd, "open opaque directory '%s'", path);
	r = fsetxattr(fd, OPAQUE, "y", 1, 0);
	return r < 0 ? kerr_set(err, -errno, "mark '%s' opaque", path) : 0;
}

/* Opaque marks first: they decide where implied directories come from. */
static int apply_notes(struct making *m, struct kerr *err)
{
	static const char order[] = { UNPACK_NOTE_OPAQUE, UNPACK_NOTE_IMPLIED };
	const char *p, *end = buf_str(&m->notes) + m->notes.len;
	size_t i;
	int r;

	if (m->notes.len > 0 && end[-1] != '\0')
		return kerr_plain(err, -EPROTO, "kukeunpack gave an answer that makes no sense");
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		for (p = buf_str(&m->notes); p < end; p += strlen(p) + 1) {
			if (*p != order[i])
				continue;
			r = *p == UNPACK_NOTE_OPAQUE ? apply_opaque(m, p + 1, err)
						     : apply_implied(m, p + 1, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int write_record(struct making *m, struct kerr *err)
{
	cleanup_free char *path = path_join(m->dir, "layer.json", NULL);
	cleanup_buf struct buf b = BUF_INIT(LAYER_RECORD_MAX);

	buf_addf(&b,
		 "{\"version\":1,\"diffID\":\"%s\",\"parent\":\"%s\",\"unpackedBytes\":%llu,"
		 "\"entries\":%llu,\"opaqueRoot\":%d}\n",
		 m->want->diff_id->text, m->want->parent ? m->want->parent->text : "",
		 (unsigned long long) m->res.file_bytes, (unsigned long long) m->res.entries,
		 m->opaque_root);
	/* syncfs comes next */
	return atomic_write_at(AT_FDCWD, path, b.data, b.len, 0600, ATOMIC_WRITE_NOSYNC, err);
}

/* Data first, then the name: what is visible is whole. */
static int commit(struct making *m, struct kerr *err)
{
	cleanup_free char *to = image_store_path(m->store, NS_SNAPSHOTS, digest_hex(&m->chain));
	int r;

	r = syncfs(m->fs);
	if (r < 0)
		return kerr_set(err, -errno, "sync '%s'", m->dir);
	/* a damaged one that is there without its record makes room */
	r = image_store_trash(m->store, to, err);
	if (r < 0)
		return r;
	r = rename(m->dir, to);
	if (r < 0)
		return kerr_set(err, -errno, "rename '%s' to '%s'", m->dir, to);
	free_p(&m->dir);
	return fsync_parent(AT_FDCWD, to, err);
}

static int make_layer(struct making *m, const struct layer_source *src, struct kerr *err)
{
	int r;

	r = make_staging(m, err);
	if (r == 0)
		r = unpack_layer(src, m->fs, &m->store->limits, &m->res, &m->notes, err);
	if (r == 0)
		r = check_digests(m, err);
	if (r == 0)
		r = apply_notes(m, err);
	if (r == 0)
		r = write_record(m, err);
	return r < 0 ? r : commit(m, err);
}

int layer_unpack(struct image_store *s, const struct layer_want *want,
		 const struct layer_source *src, struct layer_done *ret, struct kerr *err)
{
	cleanup_(making_clear) struct making m = {
		.store = s,
		.want = want,
		.fs = -EBADF,
		.notes = BUF_INIT(UNPACK_MAX_NOTES),
	};
	struct lock_id id;
	bool there;
	int r;

	digest_chain(want->parent, want->diff_id, &m.chain);
	id = lock_id_chain(s->ns, digest_hex(&m.chain));
	r = locks_take(s->locks, &id, 0, err);
	if (r < 0)
		return r;
	there = layer_exists(s, &m.chain);
	r = there ? 0 : make_layer(&m, src, err);
	locks_drop(s->locks, &id);
	if (r < 0)
		return r;
	*ret = (struct layer_done){ .chain = m.chain, .unpacked = !there };
	if (!there) {
		digest_from_hex(m.res.blob_hex, &ret->blob);
		ret->blob_size = (int64_t) m.res.blob_bytes;
	}
	return 0;
}

bool layer_exists(struct image_store *s, const struct digest *chain)
{
	struct layer_info info;

	/* A directory without its record was not made by us, or was damaged: make it again. */
	return layer_read_info(s, chain, &info, NULL) == 0;
}

static int parse_digest_key(const struct buf *b, const char *key, struct digest *ret)
{
	char text[DIGEST_TEXT_MAX];
	int r;

	r = jscan_get_str(b->data, b->len, key, text, sizeof(text));
	if (r < 0)
		return r;
	if (*text)
		return digest_parse(text, ret);
	*ret = (struct digest){ 0 };
	return 0;
}

int layer_read_info(struct image_store *s, const struct digest *chain, struct layer_info *ret,
		    struct kerr *err)
{
	cleanup_free char *path = layer_path(s, chain, "layer.json");
	cleanup_buf struct buf b = BUF_INIT(LAYER_RECORD_MAX);
	int64_t bytes = 0, entries = 0, opaque = 0;
	struct layer_info info = { 0 };
	int r;

	r = file_read_at(AT_FDCWD, path, LAYER_RECORD_MAX, &b, err);
	if (r < 0)
		return r;
	if (b.len == 0 || parse_digest_key(&b, "diffID", &info.diff_id) < 0 ||
	    parse_digest_key(&b, "parent", &info.parent) < 0 ||
	    jscan_get_i64(b.data, b.len, "unpackedBytes", &bytes) < 0 ||
	    jscan_get_i64(b.data, b.len, "entries", &entries) < 0 ||
	    jscan_get_i64(b.data, b.len, "opaqueRoot", &opaque) < 0)
		return kerr_plain(err, -EINVAL, "'%s' is damaged", path);
	info.unpacked_bytes = (uint64_t) bytes;
	info.entries = (uint64_t) entries;
	info.opaque_root = opaque != 0;
	*ret = info;
	return 0;
}

int layer_remove(struct image_store *s, const struct digest *chain, struct kerr *err)
{
	cleanup_free char *path = image_store_path(s, NS_SNAPSHOTS, digest_hex(chain));

	return image_store_trash(s, path, err);
}
