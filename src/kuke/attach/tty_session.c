/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "own_terminal.h"
#include "tty_session.h"
#include "tty_client.h"
#include "tty_proto.h"

enum {
	OPEN_MS = 10000, /* for a terminal that is being started */
	OPEN_PAUSE_MS = 50, /* nothing tells when it is there */
	END_MS = 100, /* from one control-D to the next; then twice that, and so on */
	ENDS_MAX = 10,
	LEAVE_MS = 1000, /* for the last output after a detach */
	TYPED_MAX = 64 << 10, /* what the program has not read yet; more is dropped */
	CHUNK = 4096,
	SHOWN_MAX = 64 << 10,
};

#define HINT_ON "\x1b[96m"
#define DETACHED "\x1b[93m\nDetached\x1b[0m\n"
#define COLOUR_OFF "\x1b[0m"
#define BELL "\a"
#define CONTROL_D 4

struct session {
	const struct session_opts *o;
	struct tty_client client;
	struct own_terminal own;
	struct detach_keys keys;
	int fd, signals, wait;
	sigset_t mask; /* as it was */
	bool no_input; /* standard input has ended */
	bool had_input;
	unsigned ends; /* how often that was typed */
	int64_t end_ms; /* when it is typed again; -1: not */
	bool leaving; /* Detach was asked for */
	int64_t leave_ms; /* when it is over in any case; -1: open */
	int signal; /* that asks us to end; 0: none */
	size_t n_typed, n_shown;
	char typed[TYPED_MAX];
	size_t shown_at; /* of n_shown bytes, what has been shown */
	char shown[SHOWN_MAX];
};

/* ---- opening ---- */

static bool may_come(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -EPIPE || r == -ECONNRESET || r == -ETIME;
}

/* Until it answers and can be attached to. */
static int wait_ready(const struct tty_client *c, struct kerr *err)
{
	int64_t deadline = clock_ms() + OPEN_MS, state = -1;
	int r;

	for (;;) {
		r = tty_client_ping(c, err);
		if (r == 0)
			r = tty_client_state(c, &state, err);
		if (r == 0 && (state == TTY_STARTING || state == TTY_READY))
			return 0;
		if (r < 0 && !may_come(r))
			return r;
		if (clock_ms() >= deadline)
			break;
		(void) poll(NULL, 0, OPEN_PAUSE_MS);
	}
	return r < 0 ? r : kerr_plain(err, -ETIME, "the terminal is not ready");
}

static void block_signals(struct session *s)
{
	static const int taken[] = { SIGTERM, SIGHUP,  SIGQUIT, SIGINT,	 SIGWINCH,
				     SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU, SIGPIPE };
	sigset_t set;

	(void) sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		(void) sigaddset(&set, taken[i]);
	(void) sigprocmask(SIG_BLOCK, &set, &s->mask);
	(void) sigdelset(&set, SIGPIPE);
	(void) sigdelset(&set, SIGTTIN);
	(void) sigdelset(&set, SIGTTOU);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void resize(struct session *s)
{
	uint16_t cols, rows;

	/* a terminal that does not take it in time keeps its size */
	if (!s->o->read_only && own_terminal_size(&s->own, &cols, &rows))
		(void) tty_client_resize(&s->client, cols, rows, NULL);
}

static void hint(const struct session *s)
{
	char keys[64], text[128];

	if (!s->own.out || s->keys.n == 0)
		return;
	detach_keys_text(&s->keys, keys, sizeof(keys));
	(void) snprintf(text, sizeof(text), HINT_ON "To detach, press %s" COLOUR_OFF "\r\n", keys);
	own_terminal_say(&s->own, text);
}

static int open_session(struct session *s, struct kerr *err)
{
	struct tty_attach how = { .replay = s->o->replay, .read_only = s->o->read_only };
	int r;

	tty_client_init(&s->client, s->o->path);
	r = wait_ready(&s->client, err);
	if (r < 0)
		return r;
	if (s->o->ret_exit_code != NULL) {
		s->wait = tty_client_wait(&s->client, err);
		if (s->wait < 0)
			return s->wait;
	}
	(void) own_terminal_size(&s->own, &how.cols, &how.rows); /* else they stay 0 */
	s->fd = tty_client_attach(&s->client, &how, err);
	if (s->fd < 0)
		return s->fd;
	block_signals(s);
	if (s->signals < 0)
		return kerr_set(err, -errno, "open a descriptor for signals");
	resize(s);
	own_terminal_raw(&s->own);
	hint(s);
	return 0;
}

/* ---- leaving ---- */

/* The terminal is told, but not waited for beyond a second. */
static void leave(struct session *s)
{
	if (s->leaving)
		return;
	s->leaving = true;
	s->leave_ms = clock_ms() + LEAVE_MS;
	(void) tty_client_detach(&s->client, NULL);
}

/* Stopped by the shell: its terminal is as it knows it, until it lets us go on. */
static void suspend(struct session *s)
{
	uint16_t cols, rows;

	own_terminal_restore(&s->own);
	do
		(void) raise(SIGSTOP);
	while (!own_terminal_is_ours(&s->own));
	own_terminal_raw(&s->own);
	/* a change of size, and back, makes the program draw its screen again */
	if (!s->o->read_only && own_terminal_size(&s->own, &cols, &rows) && rows > 1)
		(void) tty_client_resize(&s->client, cols, (uint16_t) (rows - 1), NULL);
	resize(s);
}

static void take_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t) sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			resize(s);
		else if (info.ssi_signo == SIGTSTP)
			suspend(s);
		else if (info.ssi_signo != SIGCONT)
			s->signal = (int) info.ssi_signo;
	}
}

