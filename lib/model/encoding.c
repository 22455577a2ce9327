/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "encoding.h"

#include "str.h"

#define MARK "\xef\xbb\xbf" /* U+FEFF in UTF-8 */
#define MARK_LEN (sizeof(MARK) - 1)

/* A file of maximum size grows by half when converted from UTF-16. */
#define MAX_TEXT ((size_t) 2 * KUKE_MAX_MANIFEST)

static uint32_t unit_at(const char *p, bool big)
{
	const unsigned char *u = (const unsigned char *) p;

	return big ? (uint32_t) u[0] << 8 | u[1] : (uint32_t) u[1] << 8 | u[0];
}

static void add_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_addc(out, (char) c);
		return;
	}
	if (c < 0x800) {
		buf_addc(out, (char) (0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_addc(out, (char) (0xe0 | c >> 12));
		buf_addc(out, (char) (0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_addc(out, (char) (0xf0 | c >> 18));
		buf_addc(out, (char) (0x80 | (c >> 12 & 0x3f)));
		buf_addc(out, (char) (0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(out, (char) (0x80 | (c & 0x3f)));
}

/* Converts the byte order mark too; it is dropped later with the others. */
static int from_utf16(const char *p, size_t n, bool big, struct buf *out, struct kerr *err)
{
	uint32_t c, low;
	size_t i;

	for (i = 0; i + 1 < n; i += 2) {
		c = unit_at(p + i, big);
		if (c >= 0xd800 && c < 0xdc00 && i + 3 < n) {
			low = unit_at(p + i + 2, big);
			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			}
		}
		if (c >= 0xd800 && c < 0xe000)
			break;
		add_utf8(out, c);
	}
	if (i < n)
		return kerr_plain(err, -EINVAL,
				  "invalid UTF-16 at byte %zu: save the file as UTF-8", i + 1);
	return 0;
}

static bool starts_with(const char *p, size_t n, const char *bytes, size_t m)
{
	return n >= m && memcmp(p, bytes, m) == 0;
}

/* Whether a line, without its mark, can only occur between documents. */
static bool is_between(const char *p, size_t n)
{
	return n > 0 && (*p == '#' || *p == '%' || starts_with(p, n, "---", 3) ||
			 starts_with(p, n, "...", 3));
}

/* Whether a document may still start after this line. */
static bool keeps_prologue(const char *p, size_t n)
{
	if (n > 0 && *p == '%')
		return true;
	while (n > 0 && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++, n--;
	return n == 0 || *p == '#' || *p == '\n';
}

static void drop_marks(const char *p, size_t n, struct buf *out)
{
	const char *end = p + n, *nl, *next;
	bool prologue = true, ends;

	for (; p < end; p = next) {
		while (starts_with(p, (size_t) (end - p), MARK, MARK_LEN) &&
		       (prologue || is_between(p + MARK_LEN, (size_t) (end - p) - MARK_LEN)))
			p += MARK_LEN;
		nl = memchr(p, '\n', (size_t) (end - p));
		next = nl == NULL ? end : nl + 1;
		buf_add(out, p, (size_t) (next - p));
		ends = starts_with(p, (size_t) (next - p), "...", 3);
		prologue = ends || (prologue && keeps_prologue(p, (size_t) (next - p)));
	}
}

int encoding_to_utf8(const char **text, size_t *n, struct buf *own, struct kerr *err)
{
	cleanup_buf struct buf wide = BUF_INIT(MAX_TEXT);
	const char *p = *text;
	size_t len = *n;
	int r = 0;

	if (starts_with(p, len, "\xff\xfe\0\0", 4) || starts_with(p, len, "\0\0\xfe\xff", 4))
		return kerr_plain(err, -EINVAL, "the text is UTF-32: save the file as UTF-8");
	if (starts_with(p, len, "\xff\xfe", 2) || starts_with(p, len, "\xfe\xff", 2)) {
		r = from_utf16(p, len, *p == '\xfe', &wide, err);
		if (r < 0)
			return r;
		r = buf_check(&wide, "text", err);
		if (r < 0)
			return r;
		p = buf_str(&wide);
		len = wide.len;
	} else if (len >= 4 && !p[0] != !p[1] && !p[0] == !p[2] && !p[1] == !p[3]) {
		return kerr_plain(
			err, -EINVAL,
			"the text looks like UTF-16 without a byte order mark: save the file "
			"as UTF-8");
	} else if (len == 0 || memmem(p, len, MARK, MARK_LEN) == NULL) {
		return 0;
	}
	buf_init(own, MAX_TEXT);
	drop_marks(p, len, own);
	*text = buf_str(own);
	*n = own->len;
	return 0;
}
