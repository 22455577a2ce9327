/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "mem.h"
#include "str.h"
#include "tarin.h"

/* Where the fields of a header are (POSIX pax(1), "ustar Interchange Format"). */
enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_CHECKSUM = 148,
	AT_TYPE = 156,
	AT_LINK = 157,
	AT_MAGIC = 257,
	AT_PREFIX = 345,
	SHORT_NUMBER = 8,
	LONG_NUMBER = 12,
	NAME_MAX_HERE = 100,
	PREFIX_MAX = 155,
	EXTRA_HEADERS_MAX = 16, /* in front of one entry */
	NS_DIGITS = 9,
};

/* What headers in front of an entry say of it. */
struct extra {
	char *path, *link; /* NULL: as in the header */
	bool has_size, has_uid, has_gid, has_mtime;
	uint64_t size, uid, gid;
	int64_t mtime, mtime_ns;
	struct tar_xattr *xattrs;
	size_t n_xattrs;
};

static void xattrs_free(struct tar_xattr *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].name);
		free(v[i].value);
	}
	free(v);
}

static void extra_clear(struct extra *x)
{
	free(x->path);
	free(x->link);
	xattrs_free(x->xattrs, x->n_xattrs);
	*x = (struct extra){ 0 };
}

static void item_clear(struct tar_item *i)
{
	free(i->path);
	free(i->link);
	xattrs_free(i->xattrs, i->n_xattrs);
	*i = (struct tar_item){ 0 };
}

void tarin_init(struct tarin *t, int fd)
{
	memset(t, 0, sizeof(*t));
	t->fd = fd;
}

void tarin_clear(struct tarin *t)
{
	item_clear(&t->item);
}

/* ---- bytes ---- */

static int bad(struct kerr *err, const char *why)
{
	return kerr_plain(err, -EBADMSG, "bad tar archive: %s", why);
}

static int ends_early(struct tarin *t, struct kerr *err)
{
	t->ended_early = true;
	return bad(err, "it ends before its end marker");
}

static int read_all(struct tarin *t, void *p, size_t n, struct kerr *err)
{
	int r = fd_read_all(t->fd, p, n);

	if (r == -EPIPE)
		return ends_early(t, err);
	return r < 0 ? kerr_set(err, r, "read the archive") : 0;
}

ssize_t tarin_data(struct tarin *t, void *p, size_t n, struct kerr *err)
{
	ssize_t got;

	if (t->left == 0 || n == 0)
		return 0;
	if (n > t->left)
		n = (size_t) t->left;
	do
		got = read(t->fd, p, n);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return ends_early(t, err);
	if (got < 0)
		return kerr_set(err, -errno, "read the archive");
	t->left -= (uint64_t) got;
	return got;
}

static int skip(struct tarin *t, struct kerr *err)
{
	char text[8192];
	ssize_t n;

	while (t->left > 0) {
		n = tarin_data(t, text, sizeof(text), err);
		if (n < 0)
			return (int) n;
	}
	n = (ssize_t) t->pad;
	t->pad = 0;
	return read_all(t, text, (size_t) n, err);
}

