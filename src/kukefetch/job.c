/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "challenge.h"
#include "clock.h"
#include "fd.h"
#include "mem.h"
#include "session.h"
#include "str.h"
#include "words.h"

enum {
	JOB_MAX_REDIRECTS = 10,
	JOB_MAX_LOGINS = 2, /* answers of 401 to what we just got, per try */
	JOB_MAX_WORDS = 16 << 10, /* bytes of a refusal that are read */
	JOB_MAX_TOKEN = 64 << 10, /* bytes of a token server's answer */
	JOB_PENDING = 64 << 10, /* bytes that wait for room in the pipe */
	JOB_ADVANCE = 256 << 10, /* a try that brought so much starts the count of tries anew */
	JOB_MAX_REST_MS = 60 * 1000, /* longest time between two tries */
};

#define ACCEPT_MANIFESTS                                              \
	"application/vnd.oci.image.index.v1+json, "                   \
	"application/vnd.docker.distribution.manifest.list.v2+json, " \
	"application/vnd.oci.image.manifest.v1+json, "                \
	"application/vnd.docker.distribution.manifest.v2+json"

enum job_phase {
	JOB_RUNNING = 1, /* a transfer from the endpoint, or where it sent us */
	JOB_TOKEN, /* a transfer from who gives out tokens */
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
	int64_t id;
	bool head;
	char *what, *ref;
	int fd;
	bool file; /* fd can start anew */
	int64_t size; /* promised; -1: not known */
	int64_t max;
	size_t endpoint;
	char *url; /* where the endpoint sent us; NULL: nowhere */
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
	int64_t wake;
	int64_t alive; /* when something last came, or could not for our sake */
	int64_t reported;
	struct buf mirrors; /* what they said */
};

static void begin_try(struct job *j);

static struct endpoint *endpoint(const struct job *j)
{
	return &j->s->endpoints[j->endpoint];
}

struct job *job_free(struct job *j)
{
	if (!j)
		return NULL;
	j->xfer = http_stop(j->xfer);
	fd_close_p(&j->fd);
	free(j->what);
	free(j->ref);
	free(j->url);
	free(j->withheld);
	buf_clear(&j->pending);
	buf_clear(&j->body);
	buf_clear(&j->first_words);
	buf_clear(&j->mirrors);
	free(j);
	return NULL;
}

bool job_is_over(const struct job *j)
{
	return j->phase == JOB_OVER;
}

/* ---- what the engine hears ---- */

static void answer(struct job *j, struct fetch_msg *m, enum fetch_msg_flags flags)
{
	fetch_msg_add_i64(m, "id", j->id);
	(void) fetch_msg_send(m, j->s->control, -1, flags); /* without an engine we end anyway */
}

void job_report(struct job *j)
{
	cleanup_fetch_msg struct fetch_msg m = FETCH_MSG_INIT;

	if (j->got == j->reported || j->phase == JOB_OVER)
		return;
	fetch_msg_start(&m, "progress");
	fetch_msg_add_i64(&m, "bytes", j->got);
	answer(j, &m, FETCH_MSG_DONTWAIT);
	j->reported = j->got;
}

/* The end. It is told before the pipe closes, so that its reader's complaint comes second. */
static void finish(struct job *j, struct fetch_msg *m)
{
	answer(j, m, 0);
	fd_close_p(&j->fd);
	j->phase = JOB_OVER;
}

static void done(struct job *j, const struct http_answer *a)
{
	cleanup_fetch_msg struct fetch_msg m = FETCH_MSG_INIT;

	fetch_msg_start(&m, "done");
	fetch_msg_add_i64(&m, "bytes", j->got);
	if (a) {
		fetch_msg_add(&m, "type", a->type);
		fetch_msg_add(&m, "digest", a->digest);
	}
	fetch_msg_add(&m, "host", endpoint(j)->host);
	j->s->best = j->endpoint;
	finish(j, &m);
}

enum fail_flags {
	FAIL_AGAIN = 1 << 0, /* another day it may work */
};

static void reset_try(struct job *j)
{
	free_p(&j->url);
	j->redirects = j->logins = 0;
}

