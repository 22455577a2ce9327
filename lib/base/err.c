/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "err.h"

/* Undo the macros of err.h, which wrap these functions so that the result is always negative. */
#undef kerr_set
#undef kerr_setk
#undef kerr_plain
#undef kerr_wrap

#define DOTS "..."

/* Put "..." at the end of a truncated text without splitting a UTF-8 character. */
static void mark_cut(char *s, size_t size)
{
	size_t at = size - sizeof(DOTS);

	while (at > 0 && ((unsigned char) s[at] & 0xc0) == 0x80)
		at--;
	memcpy(s + at, DOTS, sizeof(DOTS));
}

printf_like(3, 0) static void format(char *s, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(s, size, fmt, ap);

	if (n < 0)
		s[0] = '\0';
	else if ((size_t) n >= size)
		mark_cut(s, size);
}

/* Format into a temporary first: the arguments may point into *err. */
printf_like(4, 0) static void replace(struct kerr *err, int kind, int sys_errno, const char *fmt,
				      va_list ap)
{
	struct kerr next = { .kind = kind, .sys_errno = sys_errno };

	if (err == NULL)
		return;
	format(next.msg, sizeof(next.msg), fmt, ap);
	*err = next;
}

int kerr_set(struct kerr *err, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	replace(err, 0, -r, fmt, ap);
	va_end(ap);
	return r;
}

int kerr_setk(struct kerr *err, int kind, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	replace(err, kind, 0, fmt, ap);
	va_end(ap);
	return r;
}

int kerr_plain(struct kerr *err, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	replace(err, 0, 0, fmt, ap);
	va_end(ap);
	return r;
}

int kerr_wrap(struct kerr *err, int r, const char *fmt, ...)
{
	struct kerr next;
	size_t used;
	va_list ap;
	int n;

	if (err == NULL)
		return r;
	next = *err;
	va_start(ap, fmt);
	format(next.msg, sizeof(next.msg), fmt, ap);
	va_end(ap);
	used = strlen(next.msg);
	n = snprintf(next.msg + used, sizeof(next.msg) - used, "%s%s",
		     err->msg[0] != '\0' ? ": " : "", err->msg);
	if (n > 0 && (size_t) n >= sizeof(next.msg) - used)
		mark_cut(next.msg, sizeof(next.msg));
	*err = next;
	return r;
}

const char *errno_text(int e, char *buf, size_t size)
{
	const char *s = strerror(e);

	if (size == 0)
		return "";
	if (e <= 0 || strncmp(s, "Unknown error", 13) == 0 ||
	    strncmp(s, "No error information", 20) == 0) {
		(void) snprintf(buf, size, "errno %d", e); /* truncated if it does not fit */
		return buf;
	}
	(void) snprintf(buf, size, "%s", s);
	if (size > 1 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'a' && s[1] <= 'z')
		buf[0] = (char) (s[0] - 'A' + 'a');
	return buf;
}

const char *kerr_text(const struct kerr *err, char *buf, size_t size)
{
	char text[128];

	if (size == 0)
		return "";
	if (err->sys_errno == 0)
		(void) snprintf(buf, size, "%s", err->msg);
	else
		(void) snprintf(buf, size, "%s%s%s", err->msg, err->msg[0] != '\0' ? ": " : "",
				errno_text(err->sys_errno, text, sizeof(text)));
	return buf;
}
