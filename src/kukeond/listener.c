/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "atomic.h"
#include "clock.h"
#include "fd.h"
#include "jscan.h"
#include "listener.h"
#include "log.h"
#include "proc.h"
#include "sockets.h"
#include "str.h"
#include "trim.h"

enum {
	MAX_CHILDREN_EVER = 256, /* upper limit of the configured number */
	ACCEPTS_PER_TURN = 64,
	TRIM_AFTER_MS = 1000, /* without anything to do */
	ACCEPT_PAUSE_MS = 200, /* after accept(2) failed for lack of memory or descriptors */
	PASS_SPACING_MS = 100, /* least time before a pass that the last one asked for */
	PASS_RETRY_MS = 5000, /* after a pass that failed */
	/* Passes because others changed something: most follow each other like this … */
	CHANGE_DELAY_MS = 50, /* one change seldom comes alone */
	CHANGE_SPACING_MS = 500,
	CHANGES_AT_ONCE = 20, /* … and after so many within CHANGE_PERIOD_MS like that */
	CHANGE_PERIOD_MS = 60000,
	CHANGE_SLOW_MS = 5000,
	KEEPER_RETRY_MS = 1000, /* after the keeper ended soon after its start */
	EXIT_IDLE = 3, /* exit status of a child that hands its connection back */
	CROWDED_MS = 60000, /* at most one log line about too many connections in this time */
	BLANKS = 4096, /* most white space between requests to read at once */
};

/* A connection that is not with a child. */
struct conn {
	int fd;
	bool ready; /* has something to read and waits for a slot */
	struct peer peer;
	int64_t since; /* when it became silent or ready, clock_ms */
};

/* Limit that a child counts against. */
enum slot {
	SLOT_NONE = 0,
	SLOT_COMMON,
	SLOT_ROOT,
	SLOT_PING,
};

struct child {
	pid_t pid;
	enum slot slot;
	struct conn conn; /* kept open, for when the child hands it back */
};

struct listener {
	const struct listener_config *config;
	const struct listener_ops *ops;
	int listen_fd, wake_fd, signal_fd;
	int stop_r, stop_w; /* pipe: children watch stop_r; closing stop_w stops them */
	int64_t accept_after;
	int64_t crowded_logged; /* clock_ms, 0: never */
	ino_t socket_ino;

	struct conn conns[LISTENER_MAX_CONNECTIONS];
	size_t n_conns;
	struct child children[MAX_CHILDREN_EVER];
	size_t n_children;
	unsigned max_children, max_per_uid;

	pid_t pass_pid; /* of the running pass, 0: none */
	enum listener_pass pass_running; /* its kind */
	int pass_r; /* pipe on which it writes when the next pass is due */
	bool pass_pending; /* asked for and not begun yet */
	enum listener_pass pass_kind; /* of the pending pass: the widest that was asked for */
	int64_t pass_due; /* clock_ms of the next pass, -1: on wake-ups only */
	int64_t wake_due; /* the same, as asked for by the last pass */

	pid_t keeper_pid; /* 0: it does not run */
	int64_t keeper_started; /* clock_ms */
	int64_t keeper_after; /* clock_ms before which it is not started again */

	int64_t change_due; /* clock_ms of the pass for what others changed, -1: none */
	enum listener_pass change_kind; /* the widest that was called for */
	int64_t change_last; /* clock_ms of the last one */
	int64_t change_period; /* clock_ms since when they are counted */
	unsigned changes;

	bool trimmed; /* of memory, and nothing has happened since */
	bool stopping;
	int64_t stop_deadline;
};

/* ---- children ---- */

/* In a child: close all descriptors of the listener except these two. */
static void keep_only(int a, int b)
{
	int lo = a < b ? a : b;
	int hi = a < b ? b : a;

	if (lo > 3)
		(void) close_range(3, (unsigned) lo - 1, 0);
	if (hi > lo + 1)
		(void) close_range((unsigned) lo + 1, (unsigned) hi - 1, 0);
	(void) close_range((unsigned) hi + 1, ~0U, 0);
}

