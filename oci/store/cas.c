/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "atomic.h"
#include "cas.h"
#include "fd.h"
#include "imgstore.h"
#include "mem.h"
#include "sha256.h"

enum {
	CAS_BLOCK = 256 << 10
};

struct cas_writer {
	struct image_store *store;
	char *path; /* in staging/; NULL after the commit */
	int fd;
	struct sha256 *sha;
	uint64_t size;
	struct digest digest; /* set once cas_writer_digest was called */
};

int cas_writer_new(struct image_store *s, struct cas_writer **ret, struct kerr *err)
{
	cleanup_(cas_writer_freep) struct cas_writer *w = xcalloc(1, sizeof(*w));
	char *path = image_store_path(s, NS_STAGING, "blob-XXXXXX");

	w->store = s;
	w->fd = mkostemp(path, O_CLOEXEC);
	if (w->fd < 0) {
		int r = kerr_set(err, -errno, "create '%s'", path);

		free(path);
		return r;
	}
	w->path = path;
	w->sha = sha256_new();
	*ret = take_ptr(w);
	return 0;
}

struct cas_writer *cas_writer_free(struct cas_writer *w)
{
	if (!w)
		return NULL;
	if (w->path)
		(void) unlink(w->path); /* if this fails, garbage collection removes it */
	fd_close_p(&w->fd);
	free(w->path);
	sha256_free(w->sha);
	free(w);
	return NULL;
}

int cas_writer_add(struct cas_writer *w, const void *p, size_t n, struct kerr *err)
{
	int r;

	r = fd_write_all(w->fd, p, n);
	if (r < 0)
		return kerr_set(err, r, "write '%s'", w->path);
	sha256_add(w->sha, p, n);
	w->size += n;
	return 0;
}

int cas_writer_fd(const struct cas_writer *w)
{
	return w->fd;
}

uint64_t cas_writer_size(const struct cas_writer *w)
{
	return w->size;
}

void cas_writer_digest(struct cas_writer *w, struct digest *ret)
{
	char hex[SHA256_HEX];

	if (!digest_is_set(&w->digest)) {
		sha256_hex(w->sha, hex);
		digest_from_hex(hex, &w->digest);
	}
	*ret = w->digest;
}

int cas_writer_commit(struct cas_writer *w, struct kerr *err)
{
	cleanup_free char *to = NULL;
	struct digest d;
	int r;

	cas_writer_digest(w, &d);
	to = image_store_path(w->store, NS_BLOBS, digest_hex(&d));
	r = fchmod(w->fd, 0400);
	if (r == 0)
		r = fsync(w->fd);
	if (r < 0)
		return kerr_set(err, -errno, "write '%s'", w->path);
	r = rename(w->path, to);
	if (r < 0)
		return kerr_set(err, -errno, "rename '%s' to '%s'", w->path, to);
	free_p(&w->path);
	return fsync_parent(AT_FDCWD, to, err);
}

int cas_put(struct image_store *s, const void *p, size_t n, const struct digest *expect,
	    struct kerr *err)
{
	cleanup_(cas_writer_freep) struct cas_writer *w = NULL;
	cleanup_buf struct buf have = BUF_INIT(0);
	struct digest d;
	int r;

	digest_of(p, n, &d);
	if (expect && !digest_eq(expect, &d))
		return kerr_plain(err, -EBADMSG, "blob %s: content has digest %s", expect->text,
				  d.text);
	if (cas_get(s, &d, n, &have, NULL) == 0)
		return 0;
	r = cas_writer_new(s, &w, err);
	if (r == 0)
		r = cas_writer_add(w, p, n, err);
	return r < 0 ? r : cas_writer_commit(w, err);
}

int cas_get(struct image_store *s, const struct digest *d, size_t max, struct buf *ret,
	    struct kerr *err)
{
	cleanup_free char *path = image_store_path(s, NS_BLOBS, digest_hex(d));
	cleanup_buf struct buf b = BUF_INIT(max);
	struct digest have;
	int r;

	r = file_read_at(AT_FDCWD, path, max, &b, err);
	if (r < 0)
		return r;
	digest_of(buf_str(&b), b.len, &have);
	if (!digest_eq(d, &have))
		return kerr_plain(err, -EBADMSG, "blob %s is damaged", d->text);
	buf_clear(ret);
	*ret = b;
	b = (struct buf) BUF_INIT(0);
	return 0;
}

int cas_open(struct image_store *s, const struct digest *d, struct kerr *err)
{
	cleanup_free char *path = image_store_path(s, NS_BLOBS, digest_hex(d));
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : kerr_set(err, -errno, "open '%s'", path);
	return fd;
}

int cas_verify(struct image_store *s, const struct digest *d)
{
	cleanup_(sha256_freep) struct sha256 *sha = sha256_new();
	cleanup_free char *block = xmalloc(CAS_BLOCK);
	cleanup_fd int fd = cas_open(s, d, NULL);
	char hex[SHA256_HEX];
	ssize_t n;

	if (fd < 0)
		/* a blob that cannot be opened is treated as damaged */
		return fd == -ENOENT ? fd : -EBADMSG;
	while ((n = read(fd, block, CAS_BLOCK)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			sha256_add(sha, block, (size_t) n);
	if (n < 0) /* a blob that cannot be read is treated as damaged */
		return -EBADMSG;
	sha256_hex(sha, hex);
	return streq(hex, digest_hex(d)) ? 0 : -EBADMSG;
}

bool cas_has(struct image_store *s, const struct digest *d)
{
	cleanup_free char *path = image_store_path(s, NS_BLOBS, digest_hex(d));

	return access(path, F_OK) == 0;
}
