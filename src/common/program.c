/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "program.h"

/* Opened for reading only, so that writing to a closed descriptor still fails. */
static void fill_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY | O_CLOEXEC) ==
						      fd) /* open takes the lowest free number */
			(void) fcntl(fd, F_SETFD, 0); /* child processes inherit it too */
}

void program_begin(void)
{
	fill_standard_fds();
	(void) signal(SIGPIPE, SIG_IGN);
}

/* The reader of standard output has gone away (`kuke get cell | head -1`). */
static bool reader_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, 0) > 0 && p.revents & POLLERR;
}

int program_end(int code)
{
	bool failed = fflush(stdout) != 0;

	if (!(failed || ferror(stdout)) || code != 0 || reader_gone())
		return code;
	(void) fprintf(stderr, "Error: cannot write to standard output\n");
	return 1;
}
