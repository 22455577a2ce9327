/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <poll.h>
#include <stdarg.h>

#include "fd.h"
#include "kuketty.h"

enum {
	LINE_MAX_ = 1024,
};

void say(const struct tty *t, const char *fmt, ...)
{
	char line[LINE_MAX_];
	struct pollfd to = { .fd = t->log, .events = POLLOUT };
	va_list ap;
	int n, k;

	n = snprintf(line, sizeof(line), "kuketty: ");
	va_start(ap, fmt);
	k = vsnprintf(line + n, sizeof(line) - (size_t) n - 1, fmt, ap);
	va_end(ap);
	n += k < (int) sizeof(line) - n - 2 ? k : (int) sizeof(line) - n - 2;
	line[n++] = '\n';
	/* A full pipe must not hold us up. */
	if (poll(&to, 1, 0) == 1 && (to.revents & POLLOUT) != 0)
		(void) fd_write_all(t->log, line, (size_t) n);
}
