/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "advice_dial.h"
#include "cli.h"
#include "client.h"
#include "copy.h"
#include "fd.h"
#include "mem.h"
#include "pullview.h"

/* Connect to the daemon, or with --no-daemon to a kukeond of our own. */
static int connect_engine(struct cli *c, struct kerr *err)
{
	const struct settings *s = &c->settings;
	struct rpc_open_engine_args how = {
		.run_path = s->run_path_given ? s->run_path : NULL,
		.log_level = s->verbose ? s->log_level : NULL,
	};
	int r;

	if (s->no_daemon)
		return own_engine_start(&c->own, c->own_how ? c->own_how : &how, &c->client, err);
	r = rpc_dial(s->host, &c->client, err);
	if (r < 0)
		advice_dial(c, r);
	return r;
}

/* Keep in c->error an error text that is too long for a kerr. */
static int keep_error(struct cli *c, const struct rpc_method *m, const void *reply, int r)
{
	const struct rpc_err *e = r < 0 ? rpc_reply_err(m, reply) : NULL;
	struct kerr err;

	c->error = NULL;
	if (e && e->message && strlen(e->message) >= sizeof(err.msg))
		c->error = xstrdup(e->message);
	return r;
}

int cli_fail(struct cli *c, int r, const char *text, struct kerr *err)
{
	free(c->error);
	c->error = xstrdup(text);
	return kerr_plain(err, r, "%s", text);
}

void cli_error_text(const struct cli *c, const struct kerr *err, struct buf *out)
{
	char text[KERR_TEXT_MAX];

	/* err->msg may end in "..." and is cut between characters: compare all but its end. */
	if (c->error && strncmp(c->error, err->msg, sizeof(err->msg) - 8) == 0)
		buf_adds(out, c->error);
	else
		buf_adds(out, kerr_text(err, text, sizeof(text)));
}

void cli_call_early(struct cli *c, enum rpc_method_id id, const void *args)
{
	const struct rpc_call_opts none = { 0 };
	struct cli_early *e = &c->early[c->n_early];

	if (c->settings.no_daemon)
		return;
	assert(c->n_early < CLI_MAX_EARLY);
	*e = (struct cli_early){ .id = id };
	/* A request that cannot be sent is repeated by cli_call, which reports the error. */
	if (rpc_dial(c->settings.host, &e->client, NULL) == 0 &&
	    rpc_begin(e->client, id, args, &none, NULL) < 0)
		e->client = rpc_client_free(e->client);
	c->n_early++;
}

/*
 * The first early request; NULL if there is none or it could not be sent. Calls made for a
 * hint in between are of another method, so id tells them apart.
 */
static struct rpc_client *take_early(struct cli *c, enum rpc_method_id id)
{
	struct rpc_client *client;

	if (c->n_early == 0 || c->early[0].id != id)
		return NULL;
	client = c->early[0].client;
	memmove(&c->early[0], &c->early[1], --c->n_early * sizeof(c->early[0]));
	return client;
}

/* Keep the connection for later calls if there is none yet. */
static int end_early(struct cli *c, struct rpc_client *client, enum rpc_method_id id, void *reply,
		     const struct rpc_call_opts *opts, struct kerr *err)
{
	int r = rpc_end(client, id, reply, opts, err);

	if (!c->client)
		c->client = client;
	else
		rpc_client_free(client);
	return r;
}

int cli_call_with(struct cli *c, enum rpc_method_id id, void *args, void *reply,
		  const struct rpc_call_opts *opts, struct kerr *err)
{
	const struct rpc_method *m = rpc_method_get(id);
	struct rpc_client *early = take_early(c, id);
	int r = 0;

	free(c->error);
	c->error = NULL;
	if (early)
		return keep_error(c, m, reply, end_early(c, early, id, reply, opts, err));
	if (!c->client)
		r = connect_engine(c, err);
	if (r < 0)
		return r;
	r = rpc_call_with(c->client, id, args, reply, opts, err);
	if (r == -EPIPE && c->own.pid > 0)
		r = own_engine_ended(&c->own, err);
	return keep_error(c, m, reply, r);
}

int cli_call_polled(struct cli *c, enum rpc_method_id id, void *args, void *reply,
		    const struct pollfd *others, size_t n, struct kerr *err)
{
	const struct rpc_call_opts none = { 0 };
	struct pollfd p[CLI_MAX_POLLED + 1] = { { .fd = -1, .events = POLLIN } };
	int r = c->client ? 0 : connect_engine(c, err);

	assert(n <= CLI_MAX_POLLED);
	if (r == 0)
		r = rpc_begin(c->client, id, args, &none, err);
	if (r < 0)
		return r;
	p[0].fd = rpc_client_fd(c->client);
	if (n > 0)
		memcpy(&p[1], others, n * sizeof(*p));
	while (!p[0].revents) {
		if (poll(p, n + 1, -1) < 0 && errno != EINTR)
			return kerr_set(err, -errno, "poll");
		for (size_t i = 1; i <= n; i++)
			if (p[i].revents) {
				cli_hang_up(c);
				return -ECANCELED;
			}
	}
	return keep_error(c, rpc_method_get(id), reply, rpc_end(c->client, id, reply, &none, err));
}

/* Starting a cell may pull images: show the progress on a terminal. */
int cli_call(struct cli *c, enum rpc_method_id id, void *args, void *reply, struct kerr *err)
{
	struct rpc_call_opts opts = { 0 };
	struct pullview *view = NULL;
	int r;

	if (isatty(STDERR_FILENO) == 1) {
		view = pullview_new(STDERR_FILENO);
		opts.event = pullview_event;
		opts.ctx = view;
	}
	r = cli_call_with(c, id, args, reply, &opts, err);
	pullview_free(view);
	return r;
}

void cli_free_args(enum rpc_method_id id, void *args)
{
	model_clear(rpc_method_get(id)->args, args);
}

void cli_free_reply(enum rpc_method_id id, void *reply)
{
	model_clear(rpc_method_get(id)->reply, reply);
}
