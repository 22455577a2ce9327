/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "crc32c.h"
#include "fd.h"
#include "jscan.h"
#include "procinfo.h"
#include "shim_proto.h"
#include "statefile.h"
#include "str.h"

/* Ids come from us and hold hex digits and dashes only, so nothing needs escaping. */
static bool id_ok(const char *s)
{
	return s[0] != '\0' && strspn(s, "0123456789abcdef-") == strlen(s);
}

static int get_time(const struct jscan_member *m, struct ktime *ret)
{
	char buf[KTIME_TEXT_MAX];
	int r;

	r = jscan_member_str(m, buf, sizeof(buf));
	if (r < 0)
		return r;
	return ktime_parse(buf, ret);
}

static int get_i64(const struct jscan_member *m, int64_t max, int64_t *ret)
{
	int64_t v = 0;
	int r;

	r = jscan_member_i64(m, &v);
	if (r < 0)
		return r;
	if (v < 0 || v > max)
		return -EINVAL;
	*ret = v;
	return 0;
}

static int get_id(const struct jscan_member *m, char *buf, size_t size)
{
	int r;

	r = jscan_member_str(m, buf, size);
	if (r < 0)
		return r;
	return id_ok(buf) ? 0 : -EINVAL;
}

/* Checksum of the part of the line before this key, from the brace on. */
#define SUM_KEY ",\"crc\":\""

void shim_record_line(struct buf *out, const struct shim_record *r)
{
	size_t from = out->len;
	char at[KTIME_TEXT_MAX];

	buf_addf(out, "{\"state\":\"%s\",\"run\":\"%s\",\"boot\":\"%s\",",
		 r->starting ? "starting" : "running", r->run_id, r->boot_id);
	buf_addf(out, "\"shim\":%d,\"shimStart\":%" PRIu64 ",", (int) r->shim_pid, r->shim_start);
	buf_addf(out, "\"pid\":%d,\"pidStart\":%" PRIu64 ",\"startedAt\":\"%s\"", (int) r->pid,
		 r->pid_start, ktime_text(&r->started_at, at));
	if (!out->failed)
		buf_addf(out, SUM_KEY "%08x\"}\n",
			 crc32c_add(0, out->data + from, out->len - from));
}

/* Records of older versions have no checksum and are accepted. */
static bool sum_differs(const char *line, size_t n)
{
	const char *at = memmem(line, n, SUM_KEY, sizeof(SUM_KEY) - 1);
	char want[9];

	if (at == NULL)
		return false;
	(void) snprintf(want, sizeof(want), "%08x", crc32c_add(0, line, (size_t) (at - line)));
	at += sizeof(SUM_KEY) - 1;
	return (size_t) (line + n - at) < 8 || memcmp(at, want, 8) != 0;
}

/* The last line that has its newline, without it. */
static const char *last_line(const char *text, size_t n, size_t *ret_n)
{
	const char *end = memrchr(text, '\n', n);
	const char *begin;

	if (end == NULL)
		return NULL;
	for (begin = end; begin > text && begin[-1] != '\n';)
		begin--;
	*ret_n = (size_t) (end - begin);
	return begin;
}

int shim_record_parse(const char *text, size_t n, struct shim_record *ret)
{
	enum {
		STATE,
		RUN,
		BOOT,
		SHIM,
		SHIM_START,
		PID,
		PID_START,
		STARTED_AT
	};
	struct jscan_member m[] = { { .key = "state" },	    { .key = "run" },
				    { .key = "boot" },	    { .key = "shim" },
				    { .key = "shimStart" }, { .key = "pid" },
				    { .key = "pidStart" },  { .key = "startedAt" } };
	struct shim_record v = { 0 };
	int64_t pid = 0, shim = 0, start = 0, shim_start = 0;
	char state[16];
	const char *line;
	size_t len = 0;

	line = last_line(text, n, &len);
	if (line == NULL)
		return -ENOENT;
	if (sum_differs(line, len) || jscan_members(line, len, m, ARRAY_SIZE(m)) < 0 ||
	    jscan_member_str(&m[STATE], state, sizeof(state)) < 0 ||
	    get_id(&m[RUN], v.run_id, sizeof(v.run_id)) < 0 ||
	    get_id(&m[BOOT], v.boot_id, sizeof(v.boot_id)) < 0 ||
	    get_i64(&m[SHIM], INT_MAX, &shim) < 0 ||
	    get_i64(&m[SHIM_START], INT64_MAX, &shim_start) < 0 ||
	    get_i64(&m[PID], INT_MAX, &pid) < 0 || get_i64(&m[PID_START], INT64_MAX, &start) < 0 ||
	    get_time(&m[STARTED_AT], &v.started_at) < 0)
		return -EINVAL;
	v.starting = streq(state, "starting");
	if (!v.starting && (!streq(state, "running") || pid == 0))
		return -EINVAL;
	v.shim_pid = (pid_t) shim;
	v.shim_start = (uint64_t) shim_start;
	v.pid = (pid_t) pid;
	v.pid_start = (uint64_t) start;
	*ret = v;
	return 0;
}

