/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "jscan.h"
#include "kukeshim.h"
#include "mem.h"
#include "path.h"

enum {
	STATE_MAX = 1 << 20 /* limit of the state that the runtime passes to a hook */
};

static int read_pid(pid_t *ret, struct kerr *err)
{
	cleanup_buf struct buf state = BUF_INIT(STATE_MAX);
	int64_t pid = 0;
	int r;

	r = buf_read_fd(&state, STDIN_FILENO, err);
	if (r < 0)
		return r;
	r = jscan_get_i64(buf_str(&state), state.len, "pid", &pid);
	if (r < 0 || pid <= 0 || pid > INT32_MAX)
		return kerr_plain(err, -EPROTO, "the state from the runtime has no process id");
	*ret = (pid_t) pid;
	return 0;
}

static int move(const char *cgroup, struct kerr *err)
{
	cleanup_free char *leaf = path_join(cgroup, "_payload", NULL);
	cleanup_free char *procs = path_join(leaf, "cgroup.procs", NULL);
	char text[16];
	pid_t pid = 0;
	int r;

	r = read_pid(&pid, err);
	if (r < 0)
		return r;
	if (mkdir(leaf, 0750) < 0 && errno != EEXIST)
		return kerr_set(err, -errno, "make '%s'", leaf);
	(void) snprintf(text, sizeof(text), "%d", (int) pid);
	r = sys_write(AT_FDCWD, procs, text);
	return r < 0 ? kerr_set(err, r, "move process %d to '%s'", (int) pid, leaf) : 0;
}

int payload_move(const char *cgroup)
{
	char text[KERR_TEXT_MAX];
	struct kerr err = { 0 };

	if (move(cgroup, &err) == 0)
		return EXIT_SUCCESS;
	/* The runtime includes this in its own error message. */
	kerr_text(&err, text, sizeof(text));
	(void) fd_write_all(STDERR_FILENO, text, strlen(text));
	return EXIT_FAILURE;
}
