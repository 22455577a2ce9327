/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NODE_H
#define KUKEON_NODE_H

#include "defs.h"
#include "err.h"

/*
 * The tree that both the YAML and the JSON reader produce. It keeps the source text and
 * the position of scalars, so that numbers stay exact and errors have a position. Depth
 * is at most KUKE_MAX_NESTING, and there are at most KUKE_MAX_NODES nodes, aliases not
 * counted. Aliases form no cycles, but can expand exponentially: code that follows them
 * must limit the number of visits (model_decode does).
 */
enum node_kind {
	NODE_SCALAR = 1,
	NODE_SEQ,
	NODE_MAP,
	NODE_ALIAS, /* YAML only; node_resolve */
};

/* The type of a scalar, from its text or its explicit tag. */
enum node_tag {
	NODE_TAG_STR = 1,
	NODE_TAG_NULL,
	NODE_TAG_BOOL,
	NODE_TAG_INT,
	NODE_TAG_FLOAT,
	NODE_TAG_TIME,
	NODE_TAG_BINARY,
	NODE_TAG_MERGE, /* the plain key "<<" */
	NODE_TAG_SEQ,
	NODE_TAG_MAP,
	NODE_TAG_OTHER, /* tag_text */
};

enum node_flags {
	NODE_PLAIN = 1 << 0, /* a scalar without quotes (JSON: number or literal) */
	NODE_JSON = 1 << 1, /* read as JSON: the JSON rules apply */
	NODE_BLOCK = 1 << 2, /* a literal or folded block */
	NODE_MISTAGGED = 1 << 3, /* its text does not fit its explicit tag: it has no value */
};

struct node {
	enum node_kind kind;
	enum node_tag tag;
	enum node_flags flags;
	unsigned line, col; /* from 1; JSON: 0 */
	char *text; /* NODE_SCALAR: the text, escapes undone; len bytes and a NUL */
	size_t len;
	char *tag_text; /* an explicit tag as written ("!!str", "!x"), or NULL */
	char *anchor; /* "a" of &a, or NULL; NODE_ALIAS: the name it refers to */
	struct node **items; /* NODE_SEQ: items; NODE_MAP: key, value, key, value, … */
	size_t n; /* of items: a map of two pairs has 4 */
	struct node *target; /* NODE_ALIAS: owned elsewhere in the same tree */
};

/*
 * Free a whole tree, by its root: that of a JSON document lies in a few blocks
 * (node_free_json, for node.c), that of a YAML document in many.
 */
struct node *node_free(struct node *n);
void node_free_json(struct node *root);

static inline void node_freep(struct node **n)
{
	*n = node_free(*n);
}

#define cleanup_node cleanup_(node_freep)

/* The node itself, or the target of an alias. NULL gives NULL. */
const struct node *node_resolve(const struct node *n);

/*
 * For trees of a known structure: every function accepts NULL and nodes of another
 * kind, and then returns its empty result. In JSON trees node_get matches the key
 * exactly and returns the last of duplicate keys.
 */
const struct node *node_get(const struct node *map, const char *key);
/* node_get repeated: node_path(n, "config", "digest", NULL) */
const struct node *node_path(const struct node *n, ...) __attribute__((sentinel));
size_t node_count(const struct node *n); /* items of a sequence, pairs of a map */
const struct node *node_key(const struct node *map, size_t i); /* the key of pair i */
/* the text of a string; NULL if not a string, or if it contains a NUL */
const char *node_str(const struct node *n);
bool node_is_null(const struct node *n); /* null or missing */

/*
 * Replace the text of a scalar of a YAML tree, for `kuke run -p`. A plain scalar without
 * a tag becomes null if the new text is a form of null; otherwise the type is kept (a
 * string stays a string).
 */
void node_set_text(struct node *n, char *owned_text);

/*
 * Parse one JSON value; only white space may follow it. Invalid UTF-8 and unpaired
 * surrogates become U+FFFD, duplicate keys are all kept. -EINVAL with a message that
 * starts with what ("manifest: invalid JSON at byte 17").
 */
int node_read_json(const char *text, size_t len, const char *what, struct node **ret,
		   struct kerr *err);

/*
 * Parse YAML one document at a time. Errors read "yaml: line 3: did not find expected
 * key"; node_stream_mark returns the position of the last one, from 1 (0: unknown).
 * text must outlive the stream.
 */
struct node_stream;

struct node_stream *node_stream_new(const char *text, size_t len) __attribute__((returns_nonnull));
struct node_stream *node_stream_free(struct node_stream *s);
/*
 * 1 with a document (*ret is NULL if it has no node), 0 at the end, -errno: the stream
 * cannot be read further.
 */
int node_stream_next(struct node_stream *s, struct node **ret, struct kerr *err);
void node_stream_mark(const struct node_stream *s, unsigned *ret_line, unsigned *ret_col);

static inline void node_stream_freep(struct node_stream **s)
{
	*s = node_stream_free(*s);
}

/*
 * Parse a text with one document, in any encoding that encoding.h supports; empty
 * documents are skipped. *ret is NULL if there is none. *ret_second (may be NULL) is a
 * second document, for a warning that it is ignored. Both are owned by the caller.
 */
int node_read_yaml(const char *text, size_t len, struct node **ret, struct node **ret_second,
		   struct kerr *err);

#endif
