/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JOB_PRIV_H
#define KUKEON_JOB_PRIV_H

#include "session.h"

/*
 * Shared by the files of a job. From the lowest layer up: job_try.c (requests, failures,
 * retries), job_answer.c (handling replies), job.c (data and timeouts).
 */

enum job_phase {
	JOB_RUNNING = 1, /* a transfer from the endpoint or from where it redirected to */
	JOB_TOKEN, /* a request to the token server */
	JOB_PROBE, /* a request that only shows whether the endpoint supports logins */
	JOB_RESTING, /* waiting before the next try */
	JOB_FLUSHING, /* everything received, but the pipe is full */
	JOB_OVER,
};

/* Why a transfer was stopped by its body function. */
enum job_stop {
	JOB_STOP_NONE = 0,
	JOB_STOP_SINK, /* the reader of the pipe has gone */
	JOB_STOP_RANGE, /* a different range than requested */
	JOB_STOP_SIZE, /* a different size than expected */
	JOB_STOP_LONG, /* more than the limit */
};

struct job {
	struct session *s;
	enum job_phase phase;
	struct http_xfer *xfer;
	const struct http_ops *const *ops; /* functions of a transfer, by its phase */
	int64_t id;
	bool head;
	char *what, *ref;
	int fd;
	bool file; /* fd is a file and can be rewritten */
	int64_t size; /* expected size; -1: unknown */
	int64_t max;
	size_t endpoint;
	char *url; /* where the endpoint redirected to; NULL: nowhere */
	struct login *login; /* for the origin that is requested */
	bool home; /* whether that origin is the endpoint's own */
	char *token_url; /* URL of the token server */
	char *token_login; /* Authorization for the token server; NULL: none */
	unsigned token_redirects;
	unsigned redirects, logins, round;
	int64_t tries; /* tries without progress */
	int64_t got; /* bytes received, including those in pending */
	int64_t got_before; /* value of got at the start of this try */
	int64_t skip; /* bytes to skip, as they were received in an earlier try */
	bool no_range; /* the endpoint does not support ranges */
	bool begun; /* the headers of this try were checked */
	bool paused;
	enum job_stop stop;
	struct buf pending;
	struct buf body; /* of an error reply or a token */
	bool broken; /* whether the other scheme failed with HTTP_BROKEN */
	struct buf first_error; /* libcurl's message for the other scheme's failure */
	char *withheld; /* host that was not sent the password */
	long refusal_status; /* the reply that led to a probe */
	struct buf refusal; /* and its text */
	int64_t wake;
	int64_t alive; /* when data last arrived, or when we were the ones who could not take it */
	int64_t reported;
	struct buf mirrors; /* errors of the mirrors */
};

/* ---- job_try.c ---- */

enum job_fail_flags {
	JOB_FAIL_AGAIN = 1 << 0, /* trying again later may help */
};

/*
 * Start a try: a file is written from the beginning, a pipe gets the bytes it has not
 * got yet.
 */
void job_begin_try(struct job *j);
/* Everything was received. a: headers of the reply, or NULL. */
void job_done(struct job *j, const struct http_answer *a);
/* This endpoint has failed: use the next one, or fail the job. */
void job_fail(struct job *j, long status, enum job_fail_flags flags, const char *text);
/* Try again later. after: the delay the registry asked for, in ms; -1: none. */
void job_rest(struct job *j, long status, int64_t after, const char *text);
/* The reader of the pipe has gone. */
void job_sink_gone(struct job *j);
/* Start a transfer for that phase. */
void job_start(struct job *j, enum job_phase phase, const struct http_ask *ask);
/*
 * Send the request to the endpoint, or to where it redirected, with that origin's
 * authorization only.
 */
void job_ask(struct job *j);
/* The endpoint's URL of the requested content; owned by the caller. */
char *job_own_url(const struct job *j) __attribute__((returns_nonnull));

/* ---- job_answer.c ---- */

/* Called at the end of a transfer. */
void job_content_end(void *ctx, const struct http_answer *a, enum http_failure why,
		     const char *error_text);
void job_token_end(void *ctx, const struct http_answer *a, enum http_failure why,
		   const char *error_text);
void job_probe_end(void *ctx, const struct http_answer *a, enum http_failure why,
		   const char *error_text);
/* The transfer failed without a complete reply. */
void job_broke(struct job *j, const struct http_answer *a, enum http_failure why,
	       const char *error_text);

static inline struct endpoint *job_endpoint(const struct job *j)
{
	return &j->s->endpoints[j->endpoint];
}

#endif
