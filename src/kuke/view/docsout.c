/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "docsout.h"
#include "emit.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "model.h"

/* Limit of one document: as large as a reply, escaped. */
#define DOC_MAX (256 << 20)

#define FLUSH_BYTES (32 << 10)

static void flush(struct docsout *d)
{
	cli_print(&d->buf);
	buf_reset(&d->buf);
}

void docsout_begin(struct docsout *d, const struct model_type *type, enum output_format format)
{
	d->type = type;
	d->format = format;
	buf_init(&d->buf, DOC_MAX);
	if (format == OUTPUT_JSON) {
		jemit_init(&d->j, &d->buf, EMIT_INDENT | EMIT_REDACT);
		jemit_array(&d->j);
	} else {
		yemit_init(&d->y, &d->buf, 2, EMIT_REDACT);
		yemit_seq(&d->y);
	}
}

void docsout_add(struct docsout *d, const void *doc)
{
	if (d->format == OUTPUT_JSON)
		jemit_model(&d->j, d->type, doc);
	else
		yemit_model(&d->y, d->type, doc);
	if (d->buf.len >= FLUSH_BYTES)
		flush(d);
}

void docsout_end(struct docsout *d)
{
	if (d->format == OUTPUT_JSON) {
		jemit_array_end(&d->j);
		buf_addc(&d->buf, '\n');
	} else {
		yemit_seq_end(&d->y);
	}
	flush(d);
	buf_clear(&d->buf);
}