/* ---- the two directions ---- */

/*
 * A terminal cannot be told of an end of input, and a shell that has not begun to read yet takes
 * the key for a character. So it is typed again for a while, as a pipe gives its end again.
 */
static void type_end(struct session *s)
{
	if (s->n_typed < sizeof(s->typed))
		s->typed[s->n_typed++] = CONTROL_D;
	s->end_ms = s->ends < ENDS_MAX ? clock_ms() + (END_MS << s->ends) : -1;
	s->ends++;
}

static void take_typed(struct session *s)
{
	char chunk[CHUNK];
	ssize_t n = read(STDIN_FILENO, chunk, sizeof(chunk));
	bool detach;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->no_input = true;
		if (s->own.in)
			leave(s); /* our terminal has gone */
		else if (s->o->end_input && s->had_input)
			type_end(s);
		return;
	}
	s->had_input = true;
	detach = detach_keys_feed(&s->keys, chunk, (size_t) n);
	if (s->o->read_only) {
		/* only the keys count */
	} else if ((size_t) n <= sizeof(s->typed) - s->n_typed) {
		memcpy(s->typed + s->n_typed, chunk, (size_t) n);
		s->n_typed += (size_t) n;
	} else if (s->own.out) {
		own_terminal_say(&s->own, BELL);
	}
	if (detach)
		leave(s);
}

