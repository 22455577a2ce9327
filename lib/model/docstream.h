/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DOCSTREAM_H
#define KUKEON_DOCSTREAM_H

#include "buf.h"
#include "err.h"
#include "model.h"
#include "vec.h"

/*
 * A manifest stream (YAML or JSON, many documents) as typed documents, with all errors
 * found in it.
 *
 *   docstream_load()      splits and decodes
 *   docstream_validate()  structural checks of every decoded document
 *   docstream_check()     the combined error, worded for apply or delete
 *
 * Nothing may be applied or deleted unless docstream_check() returned 0.
 */
enum docstream_flags {
	DOCSTREAM_STRICT = 1 << 0, /* an unknown key is an error of its document */
	DOCSTREAM_FOR_DELETE = 1 << 1, /* docstream_validate: do not refuse unsupported fields */
};

/* One document. Exactly one of error and doc is NULL. */
struct docstream_doc {
	size_t index; /* the N of "document N" */
	unsigned line; /* where it starts, from 1 */
	enum kind kind;
	void *doc; /* struct realm_doc …; owned */
	char *error; /* the rendered "document N (Kind "name"): …"; owned */
	char *parse_error; /* of a decode failure: the text without the wrapper; owned */
	char *file; /* name of its source; NULL if added by docstream_add */
};

struct docstream {
	struct docstream_doc *v;
	size_t n;
	size_t files; /* if more than one, errors name the file */
	struct strlist warnings; /* "warning: file.yaml:12:5: unknown field …" */
};

/* One file of a stream. */
struct docstream_source {
	const char *text;
	size_t n;
	const char *name; /* in warnings and YAML errors; NULL: "-", standard input */
};

/*
 * Split and decode files one after another, as one stream. Documents without a value
 * are skipped; the items of a list (`kind: List` or a sequence) count as documents.
 * Fails (ret zeroed) only if nothing can be loaded: "failed to parse YAML: no documents
 * found in input", an unsupported encoding, or an exceeded limit. All other errors are
 * stored with their document. `status` in the input is type-checked, then dropped.
 */
int docstream_load_all(const struct docstream_source *v, size_t n, enum docstream_flags flags,
		       struct docstream *ret, struct kerr *err);
int docstream_load(const char *text, size_t n, const char *file_name, enum docstream_flags flags,
		   struct docstream *ret, struct kerr *err);

/*
 * Append a file to out, so that the result is one stream: converted to UTF-8, with a
 * document separator in between. -EINVAL.
 */
int docstream_join(struct buf *out, const struct docstream_source *v, struct kerr *err);

/*
 * Append a document of the kind from another source; the caller fills in the returned
 * zeroed struct, which the stream owns.
 */
void *docstream_add(struct docstream *m, enum kind kind);

/*
 * Structural stage: validate_doc() on each document that has no error yet; a
 * document that fails loses doc and gets error. `run -f` fills locations
 * between load and this.
 */
void docstream_validate(struct docstream *m, enum docstream_flags flags);

/* How the list of errors is worded: upstream's texts. */
enum docstream_style {
	DOCSTREAM_STYLE_APPLY = 1, /* "validation failed:\n  …" */
	DOCSTREAM_STYLE_DELETE, /* "failed to parse YAML: …" or "validation errors:\n  …" */
};

/*
 * 0 if no document has an error; else -EINVAL, with the full text appended to ret_text
 * and as much as fits in err. Either may be NULL.
 */
int docstream_check(const struct docstream *m, enum docstream_style style, struct buf *ret_text,
		    struct kerr *err);

void docstream_clear(struct docstream *m);
#define cleanup_docstream cleanup_(docstream_clear)

/* Take the document out of the stream; owned by the caller (doc_free). */
void *docstream_take(struct docstream_doc *d);

/* model_clear() and free() of a heap document; NULL is fine. Returns NULL. */
void *doc_free(enum kind kind, void *doc);

#endif
