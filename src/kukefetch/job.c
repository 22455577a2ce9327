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
	JOB_MAX_ERROR = 16 << 10, /* limit of an error body that is read */
	JOB_MAX_TOKEN = 64 << 10, /* limit of a token server's reply */
	JOB_PENDING = 64 << 10, /* bytes kept while the pipe is full */
};

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
	buf_clear(&j->first_error);
	buf_clear(&j->refusal);
	buf_clear(&j->mirrors);
	free(j);
	return NULL;
}

bool job_is_over(const struct job *j)
{
	return j->phase == JOB_OVER;
}

/* ---- tries ---- */

int64_t job_wakes(const struct job *j)
{
	switch (j->phase) {
	case JOB_RESTING:
		return j->wake;
	case JOB_RUNNING:
	case JOB_TOKEN:
	case JOB_PROBE:
		/*
		 * libcurl detects slow transfers by an average, which takes long to
		 * notice a complete stall
		 */
		return j->pending.len > 0 ? -1 : j->alive + j->s->tuning.stall_s * 1000;
	case JOB_FLUSHING:
	case JOB_OVER:
		break;
	}
	return -1;
}

/* ---- bytes ---- */

int job_wants_room(const struct job *j)
{
	return j->pending.len > 0 ? j->fd : -EBADF;
}

/*
 * Write to the pipe without blocking. Returns how many of the n bytes were written, or
 * -errno.
 */
static ssize_t write_some(struct job *j, const char *p, size_t n)
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

void job_has_room(struct job *j)
{
	ssize_t n = write_some(j, j->pending.data, j->pending.len);

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

/* The first number of "bytes 100-199/200". */
static int64_t range_start(const char *range)
{
	cleanup_free char *number = NULL;
	int64_t v;

	if (!range || !str_has_prefix(range, "bytes "))
		return -1;
	number = xstrndup(range + 6, strspn(range + 6, "0123456789"));
	return str_to_i64(number, 0, INT64_MAX, &v) < 0 ? -1 : v;
}

/* Check by the headers whether this is the content that was requested. */
static enum job_stop check_head(struct job *j, const struct http_answer *a)
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
		if (j->body.len < JOB_MAX_ERROR)
			buf_add(&j->body, p, n);
		return HTTP_TAKEN;
	}
	if (!j->begun) {
		why = check_head(j, a);
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
	w = write_some(j, p, n);
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

/* The body of the reply to a probe is ignored. */
static enum http_taken on_probe(void *ctx, const struct http_answer *a, const char *p, size_t n)
{
	struct job *j = ctx;

	(void) a;
	(void) p;
	(void) n;
	j->alive = clock_ms();
	return HTTP_TAKEN;
}

/* The functions for a transfer, by the phase it was started for. */
static const struct http_ops content_ops = { .body = on_content, .end = job_content_end };
static const struct http_ops token_ops = { .body = on_token, .end = job_token_end };
static const struct http_ops probe_ops = { .body = on_probe, .end = job_probe_end };
static const struct http_ops *const all_ops[] = {
	[JOB_RUNNING] = &content_ops,
	[JOB_TOKEN] = &token_ops,
	[JOB_PROBE] = &probe_ops,
};

void job_begin(struct session *s, const struct proto_msg *m, int owned_fd)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct stat st;

	*(struct job **) vec_grow(&s->jobs, &s->n_jobs, sizeof(j)) = j;
	j->s = s;
	j->ops = all_ops;
	j->id = proto_msg_get_i64(m, "id", 0);
	j->head = proto_msg_is(m, "head");
	j->what = xstrdup(proto_msg_get(m, "what"));
	j->ref = xstrdup(proto_msg_get(m, "ref"));
	j->size = proto_msg_get_i64(m, "size", -1);
	j->max = proto_msg_get_i64(m, "max", 0);
	j->fd = owned_fd;
	j->file = owned_fd >= 0 && fstat(owned_fd, &st) == 0 && S_ISREG(st.st_mode);
	j->endpoint = s->best;
	buf_init(&j->pending, JOB_PENDING);
	buf_init(&j->body, JOB_MAX_TOKEN);
	buf_init(&j->first_error, 1024);
	buf_init(&j->refusal, 2048);
	buf_init(&j->mirrors, 2048);
	if (!j->head && owned_fd < 0)
		job_fail(j, 0, 0, "the request has no descriptor");
	else
		job_begin_try(j);
}

void job_wake(struct job *j)
{
	cleanup_free char *url = NULL;
	struct http_answer none = { .length = -1 };
	cleanup_buf struct buf text = BUF_INIT(128);

	if (j->phase == JOB_RESTING) {
		job_begin_try(j);
		return;
	}
	url = xstrdup(http_url(j->xfer));
	none.url = url;
	j->xfer = http_stop(j->xfer);
	buf_addf(&text, "no data received for %lld s", (long long) j->s->tuning.stall_s);
	job_broke(j, &none, HTTP_STALLED, buf_str(&text));
}
