/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "challenge.h"
#include "clock.h"
#include "job_priv.h"
#include "mem.h"
#include "str.h"
#include "words.h"

enum {
	JOB_MAX_REDIRECTS = 10,
	JOB_MAX_LOGINS = 2, /* how many replies of 401 are answered per try and origin */
};

static bool is_content(const struct http_answer *a)
{
	return a->status == 200 || a->status == 206;
}

static bool is_redirect(const struct http_answer *a)
{
	return a->status >= 301 && a->status <= 308 && a->status != 304;
}

static const char *status_text(long status)
{
	static const struct {
		long status;
		const char *text;
	} rows[] = {
		{ 400, "bad request" },
		{ 401, "unauthorized" },
		{ 403,
		  "pull access denied, repository does not exist or may require authorization" },
		{ 404, "not found" },
		{ 408, "request timeout" },
		{ 416, "requested range not satisfiable" },
		{ 429, "too many requests" },
		{ 500, "internal server error" },
		{ 502, "bad gateway" },
		{ 503, "service unavailable" },
		{ 504, "gateway timeout" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].status == status)
			return rows[i].text;
	return NULL;
}

/*
 * Append status and error text ("not found: manifest unknown"), preceded by the host if
 * it is not the registry's own.
 */
static void add_refusal(const struct job *j, const struct http_answer *a, struct buf *out)
{
	cleanup_(http_origin_clear) struct http_origin o = { 0 };
	cleanup_buf struct buf error_text = BUF_INIT(1024);
	const char *text = status_text(a->status);

	if ((!j->home || j->phase == JOB_TOKEN) && http_origin_of(a->url, &o) == 0)
		buf_addf(out, "'%s': ", o.host);
	if (a->status == 401 && !*job_endpoint(j)->user)
		text = status_text(403);
	words_of(buf_str(&j->body), j->body.len, &error_text);
	if (error_text.len > 0 && text && str_has_prefix(buf_str(&error_text), text))
		text = NULL;
	else if (text)
		buf_adds(out, text);
	else
		buf_addf(out, "unexpected answer %ld", a->status);
	if (error_text.len > 0)
		buf_addf(out, "%s%s", text || !status_text(a->status) ? ": " : "",
			 buf_str(&error_text));
}

static void fail_refused(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(2048);

	add_refusal(j, a, &text);
	job_fail(j, a->status, 0, buf_str(&text));
}

static int64_t retry_after(const struct http_answer *a)
{
	int64_t n;

	if (!a->retry_after)
		return -1;
	if (str_to_i64(a->retry_after, 0, INT32_MAX, &n) == 0)
		return n * 1000;
	n = http_date(a->retry_after);
	if (n < 0)
		return -1;
	n -= (int64_t) time(NULL);
	return n < 0 ? 0 : n * 1000;
}

