/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EMIT_H
#define KUKEON_EMIT_H

#include "buf.h"
#include "clock.h"
#include "vec.h"

/*
 * Writers for output that is not described by rows. Misuse is only asserted: begin and
 * end must match, and every value in a map needs a key.
 */
enum emit_flags {
	EMIT_INDENT = 1 << 0, /* JSON: two spaces a level, as in files and -o json */
	EMIT_REDACT = 1 << 1, /* FIELD_SECRET rows as ******** */
};

#define EMIT_REDACTED "********"

/* JSON as Go's encoding/json writes it, < > & and invalid UTF-8 escaped. */
struct jemit {
	struct buf *out;
	enum emit_flags flags;
	unsigned depth;
	bool any; /* the current object or array is not empty */
	bool keyed; /* a key was written, its value must follow */
};

void jemit_init(struct jemit *j, struct buf *out, enum emit_flags flags);
void jemit_object(struct jemit *j);
void jemit_object_end(struct jemit *j);
void jemit_array(struct jemit *j);
void jemit_array_end(struct jemit *j);
void jemit_key(struct jemit *j, const char *key);
void jemit_str(struct jemit *j, const char *s); /* NULL: "" */
void jemit_strn(struct jemit *j, const char *s, size_t n);
void jemit_i64(struct jemit *j, int64_t v);
void jemit_u64(struct jemit *j, uint64_t v);
void jemit_bool(struct jemit *j, bool v);
void jemit_null(struct jemit *j);
void jemit_time(struct jemit *j, const struct ktime *t);
void jemit_strlist(struct jemit *j, const struct strlist *l); /* null, [] */
void jemit_strmap(struct jemit *j, const struct strmap *m); /* null, {} */
void jemit_bytes(struct jemit *j, const void *p, size_t n); /* base64; null for n 0 */
void jemit_raw(struct jemit *j, const char *json, size_t n); /* verbatim */

/* A string with its quotes, escaped as above. */
void jemit_quote(struct buf *out, const char *s, size_t n);

/*
 * YAML in block style as yaml.v3 writes it: indent columns a level, a sequence
 * under a key one level deeper, {} and [] for empty ones.
 */
enum {
	YEMIT_MAX_DEPTH = 72
};

struct yemit_level {
	bool seq;
	bool any;
	unsigned column;
};

struct yemit {
	struct buf *out;
	enum emit_flags flags;
	unsigned indent;
	unsigned depth;
	struct yemit_level level[YEMIT_MAX_DEPTH];
};

void yemit_init(struct yemit *y, struct buf *out, unsigned indent, enum emit_flags flags);
void yemit_map(struct yemit *y);
void yemit_map_end(struct yemit *y);
void yemit_seq(struct yemit *y);
void yemit_seq_end(struct yemit *y);
void yemit_key(struct yemit *y, const char *key);
void yemit_str(struct yemit *y, const char *s); /* NULL: "" */
void yemit_i64(struct yemit *y, int64_t v);
void yemit_u64(struct yemit *y, uint64_t v);
void yemit_bool(struct yemit *y, bool v);
void yemit_null(struct yemit *y);
void yemit_time(struct yemit *y, const struct ktime *t);
void yemit_strlist(struct yemit *y, const struct strlist *l);
void yemit_strmap(struct yemit *y, const struct strmap *m);

#endif
