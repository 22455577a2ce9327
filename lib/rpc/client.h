/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CLIENT_H
#define KUKEON_CLIENT_H

#include "methods.h"

struct rpc_client;

/* Connect to "unix:///path", within 5 s. The messages are those of upstream's client. */
int rpc_dial(const char *host, struct rpc_client **ret, struct kerr *err);
/* A client on a connection that is there, which it owns. */
struct rpc_client *rpc_client_new(int owned_fd) __attribute__((returns_nonnull));
struct rpc_client *rpc_client_free(struct rpc_client *c);

/*
 * The connection, for what follows a reply after which it carries no more calls (Exec);
 * still the client's.
 */
int rpc_client_fd(const struct rpc_client *c);

static inline void rpc_client_freep(struct rpc_client **c)
{
	*c = rpc_client_free(*c);
}

/* Its connection, to poll for a reply. */
int rpc_client_fd(const struct rpc_client *c);
/*
 * One call, without a time limit. *reply (zeroed by the caller) is also filled if the
 * daemon replied with an Err, which is then returned as by rpc_err_to_kerr;
 * rpc_reply_err has its full message. A transport failure is another -errno, with a
 * message in err.
 */
int rpc_call(struct rpc_client *c, enum rpc_method_id id, const void *args, void *reply,
	     struct kerr *err);
/* Options of a call; all zero for none. */
struct rpc_call_opts {
	const int *fds; /* descriptors to send (KukeonX1); still owned by the caller */
	size_t n_fds;
	void (*event)(void *ctx, const struct rpc_event *event); /* NULL: request no events */
	void *ctx;
};
int rpc_call_with(struct rpc_client *c, enum rpc_method_id id, const void *args, void *reply,
		  const struct rpc_call_opts *opts, struct kerr *err);

/* rpc_call in two steps: send the request, then wait for the reply. */
int rpc_begin(struct rpc_client *c, enum rpc_method_id id, const void *args,
	      const struct rpc_call_opts *opts, struct kerr *err);
int rpc_end(struct rpc_client *c, enum rpc_method_id id, void *reply,
	    const struct rpc_call_opts *opts, struct kerr *err);

#endif
