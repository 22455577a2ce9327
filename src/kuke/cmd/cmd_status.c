/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cli.h"
#include "copy.h"
#include "fd.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "status_view.h"
#include "statuscheck.h"
#include "str.h"
#include "verbs.h"

#define PATIENCE_NS (10 * INT64_C(1000000000))
#define OUT_MAX (64 << 20)
#define NO_METHOD "can't find method"

static const struct opt status_opts[] = {
	{ "output", 'o', OPT_STRING, NULL, "json or yaml: everything, for programs" },
	{ "json", 0, OPT_BOOL, NULL, "the same as -o json" },
	{ "timeout", 0, OPT_DURATION, "10s", "how long the daemon may take to answer" },
	{ 0 },
};

/* ---- asking ---- */

static int64_t patience(const struct cli *c)
{
	const struct opt_value *v = opt_find(&c->opts, "timeout");

	return v && v->set ? v->number : PATIENCE_NS;
}

/* -ECANCELED: there was no answer in time. */
static int ask_in_time(struct cli *c, enum rpc_method_id id, void *reply, struct kerr *err)
{
	const int64_t ns = patience(c);
	const struct itimerspec when = { .it_value = { .tv_sec = ns / 1000000000,
						       .tv_nsec = ns % 1000000000 } };
	cleanup_fd int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
	struct pollfd p = { .fd = timer, .events = POLLIN };
	struct rpc_no_args args = { 0 };
	cleanup_buf struct buf text = BUF_INIT(64);
	int r;

	if (timer < 0 || timerfd_settime(timer, 0, &when, NULL) < 0)
		return kerr_set(err, -errno, "set a timer");
	r = cli_call_polled(c, id, &args, reply, &p, 1, err);
	if (r != -ECANCELED)
		return r;
	duration_text(&text, ns);
	return kerr_plain(err, r, "it has not answered within %s", buf_str(&text));
}

/* A daemon of another version may know less. */
static int ask_older(struct cli *c, struct rpc_status_result *s, struct kerr *err)
{
	struct rpc_daemon_info_reply reply = { 0 };
	struct rpc_daemon_info *info = &reply.result;
	int r = ask_in_time(c, RPC_X_DAEMON_INFO, &reply, err);

	if (r == 0) {
		s->daemon.state = xstrdup(RPC_STATUS_RUNNING);
		s->daemon.version = take_ptr(info->version);
		s->daemon.pid = info->pid;
		s->instance.run_path = take_ptr(info->run_path);
		s->instance.runtime_dir = take_ptr(info->runtime_dir);
		s->instance.namespace_suffix = take_ptr(info->namespace_suffix);
		s->instance.cgroup_root = take_ptr(info->cgroup_root);
		status_check(s, "daemon", RPC_STATUS_WARN, "kukeond",
			     xstrdup("it is of a version that does not tell its status"), NULL);
	}
	cli_free_reply(RPC_X_DAEMON_INFO, &reply);
	return r;
}

/* ---- without an answer ---- */

/* Whether the socket that was asked is that of the instance. */
static bool is_asked(const struct cli *c, const struct rpc_status_instance *i)
{
	const char *host = c->settings.host;
	cleanup_free char *dir = NULL;

	if (!str_has_prefix(host, "unix://"))
		return false;
	dir = path_dirname(host + strlen("unix://"));
	return streq_null(i->runtime_dir, dir);
}

/* What an engine of our own sees; only root may look. */
static void look_ourselves(struct cli *c, struct rpc_status_result *s)
{
	struct rpc_status_reply reply = { 0 };
	struct kerr unused;

	cli_hang_up(c);
	c->settings.no_daemon = true;
	if (geteuid() == 0 && ask_in_time(c, RPC_X_STATUS, &reply, &unused) == 0 &&
	    is_asked(c, &reply.result.instance))
		*s = take_struct(reply.result);
	cli_free_reply(RPC_X_STATUS, &reply);
	free_p(&s->daemon.version); /* our own engine's */
}

