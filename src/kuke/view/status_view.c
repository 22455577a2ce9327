/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <inttypes.h>

#include "cli.h"
#include "mem.h"
#include "status_view.h"
#include "str.h"
#include "term.h"

/* ---- lines "title  text" ---- */

static void begin_line(struct buf *out, const char *title)
{
	buf_addf(out, "%-11s", title);
}

/* Escaped like a table's cells. */
static void add_safe(struct buf *out, const char *s)
{
	if (s)
		str_vis(out, s, strlen(s));
}

static void add_part(struct buf *out, const char *before, const char *s)
{
	if (str_empty(s))
		return;
	buf_adds(out, before);
	add_safe(out, s);
}

void status_duration(struct buf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds < units[i].seconds && i + 1 < ARRAY_SIZE(units))
			continue;
		buf_addf(out, "%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
		if (i + 1 < ARRAY_SIZE(units))
			buf_addf(out, "%" PRId64 "%c",
				 seconds % units[i].seconds / units[i + 1].seconds,
				 units[i + 1].unit);
		return;
	}
}

static void add_daemon(struct buf *out, const struct rpc_status_result *s)
{
	const struct rpc_status_daemon *d = &s->daemon;

	begin_line(out, "kukeond");
	if (streq_null(d->state, RPC_STATUS_STOPPED))
		buf_adds(out, "does not run");
	else if (streq_null(d->state, RPC_STATUS_SILENT))
		buf_adds(out, "does not answer");
	else
		buf_adds(out, "runs");
	if (d->started_at.set) {
		buf_adds(out, " for ");
		status_duration(out, d->uptime_seconds);
	}
	if (d->pid > 0)
		buf_addf(out, ", pid %" PRId64, d->pid);
	add_part(out, ", version ", d->version);
	add_part(out, ", ", d->socket);
	buf_addc(out, '\n');
	begin_line(out, "kuke");
	add_part(out, "version ", s->client_version);
	buf_addc(out, '\n');
}

static void add_instance(struct buf *out, const struct rpc_status_result *s)
{
	const struct rpc_status_instance *i = &s->instance;

	if (str_empty(i->run_path))
		return;
	begin_line(out, "instance");
	add_safe(out, i->run_path);
	add_part(out, ", suffix ", i->namespace_suffix);
	add_part(out, ", cgroup root ", i->cgroup_root);
	add_part(out, " (", i->cgroups);
	add_part(out, "), packet filter ", i->packet_filter);
	buf_addc(out, '\n');
	if (!s->names.needed)
		return;
	begin_line(out, "names");
	buf_addf(out, "of %" PRId64 " space%s by kukedns", s->names.spaces,
		 s->names.spaces == 1 ? "" : "s");
	if (s->names.restarts > 0)
		buf_addf(out, ", which had to be started again %" PRId64 " time%s",
			 s->names.restarts, s->names.restarts == 1 ? "" : "s");
	buf_addc(out, '\n');
}

static void add_disks(struct buf *out, const struct rpc_status_result *s)
{
	for (size_t i = 0; i < s->disks.n; i++) {
		const struct rpc_status_disk *d = &s->disks.v[i];

		begin_line(out, i ? "" : "disk");
		add_safe(out, d->path);
		buf_adds(out, ": ");
		term_add_size(out, d->used_bytes);
		buf_adds(out, " of ");
		term_add_size(out, d->size_bytes);
		buf_addf(out, " used (%" PRId64 " %%), ", d->used_percent);
		term_add_size(out, d->free_bytes);
		buf_adds(out, " free\n");
	}
}

/* ---- tables ---- */

static void add_kind(struct table *t, const struct rpc_status_kind *k)
{
	cleanup_free char *name = xasprintf("%ss", k->kind);
	cleanup_free char *count = xasprintf("%" PRId64, k->count);
	cleanup_buf struct buf states = BUF_INIT(1 << 16);

	for (size_t i = 0; i < k->states.n; i++)
		buf_addf(&states, "%s%" PRId64 " %s", i ? ", " : "", k->states.v[i].count,
			 k->states.v[i].state);
	table_row(t, name, count, states.len ? buf_str(&states) : "-", NULL);
}

static void add_counts(struct buf *out, const struct rpc_status_result *s)
{
	cleanup_(table_clear) struct table t = { 0 };
	cleanup_free char *count = xasprintf("%" PRId64, s->images.count);
	cleanup_buf struct buf layers = BUF_INIT(256);

	if (s->kinds.n == 0)
		return;
	table_row(&t, "KIND", "COUNT", "STATES", NULL);
	for (size_t i = 0; i < s->kinds.n; i++)
		add_kind(&t, &s->kinds.v[i]);
	buf_addf(&layers, "%" PRId64 " layer%s, ", s->images.layers,
		 s->images.layers == 1 ? "" : "s");
	term_add_size(&layers, s->images.bytes);
	table_row(&t, "Images", count, buf_str(&layers), NULL);
	buf_addc(out, '\n');
	table_text(out, &t);
}

static bool is_trouble(const struct rpc_status_check *c)
{
	return !streq_null(c->status, RPC_STATUS_OK);
}

static void add_troubles(struct buf *out, const struct rpc_status_result *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->checks.n; i++) {
		const struct rpc_status_check *c = &s->checks.v[i];

		if (!is_trouble(c) || ++n > STATUS_TROUBLES_MAX)
			continue;
		buf_addf(out, n == 1 ? "\n%-4s  " : "%-4s  ", c->status);
		add_safe(out, c->name);
		add_part(out, ": ", c->detail);
		buf_addc(out, '\n');
		add_part(out, "      ", c->remediation);
		if (!str_empty(c->remediation))
			buf_addc(out, '\n');
	}
	if (n == 0)
		buf_adds(out, "\nAll is well.\n");
	else if (n > STATUS_TROUBLES_MAX)
		buf_addf(out, "      and %zu more: kuke status -o json\n", n - STATUS_TROUBLES_MAX);
}

void status_text(struct buf *out, const struct rpc_status_result *s)
{
	add_daemon(out, s);
	add_instance(out, s);
	add_disks(out, s);
	add_counts(out, s);
	add_troubles(out, s);
}
