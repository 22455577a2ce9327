/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "clock.h"
#include "kuketty.h"

enum {
	PAUSE_MS = 10, /* between lines */
	/*
	 * A program that reads nothing keeps clients out no longer: those of upstream wait
	 * two seconds.
	 */
	STUCK_MS = 1500,
};

/* Put as much of a line as there is room for; true: all of it is on its way. */
static bool put_line(struct tty *t, const char *line)
{
	size_t left = strlen(line + t->typed_off);
	size_t room = pty_room(t);
	size_t n = left < room ? left : room;

	pty_put(t, line + t->typed_off, n);
	t->typed_off += n;
	return n == left;
}

static void next_line(struct tty *t, int64_t now)
{
	t->typed_at++;
	t->typed_off = 0;
	t->type_ms = now + PAUSE_MS;
	t->stuck_ms = now + STUCK_MS;
	t->state = TTY_ON_INIT;
}

void typist_run(struct tty *t)
{
	char **lines = t->config.typed;
	int64_t now;

	if (t->child == 0 || t->state == TTY_READY || t->state == TTY_EXITED)
		return;
	now = clock_ms();
	if (t->state == TTY_STARTING) {
		t->state = TTY_SETTING_UP;
		t->stuck_ms = now + STUCK_MS;
	}
	if (lines[0][0] == '\0')
		t->state = TTY_READY;
	if (t->state == TTY_READY || now < t->type_ms)
		return;
	if (lines[t->typed_at] == NULL || now >= t->stuck_ms)
		t->state = TTY_READY;
	else if (put_line(t, lines[t->typed_at]))
		next_line(t, now);
}

int typist_left(const struct tty *t)
{
	if (t->state == TTY_READY || t->state == TTY_EXITED || t->child == 0)
		return -1;
	return clock_left(t->typed_off > 0 && pty_room(t) == 0 ? t->stuck_ms : t->type_ms);
}
