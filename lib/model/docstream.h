/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_DOCSTREAM_H
#define KUKEON_DOCSTREAM_H

#include "buf.h"
#include "err.h"
#include "model.h"
#include "vec.h"

/*
 * A manifest stream (YAML or JSON, many documents) as typed documents, with
 * everything that is wrong with it (spec surface.md 1.2 and 1.3).
 *
 *   docstream_load()      splits and decodes
 *   docstream_validate()  structural stage of every document that decoded
 *   docstream_check()     the verdict, in the words of the verb
 *
 * Nothing may be applied or deleted unless docstream_check() said 0.
 */
enum docstream_flags {
	DOCSTREAM_STRICT = 1 << 0, /* an unknown key is an error of its document */
	DOCSTREAM_FOR_DELETE = 1 << 1, /* docstream_validate: fields of later work do not matter */
};

/* One document. Either error is NULL and doc is there, or doc is NULL. */
struct docstream_doc {
	size_t index; /* the N of "document N" */
	unsigned line; /* where it starts, from 1 */
	enum kind kind;
	void *doc; /* struct realm_doc …; owned */
	char *error; /* the rendered "document N (Kind "name"): …"; owned */
	char *parse_error; /* decode failures: the text without the wrapper; owned */
	char *file; /* as its source was named; NULL for one that was added */
};

struct docstream {
	struct docstream_doc *v;
	size_t n;
	size_t files; /* of more than one, errors name the file */
	struct strlist warnings; /* "warning: file.yaml:12:5: unknown field …" */
};

/* One file of a stream. */
struct docstream_source {
	const char *text;
	size_t n;
	const char *name; /* in warnings and YAML errors; NULL: "-", standard input */
};

/*
 * Split and decode files one after another, as one stream. Documents without a
 * value are skipped; the items of a list (`kind: List` or a sequence) count as
 * documents. Fails (ret zeroed) only when there is nothing to work with:
 * "failed to parse YAML: no documents found in input", a text in no encoding that
 * can be read, or a limit passed. All else that is wrong is kept beside its
 * document. Input `status` is type-checked, then dropped.
 */
int docstream_load_all(const struct docstream_source *v, size_t n, enum docstream_flags flags,
		       struct docstream *ret, struct kerr *err);
int docstream_load(const char *text, size_t n, const char *file_name, enum docstream_flags flags,
		   struct docstream *ret, struct kerr *err);

/*
 * Append a file to those in out, so that the whole reads as one stream: in UTF-8
 * and with what ends one document and begins the next in between. -EINVAL.
 */
int docstream_join(struct buf *out, const struct docstream_source *v, struct kerr *err);

/*
 * Append a document of the kind that comes from elsewhere; the caller fills the
 * zeroed struct that is returned, which the stream owns.
 */
void *docstream_add(struct docstream *m, enum kind kind);

/*
 * Structural stage: validate_doc() on each document that has no error yet; a
 * document that fails loses doc and gets error. `run -f` fills locations
 * between load and this.
 */
void docstream_validate(struct docstream *m, enum docstream_flags flags);

/* How the list of errors is worded (surface.md 1.3). */
enum docstream_style {
	DOCSTREAM_STYLE_APPLY = 1, /* "validation failed:\n  …" */
	DOCSTREAM_STYLE_DELETE, /* "failed to parse YAML: …" or "validation errors:\n  …" */
};

/*
 * 0 when no document has an error; else -EINVAL, the whole text in ret_text
 * (appended) and as much of it as fits in err. Either may be NULL.
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
