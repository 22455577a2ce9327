/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HTTP_H
#define KUKEON_HTTP_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * HTTP transfers side by side, by libcurl: one question, one answer. Redirects,
 * authorisation and repetitions are the caller's affair. This is libcurl's wrapper.
 */
struct http;
struct http_xfer;

struct http_settings {
	const char *ca_file;
	int64_t connect_ms; /* until there is a connection */
	int64_t stall_s; /* with next to nothing coming in */
};

struct http_ask {
	const char *url;
	const char *authorization; /* the header's value; NULL: none */
	const char *accept; /* NULL: anything */
	int64_t from; /* > 0: the rest from this byte on */
	bool head;
};

struct http_answer {
	long status; /* 0: there was none */
	int64_t length; /* -1: not said */
	char *type; /* NULL where the header was not there, like the others */
	char *digest; /* Docker-Content-Digest */
	char *location;
	char *retry_after;
	char *range; /* Content-Range */
	struct strlist challenges; /* WWW-Authenticate */
	char *url; /* that was asked */
};

enum http_failure {
	HTTP_FINE = 0, /* there is a whole answer, whatever its status */
	HTTP_STOPPED, /* by the body function */
	HTTP_BROKEN, /* in between: another try may work */
	HTTP_STALLED, /* likewise, by waiting in vain */
	HTTP_UNREACHABLE, /* no connection */
	HTTP_NO_TLS, /* the other end does not speak TLS */
	HTTP_NO_HTTP, /* nor HTTP */
	HTTP_UNTRUSTED, /* its certificate */
	HTTP_FAILED, /* another reason, which will stay */
};

enum http_taken {
	HTTP_TAKEN = 1,
	HTTP_LATER, /* offer the same bytes again after http_resume */
	HTTP_STOP,
};

struct http_ops {
	/* Bytes of the body; the answer's head is complete. */
	enum http_taken (*body)(void *ctx, const struct http_answer *a, const char *p, size_t n);
	/* The end; x is no more. text: what went wrong, in libcurl's words. */
	void (*end)(void *ctx, const struct http_answer *a, enum http_failure why,
		    const char *text);
};

/* A descriptor to wait for beside the transfers. */
struct http_wait {
	int fd;
	short events, revents; /* of poll(2); POLLIN and POLLOUT */
};

int http_new(const struct http_settings *s, struct http **ret, struct kerr *err);
/* Whether there are certificates of authorities: ca_file may be absent. */
bool http_knows_authorities(const struct http *h);

/* Begin a transfer; ops and ctx outlive it. */
int http_start(struct http *h, const struct http_ask *ask, const struct http_ops *ops, void *ctx,
	       struct http_xfer **ret, struct kerr *err);
void http_resume(struct http_xfer *x);
const char *http_url(const struct http_xfer *x); /* that is asked */
/* End it without an end call. Not from within one of its own functions. */
struct http_xfer *http_stop(struct http_xfer *x);

/* Wait for anything (timeout in ms) and do what there is to do. */
int http_step(struct http *h, struct http_wait *w, size_t n, int timeout, struct kerr *err);

/* ---- addresses ---- */

/* Without credentials and fragments; port is always there. */
struct http_origin {
	char *scheme, *host, *port;
};

void http_origin_clear(struct http_origin *o);
/* -EINVAL for what is neither http nor https, or has a user in it. */
int http_origin_of(const char *url, struct http_origin *ret);
/* Whether http_origin_of takes it. */
bool http_is_url(const char *url);
bool http_origin_eq(const struct http_origin *a, const struct http_origin *b);
/* The same of two addresses; false for what is none. */
bool http_same_origin(const char *a, const char *b);
/* A Location as seen from url, blanks in it escaped. -EINVAL. Owned by the caller. */
int http_url_join(const char *url, const char *location, char **ret);
/* For the value of a query's parameter. Owned by the caller. */
char *http_escape(const char *s) __attribute__((returns_nonnull));
/* Seconds since 1970 of an HTTP date; -1. */
int64_t http_date(const char *s);
#endif
