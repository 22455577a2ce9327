/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "clock.h"
#include "cni_chain.h"
#include "cni_exec.h"
#include "jwalk.h"
#include "log.h"
#include "mem.h"
#include "procinfo.h"
#include "str.h"

/* One plugin may wait for a DHCP server; a chain of plugins that hang is given up. */
enum {
	PLUGIN_MS = 30000,
	CHECK_MS = 10000,
	CHAIN_MS = 60000,
	STDERR_LINE_MAX = 300,
};

/* One plugin's turn. */
struct turn {
	const struct cni_conf *conf;
	size_t i;
	const char *command;
	struct cni_request rq;
	struct cni_call call;
	int max_ms;
	int64_t deadline; /* of the chain */
};

static int name_it(const struct turn *t, int r, struct kerr *err)
{
	char text[KERR_TEXT_MAX];
	struct kerr why;

	if (!err)
		return r;
	why = *err;
	return kerr_plain(err, r, "plugin \"%s\" of network \"%s\" %s", t->conf->v[t->i].type,
			  t->conf->name, kerr_text(&why, text, sizeof(text)));
}

static void add_stderr(struct buf *out, const struct buf *text)
{
	cleanup_buf struct buf line = BUF_INIT(STDERR_LINE_MAX + 8);

	str_one_line(&line, buf_str(text), STDERR_LINE_MAX);
	if (line.len)
		buf_adds(out, ": ");
	str_vis(out, buf_str(&line), line.len);
}

/* Also a plugin that exits with 0 may report an error. */
static int judge(const struct cni_end *end, struct kerr *err)
{
	cleanup_buf struct buf said = BUF_INIT(4096);
	char name[16];
	int code = WIFEXITED(end->status) ? WEXITSTATUS(end->status) : -1;

	if (cni_error_read(buf_str(&end->out), end->out.len, &said))
		return kerr_plain(err, -EREMOTEIO, "reports: %s", buf_str(&said));
	if (code == 0)
		return 0;
	add_stderr(&said, &end->err_out);
	if (code > 0)
		return kerr_plain(err, -EREMOTEIO, "failed with exit status %d%s", code,
				  said.len ? buf_str(&said) : " and no message");
	(void) signal_name(WTERMSIG(end->status), name, sizeof(name));
	return kerr_plain(err, -EREMOTEIO, "was killed by %s%s", name, buf_str(&said));
}

static void log_stderr(const struct turn *t, const struct cni_end *end)
{
	cleanup_buf struct buf line = BUF_INIT(8 * STDERR_LINE_MAX);

	add_stderr(&line, &end->err_out);
	if (line.len > 2)
		log_dbg("a plugin says", "plugin", t->conf->v[t->i].type, "network", t->conf->name,
			"command", t->command, "text", buf_str(&line) + 2);
}

/* Run it; end has what it printed. */
static int run(struct turn *t, struct cni_end *end, struct kerr *err)
{
	cleanup_buf struct buf in = BUF_INIT(CNI_REQUEST_MAX);
	cleanup_free char *program = NULL;
	struct kerr why = { 0 };
	int left = clock_left(t->deadline);
	int r = cni_find(t->conf->v[t->i].type, &program, err);

	if (r < 0)
		return kerr_wrap(err, r, "network \"%s\"", t->conf->name);
	if (streq(t->command, "VERSION"))
		buf_addf(&in, "{\"cniVersion\":\"%s\"}", cni_version_text(t->conf->version));
	else
		cni_conf_request(t->conf, t->i, &t->rq, &in);
	t->call.program = program;
	t->call.command = t->command;
	t->call.deadline_ms = left < t->max_ms ? left : t->max_ms;
	r = buf_check(&in, "its configuration", &why);
	if (r == 0)
		r = cni_exec(&t->call, &in, end, &why);
	if (r == 0) {
		log_stderr(t, end);
		r = judge(end, &why);
	}
	if (r < 0 && err)
		*err = why;
	return r < 0 ? name_it(t, r, err) : 0;
}

/* Where what it prints does not matter. */
static int run_silent(struct turn *t, struct kerr *err)
{
	cleanup_(cni_end_clear) struct cni_end end;

	cni_end_init(&end);
	return run(t, &end, err);
}

/* ---- attachments ---- */

struct args {
	struct cni_arg *v;
	size_t n;
};

static void args_clear(struct args *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free((void *) (uintptr_t) a->v[i].name);
		free((void *) (uintptr_t) a->v[i].json);
	}
	free(a->v);
}

/* The members of the record's object of capability arguments. */
static void args_read(const char *json, struct args *ret)
{
	struct jwalk_part part;
	struct jwalk w;

	if (!json || jwalk_begin(&w, json, strlen(json)) < 0)
		return;
	while (jwalk_next(&w, &part) > 0)
		*(struct cni_arg *) vec_grow(&ret->v, &ret->n, sizeof(*ret->v)) =
			(struct cni_arg){ .name = xstrndup(part.key, part.n_key),
					  .json = xstrndup(part.p, part.n) };
}

static struct turn turn_of(const struct cni_attachment *at, const char *command,
			   const struct args *args)
{
	return (struct turn){
		.conf = at->conf,
		.command = command,
		.rq = { .args = args->v, .n_args = args->n },
		.call = { .container_id = at->container_id,
			  .netns = at->netns,
			  .ifname = CNI_IFNAME,
			  .args = at->rec->args,
			  .caller_fd = at->caller_fd },
		.max_ms = PLUGIN_MS,
		.deadline = clock_ms() + CHAIN_MS,
	};
}

