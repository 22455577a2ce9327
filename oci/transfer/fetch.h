/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_FETCH_H
#define KUKEON_FETCH_H

#include "digest.h"
#include "err.h"
#include "registry.h"

/*
 * Runs a kukefetch for one repository. Nothing it reports is trusted: sizes are limited,
 * and the caller checks the digest of the bytes.
 */
struct fetch;

/*
 * Start kukefetch and send it the endpoints to try. Whether they work shows at the first
 * event.
 */
int fetch_open(const struct registry_config *c, const struct ref *ref,
	       const struct registry_login *logins, size_t n_logins, struct fetch **ret,
	       struct kerr *err);
/* Kill it, whatever it is doing. */
struct fetch *fetch_close(struct fetch *f);

static inline void fetch_freep(struct fetch **f)
{
	*f = fetch_close(*f);
}

struct fetch_want {
	bool head; /* only the headers */
	const char *what; /* "manifests" or "blobs" */
	const char *ref; /* a tag or digest */
	int64_t size; /* -1: unknown */
	int64_t max;
	/* where the bytes are written: a pipe or file; owned by the caller, who may close it */
	int fd;
};

/* Send a request; several may be in progress. *ret_id identifies it in events. */
int fetch_ask(struct fetch *f, const struct fetch_want *want, int64_t *ret_id, struct kerr *err);

enum fetch_event_kind {
	FETCH_DONE = 1,
	FETCH_FAILED, /* err is set */
	FETCH_PROGRESS,
	FETCH_RETRY, /* err is set; kukefetch tries again by itself */
};

enum fetch_event_flags {
	FETCH_AGAIN = 1 << 0, /* of FETCH_FAILED: trying again later may help */
	FETCH_SINK = 1 << 1, /* of FETCH_FAILED: the reader of the pipe has gone */
};

struct fetch_event {
	enum fetch_event_kind kind;
	enum fetch_event_flags flags;
	int64_t id;
	int64_t bytes;
	int64_t status; /* HTTP status; 0: none */
	char type[128]; /* media type; "" when missing or too long */
	char url[256]; /* the URL that answered, shortened and without query; for messages */
	struct digest digest; /* as the registry states it, not checked; may be unset */
	struct kerr err;
};

/* Convert a message of kukefetch to an event; false when it is malformed. */
struct proto_msg;
bool fetch_event_parse(const struct proto_msg *m, struct fetch_event *ret);

/* Poll this for reading before calling fetch_next. */
int fetch_fd(const struct fetch *f);
/* Wait for the next event. Fails when kukefetch itself has failed. */
int fetch_next(struct fetch *f, struct fetch_event *ret, struct kerr *err);

#endif
