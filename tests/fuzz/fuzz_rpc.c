/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client's bytes: framing, the streamed field, envelope, arguments of all
 * methods, reply.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "copy.h"
#include "decode.h"
#include "emit_json.h"
#include "fd.h"
#include "model.h"
#include "server.h"

enum {
	INPUT_MAX = 128 << 10
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written again, and read once more: it has to stay the same. */
static int stub(void *ctx, const struct rpc_method *m, const struct peer *peer, void *args,
		void *reply, struct rpc_fds *fds)
{
	struct buf text = BUF_INIT(KUKE_MAX_REPLY);
	struct kerr err = { 0 };
	void *back = calloc(1, m->args->size);

	(void) ctx;
	(void) peer;
	(void) fds;
	model_emit_json(&text, m->args, args, 0);
	if (!text.failed && model_read_json(m->args, buf_str(&text), text.len, back, &err) < 0)
		abort();
	model_clear(m->args, back);
	free(back);
	buf_clear(&text);
	if (m->id == RPC_PING)
		return 0;
	(void) kerr_plain(&err, -1, "no");
	rpc_reply_fail(m, reply, &err);
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A full reply buffer ends the connection at once instead of the fuzzer. */
	const struct rpc_server server = {
		.dispatch = stub, .spool_dir = "/tmp", .stop_fd = -1, .write_ms = 1
	};
	const struct peer peer = { .uid = 1000 };
	const int room = 4 << 20;
	int s[2];

	if (size == 0 || size > INPUT_MAX)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s) < 0)
		abort();
	(void) setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	(void) setsockopt(s[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	(void) fd_write_all(s[1], data, size); /* there is room */
	(void) shutdown(s[1], SHUT_WR);
	(void) rpc_serve(&server, s[0], &peer, NULL);
	fd_close_p(&s[0]);
	fd_close_p(&s[1]);
	return 0;
}