/* Say it of kukeond instead of what the engine has said, which comes first. */
static void set_daemon_check(struct rpc_status_result *s, char *owned_detail, const char *remedy)
{
	struct rpc_status_check *first, *last;

	status_check(s, "daemon", RPC_STATUS_FAIL, "kukeond", owned_detail, remedy);
	first = &s->checks.v[0];
	last = &s->checks.v[s->checks.n - 1];
	if (first == last || !streq_null(first->name, "kukeond"))
		return;
	model_clear(&rpc_status_check_type, first);
	*first = take_struct(*last);
	s->checks.n--;
}

/* r: how the question failed. */
static void without_answer(struct cli *c, struct rpc_status_result *s, int r,
			   const struct kerr *why)
{
	bool stopped = r == -ENOENT || r == -ECONNREFUSED;
	cleanup_free char *remedy = take_ptr(c->hint);
	cleanup_buf struct buf text = BUF_INIT(OUT_MAX);

	cli_error_text(c, why, &text);
	look_ourselves(c, s);
	free_p(&c->hint);
	if (stopped && streq_null(s->daemon.state, RPC_STATUS_STOPPED))
		return; /* the engine has said so, and what to do */
	stopped = stopped && !s->daemon.state;
	free(s->daemon.state);
	s->daemon.state = xstrdup(stopped ? RPC_STATUS_STOPPED : RPC_STATUS_SILENT);
	set_daemon_check(s, buf_take(&text), remedy);
	if (s->disks.n == 0 && access(c->settings.run_path, F_OK) == 0)
		(void) status_disk(s, c->settings.run_path);
}

/* ---- the verb ---- */

/* -errno: --host names no daemon that could be asked, or an engine of our own failed. */
static int ask(struct cli *c, struct rpc_status_result *s, struct kerr *err)
{
	bool own = c->settings.no_daemon;
	struct rpc_status_reply reply = { 0 };
	struct kerr why = { 0 };
	int r = ask_in_time(c, RPC_X_STATUS, &reply, &why);

	if (r == 0)
		*s = take_struct(reply.result);
	cli_free_reply(RPC_X_STATUS, &reply);
	if (r == 0 && own)
		free_p(&s->daemon.version);
	if (r < 0 && c->client && strstr(why.msg, NO_METHOD)) {
		why = (struct kerr){ 0 };
		r = ask_older(c, s, &why);
	}
	if (r < 0 && (own || (!c->client && r == -EINVAL))) {
		*err = why;
		return r;
	}
	if (r < 0)
		without_answer(c, s, r, &why);
	return 0;
}

static void print(const struct rpc_status_result *s, enum output_format format)
{
	cleanup_buf struct buf out = BUF_INIT(OUT_MAX);

	if (format != OUTPUT_TABLE) {
		cli_print_doc(&rpc_status_result_type, s, format);
		return;
	}
	status_text(&out, s);
	cli_print(&out);
}

/* The screen tells what is wrong, so nothing is said of it on standard error. */
static int run_status(struct cli *c, struct kerr *err)
{
	struct rpc_status_result s = { 0 };
	enum output_format format = OUTPUT_TABLE;
	int r = cli_output(c, OUTPUT_TABLE, &format, err);

	if (r == 0 && cli_bool(c, "json"))
		format = OUTPUT_JSON;
	if (r == 0 && format > OUTPUT_JSON)
		r = kerr_plain(err, -EINVAL, "invalid output format (supported: yaml, json)");
	if (r == 0 && patience(c) <= 0)
		r = kerr_plain(err, -EINVAL, "--timeout must be more than 0");
	if (r == 0)
		r = ask(c, &s, err);
	if (r < 0)
		return r;
	free(s.client_version);
	s.client_version = xstrdup(PACKAGE_VERSION);
	free(s.daemon.socket);
	s.daemon.socket = xstrdup(c->settings.host);
	status_versions(&s);
	status_settle(&s);
	print(&s, format);
	r = s.ok ? 0 : 1;
	model_clear(&rpc_status_result_type, &s);
	return r;
}

const struct cmd cmd_status = {
	.name = "status",
	.help = "show how the daemon, its objects and this host are",
	.about =
		"Show on one screen how the daemon is, its version and this one's, the instance, "
		"how many objects are in which state, the space on the disk, and what is not as it "
		"should be. Exit 0 if all is well, else 1, also when the daemon does not answer: "
		"root is told then what can be seen without it. See kuke-status(1).",
	.opts = status_opts,
	.run = run_status,
};
