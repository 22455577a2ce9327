/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "fd.h"
#include "kuketty.h"
#include "mem.h"
#include "path.h"
#include "proc.h"
#include "str.h"
#include "vec.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* linux/tty.h has it, and clashes with termios.h */
#endif

enum {
	READS_MAX = 8, /* before others get their turn */
	READ_SIZE = 32 << 10, /* a terminal gives 4 KiB at a time, so several are kept at once */
	EXIT_NOT_FOUND = 127, /* as a shell has them */
	EXIT_NOT_RUN = 126,
};

extern char **environ;

/* The slave is opened through the master, so no path of the container is looked up for it. */
static int open_pty(struct tty *t, struct kerr *err)
{
	const struct winsize size = { .ws_row = t->screen.rows, .ws_col = t->screen.cols };
	int unlock = 0, number = 0;

	t->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->master < 0)
		return kerr_set(err, -errno, "open '/dev/ptmx'");
	if (ioctl(t->master, TIOCSPTLCK, &unlock) < 0 || ioctl(t->master, TIOCGPTN, &number) < 0)
		return kerr_set(err, -errno, "make a terminal");
	t->slave = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0)
		return kerr_set(err, -errno, "open the terminal");
	(void) snprintf(t->slave_name, sizeof(t->slave_name), "/dev/pts/%d", number);
	(void) ioctl(t->master, TIOCSWINSZ, &size); /* else it has none, which is no harm */
	return 0;
}

static void add_env(struct strlist *env, const char *name, const char *value)
{
	strlist_addf(env, "%s=%s", name, value);
}

/* That of the container, and what upstream's terminals add to it. */
static void build_env(const struct tty *t, struct strlist *env)
{
	cleanup_free char *dir = path_dirname(t->config.socket.path);

	for (char **e = environ; *e != NULL; e++)
		strlist_add(env, *e);
	add_env(env, "SBSH_TERM_SOCKET", "");
	add_env(env, "SBSH_TERM_ID", t->config.id);
	add_env(env, "SBSH_TERM_NAME", t->config.name);
	add_env(env, "SBSH_TERM_PROFILE", "");
	add_env(env, "SB_ROOT_RUN_PATH", dir);
	if (getenv("TERM") != NULL)
		return;
	add_env(env, "TERM", "xterm-256color");
	add_env(env, "COLORTERM", "truecolor");
}

void pty_show(struct tty *t, const char *p, size_t n)
{
	history_add(&t->history, p, n);
	screen_feed(&t->screen, p, n);
}

/* Told where people look: to those who attach, and in the log. */
static void cannot_run(struct tty *t, int r)
{
	char text[KERR_TEXT_MAX];
	char line[KERR_TEXT_MAX + 64];
	int n;

	say(t, "cannot run '%s': %s", t->config.argv[0], errno_text(-r, text, sizeof(text)));
	n = snprintf(line, sizeof(line), "kuketty: cannot run the program: %s\r\n",
		     errno_text(-r, text, sizeof(text)));
	pty_show(t, line, (size_t) n);
	t->exit_code = r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
}

int pty_start(struct tty *t, struct kerr *err)
{
	cleanup_strlist struct strlist env = { 0 };
	struct proc_spawn how = PROC_SPAWN_INIT;
	int r;

	r = open_pty(t, err);
	if (r < 0)
		return r;
	build_env(t, &env);
	how.path = t->config.argv[0];
	how.argv = t->config.argv;
	how.envp = env.v;
	for (int i = 0; i < 3; i++)
		how.fd_stdio[i] = t->slave;
	how.flags = PROC_SETSID | PROC_TERMINAL;
	r = proc_spawn(&how, &t->child, NULL);
	t->state = TTY_STARTING;
	if (r < 0)
		cannot_run(t, r);
	return 0;
}

bool pty_read(struct tty *t)
{
	char text[READ_SIZE];
	size_t have = 0;
	ssize_t n = 1;

	for (int i = 0; i < READS_MAX && have < sizeof(text) && n > 0; i++) {
		n = read(t->master, text + have, sizeof(text) - have);
		if (n > 0)
			have += (size_t) n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (have > 0)
		pty_show(t, text, have);
	return n > 0;
}

size_t pty_room(const struct tty *t)
{
	return sizeof(t->in) - (t->in_to - t->in_from);
}

void pty_put(struct tty *t, const char *p, size_t n)
{
	if (t->in_from > 0 && t->in_to + n > sizeof(t->in)) {
		memmove(t->in, t->in + t->in_from, t->in_to - t->in_from);
		t->in_to -= t->in_from;
		t->in_from = 0;
	}
	memcpy(t->in + t->in_to, p, n);
	t->in_to += n;
	pty_write(t);
}

void pty_write(struct tty *t)
{
	ssize_t n;

	while (t->in_from < t->in_to) {
		n = write(t->master, t->in + t->in_from, t->in_to - t->in_from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		t->in_from += (size_t) n;
	}
	t->in_from = t->in_to = 0;
}

void pty_resize(struct tty *t, uint16_t cols, uint16_t rows)
{
	struct winsize size = { 0 };

	screen_clamp(&cols, &rows);
	size.ws_col = cols;
	size.ws_row = rows;
	screen_resize(&t->screen, cols, rows);
	(void) ioctl(t->master, TIOCSWINSZ, &size); /* it may have no terminal any more */
}
