/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "str.h"
#include "tarscan.h"

enum {
	BLOCK = 512,
	/* offsets in a header (POSIX ustar) */
	H_NAME = 0,
	H_SIZE = 124,
	H_SUM = 148,
	H_TYPE = 156,
	H_LINK = 157,
	H_MAGIC = 257,
	H_PREFIX = 345,
	N_NAME = 100,
	N_NUMBER = 12,
	N_SUM = 8,
	N_PREFIX = 155,
};

void tarscan_init(struct tarscan *t, int fd)
{
	struct stat st;
	off_t at;

	*t = (struct tarscan){ .fd = fd, .pax_size = -1 };
	buf_init(&t->name, TARSCAN_MAX_NAME);
	buf_init(&t->link, TARSCAN_MAX_NAME);
	buf_init(&t->pax, TARSCAN_MAX_HEADER);
	at = lseek(fd, 0, SEEK_CUR);
	if (at >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		t->seekable = true;
		t->start = at;
		t->end = st.st_size - at;
	}
}

void tarscan_clear(struct tarscan *t)
{
	buf_clear(&t->name);
	buf_clear(&t->link);
	buf_clear(&t->pax);
}

static int bad_archive(struct kerr *err, const char *why)
{
	return kerr_plain(err, -EBADMSG, "bad image archive: %s", why);
}

static ssize_t read_some(struct tarscan *t, void *p, size_t n, struct kerr *err)
{
	ssize_t r;

	do
		r = t->seekable ? pread(t->fd, p, n, t->start + t->pos) : read(t->fd, p, n);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return kerr_set(err, -errno, "read image archive");
	t->pos += r;
	return r;
}

/* Read n bytes; fewer only at the end of the input. */
static ssize_t read_full(struct tarscan *t, void *p, size_t n, struct kerr *err)
{
	size_t done = 0;
	ssize_t r = 1;

	while (done < n && r > 0) {
		r = read_some(t, (char *) p + done, n - done, err);
		if (r < 0)
			return r;
		done += (size_t) r;
	}
	return (ssize_t) done;
}

/* Skip the rest of the current entry's content and its padding. */
static int skip(struct tarscan *t, struct kerr *err)
{
	cleanup_free char *waste = NULL;
	int64_t n = t->left + t->pad, pad = t->pad;
	ssize_t r;

	t->left = t->pad = 0;
	if (t->seekable) {
		if (t->pos + n - pad > t->end)
			return bad_archive(err, "it ends early");
		t->pos += n;
		return 0;
	}
	waste = n > 0 ? xmalloc(64 << 10) : NULL;
	while (n > 0) {
		r = read_some(t, waste, n < (64 << 10) ? (size_t) n : 64 << 10, err);
		if (r < 0)
			return (int) r;
		if (r == 0)
			return bad_archive(err, "it ends early");
		n -= r;
	}
	return 0;
}

/*
 * A number field of a header: octal digits with blanks around, or base 256 when the top
 * bit is set. -EINVAL for others.
 */
static int parse_number(const unsigned char *p, size_t n, int64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	if (p[0] & 0x80) {
		for (i = 0; i < n; i++) {
			if (v >> 54)
				return -EINVAL;
			v = v << 8 | (i == 0 ? p[0] & 0x7f : p[i]);
		}
		*ret = (int64_t) v;
		return 0;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t) (p[i] - '0'); /* at most 36 bits */
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return -EINVAL;
	*ret = (int64_t) v;
	return 0;
}

static bool all_zero(const unsigned char *h)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (h[i])
			return false;
	return true;
}

static bool checksum_ok(const unsigned char *h)
{
	int64_t want;
	uint64_t sum = 0;

	if (parse_number(h + H_SUM, N_SUM, &want) < 0)
		return false;
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= H_SUM && i < H_SUM + N_SUM ? ' ' : h[i];
	return sum == (uint64_t) want;
}

/* Read one header block. Returns 1, 0 at the end of the archive, -errno. */
static int read_header(struct tarscan *t, unsigned char h[BLOCK], struct kerr *err)
{
	ssize_t n;
	int r;

	r = skip(t, err);
	if (r < 0)
		return r;
	n = read_full(t, h, BLOCK, err);
	if (n < 0)
		return (int) n;
	if (n == 0 && t->any)
		return 0; /* the two zero blocks at the end are missing; many readers accept it */
	if (n < BLOCK)
		return bad_archive(err, "it ends early");
	if (all_zero(h))
		return 0;
	if (!checksum_ok(h))
		return bad_archive(err, "a header's checksum is wrong");
	t->any = true;
	r = parse_number(h + H_SIZE, N_NUMBER, &t->left);
	if (r < 0 || t->left < 0 || t->left > INT64_MAX / 4)
		return bad_archive(err, "impossible size");
	t->pad = -t->left & (BLOCK - 1);
	return 1;
}

/* Read the content of an extended header (pax or GNU long name) into b. */
static int read_extra(struct tarscan *t, struct buf *b, struct kerr *err)
{
	ssize_t n;
	char *p;

	buf_reset(b);
	if (t->left > (int64_t) b->max)
		return bad_archive(err, "an extended header is too long");
	p = buf_room(b, (size_t) t->left);
	n = read_full(t, p, (size_t) t->left, err);
	if (n < 0)
		return (int) n;
	if (n < t->left)
		return bad_archive(err, "it ends early");
	buf_commit(b, (size_t) n);
	t->left = 0;
	return 0;
}

