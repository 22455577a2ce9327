/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "own_terminal.h"

enum {
	SEQUENCES_MAX = 1024,
	SAY_MS = 1000, /* for a terminal to take a line of ours */
};

void own_terminal_init(struct own_terminal *t)
{
	*t = (struct own_terminal){
		.in = isatty(STDIN_FILENO),
		.out = isatty(STDOUT_FILENO),
		.show = -EBADF,
	};
	/* The shell shares standard output, which therefore stays as it is. */
	if (t->out)
		t->show = open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (t->show < 0) /* no terminal, or that of another user */
		t->show = STDOUT_FILENO;
}

void own_terminal_clear(struct own_terminal *t)
{
	if (t->show != STDOUT_FILENO)
		fd_close_p(&t->show);
	t->show = STDOUT_FILENO;
}

static void say(const struct own_terminal *t, const char *p, size_t n)
{
	struct pollfd out = { .fd = t->show, .events = POLLOUT };
	int64_t deadline = clock_ms() + SAY_MS;
	ssize_t k;

	while (n > 0 && poll(&out, 1, clock_left(deadline)) > 0) {
		k = write(t->show, p, n);
		if (k < 0 && errno != EAGAIN && errno != EINTR)
			return; /* it has gone */
		p += k > 0 ? k : 0;
		n -= k > 0 ? (size_t) k : 0;
	}
}

void own_terminal_say(const struct own_terminal *t, const char *text)
{
	say(t, text, strlen(text));
}

void own_terminal_raw(struct own_terminal *t)
{
	cleanup_buf struct buf text = BUF_INIT(SEQUENCES_MAX);
	struct termios raw;

	if (t->in && !t->raw && tcgetattr(STDIN_FILENO, &t->before) == 0) {
		raw = t->before;
		cfmakeraw(&raw);
		t->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	}
	if (!t->out)
		return;
	screen_modes_on(&t->modes, &text);
	say(t, buf_str(&text), text.len);
}

void own_terminal_restore(struct own_terminal *t)
{
	cleanup_buf struct buf text = BUF_INIT(SEQUENCES_MAX);

	if (t->raw)
		(void) tcsetattr(STDIN_FILENO, TCSANOW, &t->before); /* it may be gone */
	t->raw = false;
	if (!t->out)
		return;
	screen_modes_off(&t->modes, &text);
	say(t, buf_str(&text), text.len);
}

bool own_terminal_size(const struct own_terminal *t, uint16_t *ret_cols, uint16_t *ret_rows)
{
	struct winsize size = { 0 };

	if ((!t->in && !t->out) ||
	    ioctl(t->in ? STDIN_FILENO : STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ||
	    size.ws_col == 0 || size.ws_row == 0)
		return false;
	*ret_cols = size.ws_col;
	*ret_rows = size.ws_row;
	return true;
}

bool own_terminal_is_ours(const struct own_terminal *t)
{
	return !t->in || tcgetpgrp(STDIN_FILENO) == getpgrp();
}
