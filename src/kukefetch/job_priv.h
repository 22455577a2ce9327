/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JOB_PRIV_H
#define KUKEON_JOB_PRIV_H

#include "session.h"

/*
 * What the files of a job share: job_try.c (asking, giving up, trying again), above it
 * job_answer.c (what an answer leads to), above that job.c (the bytes, the clock).
 */

enum job_phase {
	JOB_RUNNING = 1, /* a transfer from the endpoint, or where it sent us */
	JOB_TOKEN, /* a transfer from who gives out tokens */
	JOB_PROBE, /* a transfer that only shows whether the endpoint knows logins */
	JOB_RESTING, /* until the next try */
	JOB_FLUSHING, /* all is here, the pipe is full */
	JOB_OVER,
};

/* What a transfer's body shows to be wrong before its end. */
enum job_stop {
	JOB_STOP_NONE = 0,
	JOB_STOP_SINK, /* nobody reads the pipe */
	JOB_STOP_RANGE, /* another part than was asked for */
	JOB_STOP_SIZE, /* another size than was promised */
	JOB_STOP_LONG, /* more than there may be */
};

struct job {
	struct session *s;
	enum job_phase phase;
	struct http_xfer *xfer;
	const struct http_ops *const *ops; /* of a transfer, by the phase it begins */
	int64_t id;
	bool head;
	char *what, *ref;
	int fd;
	bool file; /* fd can start anew */
	int64_t size; /* promised; -1: not known */
	int64_t max;
	size_t endpoint;
	char *url; /* where the endpoint sent us; NULL: nowhere */
	struct login *login; /* of the origin that is asked */
	bool home; /* and whether that is the endpoint's own */
	char *token_url; /* where a token is asked for, and */
	char *token_login; /* what that place hears of who we are; NULL: nothing */
	unsigned token_redirects;
	unsigned redirects, logins, round;
	int64_t tries; /* without getting on */
	int64_t got; /* bytes, those in pending included */
	int64_t got_before; /* this try */
	int64_t skip; /* bytes that came once before */
	bool no_range; /* it cannot give a part */
	bool begun; /* the first byte of this try's body was judged */
	bool paused;
	enum job_stop stop;
	struct buf pending;
	struct buf body; /* of a refusal or a token */
	bool broken; /* how the scheme before this one failed, and */
	struct buf first_words; /* what libcurl said to that */
	char *withheld; /* host that the password did not go to */
	long refusal_status; /* what a probe is to get around, and */
	struct buf refusal; /* its text */
	int64_t wake;
	int64_t alive; /* when something last came, or could not for our sake */
	int64_t reported;
	struct buf mirrors; /* what they said */
};

/* ---- job_try.c ---- */

enum job_fail_flags {
	JOB_FAIL_AGAIN = 1 << 0, /* another day it may work */
};

/* Ask anew: the next endpoint, or the same after a rest. */
void job_begin_try(struct job *j);
/* All that was asked for is here; a: the answer's head, NULL for none. */
void job_done(struct job *j, const struct http_answer *a);
/* This endpoint cannot give it: the next one, or the end. */
void job_fail(struct job *j, long status, enum job_fail_flags flags, const char *text);
/* Another try, later. after: what the registry asks for, in ms; -1: nothing. */
void job_rest(struct job *j, long status, int64_t after, const char *text);
/* Nobody reads what comes any more. */
void job_sink_gone(struct job *j);
/* Begin a transfer in that phase. */
void job_start(struct job *j, enum job_phase phase, const struct http_ask *ask);
/* Ask the endpoint, or the place it sent us to, which hears only what is its own. */
void job_ask(struct job *j);
/* The endpoint's own address of what is asked for; owned by the caller. */
char *job_own_url(const struct job *j) __attribute__((returns_nonnull));

/* ---- job_answer.c ---- */

/* The ends of transfers. */
void job_content_end(void *ctx, const struct http_answer *a, enum http_failure why,
		     const char *words);
void job_token_end(void *ctx, const struct http_answer *a, enum http_failure why,
		   const char *words);
void job_probe_end(void *ctx, const struct http_answer *a, enum http_failure why,
		   const char *words);
/* No whole answer came. */
void job_broke(struct job *j, const struct http_answer *a, enum http_failure why,
	       const char *words);

static inline struct endpoint *job_endpoint(const struct job *j)
{
	return &j->s->endpoints[j->endpoint];
}

#endif
