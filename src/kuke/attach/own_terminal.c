/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "fd.h"
#include "own_terminal.h"

enum {
	SEQUENCES_MAX = 1024,
};

void own_terminal_init(struct own_terminal *t)
{
	*t = (struct own_terminal){
		.in = isatty(STDIN_FILENO),
		.out = isatty(STDOUT_FILENO),
	};
}

void own_terminal_raw(struct own_terminal *t)
{
	cleanup_buf struct buf text = BUF_INIT(SEQUENCES_MAX);
	struct termios raw;

	if (t->in && !t->raw && tcgetattr(STDIN_FILENO, &t->before) == 0) {
		raw = t->before;
		cfmakeraw(&raw);
		t->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
	}
	if (!t->out)
		return;
	screen_modes_on(&t->modes, &text);
	(void) fd_write_all(STDOUT_FILENO, buf_str(&text), text.len);
}

void own_terminal_restore(struct own_terminal *t)
{
	cleanup_buf struct buf text = BUF_INIT(SEQUENCES_MAX);

	if (t->raw)
		(void) tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before); /* it may be gone */
	t->raw = false;
	if (!t->out)
		return;
	screen_modes_off(&t->modes, &text);
	(void) fd_write_all(STDOUT_FILENO, buf_str(&text), text.len);
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
