/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kukefetch: fetches manifests and blobs from a registry for one pull, with no rights.
 * Started by the engine only; the interface is fetch_proto.h.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "mem.h"
#include "rootfiles.h"
#include "session.h"
#include "str.h"

enum {
	REPORT_MS = 100, /* time between two progress reports */
};

/* ---- settings ---- */

static void split_list(const char *text, struct strlist *ret)
{
	size_t n;

	for (; *text; text += n + (text[n] == ',')) {
		n = strcspn(text, ",");
		strlist_add_owned(ret, xstrndup(text, n));
	}
}

static void tune(const char *name, int64_t min, int64_t max, int64_t *value)
{
	const char *text = getenv(name);
	int64_t v;

	if (text && str_to_i64(text, min, max, &v) == 0)
		*value = v;
}

static void read_tuning(struct tuning *t)
{
	*t = (struct tuning){ .stall_s = 30, .connect_ms = 30000, .backoff_ms = 1000, .tries = 6 };
	tune("KUKEFETCH_STALL_SECONDS", 1, 3600, &t->stall_s);
	tune("KUKEFETCH_CONNECT_MS", 1, 3600 * 1000, &t->connect_ms);
	tune("KUKEFETCH_BACKOFF_MS", 1, 60 * 1000, &t->backoff_ms);
	tune("KUKEFETCH_TRIES", 1, 1000, &t->tries);
}

/* Returns 1 when all settings were read, 0 at the end of the stream. */
static int read_settings(struct session *s, struct kerr *err)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	int r;

	for (;;) {
		cleanup_fd int fd = -EBADF;

		r = proto_msg_recv(&m, s->control, &fd);
		if (r <= 0)
			return r < 0 ? kerr_set(err, r, "read the settings") : 0;
		if (proto_msg_is(&m, "begin"))
			break;
		if (proto_msg_is(&m, "endpoint")) {
			r = endpoint_add(s, &m, err);
			if (r < 0)
				return r;
		} else if (proto_msg_is(&m, "config")) {
			s->repository = xstrdup(proto_msg_get(&m, "repository"));
			s->ca = xstrdup(proto_msg_get(&m, "ca"));
			split_list(proto_msg_get(&m, "insecure"), &s->insecure);
		}
	}
	if (!s->repository || s->n_endpoints == 0)
		return kerr_plain(err, -EPROTO, "the settings contain no endpoint");
	return 1;
}

static int prepare(struct session *s, struct kerr *err)
{
	struct http_settings http = { .ca_file = ROOTFILES_CA_FILE };
	int r;

	read_tuning(&s->tuning);
	http.connect_ms = s->tuning.connect_ms;
	http.stall_s = s->tuning.stall_s;
	/* Before entering the jail, as libraries read files when they are initialised. */
	r = http_new(&http, &s->http, err);
	return r < 0 ? r : rootfiles_enter(s->ca, err);
}

/* ---- the loop ---- */

/* Returns 1 when the engine has gone. */
static int take_request(struct session *s)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	cleanup_fd int fd = -EBADF;

	if (proto_msg_recv(&m, s->control, &fd) <= 0)
		return 1;
	if (proto_msg_is(&m, "get") || proto_msg_is(&m, "head"))
		job_begin(s, &m, take_fd(fd));
	return 0;
}

static void drop_finished(struct session *s)
{
	size_t i, k = 0;

	for (i = 0; i < s->n_jobs; i++) {
		if (job_is_over(s->jobs[i]))
			(void) job_free(s->jobs[i]);
		else
			s->jobs[k++] = s->jobs[i];
	}
	s->n_jobs = k;
}

/* Time in ms until the next job has to be woken or reported; -1: no limit. */
static int next_timeout(const struct session *s)
{
	int64_t wake = s->n_jobs > 0 ? clock_ms() + REPORT_MS : -1, w;

	for (size_t i = 0; i < s->n_jobs; i++) {
		w = job_wakes(s->jobs[i]);
		if (w >= 0 && w < wake)
			wake = w;
	}
	return wake < 0 ? 3600 * 1000 : clock_left(wake);
}

static void wake_jobs(struct session *s)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < s->n_jobs; i++)
		if (job_wakes(s->jobs[i]) >= 0 && job_wakes(s->jobs[i]) <= now)
			job_wake(s->jobs[i]);
}

static void report_jobs(struct session *s, int64_t *last)
{
	int64_t now = clock_ms();

	if (now - *last < REPORT_MS)
		return;
	*last = now;
	for (size_t i = 0; i < s->n_jobs; i++)
		job_report(s->jobs[i]);
}

static int serve(struct session *s, struct kerr *err)
{
	struct http_wait *w = NULL;
	int64_t last = 0;
	size_t n;
	int r;

	for (;;) {
		n = s->n_jobs;
		w = xreallocarray(w, n + 1, sizeof(*w));
		for (size_t i = 0; i < n; i++)
			w[i] = (struct http_wait){ job_wants_room(s->jobs[i]), POLLOUT, 0 };
		w[n] = (struct http_wait){ s->control, POLLIN, 0 };
		r = http_step(s->http, w, n + 1, next_timeout(s), err);
		if (r < 0)
			break;
		for (size_t i = 0; i < n; i++)
			if (job_wants_room(s->jobs[i]) >= 0)
				job_has_room(s->jobs[i]);
		if (w[n].revents && take_request(s))
			break;
		wake_jobs(s);
		report_jobs(s, &last);
		drop_finished(s);
	}
	free(w);
	return r;
}

static int run(int argc, char **argv, struct session *s, struct kerr *err)
{
	uint64_t version, fd;
	int r;

	if (argc != 3 || str_to_u64(argv[1], 0, UINT32_MAX, &version) < 0 ||
	    !str_has_prefix(argv[2], "control=") ||
	    str_to_u64(argv[2] + strlen("control="), 3, 1024, &fd) < 0)
		return kerr_plain(err, -EINVAL, "usage: kukefetch VERSION control=FD");
	if (version != FETCH_PROTO_VERSION)
		return kerr_plain(err, -EPROTO, "kukefetch and kukeon have different versions");
	s->control = (int) fd;
	r = read_settings(s, err);
	return r > 0 ? prepare(s, err) : r;
}

int main(int argc, char **argv)
{
	cleanup_proto_msg struct proto_msg m = PROTO_MSG_INIT;
	struct session s = { .control = -EBADF };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	int r;

	(void) signal(SIGPIPE, SIG_IGN);
	(void) signal(SIGXFSZ, SIG_IGN);
	(void) umask(0);
	r = run(argc, argv, &s, &err);
	if (r == 0 && s.http)
		r = serve(&s, &err);
	if (r < 0 && s.control >= 0) {
		proto_msg_start(&m, "failed");
		proto_msg_add(&m, "id", "0");
		proto_msg_add(&m, "text", kerr_text(&err, text, sizeof(text)));
		(void) proto_msg_send(&m, s.control, -1, 0);
	} else if (r < 0) {
		(void) dprintf(STDERR_FILENO, "%s\n", kerr_text(&err, text, sizeof(text)));
	}
	/*
	 * Exit without cleaning up: transfers in progress are not needed, and the
	 * seccomp filter would kill a leak checker.
	 */
	_exit(r < 0 ? 1 : 0);
}
