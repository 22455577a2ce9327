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

/* A host that has the repository: a mirror, or the registry itself. */
struct endpoint {
	char *host; /* host[:port] */
	char *prefix; /* put before the repository's name: "/proxy"; usually "" */
	struct strlist schemes; /* in the order in which they are tried */
	size_t scheme; /* index of the current one */
	bool settled; /* the endpoint has answered by this scheme */
	char *user, *password; /* "": none */
	struct logins logins; /* for itself and for the origins it redirects to */
	bool probed; /* its support for logins was checked */
};

/* Retries and timeouts; set from the environment, for tests and unusual networks. */
struct tuning {
	int64_t stall_s, connect_ms, backoff_ms, tries;
};

/* The state of one kukefetch: one repository, for one pull. */
struct session {
	int control;
	struct http *http;
	char *repository;
	char *ca; /* file of additional CA certificates; "": none */
	struct strlist insecure;
	struct endpoint *endpoints;
	size_t n_endpoints;
	size_t best; /* the endpoint that worked last */
	struct tuning tuning;
	struct job **jobs;
	size_t n_jobs;
};

/* ---- endpoint.c ---- */

/* Add an endpoint described by a message. -EINVAL. */
int endpoint_add(struct session *s, const struct proto_msg *m, struct kerr *err);
/* scheme://host/v2/prefix; owned by the caller. */
char *endpoint_base(const struct endpoint *e) __attribute__((returns_nonnull));
/* Switch to the next scheme; false when there is none or the current one works. */
bool endpoint_next_scheme(struct endpoint *e);
/* "Basic …" from user and password, owned by the caller; NULL when there are none. */
char *endpoint_basic(const struct endpoint *e);
/* Whether plain HTTP is allowed for this origin. */
bool session_plain_ok(const struct session *s, const struct http_origin *o);

/*
 * Whether user and password may be sent to an origin: the registry's own or its token
 * server's.
 */
bool endpoint_trusts(const struct endpoint *e, const struct http_origin *o);

/*
 * The URL for requesting a token after a challenge of the origin `from`. -EPERM with the
 * reason when it is refused. Owned by the caller.
 */
struct challenge;
int endpoint_token_url(const struct session *s, const struct endpoint *e,
		       const struct http_origin *from, const struct challenge *c, char **ret_url,
		       struct kerr *err);

/* ---- job.c ---- */

/* One request of the engine. */
struct job;

/* Start the request in m; owned_fd (-EBADF: none) belongs to the job. */
void job_begin(struct session *s, const struct proto_msg *m, int owned_fd);
/* The descriptor to poll for writing, or -EBADF. */
int job_wants_room(const struct job *j);
void job_has_room(struct job *j);
/* When the job has to be woken (clock_ms), for its next try or as stalled; -1: never. */
int64_t job_wakes(const struct job *j);
/* To be called at that time. */
void job_wake(struct job *j);
/* Report the job's progress to the engine. */
void job_report(struct job *j);
bool job_is_over(const struct job *j);
struct job *job_free(struct job *j);

#endif