/* Set-up common to all children. */
static void child_begin(int keep_a, int keep_b)
{
	keep_only(keep_a, keep_b);
	/* Own process group: Ctrl-C must reach the listener only, which lets us finish. */
	(void) setpgid(0, 0);
	(void) signal(SIGPIPE, SIG_IGN);
}

/* Children in slots of a kind; uid NULL: of all users. */
static unsigned in_slot(const struct listener *l, enum slot slot, const uid_t *uid)
{
	unsigned n = 0;

	for (size_t i = 0; i < l->n_children; i++)
		n += l->children[i].slot == slot && (!uid || l->children[i].conn.peer.uid == *uid);
	return n;
}

/*
 * Whether a complete Ping can be read and its reply can be sent, so that a child need not
 * wait for anything. The name may be anywhere in the request: faking a Ping gains nothing,
 * as its child serves one request only.
 */
static bool is_ping(int fd)
{
	static const char name[] = "\"KukeonV1.Ping\"";
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	struct jscan scan;
	char head[512];
	size_t used;
	ssize_t n = recv(fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);

	if (n <= 0 || !memmem(head, (size_t) n, name, sizeof(name) - 1))
		return false;
	jscan_init(&scan, NULL, NULL);
	return jscan_feed(&scan, head, (size_t) n, &used) == JSCAN_DONE && poll(&room, 1, 0) == 1 &&
	       room.revents == POLLOUT;
}

static enum slot free_slot(const struct listener *l, const struct conn *c)
{
	const uid_t uid = c->peer.uid;

	if (in_slot(l, SLOT_COMMON, NULL) < l->max_children &&
	    (uid == 0 || in_slot(l, SLOT_COMMON, &uid) < l->max_per_uid))
		return SLOT_COMMON;
	if (uid == 0 && in_slot(l, SLOT_ROOT, NULL) < LISTENER_ROOT_SLOTS)
		return SLOT_ROOT;
	if (in_slot(l, SLOT_PING, NULL) < LISTENER_PING_SLOTS &&
	    in_slot(l, SLOT_PING, &uid) < (LISTENER_PING_SLOTS + 3) / 4 && is_ping(c->fd))
		return SLOT_PING;
	return SLOT_NONE;
}

static void conn_remove(struct listener *l, size_t i)
{
	fd_close_p(&l->conns[i].fd);
	l->conns[i] = l->conns[--l->n_conns];
}

static _Noreturn void request_child(struct listener *l, const struct conn *c, enum slot slot)
{
	enum listener_served served;

	child_begin(c->fd, l->stop_r);
	served = l->ops->serve(l->ops->ctx, c->fd, &c->peer, l->stop_r,
			       slot == SLOT_PING ? LISTENER_SERVE_ONE : 0);
	/* The listener has it open too: shut it down, so that the client sees the end at once. */
	if (served == LISTENER_SERVED_END)
		(void) shutdown(c->fd, SHUT_RDWR);
	_exit(served == LISTENER_SERVED_IDLE ? EXIT_IDLE : 0);
}

static void start_request(struct listener *l, size_t i, enum slot slot)
{
	struct conn *c = &l->conns[i];
	pid_t pid = proc_fork(0);

	if (pid == 0)
		request_child(l, c, slot);
	if (pid < 0) {
		char why[128];

		log_err("fork for a request failed", "error", errno_text(-pid, why, sizeof(why)));
		conn_remove(l, i);
		return;
	}
	l->children[l->n_children++] = (struct child){ .pid = pid, .slot = slot, .conn = *c };
	l->conns[i] = l->conns[--l->n_conns];
}

/* The ready connection with a free slot that has waited longest; -1: none. */
static ssize_t next_request(const struct listener *l, enum slot *ret_slot)
{
	ssize_t found = -1;

	for (size_t i = 0; i < l->n_conns; i++) {
		const struct conn *c = &l->conns[i];
		enum slot slot;

		if (!c->ready || (found >= 0 && c->since >= l->conns[found].since))
			continue;
		slot = free_slot(l, c);
		if (slot == SLOT_NONE)
			continue;
		*ret_slot = slot;
		found = (ssize_t) i;
	}
	return found;
}

