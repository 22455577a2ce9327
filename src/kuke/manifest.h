/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MANIFEST_H
#define KUKEON_MANIFEST_H

#include "cli.h"
#include "docstream.h"

/* The files named by -f, in order; together they are one stream. */
struct manifest_file {
	char *name; /* "-" for standard input */
	struct buf text;
};

struct manifest {
	struct manifest_file *v;
	size_t n;
};

void manifest_clear(struct manifest *m);
#define cleanup_manifest cleanup_(manifest_clear)

/*
 * Read the files of -f: "-" is standard input; of a directory its *.yaml, *.yml and *.json,
 * sorted by name. That -f was given is checked before (cli_require); an empty one is the
 * error `file flag is required (…)`.
 */
int manifest_read(const struct cli *c, struct manifest *ret, struct kerr *err);

/*
 * Split and decode; warnings go to stderr. With --strict unknown fields are
 * errors of their document.
 */
int manifest_load(struct cli *c, const struct manifest *m, enum docstream_flags flags,
		  struct docstream *ret, struct kerr *err);

/* Append all of it to out as one UTF-8 text, for the daemon. */
int manifest_join(const struct manifest *m, struct buf *out, struct kerr *err);

/* docstream_check(), which keeps the whole error text for cli_error_text(). */
int manifest_check(struct cli *c, const struct docstream *docs, enum docstream_style style,
		   struct kerr *err);

#define OPT_ROW_FILE                                                                 \
	{                                                                            \
		"file", 'f', OPT_LIST, NULL,                                         \
			"manifest, directory of manifests, or - for standard input " \
			"(repeatable)"                                               \
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
