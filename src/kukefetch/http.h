/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HTTP_H
#define KUKEON_HTTP_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Concurrent HTTP transfers: one request and one reply each. Redirects, authorisation
 * and retries are left to the caller. Wraps libcurl.
 */
struct http;
struct http_xfer;

struct http_settings {
	const char *ca_file;
	int64_t connect_ms; /* time limit for connecting */
	int64_t stall_s; /* time limit without noticeable progress */
};

struct http_ask {
	const char *url;
	const char *authorization; /* value of the header; NULL: none */
	const char *accept; /* value of the header; NULL: any type */
	int64_t from; /* > 0: request the bytes from this offset on */
	bool head;
};

struct http_answer {
	long status; /* 0: no reply */
	int64_t length; /* Content-Length; -1: missing */
	char *type; /* like the others, NULL when the header is missing */
	char *digest; /* Docker-Content-Digest */
	char *location;
	char *retry_after;
	char *range; /* Content-Range */
	struct strlist challenges; /* WWW-Authenticate */
	char *url; /* the URL that was requested */
};

enum http_failure {
	HTTP_FINE = 0, /* the reply is complete, whatever its status */
	HTTP_STOPPED, /* by the body function */
	HTTP_BROKEN, /* connection broken; a retry may work */
	HTTP_STALLED, /* no progress; a retry may work */
	HTTP_UNREACHABLE, /* cannot connect */
	HTTP_NO_TLS, /* the server does not speak TLS */
	HTTP_NO_HTTP, /* the server does not speak HTTP */
	HTTP_UNTRUSTED, /* the server's certificate is not trusted */
	HTTP_FAILED, /* another error; a retry does not help */
};

enum http_taken {
	HTTP_TAKEN = 1,
	HTTP_LATER, /* pause; offer the same bytes again after http_resume */
	HTTP_STOP,
};

struct http_ops {
	/* Gets bytes of the body; all headers in a are set. */
	enum http_taken (*body)(void *ctx, const struct http_answer *a, const char *p, size_t n);
	/* Called at the end; x is freed afterwards. text: libcurl's error message. */
	void (*end)(void *ctx, const struct http_answer *a, enum http_failure why,
		    const char *text);
};

/* A descriptor to poll besides the transfers. */
struct http_wait {
	int fd;
	short events, revents; /* of poll(2); POLLIN and POLLOUT */
};

int http_new(const struct http_settings *s, struct http **ret, struct kerr *err);
/* Whether CA certificates are installed; without ca_file there may be none. */
bool http_knows_authorities(const struct http *h);

/* Start a transfer; ops and ctx must outlive it. */
int http_start(struct http *h, const struct http_ask *ask, const struct http_ops *ops, void *ctx,
	       struct http_xfer **ret, struct kerr *err);
void http_resume(struct http_xfer *x);
const char *http_url(const struct http_xfer *x); /* the requested URL */
/*
 * Cancel a transfer without calling its end function. Must not be called from its own
 * functions.
 */
struct http_xfer *http_stop(struct http_xfer *x);

/* Wait for an event (timeout in ms) and handle it. */
int http_step(struct http *h, struct http_wait *w, size_t n, int timeout, struct kerr *err);

/* ---- URLs ---- */

/* Scheme, host and port of a URL; the port is always set. */
struct http_origin {
	char *scheme, *host, *port;
};

void http_origin_clear(struct http_origin *o);
/* -EINVAL for a scheme other than http and https, and for a URL with a user name. */
int http_origin_of(const char *url, struct http_origin *ret);
/* Whether http_origin_of accepts the URL. */
bool http_is_url(const char *url);
bool http_origin_eq(const struct http_origin *a, const struct http_origin *b);
/* Whether two URLs have the same origin; false when one is malformed. */
bool http_same_origin(const char *a, const char *b);
/*
 * Resolve a Location relative to url; blanks in it are escaped. -EINVAL. Owned by the
 * caller.
 */
int http_url_join(const char *url, const char *location, char **ret);
/* Escape a value for a URL's query. Owned by the caller. */
char *http_escape(const char *s) __attribute__((returns_nonnull));
/* Seconds since 1970 for an HTTP date; -1 for a malformed one. */
int64_t http_date(const char *s);
#endif