static void start_requests(struct listener *l)
{
	enum slot slot = SLOT_NONE;
	ssize_t i;

	while ((i = next_request(l, &slot)) >= 0)
		start_request(l, (size_t) i, slot);
}

/* ---- connections ---- */

static size_t uid_conns(const struct listener *l, uid_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n_conns; i++)
		n += l->conns[i].peer.uid == uid;
	return n;
}

/* The user with most connections; there must be at least one connection. */
static uid_t largest_uid(const struct listener *l)
{
	uid_t found = l->conns[0].peer.uid;
	size_t most = 0;

	for (size_t i = 0; i < l->n_conns; i++) {
		size_t n = uid_conns(l, l->conns[i].peer.uid);

		if (n > most) {
			most = n;
			found = l->conns[i].peer.uid;
		}
	}
	return found;
}

/* The user's connection to close: silent the longest, or (ready) made ready last; -1: none. */
static ssize_t find_to_close(const struct listener *l, uid_t uid, bool ready)
{
	ssize_t found = -1;

	for (size_t i = 0; i < l->n_conns; i++) {
		const struct conn *c = &l->conns[i];

		if (c->ready != ready || c->peer.uid != uid)
			continue;
		if (found < 0 || (c->since < l->conns[found].since) != ready)
			found = (ssize_t) i;
	}
	return found;
}

/* A client could cause this endlessly: log it at most once a minute. */
static void log_crowded(struct listener *l, uid_t uid)
{
	int64_t now = clock_ms();
	char text[32];

	if (l->crowded_logged > 0 && now - l->crowded_logged < CROWDED_MS)
		return;
	l->crowded_logged = now;
	(void) snprintf(text, sizeof(text), "%u", (unsigned) uid);
	log_wrn("a user has too many connections; closing some", "uid", text);
}

static void conn_refuse(int fd)
{
	static const char busy[] = "{\"id\":null,\"result\":null,\"error\":\"kukeond is busy: "
				   "you have too many connections open\"}\n";

	(void) send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * Make room for one more connection of uid. If the table is full, the user with most
 * connections loses a silent one, else (unless root) one that waits for a slot.
 */
static bool make_room(struct listener *l, uid_t uid)
{
	size_t n = uid_conns(l, uid);
	ssize_t victim;
	uid_t target_uid = uid;

	if (uid == 0 || n < LISTENER_MAX_CONNECTIONS / 4) {
		if (l->n_conns < LISTENER_MAX_CONNECTIONS)
			return true;
		target_uid = largest_uid(l);
	}
	log_crowded(l, target_uid);
	victim = find_to_close(l, target_uid, false);
	if (victim < 0 && target_uid != 0 && n + 1 < uid_conns(l, target_uid))
		victim = find_to_close(l, target_uid, true);
	if (victim < 0)
		return false;
	if (l->conns[victim].ready)
		conn_refuse(l->conns[victim].fd);
	conn_remove(l, (size_t) victim);
	return true;
}

/* Add a connection; if there is no room, send the reason and close it. */
static void conn_add(struct listener *l, struct conn *c)
{
	if (make_room(l, c->peer.uid)) {
		l->conns[l->n_conns++] = *c;
		return;
	}
	conn_refuse(c->fd);
	fd_close_p(&c->fd);
}

/* Input between requests: white space is read here, so that no child is started for it. */
static void conn_readable(struct listener *l, size_t i)
{
	struct conn *c = &l->conns[i];
	char text[BLANKS + 1];
	ssize_t n = recv(c->fd, text, BLANKS, MSG_PEEK | MSG_DONTWAIT);
	size_t blank;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		conn_remove(l, i); /* closed without a request */
		return;
	}
	text[n] = '\0';
	blank = strspn(text, " \n\r\t");
	if (blank > 0)
		(void) recv(c->fd, text, blank, MSG_DONTWAIT);
	if (blank == (size_t) n)
		return;
	c->ready = true;
	c->since = clock_ms();
}

/* ---- passes ---- */

