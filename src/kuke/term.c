/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "str.h"
#include "term.h"

#define TEXT_MAX (512 << 20)

void term_escape(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0, k; i < n; i += k) {
		for (k = 0; i + k < n && s[i + k] != '\n' && s[i + k] != '\t'; k++)
			;
		str_vis(out, s + i, k);
		if (i + k < n)
			buf_addc(out, s[i + k++]);
	}
}

struct range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/* Unicode blocks of combining marks (no column of their own) and of wide characters (two). */
static size_t char_columns(uint32_t c)
{
	static const struct range marks[] = {
		{ 0x300, 0x36f },   { 0x483, 0x489 },	{ 0x591, 0x5bd },   { 0x610, 0x61a },
		{ 0x64b, 0x65f },   { 0x93c, 0x93c },	{ 0x94d, 0x94d },   { 0xe31, 0xe31 },
		{ 0xe34, 0xe3a },   { 0xe47, 0xe4e },	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
		{ 0x20d0, 0x20ff }, { 0x302a, 0x302d }, { 0x3099, 0x309a }, { 0xfe00, 0xfe0f },
		{ 0xfe20, 0xfe2f },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },
		{ 0x3400, 0x4dbf },   { 0x4e00, 0xa4cf },   { 0xa960, 0xa97c },
		{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },
		{ 0xff01, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
		{ 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};

	if (in_ranges(c, marks, ARRAY_SIZE(marks)))
		return 0;
	return in_ranges(c, wide, ARRAY_SIZE(wide)) ? 2 : 1;
}

size_t term_columns(const char *s)
{
	size_t n = strlen(s), columns = 0, len;

	for (size_t i = 0; i < n; i += len ? len : 1) {
		len = utf8_len(s + i, n - i);
		columns += len > 1 ? char_columns(utf8_decode(s + i, len)) : 1;
	}
	return columns;
}

void term_out(const char *s, size_t n)
{
	cleanup_buf struct buf safe = BUF_INIT(TEXT_MAX);

	if (isatty(STDOUT_FILENO) == 1) {
		term_escape(&safe, s, n);
		s = buf_str(&safe);
		n = safe.len;
	}
	(void) fwrite(s, 1, n, stdout); /* checked once, when stdout is closed */
}

void term_err(const char *fmt, ...)
{
	cleanup_buf struct buf text = BUF_INIT(TEXT_MAX), safe = BUF_INIT(TEXT_MAX);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&text, fmt, ap);
	va_end(ap);
	term_escape(&safe, buf_str(&text), text.len);
	(void) fflush(stdout);
	(void) fputs(buf_str(&safe), stderr);
}

void term_err_lines(const struct strlist *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		cleanup_buf struct buf safe = BUF_INIT(TEXT_MAX);

		str_vis(&safe, lines->v[i], strlen(lines->v[i]));
		term_err("%s\n", buf_str(&safe));
	}
}

void term_add_size(struct buf *out, int64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double) bytes / 1024;
	size_t i = 0;

	if (bytes < 0) {
		buf_addc(out, '-');
	} else if (bytes < 1024) {
		buf_addf(out, "%" PRId64 " B", bytes);
	} else {
		for (; v >= 1024 && i + 1 < ARRAY_SIZE(units); i++)
			v /= 1024;
		buf_addf(out, "%.1f %s", v, units[i]);
	}
}