static int add_one(struct turn *t, struct cni_record *rec, struct cni_result *ret, struct kerr *err)
{
	cleanup_(cni_end_clear) struct cni_end end;
	struct kerr why = { 0 };
	int r;

	cni_end_init(&end);
	r = run(t, &end, err);
	if (r < 0)
		return r;
	r = cni_result_read(buf_str(&end.out), end.out.len, t->conf->version, ret, &why);
	if (r < 0) {
		if (err)
			*err = why;
		return name_it(t, r, err);
	}
	free(rec->result);
	rec->result = xstrdup(ret->text);
	rec->addr = ret->addr;
	return 0;
}

int cni_chain_add(const struct cni_attachment *at, cni_step_fn *fn, void *ctx,
		  struct cni_result *ret, struct kerr *err)
{
	cleanup_(args_clear) struct args args = { 0 };
	struct turn t;
	int r = 0;

	args_read(at->rec->capabilities, &args);
	t = turn_of(at, "ADD", &args);
	for (t.i = 0; r == 0 && t.i < at->conf->n; t.i++) {
		t.rq.prev_result = at->rec->result;
		r = add_one(&t, at->rec, ret, err);
		if (r == 0)
			r = fn(ctx, err);
	}
	return r;
}

int cni_chain_del(const struct cni_attachment *at, struct kerr *err)
{
	cleanup_(args_clear) struct args args = { 0 };
	struct kerr first = { 0 }, why;
	struct turn t;
	int k, r = 0;

	args_read(at->rec->capabilities, &args);
	t = turn_of(at, "DEL", &args);
	if (at->conf->version >= CNI_0_4_0)
		t.rq.prev_result = at->rec->result;
	for (size_t i = at->conf->n; i > 0; i--) {
		t.i = i - 1;
		why = (struct kerr){ 0 };
		k = run_silent(&t, &why);
		if (k < 0 && r == 0) {
			r = k;
			first = why;
		}
	}
	if (r < 0 && err)
		*err = first;
	return r;
}

bool cni_chain_has_check(const struct cni_conf *c)
{
	return c->version >= CNI_0_4_0 && !c->no_check;
}

int cni_chain_check(const struct cni_attachment *at, struct kerr *err)
{
	cleanup_(args_clear) struct args args = { 0 };
	struct turn t;
	int r = 0;

	args_read(at->rec->capabilities, &args);
	t = turn_of(at, "CHECK", &args);
	t.max_ms = CHECK_MS;
	t.deadline = clock_ms() + CHECK_MS;
	t.rq.prev_result = at->rec->result;
	for (t.i = 0; r == 0 && t.i < at->conf->n; t.i++)
		r = run_silent(&t, err);
	return r;
}

/* ---- networks ---- */

int cni_chain_gc(const struct cni_conf *c, const char *valid, struct kerr *err)
{
	struct turn t = { .conf = c,
			  .command = "GC",
			  .rq = { .valid_attachments = valid },
			  .call = { .caller_fd = -1 },
			  .max_ms = PLUGIN_MS,
			  .deadline = clock_ms() + CHAIN_MS };
	struct kerr first = { 0 }, why;
	int k, r = 0;

	if (c->version < CNI_1_1_0 || c->no_gc)
		return 0;
	for (t.i = 0; t.i < c->n; t.i++) {
		why = (struct kerr){ 0 };
		k = run_silent(&t, &why);
		if (k < 0 && r == 0) {
			r = k;
			first = why;
		}
	}
	if (r < 0 && err)
		*err = first;
	return r;
}

int cni_chain_find(const struct cni_conf *c, struct kerr *err)
{
	for (size_t i = 0; i < c->n; i++) {
		cleanup_free char *program = NULL;
		int r = cni_find(c->v[i].type, &program, err);

		if (r < 0)
			return kerr_wrap(err, r, "network \"%s\"", c->name);
	}
	return 0;
}

static int probe_one(struct turn *t, struct kerr *err)
{
	cleanup_(cni_end_clear) struct cni_end end;
	cleanup_strlist struct strlist known = { 0 };
	const char *want = cni_version_text(t->conf->version);
	struct kerr why = { 0 };
	int r;

	cni_end_init(&end);
	r = run(t, &end, err);
	if (r < 0)
		return r;
	r = cni_versions_read(buf_str(&end.out), end.out.len, &known, &why);
	if (r == 0 && !strlist_has(&known, want))
		r = kerr_plain(&why, -EPROTONOSUPPORT,
			       "does not support cniVersion %s; set it to one that it does", want);
	if (r < 0 && err)
		*err = why;
	return r < 0 ? name_it(t, r, err) : 0;
}

int cni_chain_probe(const struct cni_conf *c, struct kerr *err)
{
	struct turn t = { .conf = c,
			  .command = "VERSION",
			  .call = { .caller_fd = -1 },
			  .max_ms = CHECK_MS,
			  .deadline = clock_ms() + CHAIN_MS };
	int r = cni_chain_find(c, err);

	for (t.i = 0; r == 0 && t.i < c->n; t.i++)
		r = probe_one(&t, err);
	return r;
}