/* Ask for a pass of at least this kind. */
static void request_pass(struct listener *l, enum listener_pass kind)
{
	if (kind > l->pass_kind)
		l->pass_kind = kind;
}

static void pass_child(struct listener *l, enum listener_pass kind, int result)
{
	int64_t next = -1;

	child_begin(result, result);
	if (l->ops->reconcile(l->ops->ctx, kind, &next) < 0)
		_exit(1);
	_exit(fd_write_all(result, &next, sizeof(next)) < 0);
}

static void start_pass(struct listener *l)
{
	enum listener_pass kind = l->pass_kind;
	char why[128];
	pid_t pid;
	int p[2];

	l->pass_pending = false;
	l->wake_due = -1; /* this pass decides it again */
	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0) {
		log_err("pipe for a reconcile pass failed", "error",
			errno_text(errno, why, sizeof(why)));
		l->pass_due = clock_ms() + PASS_RETRY_MS;
		return;
	}
	pid = proc_fork(0);
	if (pid == 0)
		pass_child(l, kind, p[1]);
	fd_close_p(&p[1]);
	if (pid < 0) {
		fd_close_p(&p[0]);
		log_err("fork for a reconcile pass failed", "error",
			errno_text(-pid, why, sizeof(why)));
		l->pass_due = clock_ms() + PASS_RETRY_MS;
		return;
	}
	l->pass_kind = LISTENER_PASS_WAKES;
	l->pass_running = kind;
	l->pass_pid = pid;
	l->pass_r = p[0];
}

static void pass_ended(struct listener *l, int status)
{
	int64_t now = clock_ms();
	int64_t next = -1;
	bool good = fd_read_all(l->pass_r, &next, sizeof(next)) == 0;

	fd_close_p(&l->pass_r);
	l->pass_pid = 0;
	if (l->pass_running >= LISTENER_PASS_TIMER) /* lesser ones do not delay the timer */
		l->pass_due = l->config->reconcile_ms > 0 ? now + l->config->reconcile_ms : -1;
	if (!good) {
		char text[32];

		(void) snprintf(text, sizeof(text), "%d", status);
		log_err("reconcile pass failed", "status", text);
		next = now + PASS_RETRY_MS;
		request_pass(l, LISTENER_PASS_TIMER);
	}
	if (next >= 0 && next <= now)
		next = now + PASS_SPACING_MS;
	l->wake_due = next;
}

static void request_change_pass(struct listener *l)
{
	int64_t now = clock_ms();

	if (now - l->change_period > CHANGE_PERIOD_MS) {
		l->change_period = now;
		l->changes = 0;
	}
	l->changes++;
	l->change_last = now;
	l->change_due = -1;
	request_pass(l, l->change_kind);
	l->change_kind = 0;
	l->pass_pending = true;
}

/* Two programs that undo each other's changes do not keep this host busy. */
static void on_change(struct listener *l)
{
	enum listener_pass kind = l->ops->changed(l->ops->ctx);
	int64_t now = clock_ms();
	int64_t next;

	if (kind == 0)
		return;
	if (kind > l->change_kind)
		l->change_kind = kind;
	if (l->change_due >= 0)
		return;
	next = l->change_last + (l->changes < CHANGES_AT_ONCE ? CHANGE_SPACING_MS : CHANGE_SLOW_MS);
	l->change_due = now + CHANGE_DELAY_MS > next ? now + CHANGE_DELAY_MS : next;
}

static void start_pass_if_due(struct listener *l)
{
	if (l->stopping || l->pass_pid > 0)
		return;
	if (l->pass_due >= 0 && clock_ms() >= l->pass_due) {
		request_pass(l, LISTENER_PASS_TIMER);
		l->pass_pending = true;
	}
	if (l->wake_due >= 0 && clock_ms() >= l->wake_due)
		l->pass_pending = true;
	if (l->change_due >= 0 && clock_ms() >= l->change_due)
		request_change_pass(l);
	if (l->pass_pending)
		start_pass(l);
}

/* ---- the keeper ---- */

static bool keeper_is_due(const struct listener *l)
{
	return l->ops->keep && l->keeper_pid == 0 && !l->stopping && l->ops->wanted(l->ops->ctx);
}