static uint64_t padding(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

void tarin_drain(struct tarin *t)
{
	char text[8192];
	ssize_t n;

	do
		n = read(t->fd, text, sizeof(text));
	while (n > 0 || (n < 0 && errno == EINTR));
}

/* ---- a header ---- */

/* Octal digits between blanks and NULs; or, by GNU tar, the first bit and binary digits. */
static int number(const char *p, size_t n, bool negative, int64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	if (((unsigned char) p[0] & 0x80) != 0) {
		bool minus = ((unsigned char) p[0] & 0x40) != 0;

		if (minus && !negative)
			return -EBADMSG;
		v = minus ? UINT64_MAX : 0;
		for (i = 0; i < n; i++) {
			unsigned byte = (unsigned char) p[i];

			if (i == 0)
				byte = minus ? byte | 0x80 : byte & 0x7f;
			if (v >> 55 != 0 && v >> 55 != UINT64_MAX >> 55)
				return -EBADMSG;
			v = v << 8 | byte;
		}
		*ret = (int64_t) v;
		return minus == (*ret < 0) ? 0 : -EBADMSG;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++) {
		if (v >> 60 != 0)
			return -EBADMSG;
		v = v << 3 | (uint64_t) (p[i] - '0');
	}
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return -EBADMSG;
	*ret = (int64_t) v;
	return 0;
}

static bool checksum_is_right(const char *h)
{
	int64_t wanted, sum = 0, signed_sum = 0;

	if (number(h + AT_CHECKSUM, SHORT_NUMBER, false, &wanted) < 0)
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++) {
		char c = i >= AT_CHECKSUM && i < AT_CHECKSUM + SHORT_NUMBER ? ' ' : h[i];

		sum += (unsigned char) c;
		signed_sum += (signed char) c;
	}
	return wanted == sum || wanted == signed_sum;
}

static bool is_zero(const char *h)
{
	return h[0] == '\0' && memcmp(h, h + 1, TAR_BLOCK - 1) == 0;
}

static char *header_path(const char *h)
{
	bool ustar = memcmp(h + AT_MAGIC, "ustar\0", 6) == 0; /* GNU's has another one */
	size_t prefix = ustar ? strnlen(h + AT_PREFIX, PREFIX_MAX) : 0;

	return xasprintf("%.*s%s%.*s", (int) prefix, h + AT_PREFIX, prefix > 0 ? "/" : "",
			 (int) strnlen(h + AT_NAME, NAME_MAX_HERE), h + AT_NAME);
}

/* ---- headers in front of an entry ---- */

/* Content of the entry whose header was read, as a string; NULs in it are seen by the caller. */
static int take_text(struct tarin *t, uint64_t size, char **ret, struct kerr *err)
{
	cleanup_free char *text = NULL;
	int r;

	if (size > TAR_EXTRA_MAX)
		return bad(err, "an extended header is too long");
	text = xmalloc((size_t) size + 1);
	r = read_all(t, text, (size_t) size, err);
	if (r < 0)
		return r;
	text[size] = '\0';
	t->left = 0;
	t->pad = padding(size);
	r = skip(t, err);
	if (r == 0)
		*ret = take_ptr(text);
	return r;
}

static int pax_time(const char *v, int64_t *ret, int64_t *ret_ns)
{
	cleanup_free char *whole = xstrndup(v, strcspn(v, "."));
	const char *dot = strchr(v, '.');
	int64_t s, ns = 0;

	if (str_to_i64(whole, INT64_MIN / 2, INT64_MAX / 2, &s) < 0)
		return -EBADMSG;
	for (size_t i = 0; dot && i < NS_DIGITS; i++) {
		if (dot[1] != '\0' && (dot[1] < '0' || dot[1] > '9'))
			return -EBADMSG;
		ns = ns * 10 + (dot[1] != '\0' ? dot[1] - '0' : 0);
		if (dot[1] != '\0')
			dot++;
	}
	if (ns > 0 && whole[0] == '-') {
		s--;
		ns = 1000000000 - ns;
	}
	*ret = s;
	*ret_ns = ns;
	return 0;
}

static int pax_xattr(struct extra *x, const char *name, const char *value, size_t n)
{
	if (x->n_xattrs == TAR_XATTRS_MAX)
		return -EBADMSG;
	x->xattrs = xreallocarray(x->xattrs, x->n_xattrs + 1, sizeof(*x->xattrs));
	x->xattrs[x->n_xattrs++] =
		(struct tar_xattr){ xstrdup(name), n > 0 ? xmemdup(value, n) : xstrdup(""), n };
	return 0;
}

