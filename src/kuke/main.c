/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd.h"
#include "kukeond.h"
#include "path.h"
#include "str.h"

/* The reader of standard output has gone away (`kuke get cell | head -1`). */
static bool reader_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, 0) > 0 && p.revents & POLLERR;
}

/* Output that did not reach its file is a failure, a reader that went away is not. */
static int flush(int code)
{
	bool failed = fflush(stdout) != 0;

	if (!(failed || ferror(stdout)) || code != 0 || reader_gone())
		return code;
	(void) fprintf(stderr, "Error: cannot write to standard output\n");
	return 1;
}

/* One program under two names; the name it is called by decides. */
int main(int argc, char **argv)
{
	const char *name = argc > 0 ? path_basename(argv[0]) : "";
	const char *debug = getenv("KUKEON_DEBUG_MODE");

	(void) signal(SIGPIPE, SIG_IGN);
	if (!streq(name, "kuke") && !streq(name, "kukeond") && debug)
		name = debug;
	if (streq(name, "kuke"))
		return flush(cmd_main(&cmd_kuke, argc, argv));
	if (streq(name, "kukeond"))
		return flush(kukeond_main(argc, argv));
	(void) fprintf(stderr, "unknown entry command: %s\n", name);
	return 1;
}