static void start_keeper_if_due(struct listener *l)
{
	char why[128];
	pid_t pid;

	if (!keeper_is_due(l) || clock_ms() < l->keeper_after)
		return;
	l->keeper_started = clock_ms();
	l->keeper_after = l->keeper_started + KEEPER_RETRY_MS;
	pid = proc_fork(PROC_DIE_WITH_PARENT);
	if (pid == 0) {
		child_begin(l->stop_r, l->stop_r);
		l->ops->keep(l->ops->ctx, l->stop_r);
		_exit(0);
	}
	if (pid < 0)
		log_err("fork for the keeper of names failed", "error",
			errno_text(-pid, why, sizeof(why)));
	else
		l->keeper_pid = pid;
}

/* ---- events ---- */

static void request_ended(struct listener *l, size_t i, int status)
{
	struct conn conn = l->children[i].conn;

	l->children[i] = l->children[--l->n_children];
	if (WIFSIGNALED(status)) {
		char text[32];

		(void) snprintf(text, sizeof(text), "%d", WTERMSIG(status));
		log_err("request process killed", "signal", text);
	}
	conn.ready = false;
	conn.since = clock_ms();
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_IDLE && !l->stopping)
		conn_add(l, &conn);
	else
		fd_close_p(&conn.fd);
}

static void reap(struct listener *l)
{
	size_t i;
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == l->pass_pid) {
			pass_ended(l, status);
			continue;
		}
		if (pid == l->keeper_pid) {
			l->keeper_pid = 0;
			continue;
		}
		for (i = 0; i < l->n_children && l->children[i].pid != pid; i++)
			;
		if (i < l->n_children)
			request_ended(l, i, status);
	}
}

static void begin_stop(struct listener *l)
{
	int grace = l->config->grace_ms > 0 ? l->config->grace_ms : LISTENER_GRACE_MS;

	if (l->stopping) {
		l->stop_deadline = clock_ms(); /* second signal: stop at once */
		return;
	}
	log_inf("stopping");
	notify_init("STOPPING=1");
	l->stopping = true;
	l->stop_deadline = clock_ms() + grace;
	fd_close_p(&l->listen_fd);
	fd_close_p(&l->stop_w);
	while (l->n_conns > 0)
		conn_remove(l, l->n_conns - 1);
}

static void on_signals(struct listener *l)
{
	struct signalfd_siginfo si;

	while (read(l->signal_fd, &si, sizeof(si)) == (ssize_t) sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			reap(l);
		else
			begin_stop(l);
	}
}

static void on_wake(struct listener *l)
{
	char drop[16];

	while (recv(l->wake_fd, drop, sizeof(drop), MSG_DONTWAIT) >= 0)
		;
	l->pass_pending = true;
}

static void on_connection(struct listener *l)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct conn c = { .fd = fd, .since = clock_ms() };

		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno != EAGAIN)
				l->accept_after = clock_ms() + ACCEPT_PAUSE_MS;
			return;
		}
		if (peer_get(fd, &c.peer) < 0)
			fd_close_p(&c.fd);
		else
			conn_add(l, &c);
	}
}

/* ---- the loop ---- */

enum {
	POLL_SIGNAL = 0,
	POLL_LISTEN,
	POLL_WAKE,
	POLL_WATCH,
	POLL_CONNS = POLL_WATCH + LISTENER_WATCH_FDS,
};

static bool may_accept(const struct listener *l, int64_t now)
{
	return !l->stopping && now >= l->accept_after;
}

/* Time until the next deadline, as a poll(2) timeout. */
static int time_left(const struct listener *l, int64_t now)
{
	int64_t due = -1;

	if (l->stopping)
		return clock_left(l->stop_deadline);
	if (l->pass_pid == 0 && l->pass_pending)
		return 0; /* a pass is due at once */
	if (l->pass_pid == 0 && l->pass_due >= 0)
		due = l->pass_due;
	if (l->pass_pid == 0 && l->wake_due >= 0 && (due < 0 || l->wake_due < due))
		due = l->wake_due;
	if (l->pass_pid == 0 && l->change_due >= 0 && (due < 0 || l->change_due < due))
		due = l->change_due;
	if (now < l->accept_after && (due < 0 || l->accept_after < due))
		due = l->accept_after;
	if (now < l->keeper_after && keeper_is_due(l) && (due < 0 || l->keeper_after < due))
		due = l->keeper_after;
	return due < 0 ? -1 : clock_left(due);
}

