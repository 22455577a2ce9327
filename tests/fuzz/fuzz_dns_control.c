/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "answer.h"
#include "control.h"
#include "fd.h"
#include "loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
			       "\x07"
			       "example\x03"
			       "com\x00\x00\x01\x00\x01";

/* A query in each space that there is now. */
static void ask(struct kukedns *d)
{
	for (size_t i = 0; i < d->n_spaces; i++) {
		struct client c = { .space = d->spaces[i], .socket = &d->spaces[i]->sockets[0] };

		answer_query(d, &c, query, sizeof(query) - 1);
	}
}

/*
 * Messages of the engine, each with a byte 0xff at its end, and queries between them. Those
 * about resolvers are left out, as nothing is to leave this process.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size, *stop;
	struct kerr err = { 0 };
	struct kukedns d;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0 ||
	    loop_open(&d, pair[1], &err) < 0)
		abort();
	for (; data < end; data = stop + 1) {
		stop = memchr(data, 0xff, (size_t) (end - data));
		stop = stop ? stop : end;
		if (!proto_msg_valid((const char *) data, (size_t) (stop - data)))
			continue;
		buf_reset(&d.msg.text);
		buf_add(&d.msg.text, data, (size_t) (stop - data));
		if (!proto_msg_is(&d.msg, "servers"))
			control_message(&d, -EBADF);
		ask(&d);
	}
	loop_close(&d);
	fd_close_p(&pair[0]);
	fd_close_p(&pair[1]);
	return 0;
}
