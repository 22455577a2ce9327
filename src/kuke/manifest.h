/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MANIFEST_H
#define KUKEON_MANIFEST_H

#include "cli.h"
#include "docstream.h"

/*
 * The file of -f. The flag was asked for already: `file flag is required (…)`
 * is for an empty one.
 */
int manifest_read(const struct cli *c, struct buf *ret, struct kerr *err);

/*
 * Split and decode; warnings go to stderr. With --strict unknown fields are
 * errors of their document.
 */
int manifest_load(struct cli *c, const struct buf *text, enum docstream_flags flags,
		  struct docstream *ret, struct kerr *err);

/* docstream_check() with the whole text kept for the printer. */
int manifest_check(struct cli *c, const struct docstream *docs, enum docstream_style style,
		   struct kerr *err);

#define OPT_ROW_FILE                                                               \
	{                                                                          \
		"file", 'f', OPT_STRING, NULL, "manifest, or - for standard input" \
	}
#define OPT_ROW_STRICT                                                                    \
	{                                                                                 \
		"strict", 0, OPT_BOOL, NULL, "refuse unknown fields instead of a warning" \
	}
#define OPT_ROW_REPORT                                                           \
	{                                                                        \
		"output", 'o', OPT_STRING, NULL, "json or yaml, instead of text" \
	}

#endif
