/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SESSION_H
#define KUKEON_SESSION_H

#include "buf.h"
#include "defs.h"
#include "err.h"
#include "fetch_proto.h"
#include "http.h"
#include "login.h"
#include "vec.h"

/* A place that has the repository: a mirror, or the registry itself. */
struct endpoint {
	char *host; /* host[:port] */
	char *prefix; /* of the repository's name there: "/proxy", "" mostly */
	struct strlist schemes; /* to try in this order */
	size_t scheme; /* the one in use */
	bool settled; /* it has answered by that */
	char *user, *password; /* "" for none */
	struct logins logins; /* its own, and those of where it redirects to */
	bool probed; /* it was asked whether it knows logins at all */
};

/* How patient to be. From the environment, for tests and odd networks. */
struct tuning {
	int64_t stall_s, connect_ms, backoff_ms, tries;
};

/* One invocation: one repository, fetched from for one pull. */
struct session {
	int control;
	struct http *http;
	char *repository;
	char *ca; /* file of the further authorities; "" for none */
	struct strlist insecure;
	struct endpoint *endpoints;
	size_t n_endpoints;
	size_t best; /* the one that served last */
	struct tuning tuning;
	struct job **jobs;
	size_t n_jobs;
};

/* ---- endpoint.c ---- */

/* A message that says where to fetch from. -EINVAL. */
int endpoint_add(struct session *s, const struct fetch_msg *m, struct kerr *err);
/* scheme://host/v2/prefix; owned by the caller. */
char *endpoint_base(const struct endpoint *e) __attribute__((returns_nonnull));
/* Go on to the next scheme; false when there is none, or one works. */
bool endpoint_next_scheme(struct endpoint *e);
/* "Basic …" of user and password; owned by the caller; NULL when there are none. */
char *endpoint_basic(const struct endpoint *e);
/* Whether plain HTTP may be spoken to the host of an address. */
bool session_plain_ok(const struct session *s, const struct http_origin *o);

/* Whether user and password may go to an origin: the registry's own, or its token server's. */
bool endpoint_trusts(const struct endpoint *e, const struct http_origin *o);

/*
 * The address to get a token from, by a challenge of the origin from. -EPERM with
 * the reason for what is refused. Owned by the caller.
 */
struct challenge;
int endpoint_token_url(const struct session *s, const struct endpoint *e,
		       const struct http_origin *from, const struct challenge *c, char **ret_url,
		       struct kerr *err);

/* ---- job.c ---- */

/* One request of the engine's. */
struct job;

/* Begin what m asks for; fd (-EBADF: none) becomes the job's. */
void job_begin(struct session *s, const struct fetch_msg *m, int owned_fd);
/* The descriptor to be written to once there is room; -EBADF. */
int job_wants_room(const struct job *j);
void job_has_room(struct job *j);
/* When it goes on after a rest, or counts as stalled (clock_ms); -1: neither. */
int64_t job_wakes(const struct job *j);
/* That time has come. */
void job_wake(struct job *j);
/* Tell the engine how far it is. */
void job_report(struct job *j);
bool job_is_over(const struct job *j);
struct job *job_free(struct job *j);

#endif
