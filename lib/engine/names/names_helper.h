/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_HELPER_H
#define KUKEON_NAMES_HELPER_H

#include "dns_proto.h"

/* The process of kukedns, and the words to it (dns_proto.h). */
struct names_helper {
	pid_t pid; /* 0: it does not run */
	int control; /* -EBADF */
	int64_t started_ms;
	int64_t asked; /* the last ping */
	int64_t answered; /* the last pong */
	int64_t asked_ms; /* when the oldest ping without an answer was sent */
};

#define NAMES_HELPER_INIT         \
	{                         \
		.control = -EBADF \
	}

int names_helper_start(struct names_helper *h, struct kerr *err);
/* Kill it, if it runs. */
void names_helper_stop(struct names_helper *h);

/*
 * Send a message, with a descriptor (-1: none). One that does not read for half a second does
 * not run any more for us: -EAGAIN.
 */
int names_helper_send(struct names_helper *h, const struct proto_msg *m, int fd);

/* Ask whether it lives. False: it has not answered the last time for too long. */
bool names_helper_ping(struct names_helper *h);
/* An answer to that; false: to nothing that was asked. */
bool names_helper_pong(struct names_helper *h, const struct proto_msg *m);

#endif
