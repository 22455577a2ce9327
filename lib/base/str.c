/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "mem.h"
#include "str.h"

enum {
	DISTANCE_MAX = 64 /* longer strings count as completely different */
};

bool streq_null(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

bool str_empty(const char *s)
{
	return s == NULL || s[0] == '\0';
}

bool str_has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s);
	size_t m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

bool str_case_eq(const char *a, const char *b)
{
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_wide_space(uint32_t c)
{
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Bytes of the white space at s; 0 when there is none. */
static size_t space_len(const char *s, size_t n)
{
	size_t len;

	if (n > 0 && is_space(*s))
		return 1;
	len = utf8_len(s, n);
	return len > 1 && is_wide_space(utf8_decode(s, len)) ? len : 0;
}

/* The same for the white space that ends at s + n. */
static size_t space_len_back(const char *s, size_t n)
{
	size_t len = n > 0;

	while (len < n && len < 4 && ((unsigned char) s[n - len] & 0xc0) == 0x80)
		len++;
	return space_len(s + n - len, len) == len ? len : 0;
}

char *str_trim(const char *s)
{
	size_t n;

	if (s == NULL)
		s = "";
	n = strlen(s);
	for (size_t len = space_len(s, n); len > 0; len = space_len(s, n)) {
		s += len;
		n -= len;
	}
	for (size_t len = space_len_back(s, n); len > 0; len = space_len_back(s, n))
		n -= len;
	return xstrndup(s, n);
}

int str_to_bool(const char *s, bool *ret)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (streq(s, yes[i]) || streq(s, no[i])) {
			*ret = streq(s, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

/* The value of a digit in up to base 16, or 99. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned) (c - '0');
	c = lower(c);
	return c >= 'a' && c <= 'f' ? (unsigned) (c - 'a' + 10) : 99;
}

int str_to_u64_base(const char *s, int base, uint64_t max, uint64_t *ret)
{
	bool over = false;
	uint64_t v = 0;
	unsigned d;

	if (*s == '\0')
		return -EINVAL;
	for (; *s != '\0'; s++) {
		d = digit_value(*s);
		if (d >= (unsigned) base)
			return -EINVAL;
		over = over || __builtin_mul_overflow(v, (uint64_t) (unsigned) base, &v) ||
		       __builtin_add_overflow(v, (uint64_t) d, &v);
	}
	if (over || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int str_to_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v;
	int r;

	r = str_to_u64_base(s, 10, max, &v);
	if (r < 0)
		return r;
	if (v < min)
		return -ERANGE;
	*ret = v;
	return 0;
}

int str_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t v;
	int64_t i;
	int r;

	if (*s == '-' || *s == '+')
		s++;
	r = str_to_u64_base(s, 10, (uint64_t) INT64_MAX + negative, &v);
	if (r < 0)
		return r;
	i = negative ? (int64_t) (0 - v) : (int64_t) v;
	if (i < min || i > max)
		return -ERANGE;
	*ret = i;
	return 0;
}

/* Length of the unit suffix at the end of s; *ret_shift is its power of two. */
static size_t size_suffix(const char *s, unsigned *ret_shift)
{
	static const char letters[] = "kmg";
	size_t n = strlen(s);
	size_t len = n >= 2 && lower(s[n - 1]) == 'i' ? 2 : 1;
	const char *at = n >= len ? strchr(letters, lower(s[n - len])) : NULL;

	*ret_shift = 0;
	if (at == NULL || *at == '\0')
		return 0;
	*ret_shift = 10 * (unsigned) (at - letters + 1);
	return len;
}

static int size_error(struct kerr *err, int r, const char *s, const char *number)
{
	struct buf b = BUF_INIT(256);
	const char *why = r == -ERANGE ? "value out of range" : "invalid syntax";

	buf_adds(&b, "invalid size \"");
	str_vis(&b, s, strlen(s));
	buf_adds(&b, "\": strconv.ParseInt: parsing \"");
	str_vis(&b, number, strlen(number));
	r = kerr_plain(err, r, "%s\": %s", buf_str(&b), why);
	buf_clear(&b);
	return r;
}

int str_to_size(const char *s, int64_t *ret, struct kerr *err)
{
	cleanup_free char *number = str_trim(s);
	unsigned shift;
	size_t suffix;
	int64_t v;
	int r;

	if (number[0] == '\0')
		return kerr_plain(err, -EINVAL, "size is empty");
	suffix = size_suffix(number, &shift);
	number[strlen(number) - suffix] = '\0';
	r = str_to_i64(number, INT64_MIN, INT64_MAX, &v);
	if (r < 0)
		return size_error(err, r, s, number);
	if (v < 0)
		return kerr_plain(err, -EINVAL, "invalid size \"%s\": must be non-negative", s);
	if (v > INT64_MAX >> shift)
		return size_error(err, -ERANGE, s, number);
	*ret = v << shift;
	return 0;
}

size_t str_distance(const char *a, const char *b)
{
	uint8_t rows[3][DISTANCE_MAX + 1];
	uint8_t *before = rows[0]; /* the three most recent rows: last but one, last, current */
	uint8_t *last = rows[1];
	uint8_t *row = rows[2];
	size_t n = strlen(a);
	size_t m = strlen(b);

	if (n > DISTANCE_MAX || m > DISTANCE_MAX)
		return n > m ? n : m;
	for (size_t j = 0; j <= m; j++)
		row[j] = (uint8_t) j;
	for (size_t i = 1; i <= n; i++) {
		uint8_t *spare = before;

		before = last;
		last = row;
		row = spare;
		row[0] = (uint8_t) i;
		for (size_t j = 1; j <= m; j++) {
			unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1U < best)
				best = last[j] + 1U;
			if (row[j - 1] + 1U < best)
				best = row[j - 1] + 1U;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1U < best)
				best = before[j - 2] + 1U;
			row[j] = (uint8_t) best;
		}
	}
	return row[m];
}

size_t utf8_len(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *) s;
	size_t len;

	if (n == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xc2 && u[0] <= 0xdf)
		len = 2;
	else if (u[0] >= 0xe0 && u[0] <= 0xef)
		len = 3;
	else if (u[0] >= 0xf0 && u[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and values above U+10FFFF. */
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return len;
}

/* Bytes below 0x80 at s, as far as eight at a time can tell. */
static size_t ascii_run(const char *s, size_t n)
{
	size_t i = 0;
	uint64_t v;

	for (; n - i >= sizeof(v); i += sizeof(v)) {
		memcpy(&v, s + i, sizeof(v));
		if (v & UINT64_C(0x8080808080808080))
			break;
	}
	return i;
}

bool utf8_valid(const char *s, size_t n)
{
	size_t len = ascii_run(s, n);

	s += len;
	n -= len;
	while (n > 0) {
		len = utf8_len(s, n);
		if (len == 0)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

uint32_t utf8_decode(const char *s, size_t n)
{
	static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (unsigned char) s[0] & first_bits[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char) s[i] & 0x3f);
	return c;
}

bool utf8_printable(uint32_t c)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} bad[] = {
		{ 0x00, 0x1f },	    { 0x7f, 0x9f },	  { 0xad, 0xad },     { 0x61c, 0x61c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e },	  { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
		{ 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (c >= bad[i].first && c <= bad[i].last)
			return false;
	return (c & 0xfffe) != 0xfffe;
}

static void vis_char(struct buf *out, const char *s, size_t len)
{
	uint32_t c = len > 1 ? utf8_decode(s, len) : (unsigned char) *s;

	if (c == '\n' || c == '\t')
		buf_adds(out, c == '\n' ? "\\n" : "\\t");
	else if (len < 2)
		buf_addf(out, "\\x%02x", (unsigned) c);
	else
		buf_addf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned) c);
}

void str_vis(struct buf *out, const char *s, size_t n)
{
	size_t start = 0;
	size_t i = 0;
	size_t len;

	while (i < n) {
		len = utf8_len(s + i, n - i);
		if (len > 0 && utf8_printable(utf8_decode(s + i, len))) {
			i += len;
			continue;
		}
		buf_add(out, s + start, i - start);
		vis_char(out, s + i, len);
		i += len > 0 ? len : 1;
		start = i;
	}
	buf_add(out, s + start, n - start);
}

void str_one_line(struct buf *out, const char *s, size_t max)
{
	cleanup_free char *line = str_trim(s);
	size_t n = 0;

	for (size_t i = 0; line[i] != '\0'; i++) {
		char c = is_space(line[i]) ? ' ' : line[i];

		if (c != ' ' || line[n - 1] != ' ') /* n > 0: the first is not a space */
			line[n++] = c;
	}
	if (n <= max) {
		buf_add(out, line, n);
		return;
	}
	n = max >= 3 ? max - 3 : 0;
	while (n > 0 && ((unsigned char) line[n] & 0xc0) == 0x80)
		n--;
	buf_add(out, line, n);
	buf_add(out, "...", max >= 3 ? 3 : max);
}

uint32_t fnv1a32(const void *p, size_t n)
{
	const unsigned char *u = p;
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < n; i++)
		h = (h ^ u[i]) * 16777619U;
	return h;
}