/* false: the other side has ended it. */
static bool send_typed(struct session *s)
{
	ssize_t n = send(s->fd, s->typed, s->n_typed, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	s->n_typed -= (size_t) n;
	memmove(s->typed, s->typed + n, s->n_typed);
	return true;
}

static int show(struct session *s, struct kerr *err)
{
	size_t n = s->n_shown - s->shown_at;
	ssize_t k;

	if (!s->own.out && n > CHUNK)
		n = CHUNK; /* what a pipe takes without blocking */
	k = write(s->own.show, s->shown + s->shown_at, n);
	if (k < 0)
		return errno == EINTR || errno == EAGAIN
			       ? 0
			       : kerr_set(err, -errno, "write to standard output");
	s->shown_at += (size_t) k;
	if (s->shown_at == s->n_shown)
		s->shown_at = s->n_shown = 0;
	return 0;
}

/* 1: the other side has ended it. */
static int take_shown(struct session *s, struct kerr *err)
{
	ssize_t n = recv(s->fd, s->shown, sizeof(s->shown), MSG_DONTWAIT);

	if (n < 0)
		return errno != EAGAIN && errno != EINTR;
	if (n == 0)
		return 1;
	if (s->own.out)
		screen_modes_feed(&s->own.modes, s->shown, (size_t) n);
	s->n_shown = (size_t) n;
	/* one that does not block is not asked first */
	return s->own.show != STDOUT_FILENO ? show(s, err) : 0;
}

enum {
	AT_SIGNALS,
	AT_IN,
	AT_STREAM,
	AT_OUT,
	_AT_MAX,
};

static void prepare(const struct session *s, struct pollfd p[_AT_MAX])
{
	p[AT_SIGNALS] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
	p[AT_IN] = (struct pollfd){ .fd = s->no_input || s->leaving ? -1 : STDIN_FILENO,
				    .events = POLLIN };
	p[AT_STREAM] = (struct pollfd){ .fd = s->n_shown > 0 && s->n_typed == 0 ? -1 : s->fd };
	if (s->n_shown == 0)
		p[AT_STREAM].events |= POLLIN;
	if (s->n_typed > 0)
		p[AT_STREAM].events |= POLLOUT;
	p[AT_OUT] = (struct pollfd){ .fd = s->n_shown > 0 ? STDOUT_FILENO : -1, .events = POLLOUT };
}

/* 1: over; 0: go on. */
static int turn(struct session *s, struct kerr *err)
{
	struct pollfd p[_AT_MAX];
	int r = 0;

	prepare(s, p);
	if (poll(p, _AT_MAX, clock_left(s->leave_ms >= 0 ? s->leave_ms : s->end_ms)) < 0)
		return 0;
	if (s->end_ms >= 0 && clock_ms() >= s->end_ms)
		type_end(s);
	if (s->leave_ms >= 0 && clock_ms() >= s->leave_ms)
		return 1;
	if (p[AT_SIGNALS].revents != 0)
		take_signals(s);
	if (s->signal != 0)
		return 1;
	if (p[AT_OUT].revents != 0)
		r = show(s, err);
	if (r == 0 && p[AT_IN].revents != 0)
		take_typed(s);
	if (r == 0 && (p[AT_STREAM].revents & POLLOUT) != 0)
		r = !send_typed(s);
	if (r == 0 && s->n_shown == 0 && (p[AT_STREAM].revents & (POLLIN | POLLHUP)) != 0)
		r = take_shown(s, err);
	return r;
}

static int end(struct session *s, enum session_end *ret, int *ret_signal, struct kerr *err)
{
	if (s->signal != 0)
		leave(s);
	/* upstream's terminals learn of our end by this only */
	(void) shutdown(s->fd, SHUT_RDWR);
	*ret_signal = s->signal;
	*ret = s->signal != 0 ? SESSION_SIGNALLED : s->leaving ? SESSION_DETACHED : SESSION_ENDED;
	if (*ret == SESSION_ENDED && s->wait >= 0)
		return tty_client_waited(s->wait, s->o->ret_exit_code, err);
	return 0;
}

int session_run(const struct session_opts *o, enum session_end *ret, int *ret_signal,
		struct kerr *err)
{
	static struct session s;
	int r;

	s = (struct session){ .o = o,
			      .keys = o->keys,
			      .fd = -EBADF,
			      .signals = -EBADF,
			      .wait = -EBADF,
			      .leave_ms = -1,
			      .end_ms = -1 };
	(void) sigprocmask(SIG_BLOCK, NULL, &s.mask);
	own_terminal_init(&s.own);
	r = open_session(&s, err);
	while (r == 0)
		r = turn(&s, err);
	if (s.fd >= 0)
		own_terminal_restore(&s.own);
	if (r == 1)
		r = end(&s, ret, ret_signal, err);
	if (r == 0 && *ret == SESSION_DETACHED && s.own.out)
		own_terminal_say(&s.own, DETACHED);
	own_terminal_clear(&s.own);
	fd_close_p(&s.fd);
	fd_close_p(&s.signals);
	fd_close_p(&s.wait);
	(void) sigprocmask(SIG_SETMASK, &s.mask, NULL);
	return r;
}