static int pax_text(char **ret, const char *value, size_t n)
{
	if (n == 0 || strlen(value) != n)
		return -EBADMSG;
	free(*ret);
	*ret = xstrdup(value);
	return 0;
}

/* One record; key and value (of n bytes) end in NUL. */
static int pax_record(struct extra *x, const char *key, const char *value, size_t n)
{
	int r = 0;

	if (streq(key, "path"))
		r = pax_text(&x->path, value, n);
	else if (streq(key, "linkpath"))
		r = pax_text(&x->link, value, n);
	else if (streq(key, "size")) {
		r = str_to_u64(value, 0, INT64_MAX, &x->size);
		x->has_size = true;
	} else if (streq(key, "uid")) {
		r = str_to_u64(value, 0, INT64_MAX, &x->uid);
		x->has_uid = true;
	} else if (streq(key, "gid")) {
		r = str_to_u64(value, 0, INT64_MAX, &x->gid);
		x->has_gid = true;
	} else if (streq(key, "mtime")) {
		r = pax_time(value, &x->mtime, &x->mtime_ns);
		x->has_mtime = true;
	} else if (str_has_prefix(key, "SCHILY.xattr."))
		r = pax_xattr(x, key + strlen("SCHILY.xattr."), value, n);
	else if (str_has_prefix(key, "GNU.sparse."))
		r = -ENOTSUP;
	return r < 0 && r != -ENOTSUP ? -EBADMSG : r;
}

/* Records "LENGTH KEY=VALUE\n", where LENGTH counts all of it. */
static int pax_records(struct extra *x, char *p, size_t n)
{
	int r = 0;

	while (r == 0 && n > 0) {
		char *blank = memchr(p, ' ', n);
		char *equals = blank ? memchr(blank, '=', n - (size_t) (blank - p)) : NULL;
		uint64_t len;

		if (equals == NULL)
			return -EBADMSG;
		*blank = '\0';
		if (str_to_u64(p, 1, n, &len) < 0 || p + len <= equals + 1 || p[len - 1] != '\n' ||
		    memchr(blank + 1, '\0', (size_t) (equals - blank - 1)))
			return -EBADMSG;
		*equals = p[len - 1] = '\0';
		r = pax_record(x, blank + 1, equals + 1, (size_t) (p + len - 1 - (equals + 1)));
		p += len;
		n -= len;
	}
	return r;
}

static int sparse(struct kerr *err)
{
	return kerr_plain(err, -ENOTSUP,
			  "the archive has sparse entries, which are not supported: make it "
			  "without --sparse");
}

static int take_extra(struct tarin *t, char type, uint64_t size, struct extra *x, struct kerr *err)
{
	cleanup_free char *text = NULL;
	int r = take_text(t, size, &text, err);

	if (r < 0 || type == 'g') /* for all entries: comments, as a rule */
		return r;
	assert(text);
	if (type == 'x') {
		r = pax_records(x, text, (size_t) size);
		if (r == -ENOTSUP)
			return sparse(err);
		return r < 0 ? bad(err, "an extended header makes no sense") : 0;
	}
	if (text[0] == '\0')
		return bad(err, "an entry has no name");
	free(type == 'L' ? x->path : x->link);
	*(type == 'L' ? &x->path : &x->link) = take_ptr(text);
	return 0;
}

/* ---- entries ---- */

static int numbers(struct tarin *t, struct extra *x, struct tar_item *i)
{
	const char *h = t->block;
	int64_t mode, uid, gid, size, mtime;

	if (number(h + AT_MODE, SHORT_NUMBER, true, &mode) < 0 ||
	    number(h + AT_UID, SHORT_NUMBER, true, &uid) < 0 ||
	    number(h + AT_GID, SHORT_NUMBER, true, &gid) < 0 ||
	    number(h + AT_SIZE, LONG_NUMBER, false, &size) < 0 ||
	    number(h + AT_MTIME, LONG_NUMBER, true, &mtime) < 0)
		return -EBADMSG;
	i->mode = (uint32_t) mode & 07777;
	i->uid = x->has_uid ? x->uid : (uint64_t) uid;
	i->gid = x->has_gid ? x->gid : (uint64_t) gid;
	i->size = x->has_size ? x->size : (uint64_t) size;
	i->mtime = x->has_mtime ? x->mtime : mtime;
	i->mtime_ns = x->mtime_ns;
	return 0;
}

