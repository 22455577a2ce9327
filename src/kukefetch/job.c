/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "job_priv.h"
#include "mem.h"
#include "str.h"

enum {
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

static void begin_try(struct job *j);

struct job *job_free(struct job *j)
{
	if (!j)
		return NULL;
	j->xfer = http_stop(j->xfer);
	fd_close_p(&j->fd);
	free(j->what);
	free(j->ref);
	free(j->url);
	free(j->token_url);
	free(j->token_login);
	free(j->withheld);
	buf_clear(&j->pending);
	buf_clear(&j->body);
	buf_clear(&j->first_words);
	buf_clear(&j->refusal);
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

void job_done(struct job *j, const struct http_answer *a)
{
	cleanup_fetch_msg struct fetch_msg m = FETCH_MSG_INIT;

	fetch_msg_start(&m, "done");
	fetch_msg_add_i64(&m, "bytes", j->got);
	if (a) {
		fetch_msg_add(&m, "type", a->type);
		fetch_msg_add(&m, "digest", a->digest);
		fetch_msg_add(&m, "url", a->url);
	}
	fetch_msg_add(&m, "host", job_endpoint(j)->host);
	j->s->best = j->endpoint;
	finish(j, &m);
}

static void reset_try(struct job *j)
{
	free_p(&j->url);
	j->redirects = j->logins = 0;
}

/* This endpoint cannot give it: the next one, or the end. */
void job_fail(struct job *j, long status, enum job_fail_flags flags, const char *text)
{
	cleanup_fetch_msg struct fetch_msg m = FETCH_MSG_INIT;
	cleanup_buf struct buf all = BUF_INIT(4096);

	if (j->endpoint + 1 < j->s->n_endpoints) {
		buf_addf(&j->mirrors, "; mirror %s: %s", job_endpoint(j)->host, text);
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
	if (flags & JOB_FAIL_AGAIN)
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
void job_rest(struct job *j, long status, int64_t after, const char *text)
{
	cleanup_fetch_msg struct fetch_msg m = FETCH_MSG_INIT;
	cleanup_buf struct buf all = BUF_INIT(1024);
	int64_t ms = j->s->tuning.backoff_ms;
	int64_t i;

	if (j->got - j->got_before >= JOB_ADVANCE)
		j->tries = 0;
	/* What a HEAD could not tell is asked once more by a GET, which has its own tries. */
	if (++j->tries >= j->s->tuning.tries || j->head) {
		buf_adds(&all, text);
		if (j->tries > 1)
			buf_addf(&all, " (after %lld tries)", (long long) j->tries);
		job_fail(j, status, JOB_FAIL_AGAIN, buf_str(&all));
		return;
	}
	if (after > JOB_MAX_REST_MS) {
		buf_addf(&all, "%s (it asks to come back in %lld s)", text,
			 (long long) after / 1000);
		job_fail(j, status, JOB_FAIL_AGAIN, buf_str(&all));
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
	case JOB_PROBE:
		/* libcurl knows slow; its averages take long to see that there is nothing. */
		return j->pending.len > 0 ? -1 : j->alive + j->s->tuning.stall_s * 1000;
	case JOB_FLUSHING:
	case JOB_OVER:
		break;
	}
	return -1;
}

static const struct http_ops *ops_of(enum job_phase phase);

void job_start(struct job *j, enum job_phase phase, const struct http_ask *ask)
{
	struct kerr err = { 0 };

	buf_reset(&j->body);
	j->begun = j->paused = false;
	j->stop = JOB_STOP_NONE;
	j->skip = 0;
	j->phase = phase;
	j->alive = clock_ms();
	if (http_start(j->s->http, ask, ops_of(phase), j, &j->xfer, &err) < 0)
		job_fail(j, 0, 0, err.msg);
}

char *job_own_url(const struct job *j)
{
	cleanup_free char *base = endpoint_base(job_endpoint(j));

	return xasprintf("%s/%s/%s/%s", base, j->s->repository, j->what, j->ref);
}

void job_ask(struct job *j)
{
	struct endpoint *e = job_endpoint(j);
	cleanup_free char *url = job_own_url(j);
	struct http_ask a = {
		.url = j->url ? j->url : url,
		.accept = streq(j->what, "manifests") ? ACCEPT_MANIFESTS : NULL,
		.from = j->no_range ? 0 : j->got,
		.head = j->head,
	};

	j->home = !j->url || http_same_origin(j->url, url);
	j->login = login_of(&e->logins, a.url);
	if (!j->login) {
		job_fail(j, 0, 0, "that is no address of a registry");
		return;
	}
	a.authorization = j->login->authorization;
	j->round = j->login->round;
	job_start(j, JOB_RUNNING, &a);
}

static void begin_try(struct job *j)
{
	if (j->file && j->got > 0) {
		if (ftruncate(j->fd, 0) < 0 || lseek(j->fd, 0, SEEK_SET) < 0) {
			job_fail(j, 0, 0, "what came before cannot be written over");
			return;
		}
		j->got = 0;
	}
	j->got_before = j->got;
	job_ask(j);
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
	buf_init(&j->refusal, 2048);
	buf_init(&j->mirrors, 2048);
	if (!j->head && owned_fd < 0)
		job_fail(j, 0, 0, "no descriptor came with the request");
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

void job_sink_gone(struct job *j)
{
	j->xfer = http_stop(j->xfer);
	buf_reset(&j->pending);
	j->stop = JOB_STOP_SINK;
	j->endpoint = j->s->n_endpoints - 1; /* no other would help */
	job_fail(j, 0, 0, "what came was not taken");
}

void job_has_room(struct job *j)
{
	ssize_t n = put(j, j->pending.data, j->pending.len);

	if (n < 0) {
		job_sink_gone(j);
		return;
	}
	buf_consume(&j->pending, (size_t) n);
	j->alive = clock_ms();
	if (j->pending.len > 0)
		return;
	if (j->phase == JOB_FLUSHING) {
		job_done(j, NULL);
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

/* What a probe's answer says beside its head. */
static enum http_taken on_nothing(void *ctx, const struct http_answer *a, const char *p, size_t n)
{
	struct job *j = ctx;

	(void) a;
	(void) p;
	(void) n;
	j->alive = clock_ms();
	return HTTP_TAKEN;
}

static const struct http_ops *ops_of(enum job_phase phase)
{
	static const struct http_ops content = { .body = on_content, .end = job_content_end };
	static const struct http_ops token = { .body = on_token, .end = job_token_end };
	static const struct http_ops probe = { .body = on_nothing, .end = job_probe_end };

	return phase == JOB_TOKEN ? &token : phase == JOB_PROBE ? &probe : &content;
}

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
	job_broke(j, &none, HTTP_STALLED, buf_str(&text));
}
