/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_TTY_PROTO_H
#define KUKEON_TTY_PROTO_H

#include "buf.h"
#include "defs.h"

/*
 * What clients and kuketty say to each other over the socket of an attachable container:
 * one JSON object per request, one per reply, as upstream's clients write and read them.
 * Described in kuketty(8). Nothing here reads or writes a descriptor, and nothing but the
 * writers of texts allocates.
 */
enum {
	TTY_REQUEST_MAX = 64 << 10, /* bytes of a request */
	TTY_REPLY_MAX = 1 << 20, /* bytes of a reply */
	TTY_CLIENT_MAX = 64, /* bytes of a client's id and a NUL */
	TTY_ERROR_MAX = 192, /* bytes of an error and a NUL */
	TTY_CAPTURE_FILES_MAX = 16, /* capture, capture.1 … */
	TTY_DETACH_KEY = 0x1d, /* ^] */
};

/* Where a container has its terminal's files. */
#define TTY_BIN "/.kukeon/bin/kuketty"
#define TTY_CONFIG "/.kukeon/kuketty/metadata.json"
#define TTY_DIR "/run/kukeon/tty"
#define TTY_FILE_SOCKET "socket"
#define TTY_FILE_CAPTURE "capture"

/* Which size a terminal with several clients has, in its document. */
#define TTY_SIZE_SMALLEST "smallest"
#define TTY_SIZE_LAST "last"

enum tty_method {
	TTY_PING = 1,
	TTY_STATE,
	TTY_METADATA,
	TTY_ATTACH,
	TTY_DETACH,
	TTY_RESIZE,
	TTY_WRITE,
	TTY_SUBSCRIBE,
	TTY_STOP,
	TTY_SCREENSHOT,
	TTY_WAIT, /* not one of upstream's: answered when the program has ended */
	_TTY_METHOD_MAX,
};

/* How far the terminal is; the numbers are the wire's. */
enum tty_state {
	TTY_INITIALIZING = 0,
	TTY_STARTING,
	TTY_SETTING_UP,
	TTY_ON_INIT,
	TTY_READY,
	TTY_POST_ATTACH,
	TTY_EXITED,
};

/* A request. What points into its text is valid as long as that. */
struct tty_request {
	const char *id; /* as it was sent, n_id bytes of JSON; "null" without one */
	size_t n_id;
	enum tty_method method;
	char client[TTY_CLIENT_MAX]; /* Attach, Detach, Subscribe; "" or Resize */
	bool full_capture, clear, read_only; /* Attach */
	bool ping; /* Ping: the message was "PING" */
	uint16_t cols, rows; /* Resize; 0 or Attach */
	const char *data; /* Write: base64, n_data bytes */
	size_t n_data;
	char error[TTY_ERROR_MAX]; /* not "": the reply is this error */
};

/* From one complete JSON value. -EINVAL: it is no request; the connection is to be closed. */
int tty_request_parse(const char *text, size_t n, struct tty_request *ret);

/* Decode standard base64 with padding in place of p; the length, or -EINVAL. */
ssize_t tty_base64(char *out, const char *p, size_t n);

/* A JSON string, escaped as upstream's servers do it; a part of one, without the quotes. */
void tty_add_string(struct buf *out, const char *s, size_t n);
void tty_add_text(struct buf *out, const char *s, size_t n);

/* A reply and its newline: with a result, which is JSON, or with an error. */
void tty_add_result(struct buf *out, const struct tty_request *to, const char *result);
void tty_add_error(struct buf *out, const struct tty_request *to, const char *error);

/* A request and its newline, with params[0], which is JSON; its id is 0. */
void tty_add_request(struct buf *out, enum tty_method method, const char *param);

/*
 * A reply to tty_add_request. 0 with *ret, the result in its text ("" for null or none);
 * -EREMOTEIO with its error in error; -EINVAL: it is no reply.
 */
int tty_reply_parse(const char *text, size_t n, const char **ret, size_t *ret_n,
		    char error[TTY_ERROR_MAX]);

#endif
