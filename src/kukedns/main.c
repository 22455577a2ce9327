/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kukedns: answers the DNS queries of cells whose space denies, with no rights. Started by
 * the engine only; the interface is dns_proto.h.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dns_proto.h"
#include "fd.h"
#include "jail.h"
#include "loop.h"
#include "str.h"
#include "trim.h"

/* It accepts connections, and opens nothing: its root is empty, and stays so. */
static const char *const calls[] = { "accept4", NULL };
static const char *const denied[] = {
	"creat",   "memfd_create", "mkdir",  "mkdirat", "mknod",
	"mknodat", "open",	   "openat", "openat2", NULL,
};
static const struct jail jail = {
	.memory = 256 << 20,
	.files = 16384, /* five of each space, and connections */
	.calls = calls,
	.denied = denied,
};

static int run(struct kukedns *d, int control, struct kerr *err)
{
	cleanup_fd int root = -EBADF;
	int r;

	r = loop_open(d, control, err);
	if (r < 0)
		return r;
	root = jail_root(err);
	if (root < 0)
		return root;
	r = jail_enter(&jail, root, err);
	fd_close_p(&root);
	if (r == 0)
		trim_memory();
	for (r = r < 0 ? r : 1; r > 0;)
		r = loop_step(d, -1, err);
	return r;
}

static int read_arguments(int argc, char **argv, int *control, struct kerr *err)
{
	uint64_t version, fd;

	if (argc != 3 || str_to_u64(argv[1], 0, UINT32_MAX, &version) < 0 ||
	    !str_has_prefix(argv[2], "control=") ||
	    str_to_u64(argv[2] + strlen("control="), 3, 1024, &fd) < 0)
		return kerr_plain(err, -EINVAL, "usage: kukedns VERSION control=FD");
	*control = (int) fd;
	if (version != DNS_PROTO_VERSION)
		return kerr_plain(err, -EPROTO, "kukedns and kukeon have different versions");
	return 0;
}

int main(int argc, char **argv)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	struct kukedns d = { .control = -EBADF };
	char text[KERR_TEXT_MAX];
	struct kerr err = { 0 };
	int control = -EBADF, r;

	(void) signal(SIGPIPE, SIG_IGN);
	(void) umask(0);
	r = read_arguments(argc, argv, &control, &err);
	if (r == 0)
		r = run(&d, control, &err);
	if (r < 0 && control >= 0) {
		proto_msg_start(&m, "failed");
		proto_msg_add(&m, "text", kerr_text(&err, text, sizeof(text)));
		(void) proto_msg_send(&m, control, -1, PROTO_MSG_DONTWAIT);
	} else if (r < 0) {
		(void) dprintf(STDERR_FILENO, "%s\n", kerr_text(&err, text, sizeof(text)));
	}
	/* Without cleaning up: the seccomp filter would kill a leak checker. */
	_exit(r < 0 ? 1 : 0);
}
