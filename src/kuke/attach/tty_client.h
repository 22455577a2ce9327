/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TTY_CLIENT_H
#define KUKEON_TTY_CLIENT_H

#include "buf.h"
#include "defs.h"
#include "err.h"

/*
 * Calls to the terminal of a container (lib/proto/tty_proto.h), each on a connection of its
 * own and with a time limit. The socket's directory and what listens there belong to the
 * container: no link is followed there and nothing that is answered is trusted.
 */
struct tty_client {
	const char *path; /* as AttachContainer gives it */
	char id[9]; /* how the terminal knows us */
};

void tty_client_init(struct tty_client *c, const char *path);

/* -ETIME where there is no answer in time, -EREMOTEIO with the terminal's own error. */
int tty_client_ping(const struct tty_client *c, struct kerr *err);
int tty_client_state(const struct tty_client *c, int64_t *ret, struct kerr *err);
int tty_client_resize(const struct tty_client *c, uint16_t cols, uint16_t rows, struct kerr *err);
int tty_client_detach(const struct tty_client *c, struct kerr *err);

/*
 * Ask for the exit code of the program; a descriptor, the caller's, at which it comes when the
 * program has ended. An older terminal does not know this, which tty_client_waited tells.
 */
int tty_client_wait(const struct tty_client *c, struct kerr *err);
/* The code, once the stream has ended. One that was killed with its terminal gives 137. */
int tty_client_waited(int fd, int *ret, struct kerr *err);

struct tty_attach {
	uint16_t cols, rows; /* of our terminal; 0: it is none */
	bool replay; /* all that was shown, not the screen as it is */
	bool read_only; /* nothing is typed there, and its size stays */
};

/* The stream of what is typed and shown; a descriptor that does not block, the caller's. */
int tty_client_attach(const struct tty_client *c, const struct tty_attach *how, struct kerr *err);

/* The screen as the terminal's document of it; ret has its maximum. */
int tty_client_screenshot(const struct tty_client *c, struct buf *ret, struct kerr *err);

#endif