/* This endpoint cannot give it: the next one, or the end. */
static void fail(struct job *j, long status, enum fail_flags flags, const char *text)
{
	cleanup_fetch_msg struct fetch_msg m = FETCH_MSG_INIT;
	cleanup_buf struct buf all = BUF_INIT(4096);

	if (j->endpoint + 1 < j->s->n_endpoints) {
		buf_addf(&j->mirrors, "; mirror %s: %s", endpoint(j)->host, text);
		reset_try(j);
		j->endpoint++;
		j->tries = 0;
		begin_try(j);
		return;
	}
	buf_adds(&all, text);
	if (j->withheld)
		buf_addf(&all, " (the password was not given to '%s')", j->withheld);
	buf_add(&all, j->mirrors.data, j->mirrors.len);
	fetch_msg_start(&m, "failed");
	fetch_msg_add(&m, "text", buf_str(&all));
	fetch_msg_add_i64(&m, "status", status);
	if (flags & FAIL_AGAIN)
		fetch_msg_add(&m, "again", "1");
	if (j->stop == JOB_STOP_SINK)
		fetch_msg_add(&m, "sink", "1");
	finish(j, &m);
}

/* ---- tries ---- */

static int64_t jitter(int64_t ms)
{
	return ms + clock_us() % (ms / 4 + 1);
}

/* after: what the registry asks for, in ms; -1: nothing. */
static void rest(struct job *j, long status, int64_t after, const char *text)
{
	cleanup_fetch_msg struct fetch_msg m = FETCH_MSG_INIT;
	cleanup_buf struct buf all = BUF_INIT(1024);
	int64_t ms = j->s->tuning.backoff_ms;
	int64_t i;

	if (j->got - j->got_before >= JOB_ADVANCE)
		j->tries = 0;
	if (++j->tries >= j->s->tuning.tries) {
		buf_addf(&all, "%s (after %lld tries)", text, (long long) j->tries);
		fail(j, status, FAIL_AGAIN, buf_str(&all));
		return;
	}
	if (after > JOB_MAX_REST_MS) {
		buf_addf(&all, "%s (it asks to come back in %lld s)", text,
			 (long long) after / 1000);
		fail(j, status, FAIL_AGAIN, buf_str(&all));
		return;
	}
	for (i = 1; i < j->tries && ms < JOB_MAX_REST_MS; i++)
		ms *= 2;
	ms = after >= 0 ? after : jitter(ms < JOB_MAX_REST_MS ? ms : JOB_MAX_REST_MS);
	fetch_msg_start(&m, "retry");
	fetch_msg_add(&m, "text", text);
	answer(j, &m, FETCH_MSG_DONTWAIT);
	reset_try(j);
	j->wake = clock_ms() + ms;
	j->phase = JOB_RESTING;
}

int64_t job_wakes(const struct job *j)
{
	switch (j->phase) {
	case JOB_RESTING:
		return j->wake;
	case JOB_RUNNING:
	case JOB_TOKEN:
		/* libcurl knows slow; its averages take long to see that there is nothing. */
		return j->pending.len > 0 ? -1 : j->alive + j->s->tuning.stall_s * 1000;
	case JOB_FLUSHING:
	case JOB_OVER:
		break;
	}
	return -1;
}

static const struct http_ops content_ops, token_ops;

static void start(struct job *j, enum job_phase phase, const struct http_ask *ask)
{
	struct kerr err = { 0 };

	buf_reset(&j->body);
	j->begun = j->paused = false;
	j->stop = JOB_STOP_NONE;
	j->skip = 0;
	j->phase = phase;
	j->alive = clock_ms();
	if (http_start(j->s->http, ask, phase == JOB_TOKEN ? &token_ops : &content_ops, j, &j->xfer,
		       &err) < 0)
		fail(j, 0, 0, err.msg);
}

/* Ask the endpoint, or the place it sent us to; that one never hears who we are. */
static void ask(struct job *j)
{
	struct endpoint *e = endpoint(j);
	cleanup_free char *base = endpoint_base(e);
	cleanup_free char *url = xasprintf("%s/%s/%s/%s", base, j->s->repository, j->what, j->ref);
	bool home = !j->url || http_same_origin(j->url, url);
	const struct http_ask a = {
		.url = j->url ? j->url : url,
		.authorization = home ? e->authorization : NULL,
		.accept = streq(j->what, "manifests") ? ACCEPT_MANIFESTS : NULL,
		.from = j->no_range ? 0 : j->got,
		.head = j->head,
	};

	j->round = e->round;
	start(j, JOB_RUNNING, &a);
}