int shim_record_read_fd(int fd, const char *path, struct shim_record *ret, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(SHIM_RECORD_MAX);
	int r = file_read_fd(fd, path, SHIM_RECORD_MAX, &text, err);

	if (r < 0)
		return r;
	if (state_is_cut(fd, text.len))
		return kerr_plain(err, -EBADMSG, "'%s' is truncated: lines at its end are missing",
				  path);
	r = shim_record_parse(buf_str(&text), text.len, ret);
	return r == -EINVAL ? kerr_plain(err, -EBADMSG, "'%s' is damaged", path) : r;
}

int shim_record_read(int dirfd, const char *path, struct shim_record *ret, struct kerr *err)
{
	cleanup_fd int fd = file_open_at(dirfd, path);

	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return kerr_set(err, fd, "open '%s'", path);
	return shim_record_read_fd(fd, path, ret, err);
}

void shim_exit_text(struct buf *out, const struct shim_exit *e)
{
	char at[KTIME_TEXT_MAX];

	buf_addf(out, "{\"run\":\"%s\",\"exitCode\":%d,\"signal\":%d,", e->run_id, e->code,
		 e->signal);
	buf_addf(out, "\"oomKilled\":%d,\"lostMonitor\":%d,\"logDropped\":%" PRId64 ",",
		 e->oom_killed, e->lost, e->log_dropped);
	buf_addf(out, "\"startedAt\":\"%s\",", ktime_text(&e->started_at, at));
	buf_addf(out, "\"finishedAt\":\"%s\"}\n", ktime_text(&e->finished_at, at));
}

int shim_exit_parse(const char *text, size_t n, struct shim_exit *ret)
{
	enum {
		RUN,
		CODE,
		SIGNAL,
		OOM,
		LOST,
		DROPPED,
		STARTED_AT,
		FINISHED_AT
	};
	struct jscan_member m[] = { { .key = "run" },	      { .key = "exitCode" },
				    { .key = "signal" },      { .key = "oomKilled" },
				    { .key = "lostMonitor" }, { .key = "logDropped" },
				    { .key = "startedAt" },   { .key = "finishedAt" } };
	struct shim_exit v = { 0 };
	int64_t code = 0, sig = 0, oom = 0, lost = 0;

	if (jscan_members(text, n, m, ARRAY_SIZE(m)) < 0 ||
	    get_id(&m[RUN], v.run_id, sizeof(v.run_id)) < 0 || get_i64(&m[CODE], 255, &code) < 0 ||
	    get_i64(&m[SIGNAL], 127, &sig) < 0 || get_i64(&m[OOM], 1, &oom) < 0 ||
	    get_i64(&m[LOST], 1, &lost) < 0 ||
	    get_i64(&m[DROPPED], INT64_MAX, &v.log_dropped) < 0 ||
	    get_time(&m[STARTED_AT], &v.started_at) < 0 ||
	    get_time(&m[FINISHED_AT], &v.finished_at) < 0)
		return -EINVAL;
	v.code = (int) code;
	v.signal = (int) sig;
	v.oom_killed = oom != 0;
	v.lost = lost != 0;
	*ret = v;
	return 0;
}