/* Only these have content, whatever the header says; pax lets hard links have it too. */
static bool has_content(char type)
{
	return type != TAR_SYMLINK && type != TAR_CHAR && type != TAR_BLOCKDEV && type != TAR_DIR &&
	       type != TAR_FIFO;
}

static int take_entry(struct tarin *t, struct extra *x, struct kerr *err)
{
	struct tar_item *i = &t->item;
	char type = t->block[AT_TYPE];
	size_t n;

	if (numbers(t, x, i) < 0)
		return bad(err, "a number makes no sense");
	i->path = x->path ? take_ptr(x->path) : header_path(t->block);
	i->link =
		x->link ? take_ptr(x->link)
			: xstrndup(t->block + AT_LINK, strnlen(t->block + AT_LINK, NAME_MAX_HERE));
	i->xattrs = take_ptr(x->xattrs);
	i->n_xattrs = x->n_xattrs;
	x->n_xattrs = 0;
	n = strlen(i->path);
	if (n == 0)
		return bad(err, "an entry has no name");
	if (type == 'S')
		return sparse(err);
	if (type == '\0' || type == '7')
		type = TAR_FILE;
	if (type == TAR_FILE && i->path[n - 1] == '/')
		type = TAR_DIR; /* before ustar */
	i->type = type;
	if (!has_content(type))
		i->size = 0;
	t->left = i->size;
	t->pad = padding(i->size);
	return 1;
}

/* A header that is none of zeros. 0: the end of the archive. */
static int read_header(struct tarin *t, struct kerr *err)
{
	bool first = !t->begun;
	int r = read_all(t, t->block, TAR_BLOCK, err);

	t->begun = true;
	if (r < 0)
		return r;
	if (is_zero(t->block))
		return 0;
	if (checksum_is_right(t->block))
		return 1;
	if (!first)
		return bad(err, "a header is damaged");
	if (memcmp(t->block, "\x1f\x8b", 2) == 0 || memcmp(t->block, "\x28\xb5\x2f\xfd", 4) == 0 ||
	    memcmp(t->block, "BZh", 3) == 0 ||
	    memcmp(t->block,
		   "\xfd"
		   "7zXZ",
		   5) == 0)
		return kerr_plain(err, -EBADMSG,
				  "the archive is compressed: decompress it first (zcat, zstdcat)");
	return kerr_plain(err, -EBADMSG, "not a tar archive");
}

static bool is_extra(char type)
{
	return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

static int next(struct tarin *t, struct extra *x, struct kerr *err)
{
	int64_t size;
	int r;

	for (int i = 0; i < EXTRA_HEADERS_MAX; i++) {
		r = read_header(t, err);
		if (r <= 0)
			return r;
		if (!is_extra(t->block[AT_TYPE]))
			return take_entry(t, x, err);
		if (number(t->block + AT_SIZE, LONG_NUMBER, false, &size) < 0 || size < 0)
			return bad(err, "a number makes no sense");
		r = take_extra(t, t->block[AT_TYPE], (uint64_t) size, x, err);
		if (r < 0)
			return r;
	}
	return bad(err, "too many extended headers");
}

int tarin_next(struct tarin *t, const struct tar_item **ret, struct kerr *err)
{
	cleanup_(extra_clear) struct extra x = { 0 };
	int r = skip(t, err);

	if (r < 0)
		return r;
	item_clear(&t->item);
	r = next(t, &x, err);
	*ret = &t->item;
	return r;
}
