/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "mem.h"
#include "proc.h"
#include "str.h"

/*
 * ttytime echo [-n RUNS] {LABEL COMMAND}...
 * ttytime flow [-n RUNS] {LABEL COMMAND}...
 * ttytime shown [-n RUNS] -m MARK {LABEL COMMAND}...
 *
 * Times programs at terminals against each other. Each COMMAND is run by sh in a terminal of
 * its own, 80 by 24; a round does the same with each of them, so that whatever else the
 * machine does meets all alike.
 *
 *   echo    from a key until it has come back to the screen; COMMAND repeats what it reads
 *   flow    from a key until its number has come back as END followed by the key and a dot;
 *           COMMAND writes much between the two
 *   shown   from the start of COMMAND until MARK is on the screen; then it is killed
 *
 * One line per command, tab separated: label, runs, microseconds minimum, median, maximum,
 * bytes that came in the last round.
 */
enum {
	SIDES_MAX = 8,
	RUNS_MAX = 100000,
	WAIT_MS = 120000,
	SETTLE_MS = 1000,
	PAUSE_US = 2000, /* for what goes on after the key was shown */
	TAIL = 64,
	CHUNK = 64 << 10,
};

struct side {
	const char *label, *command;
	int master;
	pid_t pid;
	size_t bytes; /* since bytes was last set to 0 */
	size_t n;
	char text[TAIL + CHUNK]; /* what has come last, and the end of what was before that */
	int64_t v[RUNS_MAX];
};

/* Letters that end no sequence of a terminal's. */
static const char keys[] = "QUVWYZ";

static void die(const char *what, const char *whom)
{
	(void) fprintf(stderr, "ttytime: %s: %s: %s\n", whom, what, strerror(errno));
	exit(1);
}

static int64_t now_us(void)
{
	struct timespec t;

	(void) clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void start(struct side *s)
{
	const char *argv[] = { "sh", "-c", s->command, NULL };
	const struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct proc_spawn how = PROC_SPAWN_INIT;
	cleanup_fd int slave = -EBADF;
	int unlock = 0;

	s->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (s->master < 0 || ioctl(s->master, TIOCSPTLCK, &unlock) < 0)
		die("make a terminal", s->label);
	slave = open(ptsname(s->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || ioctl(slave, TIOCSWINSZ, &size) < 0)
		die("open a terminal", s->label);
	how.path = argv[0];
	how.argv = (char *const *) (uintptr_t) argv;
	how.flags = PROC_SETSID | PROC_TERMINAL;
	for (int i = 0; i < 3; i++)
		how.fd_stdio[i] = slave;
	if (proc_spawn(&how, &s->pid, NULL) < 0)
		die("run it", s->label);
	s->n = s->bytes = 0;
}

static void stop(struct side *s)
{
	int status;

	(void) kill(s->pid, SIGKILL); /* podman hands others on */
	while (waitpid(s->pid, &status, WNOHANG) == 0) {
		char buf[CHUNK];

		while (read(s->master, buf, sizeof(buf)) > 0) /* or it could not end */
			;
		(void) poll(NULL, 0, 1);
	}
	fd_close_p(&s->master);
}

/* What comes next; false: nothing came in time. */
static bool take(struct side *s, int wait_ms)
{
	struct pollfd p = { .fd = s->master, .events = POLLIN };
	size_t keep = s->n < TAIL ? s->n : TAIL;
	ssize_t k;

	if (poll(&p, 1, wait_ms) <= 0)
		return false;
	memmove(s->text, s->text + s->n - keep, keep);
	s->n = keep;
	k = read(s->master, s->text + keep, CHUNK);
	if (k < 0 && errno == EAGAIN)
		return true;
	if (k <= 0)
		die("it has ended", s->label);
	s->bytes += (size_t) k;
	s->n += (size_t) k;
	return true;
}

static void drain(struct side *s)
{
	while (take(s, 0))
		;
	s->n = s->bytes = 0;
}

static bool has(const struct side *s, const char *mark)
{
	return memmem(s->text, s->n, mark, strlen(mark)) != NULL;
}

/* Microseconds from the key until mark. */
static int64_t type(struct side *s, char key, const char *mark)
{
	int64_t began;

	drain(s);
	began = now_us();
	if (write(s->master, &key, 1) != 1)
		die("type a key", s->label);
	while (!has(s, mark))
		if (!take(s, WAIT_MS))
			die("the key was not shown", s->label);
	return now_us() - began;
}

/* Raw is what a terminal is when somebody has begun to hand on its keys. */
static void wait_raw(struct side *s)
{
	int64_t deadline = clock_ms() + WAIT_MS;
	struct termios now;

	do {
		if (clock_ms() > deadline)
			die("it does not begin", s->label);
		(void) take(s, 10);
	} while (tcgetattr(s->master, &now) < 0 || (now.c_lflag & (ECHO | ICANON)) != 0);
	while (take(s, SETTLE_MS))
		;
}

static void run_echo(struct side *s, int n, bool flow)
{
	char key = keys[(size_t) n % (sizeof(keys) - 1)], mark[16];

	(void) snprintf(mark, sizeof(mark), flow ? "END%c." : "%c", key);
	s->v[n] = type(s, key, mark);
	(void) usleep(PAUSE_US);
}

static void run_shown(struct side *s, int n, const char *mark)
{
	int64_t began = now_us();

	start(s);
	while (!has(s, mark))
		if (!take(s, WAIT_MS))
			die("the mark was not shown", s->label);
	s->v[n] = now_us() - began;
	stop(s);
}

static int compare(const void *x, const void *y)
{
	int64_t a = *(const int64_t *) x, b = *(const int64_t *) y;

	return a < b ? -1 : a > b;
}

static void print(struct side *s, int runs)
{
	qsort(s->v, (size_t) runs, sizeof(s->v[0]), compare);
	(void) printf("%s\t%d\t%lld\t%lld\t%lld\t%zu\n", s->label, runs, (long long) s->v[0],
		      (long long) s->v[runs / 2], (long long) s->v[runs - 1], s->bytes);
}

int main(int argc, char **argv)
{
	static struct side sides[SIDES_MAX];
	const char *mark = NULL, *what = argc > 1 ? argv[1] : "";
	uint64_t runs = 20;
	size_t n;
	int o;

	optind = 2;
	while ((o = getopt(argc, argv, "n:m:")) != -1) {
		if (o == 'm')
			mark = optarg;
		else if (o == '?' || str_to_u64(optarg, 1, RUNS_MAX, &runs) < 0)
			return 2;
	}
	n = (size_t) (argc - optind) / 2;
	if (n == 0 || n > SIDES_MAX || (argc - optind) % 2 != 0 || streq(what, "shown") != !!mark)
		return 2;
	for (size_t i = 0; i < n; i++) {
		sides[i].label = argv[optind + 2 * (int) i];
		sides[i].command = argv[optind + 2 * (int) i + 1];
	}
	for (size_t i = 0; i < n && !mark; i++) {
		start(&sides[i]);
		wait_raw(&sides[i]);
	}
	for (int k = 0; k < (int) runs; k++)
		for (size_t i = 0; i < n; i++) {
			if (mark)
				run_shown(&sides[i], k, mark);
			else
				run_echo(&sides[i], k, streq(what, "flow"));
		}
	for (size_t i = 0; i < n; i++) {
		if (!mark)
			stop(&sides[i]);
		print(&sides[i], (int) runs);
	}
	return 0;
}
