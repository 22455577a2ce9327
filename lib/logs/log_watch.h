/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOG_WATCH_H
#define KUKEON_LOG_WATCH_H

#include "defs.h"
#include "err.h"

/* Waiting, by inotify, for what happens in the directories of logs and of their cell. */
struct log_watch {
	int fd; /* readable: log_watch_read has something to tell */
	int *wd; /* of each directory; -1: it is not watched */
	size_t n;
};

enum log_event {
	LOG_EVENT_WRITE = 1 << 0, /* something was written, made, renamed or removed */
	LOG_EVENT_CLOSE = 1 << 1, /* a writer closed a file: a container may have ended */
};

int log_watch_init(struct log_watch *w, struct kerr *err);
void log_watch_clear(struct log_watch *w);
enum log_watch_flags {
	LOG_WATCH_NAMES = 1 << 0, /* only what is made, renamed and removed: of a cell */
};

/* Watch a directory under the next number: 0, 1 and so on. One that is missing is not watched. */
int log_watch_add(struct log_watch *w, const char *dir, enum log_watch_flags flags,
		  struct kerr *err);
/* Watch under the number that the directory has, now that it may be there. */
int log_watch_again(struct log_watch *w, size_t which, const char *dir, struct kerr *err);
/* Call back for each event that there is, without waiting. */
void log_watch_read(struct log_watch *w, void (*event)(void *ctx, size_t which, enum log_event e),
		    void *ctx);

#endif
