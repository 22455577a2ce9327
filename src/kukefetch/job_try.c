/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "job_priv.h"
#include "mem.h"
#include "str.h"

enum {
	JOB_ADVANCE = 256 << 10, /* a try that received this much resets the count of tries */
	JOB_MAX_REST_MS = 60 * 1000, /* longest time between two tries */
};

#define ACCEPT_MANIFESTS                                              \
	"application/vnd.oci.image.index.v1+json, "                   \
	"application/vnd.docker.distribution.manifest.list.v2+json, " \
	"application/vnd.oci.image.manifest.v1+json, "                \
	"application/vnd.docker.distribution.manifest.v2+json"

static void answer(struct job *j, struct proto_msg *m, enum proto_msg_flags flags)
{
	proto_msg_add_i64(m, "id", j->id);
	/* if the engine has gone, kukefetch ends anyway */
	(void) proto_msg_send(m, j->s->control, -1, flags);
}

void job_report(struct job *j)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;

	if (j->got == j->reported || j->phase == JOB_OVER)
		return;
	proto_msg_start(&m, "progress");
	proto_msg_add_i64(&m, "bytes", j->got);
	answer(j, &m, PROTO_MSG_DONTWAIT);
	j->reported = j->got;
}

/*
 * The end of a job. The message is sent before the pipe is closed, so that the engine
 * sees it before the reader of the pipe complains.
 */
static void finish(struct job *j, struct proto_msg *m)
{
	answer(j, m, 0);
	fd_close_p(&j->fd);
	j->phase = JOB_OVER;
}

void job_done(struct job *j, const struct http_answer *a)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;

	proto_msg_start(&m, "done");
	proto_msg_add_i64(&m, "bytes", j->got);
	if (a) {
		proto_msg_add(&m, "type", a->type);
		proto_msg_add(&m, "digest", a->digest);
		proto_msg_add(&m, "url", a->url);
	}
	proto_msg_add(&m, "host", job_endpoint(j)->host);
	j->s->best = j->endpoint;
	finish(j, &m);
}

static void reset_try(struct job *j)
{
	free_p(&j->url);
	j->redirects = j->logins = 0;
}

static int64_t jitter(int64_t ms)
{
	return ms + clock_us() % (ms / 4 + 1);
}

/* after: the delay the registry asked for, in ms; -1: none. */
void job_rest(struct job *j, long status, int64_t after, const char *text)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	cleanup_buf struct buf all = BUF_INIT(1024);
	int64_t ms = j->s->tuning.backoff_ms;

	if (j->got - j->got_before >= JOB_ADVANCE)
		j->tries = 0;
	/*
	 * A failed HEAD is not retried: the engine uses GET then, which has tries of its
	 * own.
	 */
	if (++j->tries >= j->s->tuning.tries || j->head) {
		buf_adds(&all, text);
		if (j->tries > 1)
			buf_addf(&all, " (after %lld tries)", (long long) j->tries);
		job_fail(j, status, JOB_FAIL_AGAIN, buf_str(&all));
		return;
	}
	if (after > JOB_MAX_REST_MS) {
		buf_addf(&all, "%s (the registry asks to retry in %lld s)", text,
			 (long long) after / 1000);
		job_fail(j, status, JOB_FAIL_AGAIN, buf_str(&all));
		return;
	}
	for (int64_t i = 1; i < j->tries && ms < JOB_MAX_REST_MS; i++)
		ms *= 2;
	ms = after >= 0 ? after : jitter(ms < JOB_MAX_REST_MS ? ms : JOB_MAX_REST_MS);
	proto_msg_start(&m, "retry");
	proto_msg_add(&m, "text", text);
	answer(j, &m, PROTO_MSG_DONTWAIT);
	reset_try(j);
	j->wake = clock_ms() + ms;
	j->phase = JOB_RESTING;
}

void job_start(struct job *j, enum job_phase phase, const struct http_ask *ask)
{
	struct kerr err = { 0 };

	buf_reset(&j->body);
	j->begun = j->paused = false;
	j->stop = JOB_STOP_NONE;
	j->skip = 0;
	j->phase = phase;
	j->alive = clock_ms();
	if (http_start(j->s->http, ask, j->ops[phase], j, &j->xfer, &err) < 0)
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
		job_fail(j, 0, 0, "the address of the registry is not a valid URL");
		return;
	}
	a.authorization = j->login->authorization;
	j->round = j->login->round;
	job_start(j, JOB_RUNNING, &a);
}

void job_begin_try(struct job *j)
{
	if (j->file && j->got > 0) {
		if (ftruncate(j->fd, 0) < 0 || lseek(j->fd, 0, SEEK_SET) < 0) {
			job_fail(j, 0, 0, "cannot discard the data of an interrupted try");
			return;
		}
		j->got = 0;
	}
	j->got_before = j->got;
	job_ask(j);
}

/* This endpoint has failed: use the next one, or fail the job. */
void job_fail(struct job *j, long status, enum job_fail_flags flags, const char *text)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	cleanup_buf struct buf all = BUF_INIT(4096);

	if (j->endpoint + 1 < j->s->n_endpoints) {
		buf_addf(&j->mirrors, "; mirror %s: %s", job_endpoint(j)->host, text);
		reset_try(j);
		j->endpoint++;
		j->tries = 0;
		job_begin_try(j);
		return;
	}
	buf_adds(&all, text);
	if (j->withheld)
		buf_addf(&all, " (the password was not given to '%s')", j->withheld);
	buf_add(&all, j->mirrors.data, j->mirrors.len);
	proto_msg_start(&m, "failed");
	proto_msg_add(&m, "text", buf_str(&all));
	proto_msg_add_i64(&m, "status", status);
	if (flags & JOB_FAIL_AGAIN)
		proto_msg_add(&m, "again", "1");
	if (j->stop == JOB_STOP_SINK)
		proto_msg_add(&m, "sink", "1");
	finish(j, &m);
}

void job_sink_gone(struct job *j)
{
	j->xfer = http_stop(j->xfer);
	buf_reset(&j->pending);
	j->stop = JOB_STOP_SINK;
	j->endpoint = j->s->n_endpoints - 1; /* another endpoint would not help */
	job_fail(j, 0, 0, "the reader of the data has gone");
}
