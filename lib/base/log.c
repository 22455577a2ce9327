/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "log.h"
#include "str.h"

enum {
	RECORD_MAX = 4096, /* PIPE_BUF: a pipe takes all of it or nothing */
	READER_WAIT_MS = 100
};

/* room: records are built here without allocating, so that logging cannot fail in the listener. */
static struct {
	enum log_level level;
	enum log_style style;
	unsigned lost; /* records, since the last one that was written */
	char room[RECORD_MAX];
} sink = { .level = LOG_LEVEL_INFO, .style = LOG_STYLE_PLAIN };

static const struct {
	const char *name;
	enum log_level level;
} level_names[] = {
	{ "debug", LOG_LEVEL_DEBUG },  { "info", LOG_LEVEL_INFO },   { "warn", LOG_LEVEL_WARN },
	{ "warning", LOG_LEVEL_WARN }, { "error", LOG_LEVEL_ERROR }, { "err", LOG_LEVEL_ERROR },
};

/* The daemon does not stand still where its words are not read: its monitor has died. */
static void do_not_wait(void)
{
	struct stat st;
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	if (flags >= 0 && fstat(STDERR_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
		(void) fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
}

void log_init(enum log_level level, enum log_style style)
{
	sink.level = level;
	sink.style = style;
	if (style == LOG_STYLE_LOGFMT)
		do_not_wait();
}

enum log_level log_level_from_name(const char *s)
{
	for (size_t i = 0; s != NULL && i < ARRAY_SIZE(level_names); i++)
		if (str_case_eq(s, level_names[i].name))
			return level_names[i].level;
	return LOG_LEVEL_INFO;
}

bool log_level_known(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (str_case_eq(s, level_names[i].name))
			return true;
	return false;
}

bool log_enabled(enum log_level level)
{
	return level >= sink.level;
}

static const char *level_text(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_DEBUG:
		return "DEBUG";
	case LOG_LEVEL_INFO:
		return "INFO";
	case LOG_LEVEL_WARN:
		return "WARN";
	case LOG_LEVEL_ERROR:
	case LOG_LEVEL_NONE:
		break;
	}
	return "ERROR";
}

/*
 * Values that are empty or contain a space, '=', '"', control characters, or bytes that
 * are not printable UTF-8.
 */
static bool needs_quotes(const char *s, size_t n)
{
	size_t i = 0;
	size_t len;

	for (; i < n; i += len) {
		len = utf8_len(s + i, n - i);
		if (len == 0 || strchr(" =\"", s[i]) != NULL)
			return true;
		if (!utf8_printable(utf8_decode(s + i, len)))
			return true;
	}
	return n == 0;
}

/* As Go's strconv.Quote. */
static void add_quoted(struct buf *b, const char *s, size_t n)
{
	static const char from[] = "\a\b\f\n\r\t\v\"\\";
	static const char to[] = "abfnrtv\"\\";
	size_t i = 0;
	size_t len;

	buf_addc(b, '"');
	for (; i < n; i += len) {
		const char *at = s[i] != '\0' ? strchr(from, s[i]) : NULL;
		uint32_t c;

		len = utf8_len(s + i, n - i);
		c = len > 0 ? utf8_decode(s + i, len) : 0;
		if (at != NULL)
			buf_addf(b, "\\%c", to[at - from]);
		else if (len > 0 && utf8_printable(c))
			buf_add(b, s + i, len);
		else if (len <= 1)
			buf_addf(b, "\\x%02x", (unsigned) (unsigned char) s[i]);
		else
			buf_addf(b, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned) c);
		if (len == 0)
			len = 1;
	}
	buf_addc(b, '"');
}

static void add_value(struct buf *b, const char *s)
{
	size_t n;

	if (s == NULL)
		s = "";
	n = strlen(s);
	if (needs_quotes(s, n))
		add_quoted(b, s, n);
	else
		buf_add(b, s, n);
}

/* "2026-01-02T03:04:05.678Z", or without the fraction. */
static void add_time(struct buf *b, enum log_style style)
{
	struct ktime now = ktime_now();
	char text[KTIME_TEXT_MAX];
	int ms = now.nsec / 1000000;

	now.nsec = 0;
	(void) ktime_text(&now, text);
	if (style == LOG_STYLE_PLAIN)
		buf_adds(b, text);
	else
		buf_addf(b, "%.*s.%03dZ", (int) strlen(text) - 1, text, ms);
}

/* An error other than that of a full pipe cannot be told of anywhere. */
static void put_room(size_t n)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t r = write(STDERR_FILENO, sink.room, n);

	if (r < 0 && errno == EAGAIN && sink.lost == 0 && poll(&p, 1, READER_WAIT_MS) == 1)
		r = write(STDERR_FILENO, sink.room, n);
	if (r < 0 && errno == EAGAIN)
		sink.lost++;
	else
		sink.lost = 0;
}

void log_record(enum log_level level, const char *msg, ...)
{
	/* The buffer starts at its maximum size, so it never allocates. */
	struct buf b = { .data = sink.room, .cap = RECORD_MAX - 1, .max = RECORD_MAX - 2 };
	va_list ap;

	if (!log_enabled(level))
		return;
	if (sink.style == LOG_STYLE_LOGFMT) {
		buf_adds(&b, "time=");
		add_time(&b, sink.style);
		buf_addf(&b, " level=%s msg=", level_text(level));
		add_value(&b, msg);
	} else {
		add_time(&b, sink.style);
		buf_addf(&b, " %s ", level_text(level));
		add_quoted(&b, msg, strlen(msg));
	}
	va_start(ap, msg);
	for (const char *key = va_arg(ap, const char *); key != NULL;
	     key = va_arg(ap, const char *)) {
		buf_addc(&b, ' ');
		add_value(&b, key);
		buf_addc(&b, '=');
		add_value(&b, va_arg(ap, const char *));
	}
	va_end(ap);
	if (sink.lost > 0)
		buf_addf(&b, " lost=%u", sink.lost);
	sink.room[b.len] = '\n'; /* also ends a truncated record */
	put_room(b.len + 1);
}