/* A GNU long name ends at the first NUL. */
static void cut_at_nul(struct buf *b)
{
	size_t n = strlen(buf_str(b));

	if (n < b->len)
		b->len = n;
}

static int pax_set(struct tarscan *t, const char *key, size_t key_n, const char *value, size_t n,
		   struct kerr *err)
{
	cleanup_free char *number = NULL;
	struct buf *to = NULL;
	int64_t v;

	if (key_n == 4 && memcmp(key, "path", 4) == 0)
		to = &t->name;
	else if (key_n == 8 && memcmp(key, "linkpath", 8) == 0)
		to = &t->link;
	if (to) {
		buf_reset(to);
		buf_add(to, value, n);
		if (to->failed || memchr(value, '\0', n))
			return bad_archive(err, memchr(value, '\0', n)
							? "a NUL byte in a name of a pax header"
							: "a name in a pax header is too long");
		return 0;
	}
	if (key_n != 4 || memcmp(key, "size", 4) != 0)
		return 0;
	number = xstrndup(value, n);
	if (str_to_i64(number, 0, INT64_MAX / 4, &v) < 0)
		return bad_archive(err, "bad size in a pax header");
	t->pax_size = v;
	return 0;
}

/*
 * A pax header is a list of records "LENGTH KEY=VALUE\
 * ".
 */
static int parse_pax(struct tarscan *t, struct kerr *err)
{
	const char *p = buf_str(&t->pax), *end = p + t->pax.len;
	const char *line, *eq, *key;
	size_t len, used;
	int r;

	while (p < end) {
		line = p;
		for (len = 0; p < end && *p >= '0' && *p <= '9' && len < TARSCAN_MAX_HEADER; p++)
			len = len * 10 + (size_t) (*p - '0');
		used = (size_t) (p - line) + 1;
		if (p == line || p == end || *p != ' ' || len <= used + 1 ||
		    len > (size_t) (end - line) || line[len - 1] != '\n')
			return bad_archive(err, "bad pax header");
		key = p + 1;
		eq = memchr(key, '=', len - used - 1);
		if (!eq)
			return bad_archive(err, "bad pax header");
		r = pax_set(t, key, (size_t) (eq - key), eq + 1,
			    (size_t) (line + len - 1 - (eq + 1)), err);
		if (r < 0)
			return r;
		p = line + len;
	}
	return 0;
}

static void add_field(struct buf *b, const unsigned char *p, size_t n)
{
	buf_add(b, p, strnlen((const char *) p, n));
}

/* Use the names in the header block, unless an extended header gave longer ones. */
static void take_names(struct tarscan *t, const unsigned char *h)
{
	if (t->name.len == 0) {
		if (memcmp(h + H_MAGIC, "ustar\0", 6) == 0 && h[H_PREFIX]) {
			add_field(&t->name, h + H_PREFIX, N_PREFIX);
			buf_addc(&t->name, '/');
		}
		add_field(&t->name, h + H_NAME, N_NAME);
	}
	if (t->link.len == 0)
		add_field(&t->link, h + H_LINK, N_NAME);
}

static enum tarscan_type type_of(unsigned char c)
{
	switch (c) {
	case '\0':
	case '0':
	case '7':
		return TARSCAN_FILE;
	case '1':
		return TARSCAN_HARDLINK;
	case '2':
		return TARSCAN_SYMLINK;
	case '5':
		return TARSCAN_DIR;
	default:
		return TARSCAN_OTHER;
	}
}

static void fill_entry(struct tarscan *t, const unsigned char *h, struct tarscan_entry *ret)
{
	take_names(t, h);
	if (t->pax_size >= 0) {
		t->left = t->pax_size;
		t->pad = -t->left & (BLOCK - 1);
	}
	*ret = (struct tarscan_entry){
		.type = type_of(h[H_TYPE]),
		.name = buf_str(&t->name),
		.link = buf_str(&t->link),
	};
	/*
	 * Links and directories have no content; like other readers, ignore their size
	 * field.
	 */
	if (ret->type != TARSCAN_FILE && ret->type != TARSCAN_OTHER)
		t->left = t->pad = 0;
	ret->size = t->left;
	ret->offset = t->start + t->pos;
}

int tarscan_next(struct tarscan *t, struct tarscan_entry *ret, struct kerr *err)
{
	unsigned char h[BLOCK];
	int r;

	buf_reset(&t->name);
	buf_reset(&t->link);
	t->pax_size = -1;
	for (;;) {
		r = read_header(t, h, err);
		if (r <= 0)
			return r;
		switch (h[H_TYPE]) {
		case 'x':
			r = read_extra(t, &t->pax, err);
			if (r == 0)
				r = parse_pax(t, err);
			break;
		case 'L':
			r = read_extra(t, &t->name, err);
			cut_at_nul(&t->name);
			break;
		case 'K':
			r = read_extra(t, &t->link, err);
			cut_at_nul(&t->link);
			break;
		case 'g':
			break; /* none of the global attributes is used here */
		default:
			fill_entry(t, h, ret);
			return 1;
		}
		if (r < 0)
			return r;
	}
}

ssize_t tarscan_read(struct tarscan *t, void *p, size_t n, struct kerr *err)
{
	ssize_t r;

	if ((int64_t) n > t->left)
		n = (size_t) t->left;
	if (n == 0)
		return 0;
	r = read_some(t, p, n, err);
	if (r == 0)
		return bad_archive(err, "it ends early");
	if (r > 0)
		t->left -= r;
	return r;
}
