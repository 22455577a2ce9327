/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <time.h>

#include "cli.h"
#include "client.h"
#include "clock.h"
#include "mem.h"
#include "ready.h"

#define WAIT_MS 30000
#define POLL_MS 20

static int ping(const char *host, struct kerr *err)
{
	cleanup_(rpc_client_freep) struct rpc_client *client = NULL;
	struct rpc_ping_reply reply = { 0 };
	struct rpc_no_args args = { 0 };
	int r;

	r = rpc_dial(host, &client, err);
	if (r == 0)
		r = rpc_call(client, RPC_PING, &args, &reply, err);
	cli_free_reply(RPC_PING, &reply);
	return r;
}

/* Nothing announces that the socket exists: poll until the daemon answers. */
int ready_wait(const char *socket, struct kerr *err)
{
	cleanup_free char *host = xasprintf("unix://%s", socket);
	int64_t deadline = clock_ms() + WAIT_MS;
	int r = ping(host, err);

	while (r < 0 && clock_left(deadline) > 0) {
		const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

		(void) nanosleep(&pause, NULL);
		r = ping(host, err);
	}
	if (r < 0)
		return kerr_wrap(err, r, "kukeond did not become ready: timed out after 30s");
	return 0;
}
