/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CLIENT_H
#define KUKEON_CLIENT_H

#include "methods.h"

struct rpc_client;

/*
 * Connect to "unix:///path" (5 s at most). Texts as spec surface.md sections
 * 2.2 and 2.9.
 */
int rpc_dial(const char *host, struct rpc_client **ret, struct kerr *err);
/* A client on a connection that is there, which it owns. */
struct rpc_client *rpc_client_new(int owned_fd) __attribute__((returns_nonnull));
struct rpc_client *rpc_client_free(struct rpc_client *c);

static inline void rpc_client_freep(struct rpc_client **c)
{
	*c = rpc_client_free(*c);
}

/*
 * One call, without a time limit. *reply (zeroed by the caller) is filled also
 * when the daemon answered with an Err, which is then returned as rpc_err_to_kerr
 * does; use rpc_reply_err for a message longer than a kerr. A failure of the
 * transport is another -errno, with the daemon's or our words.
 */
int rpc_call(struct rpc_client *c, enum rpc_method_id id, const void *args, void *reply,
	     struct kerr *err);
/* What may go with a call; zero is a plain one. */
struct rpc_call_opts {
	const int *fds; /* descriptors (KukeonX1), which stay the caller's */
	size_t n_fds;
	void (*event)(void *ctx, const struct rpc_event *event); /* NULL: none are asked for */
	void *ctx;
};
int rpc_call_with(struct rpc_client *c, enum rpc_method_id id, const void *args, void *reply,
		  const struct rpc_call_opts *opts, struct kerr *err);

/* The two halves of it: the request is sent, and its answer waited for. */
int rpc_begin(struct rpc_client *c, enum rpc_method_id id, const void *args,
	      const struct rpc_call_opts *opts, struct kerr *err);
int rpc_end(struct rpc_client *c, enum rpc_method_id id, void *reply,
	    const struct rpc_call_opts *opts, struct kerr *err);

#endif
