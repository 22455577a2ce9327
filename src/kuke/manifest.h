/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MANIFEST_H
#define KUKEON_MANIFEST_H

#include "cli.h"
#include "docstream.h"

/* The files that -f names, in their order: they read as one stream. */
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
 * Read them: files, standard input for "-", and of a directory its *.yaml, *.yml
 * and *.json by name. The flag was asked for already: `file flag is required (…)`
 * is for an empty one.
 */
int manifest_read(const struct cli *c, struct manifest *ret, struct kerr *err);

/*
 * Split and decode; warnings go to stderr. With --strict unknown fields are
 * errors of their document.
 */
int manifest_load(struct cli *c, const struct manifest *m, enum docstream_flags flags,
		  struct docstream *ret, struct kerr *err);

/* The whole as one text in UTF-8, for the daemon. Appended. */
int manifest_join(const struct manifest *m, struct buf *out, struct kerr *err);

/* docstream_check() with the whole text kept for the printer. */
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