/* 408, 429 and server errors may be temporary. */
static bool is_temporary(long status)
{
	return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

static void retry_later(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(2048);

	add_refusal(j, a, &text);
	job_rest(j, a->status, retry_after(a), buf_str(&text));
}

/* Return the URL that a redirect leads to; or NULL, and in text why it is refused. */
static char *location_of(const struct job *j, const struct http_answer *a, unsigned redirects,
			 struct buf *text)
{
	cleanup_(http_origin_clear) struct http_origin from = { 0 }, to = { 0 };
	cleanup_free char *url = NULL;

	if (!a->location || http_url_join(a->url, a->location, &url) < 0 ||
	    http_origin_of(a->url, &from) < 0 || http_origin_of(url, &to) < 0)
		buf_adds(text, "redirected to an invalid URL");
	else if (redirects > JOB_MAX_REDIRECTS)
		buf_adds(text, "redirected too often");
	else if (streq(to.scheme, "http") &&
		 (streq(from.scheme, "https") || !session_plain_ok(j->s, &to)))
		buf_addf(text, "redirected to plain http, at '%.255s': refused", to.host);
	return text->len > 0 ? NULL : take_ptr(url);
}

static void redirect(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(1024);
	char *url = location_of(j, a, ++j->redirects, &text);

	if (!url) {
		job_fail(j, a->status, 0, buf_str(&text));
		return;
	}
	if (!http_same_origin(a->url, url))
		j->logins = 0;
	free(j->url);
	j->url = url;
	job_ask(j);
}

static void ask_token(struct job *j)
{
	const struct http_ask a = { .url = j->token_url, .authorization = j->token_login };

	job_start(j, JOB_TOKEN, &a);
}

/* The password must not be sent to this token server. */
static void withhold_password(struct job *j, const char *url)
{
	cleanup_(http_origin_clear) struct http_origin o = { 0 };

	free_p(&j->token_login);
	free(j->withheld);
	j->withheld = xstrdup(http_origin_of(url, &o) == 0 ? o.host : "");
}

/*
 * Only a challenge of the endpoint itself is answered with the password; for others an
 * anonymous token is requested.
 */
static void fetch_token(struct job *j, const struct challenge *c)
{
	cleanup_(http_origin_clear) struct http_origin o = { 0 };
	struct endpoint *e = job_endpoint(j);
	cleanup_free char *url = NULL;
	struct kerr err = { 0 };

	if (endpoint_token_url(j->s, e, &j->login->origin, c, &url, &err) < 0) {
		job_fail(j, 401, 0, err.msg);
		return;
	}
	free(j->token_url);
	j->token_url = take_ptr(url);
	free(j->token_login);
	j->token_login = j->home ? endpoint_basic(e) : NULL;
	j->token_redirects = 0;
	if (j->token_login && (http_origin_of(j->token_url, &o) < 0 || !endpoint_trusts(e, &o)))
		withhold_password(j, j->token_url);
	ask_token(j);
}

/* Follow a redirect of the token server. The password is kept only within the same origin. */
static void redirect_token(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(1024);
	char *url = location_of(j, a, ++j->token_redirects, &text);

	if (!url) {
		job_fail(j, a->status, 0, buf_str(&text));
		return;
	}
	if (j->token_login && !http_same_origin(j->token_url, url))
		withhold_password(j, url);
	free(j->token_url);
	j->token_url = url;
	ask_token(j);
}

/* Answer a challenge; false when that is not possible. */
static bool log_in(struct job *j, const struct http_answer *a)
{
	cleanup_challenge struct challenge c = { 0 };
	struct endpoint *e = job_endpoint(j);

	challenge_pick(&a->challenges, http_is_url, &c);
	if (j->logins++ >= JOB_MAX_LOGINS)
		return false;
	switch (c.scheme) {
	case CHALLENGE_NONE:
		return false;
	case CHALLENGE_BEARER:
	case CHALLENGE_LOST: /* fails with a message that names the realm */
		fetch_token(j, &c);
		return true;
	case CHALLENGE_BASIC:
		if (!j->home || !*e->user || j->login->authorization)
			return false; /* or the password was refused */
		login_use(j->login, endpoint_basic(e));
		job_ask(j);
		return true;
	}
	return false;
}

static void unauthorized(struct job *j, const struct http_answer *a)
{
	if (j->round != j->login->round) /* another job has got authorization meanwhile */
		job_ask(j);
	else if (!log_in(j, a))
		fail_refused(j, a);
}

/*
 * Some registries answer an anonymous request for a private repository with 403 or 404.
 * Whether the registry supports logins is shown by its reply to /v2/ (OCI
 * distribution-spec, end-1), which is requested once.
 */
static bool probe(struct job *j, const struct http_answer *a)
{
	struct endpoint *e = job_endpoint(j);
	cleanup_free char *url = NULL;
	struct http_ask ask = { 0 };

	if ((a->status != 403 && a->status != 404) || !j->home || !*e->user || e->probed ||
	    j->login->authorization)
		return false;
	e->probed = true;
	buf_reset(&j->refusal);
	add_refusal(j, a, &j->refusal);
	j->refusal_status = a->status;
	url = xasprintf("%s://%s/v2/", e->schemes.v[e->scheme], e->host);
	ask.url = url;
	job_start(j, JOB_PROBE, &ask);
	return true;
}

void job_probe_end(void *ctx, const struct http_answer *a, enum http_failure why,
		   const char *error_text)
{
	struct job *j = ctx;

	(void) error_text;
	j->xfer = NULL;
	if (why != HTTP_FINE || a->status != 401 || !log_in(j, a))
		job_fail(j, j->refusal_status, 0, buf_str(&j->refusal));
}

static void complete(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(256);

	if (j->head || j->size < 0 || j->got == j->size) {
		if (j->pending.len > 0)
			j->phase = JOB_FLUSHING;
		else
			job_done(j, a);
		return;
	}
	buf_addf(&text, "only %lld of %lld bytes received", (long long) j->got,
		 (long long) j->size);
	job_rest(j, 0, -1, buf_str(&text));
}

/* Plain HTTP was sent to an HTTPS server; all of them answer with status 400. */
static bool wants_tls(const struct job *j, const struct http_answer *a)
{
	const struct endpoint *e = job_endpoint(j);

	return a->status == 400 && !e->settled && streq(e->schemes.v[e->scheme], "http") &&
	       e->scheme + 1 < e->schemes.n && !j->url;
}

static void on_status(struct job *j, const struct http_answer *a)
{
	if (wants_tls(j, a) && endpoint_next_scheme(job_endpoint(j))) {
		job_ask(j);
		return;
	}
	if (!j->url)
		job_endpoint(j)->settled = true;
	if (is_content(a))
		complete(j, a);
	else if (is_redirect(a))
		redirect(j, a);
	else if (a->status == 401)
		unauthorized(j, a);
	else if (is_temporary(a->status))
		retry_later(j, a);
	else if (!probe(j, a))
		fail_refused(j, a);
}

/* With a clock that was never set, every certificate seems invalid: mention it. */
static void add_clock(struct buf *text)
{
	static const time_t built = 1735689600; /* 2025-01-01 */
	struct timespec now = { .tv_sec = time(NULL) };
	struct ktime t = ktime_from_timespec(&now);
	char when[KTIME_TEXT_MAX];

	if (now.tv_sec < built)
		buf_addf(text, "; the system clock says %s", ktime_text(&t, when));
}

/*
 * If the endpoint has never answered, it may be reached by its other scheme. Returns
 * true when that is tried now.
 */
static bool try_other_scheme(struct job *j, enum http_failure *why, const char **error_text)
{
	struct endpoint *e = job_endpoint(j);
	bool plain = streq(e->schemes.v[e->scheme], "http");

	if (j->phase != JOB_RUNNING || j->url || e->settled || e->schemes.n < 2)
		return false;
	if (e->scheme + 1 == e->schemes.n) {
		e->scheme = 0; /* neither scheme worked: report the error of the first */
		if (*why == HTTP_NO_TLS || *why == HTTP_NO_HTTP ||
		    (j->broken && *why == HTTP_STALLED)) {
			*why = j->broken ? HTTP_BROKEN : *why;
			buf_addf(&j->first_error, "; by %s: %s", plain ? "http" : "https",
				 *error_text);
			*error_text = buf_str(&j->first_error);
		}
		return false;
	}
	/* Fall back from TLS only after errors that an attacker alone cannot cause. */
	if (*why != HTTP_UNREACHABLE && *why != (plain ? HTTP_NO_HTTP : HTTP_NO_TLS) &&
	    !(plain && *why == HTTP_BROKEN))
		return false;
	j->broken = *why == HTTP_BROKEN;
	buf_reset(&j->first_error);
	buf_adds(&j->first_error, *error_text);
	(void) endpoint_next_scheme(e);
	job_ask(j);
	return true;
}

void job_broke(struct job *j, const struct http_answer *a, enum http_failure why,
	       const char *error_text)
{
	cleanup_buf struct buf text = BUF_INIT(2048), shown = BUF_INIT(2048);
	cleanup_(http_origin_clear) struct http_origin o = { 0 };

	if (a->status == 0 && try_other_scheme(j, &why, &error_text))
		return;
	str_vis(&shown, error_text, strnlen(error_text, 300));
	(void) http_origin_of(a->url, &o);
	if (why == HTTP_UNTRUSTED) {
		buf_addf(&text, "the certificate of '%s' is not trusted: %s", o.host ? o.host : "",
			 buf_str(&shown));
		if (!http_knows_authorities(j->s->http))
			buf_adds(&text, "; this host has no CA certificates (Debian "
					"package: ca-certificates)");
		add_clock(&text);
	} else {
		buf_addf(&text, "'%s': %s", o.host ? o.host : "", buf_str(&shown));
	}
	if (why == HTTP_BROKEN || why == HTTP_STALLED)
		job_rest(j, 0, -1, buf_str(&text));
	else
		job_fail(j, 0, why == HTTP_UNREACHABLE ? JOB_FAIL_AGAIN : 0, buf_str(&text));
}

static void on_stop(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(256);
	int64_t from = a->status == 206 ? j->got : 0;

	switch (j->stop) {
	case JOB_STOP_NONE:
	case JOB_STOP_SINK:
		job_sink_gone(j);
		break;
	case JOB_STOP_RANGE:
		j->no_range = true;
		job_rest(j, 0, -1, "the registry sent a different range than requested");
		break;
	case JOB_STOP_SIZE:
		buf_addf(&text,
			 "the registry has %" PRId64 " bytes of it, the manifest says %" PRId64,
			 from + a->length, j->size);
		job_fail(j, 0, 0, buf_str(&text));
		break;
	case JOB_STOP_LONG:
		buf_addf(&text, "larger than the limit of %lld bytes", (long long) j->max);
		job_fail(j, 0, 0, buf_str(&text));
		break;
	}
}

void job_content_end(void *ctx, const struct http_answer *a, enum http_failure why,
		     const char *error_text)
{
	struct job *j = ctx;

	j->xfer = NULL;
	if (why == HTTP_FINE)
		on_status(j, a);
	else if (why == HTTP_STOPPED)
		on_stop(j, a);
	else
		job_broke(j, a, why, error_text);
}

void job_token_end(void *ctx, const struct http_answer *a, enum http_failure why,
		   const char *error_text)
{
	struct job *j = ctx;

	j->xfer = NULL;
	if (why == HTTP_STOPPED)
		job_fail(j, 0, 0, "the token is too long");
	else if (why != HTTP_FINE)
		job_broke(j, a, why, error_text);
	else if (is_redirect(a))
		redirect_token(j, a);
	else if (is_temporary(a->status))
		retry_later(j, a);
	else if (a->status != 200)
		fail_refused(j, a);
	else if (login_use_token(j->login, &j->body) < 0)
		job_fail(j, 0, 0, "the token server's reply contains no token");
	else
		job_ask(j);
}
