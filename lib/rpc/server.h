/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SERVER_H
#define KUKEON_SERVER_H

#include "emit.h"
#include "methods.h"
#include "peer.h"
#include "wire.h"

/*
 * The connection to the caller while its reply is being prepared. event sends an event
 * if the request has "events": true beside method and params (upstream's server ignores
 * that member). An event that cannot be sent is dropped.
 */
struct rpc_link {
	int fd; /* the connection; POLLHUP: the caller is gone */
	int stop_fd; /* readable or hung up: the daemon is stopping; < 0: none */
	void (*event)(struct rpc_link *l, const struct rpc_event *event);
	/*
	 * Of a method whose reply begins with a list (rpc_method.list): where its elements
	 * are written as JSON, with commas between them; the list in the reply stays empty.
	 */
	struct buf *items;
	enum emit_flags emit; /* how they are written */
	/*
	 * Set by a method that hands the connection over to another process (Exec), which has
	 * it open by then: a descriptor, closed after the reply was sent; -EBADF: not handed over.
	 */
	int taken;
};

/* Descriptors that came with a request; the server closes those that are not taken. */
struct rpc_fds {
	struct rpc_link *link; /* NULL: no events */
	int v[WIRE_MAX_FDS];
	size_t n;
	int stream; /* file with the bytes of the streamed field (LoadImage); -EBADF: none */
	uint64_t stream_size;
};

/*
 * Handle one call. args are decoded, *reply is zeroed; the handler fills it or calls
 * rpc_reply_fail. It takes the descriptors it keeps (take_fd). For a negative result
 * without an Err in the reply, the reply is that errno's text.
 */
typedef int rpc_dispatch_fn(void *ctx, const struct rpc_method *m, const struct peer *peer,
			    void *args, void *reply, struct rpc_fds *fds);

struct rpc_server {
	rpc_dispatch_fn *dispatch;
	void *ctx;
	const char *spool_dir; /* a directory on disk for streamed request fields */
	int stop_fd; /* readable or hung up: end before the next request; < 0: none */
	int frame_ms, write_ms; /* as in struct wire_pace; 0: WIRE_FRAME_MS, WIRE_WRITE_MS */
	int idle_ms; /* return after this time without a request; 0: never */
	unsigned max_requests; /* return after this many requests; 0: no limit */
	/* The peer started this process: it may call private methods, without time limits. */
	bool private;
};

enum rpc_served {
	RPC_SERVED_END = 0, /* the client closed the connection */
	RPC_SERVED_IDLE = 1, /* the connection can be served again */
	RPC_SERVED_TAKEN = 2, /* another process has the connection: leave it alone */
};

/*
 * Serve one connection until its end: requests in order, each is replied to before the
 * next is read. Blocks. Returns an rpc_served, or the -errno that ended it (-EPROTO:
 * not JSON, no reply is sent; -ETIMEDOUT: the client was too slow). Passwords are
 * masked unless the peer is root.
 */
int rpc_serve(const struct rpc_server *s, int fd, const struct peer *peer, struct kerr *err);

#endif