static void begin_try(struct job *j)
{
	if (j->file && j->got > 0) {
		if (ftruncate(j->fd, 0) < 0 || lseek(j->fd, 0, SEEK_SET) < 0) {
			fail(j, 0, 0, "what came before cannot be written over");
			return;
		}
		j->got = 0;
	}
	j->got_before = j->got;
	ask(j);
}

void job_begin(struct session *s, const struct fetch_msg *m, int owned_fd)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct stat st;

	*(struct job **) vec_grow(&s->jobs, &s->n_jobs, sizeof(j)) = j;
	j->s = s;
	j->id = fetch_msg_get_i64(m, "id", 0);
	j->head = fetch_msg_is(m, "head");
	j->what = xstrdup(fetch_msg_get(m, "what"));
	j->ref = xstrdup(fetch_msg_get(m, "ref"));
	j->size = fetch_msg_get_i64(m, "size", -1);
	j->max = fetch_msg_get_i64(m, "max", 0);
	j->fd = owned_fd;
	j->file = owned_fd >= 0 && fstat(owned_fd, &st) == 0 && S_ISREG(st.st_mode);
	j->endpoint = s->best;
	buf_init(&j->pending, JOB_PENDING);
	buf_init(&j->body, JOB_MAX_TOKEN);
	buf_init(&j->first_words, 1024);
	buf_init(&j->mirrors, 2048);
	if (!j->head && owned_fd < 0)
		fail(j, 0, 0, "no descriptor came with the request");
	else
		begin_try(j);
}

/* ---- bytes ---- */

int job_wants_room(const struct job *j)
{
	return j->pending.len > 0 ? j->fd : -EBADF;
}

/* What the pipe takes of n bytes, or -errno. */
static ssize_t put(struct job *j, const char *p, size_t n)
{
	size_t at = 0;
	ssize_t w;

	while (at < n) {
		w = write(j->fd, p + at, n - at);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN)
			break;
		if (w < 0)
			return -errno;
		at += (size_t) w;
	}
	return (ssize_t) at;
}

static void sink_gone(struct job *j)
{
	j->xfer = http_stop(j->xfer);
	buf_reset(&j->pending);
	j->stop = JOB_STOP_SINK;
	j->endpoint = j->s->n_endpoints - 1; /* no other would help */
	fail(j, 0, 0, "what came was not taken");
}

void job_has_room(struct job *j)
{
	ssize_t n = put(j, j->pending.data, j->pending.len);

	if (n < 0) {
		sink_gone(j);
		return;
	}
	buf_consume(&j->pending, (size_t) n);
	j->alive = clock_ms();
	if (j->pending.len > 0)
		return;
	if (j->phase == JOB_FLUSHING) {
		done(j, NULL);
	} else if (j->paused) {
		j->paused = false;
		http_resume(j->xfer);
	}
}

static enum http_taken stop(struct job *j, enum job_stop why)
{
	j->stop = why;
	return HTTP_STOP;
}

/* "bytes 100-199/200": where it begins. */
static int64_t range_start(const char *range)
{
	cleanup_free char *number = NULL;
	int64_t v;

	if (!range || !str_has_prefix(range, "bytes "))
		return -1;
	number = xstrndup(range + 6, strspn(range + 6, "0123456789"));
	return str_to_i64(number, 0, INT64_MAX, &v) < 0 ? -1 : v;
}

/* Whether this is the content we asked for, as far as its head tells. */
static enum job_stop judge(struct job *j, const struct http_answer *a)
{
	int64_t from = a->status == 206 ? j->got : 0;

	if (a->status == 206 && (j->no_range || range_start(a->range) != j->got))
		return JOB_STOP_RANGE;
	if (a->status == 200)
		j->skip = j->got;
	if (a->length >= 0 && j->size >= 0 && from + a->length != j->size)
		return JOB_STOP_SIZE;
	return a->length >= 0 && from + a->length > j->max ? JOB_STOP_LONG : JOB_STOP_NONE;
}

