/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOST_RUN_H
#define HOST_RUN_H

#include <sys/wait.h>

#include "buf.h"
#include "host_sandbox.h"
#include "proc.h"

/* Run a program for its output; it must succeed. Owned by the caller. */
static inline char *host_run(const char *const *argv)
{
	struct proc_spawn how = PROC_SPAWN_INIT;
	struct buf out = BUF_INIT(8 << 20);
	cleanup_buf struct buf errout = BUF_INIT(4096);
	struct kerr err = { 0 };
	int status = 0;

	how.path = argv[0];
	how.argv = (char *const *) (uintptr_t) argv;
	ok(proc_run(&how, NULL, &out, &errout, 20000, &status, &err), &err);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %s", argv[0],
		      buf_str(&errout));
	return buf_take(&out);
}

#define RUN(...) host_run((const char *const[]){ __VA_ARGS__, NULL })

#endif
