/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SERVER_H
#define KUKEON_SERVER_H

#include "methods.h"
#include "peer.h"
#include "wire.h"

/*
 * The way back to the caller while its answer is being made. event sends one, when
 * the request has a member "events": true beside method and params (upstream's
 * server passes over it); failures are the caller's loss.
 */
struct rpc_link {
	int fd; /* the connection, POLLHUP there: the caller has gone */
	int stop_fd; /* readable or hung up: the daemon is being stopped; < 0: none */
	void (*event)(struct rpc_link *l, const struct rpc_event *event);
};

/* What came with a request beside its text; the server closes what is left. */
struct rpc_fds {
	struct rpc_link *link; /* NULL: nobody listens */
	int v[WIRE_MAX_FDS];
	size_t n;
	int stream; /* an open file with the streamed field's bytes (LoadImage); -EBADF */
	uint64_t stream_size;
};

/*
 * Do one call. args are decoded, *reply is zero; the handler fills it or calls
 * rpc_reply_fail. Descriptors it keeps it takes (take_fd). A negative result
 * without an Err in the reply is answered with that errno's text.
 */
typedef int rpc_dispatch_fn(void *ctx, const struct rpc_method *m, const struct peer *peer,
			    void *args, void *reply, struct rpc_fds *fds);

struct rpc_server {
	rpc_dispatch_fn *dispatch;
	void *ctx;
	const char *spool_dir; /* a directory on a disk, for images in requests */
	int stop_fd; /* readable or hung up: end before the next request; < 0: none */
	int frame_ms, write_ms; /* as in struct wire_pace; 0: WIRE_FRAME_MS, WIRE_WRITE_MS */
	int idle_ms; /* without a request for so long: return; 0: never */
	unsigned max_requests; /* return after so many; 0: no such limit */
	/*
	 * The peer has started this process for itself: it may call the private methods, and
	 * take its time.
	 */
	bool private;
};

enum rpc_served {
	RPC_SERVED_END = 0, /* nothing more will come */
	RPC_SERVED_IDLE = 1, /* the connection can be served again */
};

/*
 * Serve one connection until its end: requests in order, each answered before
 * the next is read. Blocks. Returns an rpc_served, or the -errno that ended it
 * (-EPROTO for what is not JSON, which gets no answer; -ETIMEDOUT for a client that
 * was too slow). Passwords are masked unless the peer is root.
 */
int rpc_serve(const struct rpc_server *s, int fd, const struct peer *peer, struct kerr *err);

#endif
