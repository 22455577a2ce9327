/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EMIT_JSON_H
#define KUKEON_EMIT_JSON_H

#include "emit.h"
#include "model.h"

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

/* Append the object, without a newline. Check out with buf_check: it may be too large. */
void model_emit_json(struct buf *out, const struct model_type *t, const void *obj,
		     enum emit_flags flags);

struct pick;
/* Only what is picked (pick.h). */
void model_emit_json_picked(struct buf *out, const struct model_type *t, const void *obj,
			    const struct pick *pick, enum emit_flags flags);

/*
 * An object whose first member is a list that the caller writes, element by element
 * with commas, between these two: without elements it is null.
 */
void model_emit_json_open(struct buf *out, const struct model_type *t);
void model_emit_json_close(struct buf *out, const struct model_type *t, const void *obj,
			   enum emit_flags flags);

/* n objects as one list; objs NULL gives null. */
void model_emit_json_list(struct buf *out, const struct model_type *t, const void *const *objs,
			  size_t n, enum emit_flags flags);

/* Write one object in place of a value. */
void jemit_model(struct jemit *j, const struct model_type *t, const void *obj);

#endif
