/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_KUKETTY_H
#define KUKEON_KUKETTY_H

#include "drawing.h"
#include "history.h"
#include "screen.h"
#include "tty_proto.h"
#include "ttyconfig.h"

/*
 * Shared by the files of kuketty, the first process of an attachable container. One loop
 * (loop.c) waits for signals, the program's terminal (pty.c), clients that are attached
 * (attached.c) and calls on the socket (callers.c). All memory is taken at the start.
 */
enum {
	ATTACHED_MAX = 32, /* clients at a time */
	CALLERS_MAX = 16, /* connections at a time; the one that is idle longest gives way */
	TYPED_MAX = 16 << 10, /* bytes on their way to the program */
	CHUNK = 8 << 10,
	LAG_MAX = 1 << 20, /* bytes that a client may be behind */
	EXIT_USAGE = 64,
	EXIT_OURS = 70, /* kuketty failed, not the workload */
};

struct attached {
	int fd; /* our end; -EBADF: no client */
	char id[TTY_CLIENT_MAX];
	uint64_t number; /* later ones have higher ones */
	bool subscriber; /* gets what comes from now on, types nothing */
	bool read_only; /* types nothing, its size does not count */
	bool listed; /* it can be detached by its id */
	bool blocked; /* the last write was short */
	bool sized; /* it has said how large its terminal is: draw.cols, draw.rows */
	bool named; /* with its id, so that others' sizes are not taken for its */
	bool drawn; /* it gets drawings of the screen, not the bytes of the program */
	uint64_t at; /* place in the history, unless it is drawn */
	uint64_t due; /* what is before that it gets however slow it is */
	int64_t draw_ms; /* when it is drawn again, at the earliest */
	int64_t close_ms; /* when it is closed whatever it has read; -1: never */
	struct drawing draw;
	size_t n_out, at_out;
	char *out; /* DRAWING_PIECE bytes of tty.out; goes out before anything else */
};

struct caller {
	int fd; /* -EBADF: free */
	int pass; /* descriptor that goes with the reply; -EBADF: none */
	bool ended; /* it says nothing more */
	bool waits; /* for the terminal to be ready, with an Attach, or for its end */
	bool waits_end; /* which it is */
	int64_t used_ms;
	size_t n_in, n_out, at_out;
	char in[TTY_REQUEST_MAX];
	char out[TTY_REPLY_MAX];
};

struct tty {
	struct ttyconfig config;
	struct history history;
	struct screen screen;
	int dir; /* of the socket */
	int listener, signals, log;
	int master, slave;
	char slave_name[32];
	pid_t child;
	int exit_code; /* of the workload, once it has ended */
	enum tty_state state;
	int64_t kill_ms; /* when the workload is killed; -1: never */
	int64_t close_ms; /* when nothing is waited for any more; -1: never */
	uint64_t attached_before; /* how many clients there were */
	size_t typed_at; /* which of config.typed is next */
	size_t typed_off; /* and how much of it was taken */
	int64_t type_ms; /* when */
	int64_t stuck_ms; /* when clients are let in though nothing reads what is typed */
	size_t in_from, in_to; /* bytes on their way to the program */
	char in[TYPED_MAX];
	struct attached attached[ATTACHED_MAX];
	char out[ATTACHED_MAX][DRAWING_PIECE]; /* apart: what is not used is not in memory */
	struct caller caller[CALLERS_MAX];
};

/* ---- pty.c ---- */

/* Make the terminal and run the workload in it. exit_code is set if it cannot be executed. */
int pty_start(struct tty *t, struct kerr *err);
/* Copy what the program wrote to the history. false: there is nothing for now. */
bool pty_read(struct tty *t);
/* Give the program what is on its way to it. */
void pty_write(struct tty *t);
/* How many bytes pty_put takes. */
size_t pty_room(const struct tty *t);
void pty_put(struct tty *t, const char *p, size_t n);
/* What the terminal shows, to the history and to the screen. */
void pty_show(struct tty *t, const char *p, size_t n);
/* To the size that is nearest to this one. */
void pty_resize(struct tty *t, uint16_t cols, uint16_t rows);

/* ---- typist.c ---- */

/* Type what the document asks for; then the terminal is ready. */
void typist_run(struct tty *t);
/* Milliseconds until it has to be called; -1: not. */
int typist_left(const struct tty *t);

/* ---- attached.c ---- */

/* A free place; NULL: there is none. */
struct attached *attached_new(struct tty *t);
/* Take fd and begin at the place that the request asks for. */
void attached_begin(struct tty *t, struct attached *a, const struct tty_request *req, int owned_fd);
/* Write what a client has not got yet, as far as it reads. */
void attached_write(struct tty *t, struct attached *a);
/* Take what a client typed, as far as there is room. */
void attached_read(struct tty *t, struct attached *a);
/* false: no client has this id. */
bool attached_detach(struct tty *t, const char *id);
void attached_close(struct tty *t, struct attached *a);
/* Whether a client has not got all yet that it can get now; and what it gets later. */
bool attached_behind(const struct tty *t, const struct attached *a);
bool attached_owed(const struct tty *t, const struct attached *a);
/* Milliseconds until there is something to do for a client that waits; -1: none. */
int attached_left(const struct tty *t, const struct attached *a);
/* The size of a client's terminal; "": of one that has not said its id. */
void attached_resize(struct tty *t, const char *id, uint16_t cols, uint16_t rows);

/* ---- callers.c ---- */

int callers_listen(struct tty *t, struct kerr *err);
void callers_accept(struct tty *t);
void callers_read(struct tty *t, struct caller *c);
/* Write what is left of a reply, then handle requests that wait. */
void callers_turn(struct tty *t, struct caller *c);
/* Whether all that was asked is answered. */
bool callers_idle(const struct caller *c);
void callers_close(struct caller *c);

/* ---- metadata.c ---- */

/* The terminal as a document. */
void metadata_add(struct buf *out, const struct tty *t);

/* ---- screenshot.c ---- */

/* The screen as a document. */
void screenshot_add(struct buf *out, const struct tty *t);

/* ---- ending.c ---- */

int ending_open(struct tty *t, struct kerr *err);
/* Take signals: children are reaped, others handed on. */
void ending_signals(struct tty *t);
/* Ask the workload to end; it is killed after the grace. */
void ending_begin(struct tty *t);
void ending_kill(struct tty *t);

/* ---- loop.c ---- */

/* Until the workload has ended and clients have what it wrote. */
void loop_run(struct tty *t);

/* ---- say.c ---- */

/* Tell of a problem: the log file of the document, else standard error. */
void say(const struct tty *t, const char *fmt, ...) printf_like(2, 3);

#endif