/* Nothing is being done: it may wait for days. */
static bool is_idle(const struct listener *l)
{
	return l->n_conns == 0 && l->n_children == 0 && l->pass_pid == 0 && !l->stopping;
}

/* poll(2); the memory that waiting does not need is given back when nothing comes soon. */
static int wait_for_events(struct listener *l, struct pollfd *p, nfds_t n, int timeout)
{
	int r;

	if (!l->trimmed && is_idle(l) && (timeout < 0 || timeout > TRIM_AFTER_MS)) {
		r = poll(p, n, TRIM_AFTER_MS);
		if (r == 0) {
			trim_memory();
			l->trimmed = true;
		}
		return r;
	}
	r = poll(p, n, timeout);
	l->trimmed = false;
	return r;
}

/* A negative one is left out by poll(2). */
static int watch_fd(const struct listener *l, size_t i)
{
	return l->config->watch_fds && !l->stopping ? l->config->watch_fds[i] : -1;
}

static void turn(struct listener *l)
{
	struct pollfd p[POLL_CONNS + LISTENER_MAX_CONNECTIONS];
	int64_t now = clock_ms();
	size_t n = l->n_conns;

	p[POLL_SIGNAL] = (struct pollfd){ .fd = l->signal_fd, .events = POLLIN };
	p[POLL_LISTEN] =
		(struct pollfd){ .fd = may_accept(l, now) ? l->listen_fd : -1, .events = POLLIN };
	p[POLL_WAKE] = (struct pollfd){ .fd = l->stopping ? -1 : l->wake_fd, .events = POLLIN };
	for (size_t i = 0; i < LISTENER_WATCH_FDS; i++)
		p[POLL_WATCH + i] = (struct pollfd){ .fd = watch_fd(l, i), .events = POLLIN };
	for (size_t i = 0; i < n; i++)
		p[POLL_CONNS + i] = (struct pollfd){ .fd = l->conns[i].ready ? -1 : l->conns[i].fd,
						     .events = POLLIN };
	if (wait_for_events(l, p, POLL_CONNS + n, time_left(l, now)) < 0)
		return; /* EINTR, or temporarily out of memory */
	/* Connections first: handling the other events moves them in the table. */
	for (size_t i = n; i > 0; i--)
		if (p[POLL_CONNS + i - 1].revents != 0)
			conn_readable(l, i - 1);
	if (p[POLL_SIGNAL].revents != 0)
		on_signals(l);
	if (p[POLL_WAKE].revents != 0)
		on_wake(l);
	for (size_t i = 0; i < LISTENER_WATCH_FDS; i++)
		if (p[POLL_WATCH + i].revents != 0) {
			on_change(l);
			break;
		}
	if (p[POLL_LISTEN].revents != 0 && !l->stopping)
		on_connection(l);
	start_requests(l);
	start_keeper_if_due(l);
	start_pass_if_due(l);
}

/* Terminate what still runs after the grace period; later passes complete its intents. */
static void end_children(struct listener *l)
{
	for (size_t i = 0; i < l->n_children; i++)
		(void) kill(l->children[i].pid, SIGTERM);
	if (l->pass_pid > 0)
		(void) kill(l->pass_pid, SIGTERM);
	if (l->keeper_pid > 0)
		(void) kill(l->keeper_pid, SIGKILL);
	if (l->n_children > 0 || l->pass_pid > 0)
		log_wrn("requests did not end in time");
}

static void run(struct listener *l)
{
	l->pass_pending = true;
	l->pass_kind = LISTENER_PASS_START;
	start_keeper_if_due(l);
	while (!l->stopping || ((l->n_children > 0 || l->pass_pid > 0 || l->keeper_pid > 0) &&
				clock_ms() < l->stop_deadline))
		turn(l);
	end_children(l);
}

