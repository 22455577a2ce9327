/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DOCSOUT_H
#define KUKEON_DOCSOUT_H

#include "cli.h"
#include "decode.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "model.h"
#include "node.h"

/*
 * Prints a list of documents to stdout one by one, secrets masked. The output is the same as
 * if the whole list were printed at once, but only a few documents are held in memory.
 */
struct docsout {
	const struct model_type *type;
	enum output_format format; /* OUTPUT_JSON or OUTPUT_YAML */
	struct buf buf;
	struct jemit j;
	struct yemit y;
};

void docsout_begin(struct docsout *d, const struct model_type *type, enum output_format format);
void docsout_add(struct docsout *d, const void *doc);
void docsout_end(struct docsout *d);

#endif
