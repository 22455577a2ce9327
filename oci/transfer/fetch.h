/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FETCH_H
#define KUKEON_FETCH_H

#include "digest.h"
#include "err.h"
#include "registry.h"

/*
 * kukefetch at work for one repository. Nothing it says is believed: sizes are
 * bounded, digests are for whoever gets the bytes to check.
 */
struct fetch;

/* Start it. Where to fetch from is told at once; whether that works shows at the first event. */
int fetch_open(const struct registry_config *c, const struct ref *ref,
	       const struct registry_login *logins, size_t n_logins, struct fetch **ret,
	       struct kerr *err);
/* End it, whatever it is at. */
struct fetch *fetch_close(struct fetch *f);

static inline void fetch_freep(struct fetch **f)
{
	*f = fetch_close(*f);
}

struct fetch_want {
	bool head; /* only ask what there is */
	const char *what; /* "manifests", "blobs" */
	const char *ref; /* tag or digest */
	int64_t size; /* -1: not known */
	int64_t max;
	int fd; /* gets the bytes: a pipe or a file; stays the caller's, who may close it */
};

/* Ask for something; several requests may be under way. *ret_id names it in events. */
int fetch_ask(struct fetch *f, const struct fetch_want *want, int64_t *ret_id, struct kerr *err);

enum fetch_event_kind {
	FETCH_DONE = 1,
	FETCH_FAILED, /* err says why */
	FETCH_PROGRESS,
	FETCH_RETRY, /* err says why; it goes on by itself */
};

enum fetch_event_flags {
	FETCH_AGAIN = 1 << 0, /* of a failure: another day it may work */
	FETCH_SINK = 1 << 1, /* whoever reads the pipe went away first */
};

struct fetch_event {
	enum fetch_event_kind kind;
	enum fetch_event_flags flags;
	int64_t id;
	int64_t bytes;
	int64_t status; /* of HTTP; 0 */
	char type[128]; /* media type, "" when not said or absurd */
	char url[256]; /* what answered, cut off, without its query; for messages */
	struct digest digest; /* as the registry claims; unset */
	struct kerr err;
};

/* An event from what kukefetch said, whatever that is; false when it makes no sense. */
struct fetch_msg;
bool fetch_event_parse(const struct fetch_msg *m, struct fetch_event *ret);

/* Readable when there is an event. */
int fetch_fd(const struct fetch *f);
/* The next event; waits for it. A failure here is one of kukefetch itself. */
int fetch_next(struct fetch *f, struct fetch_event *ret, struct kerr *err);

#endif
