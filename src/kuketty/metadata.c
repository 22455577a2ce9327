/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "kuketty.h"
#include "mem.h"
#include "path.h"
#include "str.h"

static void key_string(struct buf *out, const char *key, const char *value)
{
	buf_addf(out, ",\"%s\":", key);
	tty_add_string(out, value, strlen(value));
}

static void add_attachers(struct buf *out, const struct tty *t)
{
	const char *comma = "";

	buf_adds(out, ",\"attachers\":[");
	for (size_t i = 0; i < ATTACHED_MAX; i++) {
		const struct attached *a = &t->attached[i];

		if (a->fd < 0 || !a->listed)
			continue;
		buf_adds(out, comma);
		tty_add_string(out, a->id, strlen(a->id));
		comma = ",";
	}
	buf_addc(out, ']');
}

/* The spec is what we were given; the document has no other members of its own. */
void metadata_add(struct buf *out, const struct tty *t)
{
	cleanup_free char *dir = path_dirname(t->config.socket.path);

	buf_adds(out,
		 "{\"apiVersion\":\"sbsh/v1beta1\",\"kind\":\"Terminal\",\"metadata\":{\"name\":");
	tty_add_string(out, t->config.name, strlen(t->config.name));
	buf_adds(out, "},\"spec\":");
	buf_add(out, t->config.spec, t->config.n_spec);
	buf_addf(out, ",\"status\":{\"pid\":%d", (int) getpid());
	key_string(out, "tty", t->slave_name);
	buf_addf(out, ",\"state\":%d", (int) t->state);
	key_string(out, "socketCtrl", "");
	key_string(out, "baseRunPath", dir);
	key_string(out, "terminalRunPath", dir);
	key_string(out, "logFile", t->config.log.path);
	key_string(out, "logLevel", "info");
	key_string(out, "captureFile", t->config.capture.path);
	add_attachers(out, t);
	buf_adds(out, "}}");
}
