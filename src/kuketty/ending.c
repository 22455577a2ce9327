/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "jscan.h"
#include "kuketty.h"
#include "str.h"

enum {
	SIGNALLED = 128, /* exit codes above are signals */
	STATUS_MAX = 8192, /* bytes of /proc/PID/status */
};

/* What the kernel sends for an error of our own must not be held back. */
static void all_but_faults(sigset_t *set)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP };

	(void) sigfillset(set);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		(void) sigdelset(set, faults[i]);
}

int ending_open(struct tty *t, struct kerr *err)
{
	sigset_t set;

	all_but_faults(&set);
	(void) sigprocmask(SIG_SETMASK, &set, NULL);
	/* With the host's processes in sight we are not their pid 1. */
	(void) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return t->signals < 0 ? kerr_set(err, -errno, "open a descriptor for signals") : 0;
}

static void reap(struct tty *t)
{
	int status = 0;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid <= 0)
			return;
		if (pid != t->child)
			continue;
		t->child = 0;
		t->exit_code =
			WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status);
	}
}

/* Whether the workload ignores SIGTERM, as a shell does at a terminal. */
static bool ignores_term(pid_t pid)
{
	char text[STATUS_MAX], path[32], digits[17];
	const char *at;
	uint64_t mask = 0;

	(void) snprintf(path, sizeof(path), "/proc/%d/status", (int) pid);
	if (sys_read_line(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	at = strstr(text, "\nSigIgn:\t");
	if (at == NULL)
		return false;
	(void) snprintf(digits, sizeof(digits), "%s", at + strlen("\nSigIgn:\t"));
	return str_to_u64_base(digits, 16, UINT64_MAX, &mask) == 0 && (mask >> (SIGTERM - 1) & 1);
}

/* A program that ignores SIGTERM gets what it would get if its terminal were closed. */
static void hand_on(struct tty *t, int sig)
{
	if (t->child <= 0)
		return;
	(void) kill(-t->child, sig);
	if (sig != SIGTERM)
		return;
	if (ignores_term(t->child))
		(void) kill(-t->child, SIGHUP);
	(void) kill(-t->child, SIGCONT); /* one that is stopped has to see it */
}

void ending_begin(struct tty *t)
{
	hand_on(t, SIGTERM);
	if (t->kill_ms < 0)
		t->kill_ms = clock_ms() + t->config.grace_ms;
}

void ending_kill(struct tty *t)
{
	t->kill_ms = -1;
	if (t->child > 0)
		(void) kill(-t->child, SIGKILL);
}

static void take_signal(struct tty *t, int sig)
{
	switch (sig) {
	case SIGCHLD:
		reap(t);
		break;
	case SIGPIPE: /* these are about us */
	case SIGXFSZ: /* a limit that the history has met */
	case SIGTTIN:
	case SIGTTOU:
	case SIGTSTP:
		break;
	case SIGTERM:
		ending_begin(t);
		break;
	case SIGINT:
		hand_on(t, sig);
		ending_begin(t);
		break;
	default:
		hand_on(t, sig);
		break;
	}
}

void ending_signals(struct tty *t)
{
	struct signalfd_siginfo info;

	while (read(t->signals, &info, sizeof(info)) == (ssize_t) sizeof(info))
		take_signal(t, (int) info.ssi_signo);
}