static bool is_content(const struct http_answer *a)
{
	return a->status == 200 || a->status == 206;
}

static enum http_taken on_content(void *ctx, const struct http_answer *a, const char *p, size_t n)
{
	struct job *j = ctx;
	enum job_stop why;
	size_t skip;
	ssize_t w;

	j->alive = clock_ms();
	if (!is_content(a)) {
		if (j->body.len < JOB_MAX_WORDS)
			buf_add(&j->body, p, n);
		return HTTP_TAKEN;
	}
	if (!j->begun) {
		why = judge(j, a);
		if (why)
			return stop(j, why);
		j->begun = true;
	}
	if (j->pending.len > 0) {
		j->paused = true;
		return HTTP_LATER;
	}
	skip = (int64_t) n < j->skip ? n : (size_t) j->skip;
	j->skip -= (int64_t) skip;
	p += skip;
	n -= skip;
	if ((int64_t) n > j->max - j->got)
		return stop(j, JOB_STOP_LONG);
	w = put(j, p, n);
	if (w < 0)
		return stop(j, JOB_STOP_SINK);
	j->got += (int64_t) n;
	buf_add(&j->pending, p + w, n - (size_t) w);
	return HTTP_TAKEN;
}

static enum http_taken on_token(void *ctx, const struct http_answer *a, const char *p, size_t n)
{
	struct job *j = ctx;

	(void) a;
	j->alive = clock_ms();
	buf_add(&j->body, p, n);
	return j->body.failed ? HTTP_STOP : HTTP_TAKEN;
}

/* ---- answers ---- */

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
		{ 408, "the registry lost patience" },
		{ 416, "the registry has less of it than it said" },
		{ 429, "too many requests" },
		{ 500, "internal server error" },
		{ 502, "bad gateway" },
		{ 503, "service unavailable" },
		{ 504, "gateway timeout" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].status == status)
			return rows[i].text;
	return NULL;
}

/* "not found: manifest unknown", with where it comes from when that is another place. */
static void refusal(const struct job *j, const struct http_answer *a, struct buf *out)
{
	cleanup_(http_origin_clear) struct http_origin o = { 0 };
	cleanup_buf struct buf words = BUF_INIT(1024);
	const char *text = status_text(a->status);

	if ((j->url || j->phase == JOB_TOKEN) && http_origin_of(a->url, &o) == 0)
		buf_addf(out, "'%s': ", o.host);
	if (a->status == 401 && !*endpoint(j)->user)
		text = status_text(403);
	words_of(buf_str(&j->body), j->body.len, &words);
	if (words.len > 0 && text && str_has_prefix(buf_str(&words), text))
		text = NULL;
	else if (text)
		buf_adds(out, text);
	else
		buf_addf(out, "unexpected answer %ld", a->status);
	if (words.len > 0)
		buf_addf(out, "%s%s", text || !status_text(a->status) ? ": " : "", buf_str(&words));
}