/* ---- set-up ---- */

static int write_pid(const char *path, struct kerr *err)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", (int) getpid());

	return atomic_write_at(AT_FDCWD, path, text, (size_t) n, 0644, ATOMIC_WRITE_NOSYNC, err);
}

static int open_signals(struct kerr *err)
{
	struct sigaction hup;
	sigset_t set;
	int fd;

	(void) signal(SIGPIPE, SIG_IGN);
	(void) sigemptyset(&set);
	(void) sigaddset(&set, SIGTERM);
	(void) sigaddset(&set, SIGINT);
	(void) sigaddset(&set, SIGCHLD);
	/* If SIGHUP is ignored (nohup(1)), keep it so. */
	if (sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler != SIG_IGN)
		(void) sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return kerr_set(err, -errno, "block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? kerr_set(err, -errno, "signalfd") : fd;
}

static int set_up(struct listener *l, struct kerr *err)
{
	const struct listener_config *c = l->config;
	struct stat st;
	int stop[2];
	int r;

	l->signal_fd = open_signals(err);
	if (l->signal_fd < 0)
		return l->signal_fd;
	if (pipe2(stop, O_CLOEXEC) < 0)
		return kerr_set(err, -errno, "pipe");
	l->stop_r = stop[0];
	l->stop_w = stop[1];
	l->listen_fd = socket_bind(c->socket, c->gid, err);
	if (l->listen_fd < 0)
		return l->listen_fd;
	if (stat(c->socket, &st) == 0)
		l->socket_ino = st.st_ino;
	l->wake_fd = socket_wake(c->wake_socket, c->wake_dir, err);
	if (l->wake_fd < 0)
		return l->wake_fd;
	/* Write the pid file before the first client can connect. */
	r = write_pid(c->pid_file, err);
	return r < 0 ? r : socket_listen(l->listen_fd, c->socket, err);
}

static void tear_down(struct listener *l)
{
	struct stat st;

	/* Only our own socket: another process may have replaced it. */
	if (l->socket_ino != 0 && stat(l->config->socket, &st) == 0 && st.st_ino == l->socket_ino)
		(void) unlink(l->config->socket);
	if (l->wake_fd >= 0)
		(void) unlink(l->config->wake_socket);
	if (l->socket_ino != 0)
		(void) unlink(l->config->pid_file);
	fd_close_p(&l->listen_fd);
	fd_close_p(&l->wake_fd);
	fd_close_p(&l->signal_fd);
	fd_close_p(&l->stop_r);
	fd_close_p(&l->stop_w);
	fd_close_p(&l->pass_r);
}

static unsigned limit(unsigned asked, unsigned def, unsigned max)
{
	if (asked == 0)
		return def;
	return asked < max ? asked : max;
}

int listener_run(const struct listener_config *config, const struct listener_ops *ops,
		 struct kerr *err)
{
	struct listener l = {
		.config = config,
		.ops = ops,
		.listen_fd = -EBADF,
		.wake_fd = -EBADF,
		.signal_fd = -EBADF,
		.stop_r = -EBADF,
		.stop_w = -EBADF,
		.pass_r = -EBADF,
		.pass_due = -1,
		.wake_due = -1,
		.change_due = -1,
		.max_children =
			limit(config->max_children, LISTENER_MAX_CHILDREN,
			      MAX_CHILDREN_EVER - LISTENER_ROOT_SLOTS - LISTENER_PING_SLOTS),
	};
	int r;

	l.max_per_uid = limit(config->max_per_uid, (l.max_children + 3) / 4, MAX_CHILDREN_EVER);
	assert(config->socket && config->pid_file && config->wake_dir && config->wake_socket);
	r = set_up(&l, err);
	if (r >= 0) {
		if (ops->prepare)
			ops->prepare(ops->ctx);
		log_inf("listening", "socket", config->socket);
		notify_init("READY=1");
		run(&l);
		log_inf("stopped");
	}
	tear_down(&l);
	return r < 0 ? r : 0;
}