static void refused(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(2048);

	refusal(j, a, &text);
	fail(j, a->status, 0, buf_str(&text));
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

/* 408, 429 and the server's own troubles pass. */
static bool will_pass(long status)
{
	return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

static void come_back(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(2048);

	refusal(j, a, &text);
	rest(j, a->status, retry_after(a), buf_str(&text));
}

static void redirect(struct job *j, const struct http_answer *a)
{
	cleanup_(http_origin_clear) struct http_origin from = { 0 }, to = { 0 };
	cleanup_free char *url = NULL;
	cleanup_buf struct buf text = BUF_INIT(1024);

	if (!a->location || http_url_join(a->url, a->location, &url) < 0 ||
	    http_origin_of(a->url, &from) < 0 || http_origin_of(url, &to) < 0)
		buf_adds(&text, "redirected to what is no address");
	else if (++j->redirects > JOB_MAX_REDIRECTS)
		buf_adds(&text, "redirected too often");
	else if (streq(to.scheme, "http") &&
		 (streq(from.scheme, "https") || !session_plain_ok(j->s, &to)))
		buf_addf(&text, "redirected to plain http, at '%.255s': refused", to.host);
	if (text.len > 0) {
		fail(j, a->status, 0, buf_str(&text));
		return;
	}
	free(j->url);
	j->url = take_ptr(url);
	ask(j);
}

static void fetch_token(struct job *j, const struct challenge *c)
{
	struct endpoint *e = endpoint(j);
	cleanup_free char *url = NULL, *basic = endpoint_basic(e);
	struct http_ask a = { 0 };
	struct kerr err = { 0 };
	bool trusted;

	if (endpoint_token_url(j->s, e, c, &url, &trusted, &err) < 0) {
		fail(j, 401, 0, err.msg);
		return;
	}
	if (basic && !trusted) {
		cleanup_(http_origin_clear) struct http_origin o = { 0 };

		(void) http_origin_of(url, &o);
		free(j->withheld);
		j->withheld = xstrdup(o.host ? o.host : "");
	}
	a.url = url;
	a.authorization = trusted ? basic : NULL;
	start(j, JOB_TOKEN, &a);
}

static void unauthorized(struct job *j, const struct http_answer *a)
{
	cleanup_challenge struct challenge c = { 0 };
	struct endpoint *e = endpoint(j);

	if (j->url) { /* it is not known who we are there, and will not be */
		refused(j, a);
		return;
	}
	if (j->round != e->round) { /* another job was told meanwhile */
		ask(j);
		return;
	}
	challenge_pick(&a->challenges, &c);
	if (j->logins++ >= JOB_MAX_LOGINS || c.scheme == CHALLENGE_NONE) {
		refused(j, a);
	} else if (c.scheme == CHALLENGE_BEARER) {
		fetch_token(j, &c);
	} else if (!*e->user || e->authorization) { /* or it did not like the password */
		refused(j, a);
	} else {
		endpoint_use_basic(e);
		ask(j);
	}
}

static void complete(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(256);

	if (j->head || j->size < 0 || j->got == j->size) {
		if (j->pending.len > 0)
			j->phase = JOB_FLUSHING;
		else
			done(j, a);
		return;
	}
	buf_addf(&text, "only %lld of %lld bytes came", (long long) j->got, (long long) j->size);
	rest(j, 0, -1, buf_str(&text));
}

/* "Client sent an HTTP request to an HTTPS server", as all of them put it. */
static bool wants_tls(const struct job *j, const struct http_answer *a)
{
	const struct endpoint *e = endpoint(j);

	return a->status == 400 && !e->settled && streq(e->schemes.v[e->scheme], "http") &&
	       e->scheme + 1 < e->schemes.n && !j->url;
}

static void on_status(struct job *j, const struct http_answer *a)
{
	if (wants_tls(j, a) && endpoint_next_scheme(endpoint(j))) {
		ask(j);
		return;
	}
	if (!j->url)
		endpoint(j)->settled = true;
	if (is_content(a))
		complete(j, a);
	else if (a->status >= 301 && a->status <= 308 && a->status != 304)
		redirect(j, a);
	else if (a->status == 401)
		unauthorized(j, a);
	else if (will_pass(a->status))
		come_back(j, a);
	else
		refused(j, a);
}

/* A clock that stands at the beginning of time makes every certificate wrong. */
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
 * Before an endpoint has ever answered: maybe it speaks its other scheme. Whether
 * that is asked now.
 */
static bool try_other_scheme(struct job *j, enum http_failure *why, const char **words)
{
	struct endpoint *e = endpoint(j);
	bool plain = streq(e->schemes.v[e->scheme], "http");

	if (j->phase != JOB_RUNNING || j->url || e->settled || e->schemes.n < 2)
		return false;
	if (e->scheme + 1 == e->schemes.n) {
		e->scheme = 0; /* not by this one either: what the first one met counts */
		if (*why == HTTP_NO_TLS || *why == HTTP_NO_HTTP ||
		    (j->broken && *why == HTTP_STALLED)) {
			*why = j->broken ? HTTP_BROKEN : *why;
			buf_addf(&j->first_words, "; by %s: %s", plain ? "http" : "https", *words);
			*words = buf_str(&j->first_words);
		}
		return false;
	}
	/* TLS is given up for what cannot be an attacker's doing alone. */
	if (*why != HTTP_UNREACHABLE && *why != (plain ? HTTP_NO_HTTP : HTTP_NO_TLS) &&
	    !(plain && *why == HTTP_BROKEN))
		return false;
	j->broken = *why == HTTP_BROKEN;
	buf_reset(&j->first_words);
	buf_adds(&j->first_words, *words);
	(void) endpoint_next_scheme(e);
	ask(j);
	return true;
}

/* No whole answer. */
static void on_failure(struct job *j, const struct http_answer *a, enum http_failure why,
		       const char *words)
{
	cleanup_buf struct buf text = BUF_INIT(2048), shown = BUF_INIT(2048);
	cleanup_(http_origin_clear) struct http_origin o = { 0 };

	if (a->status == 0 && try_other_scheme(j, &why, &words))
		return;
	str_vis(&shown, words, strnlen(words, 300));
	(void) http_origin_of(a->url, &o);
	if (why == HTTP_UNTRUSTED) {
		buf_addf(&text, "the certificate of '%s' is not to be trusted: %s",
			 o.host ? o.host : "", buf_str(&shown));
		add_clock(&text);
	} else {
		buf_addf(&text, "'%s': %s", o.host ? o.host : "", buf_str(&shown));
	}
	if (why == HTTP_BROKEN || why == HTTP_STALLED)
		rest(j, 0, -1, buf_str(&text));
	else
		fail(j, 0, why == HTTP_UNREACHABLE ? FAIL_AGAIN : 0, buf_str(&text));
}

static void on_stop(struct job *j, const struct http_answer *a)
{
	cleanup_buf struct buf text = BUF_INIT(256);
	int64_t from = a->status == 206 ? j->got : 0;

	switch (j->stop) {
	case JOB_STOP_NONE:
	case JOB_STOP_SINK:
		sink_gone(j);
		break;
	case JOB_STOP_RANGE:
		j->no_range = true;
		rest(j, 0, -1, "the registry sent another part than it was asked for");
		break;
	case JOB_STOP_SIZE:
		buf_addf(&text, "the registry has %lld bytes of it, the manifest says %lld",
			 (long long) (from + a->length), (long long) j->size);
		fail(j, 0, 0, buf_str(&text));
		break;
	case JOB_STOP_LONG:
		buf_addf(&text, "it has more than %lld bytes", (long long) j->max);
		fail(j, 0, 0, buf_str(&text));
		break;
	}
}

static void on_content_end(void *ctx, const struct http_answer *a, enum http_failure why,
			   const char *words)
{
	struct job *j = ctx;

	j->xfer = NULL;
	if (why == HTTP_FINE)
		on_status(j, a);
	else if (why == HTTP_STOPPED)
		on_stop(j, a);
	else
		on_failure(j, a, why, words);
}

static void on_token_end(void *ctx, const struct http_answer *a, enum http_failure why,
			 const char *words)
{
	struct job *j = ctx;

	j->xfer = NULL;
	if (why == HTTP_STOPPED)
		fail(j, 0, 0, "the token is too long");
	else if (why != HTTP_FINE)
		on_failure(j, a, why, words);
	else if (will_pass(a->status))
		come_back(j, a);
	else if (a->status != 200)
		refused(j, a);
	else if (endpoint_use_token(endpoint(j), &j->body) < 0)
		fail(j, 0, 0, "there is no token in what was sent for one");
	else
		ask(j);
}

static const struct http_ops content_ops = { .body = on_content, .end = on_content_end };
static const struct http_ops token_ops = { .body = on_token, .end = on_token_end };

void job_wake(struct job *j)
{
	cleanup_free char *url = NULL;
	struct http_answer none = { .length = -1 };
	cleanup_buf struct buf text = BUF_INIT(128);

	if (j->phase == JOB_RESTING) {
		begin_try(j);
		return;
	}
	url = xstrdup(http_url(j->xfer));
	none.url = url;
	j->xfer = http_stop(j->xfer);
	buf_addf(&text, "nothing came for %lld s", (long long) j->s->tuning.stall_s);
	on_failure(j, &none, HTTP_STALLED, buf_str(&text));
}
