/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EMIT_YAML_H
#define KUKEON_EMIT_YAML_H

#include "emit.h"
#include "model.h"

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

/* Append the object, with a newline. Check out with buf_check: it may be too large. */
void model_emit_yaml(struct buf *out, const struct model_type *t, const void *obj, unsigned indent,
		     enum emit_flags flags);

/* n objects as one list; objs NULL gives []. */
void model_emit_yaml_list(struct buf *out, const struct model_type *t, const void *const *objs,
			  size_t n, unsigned indent, enum emit_flags flags);

/* Write one object in place of a value. */
void yemit_model(struct yemit *y, const struct model_type *t, const void *obj);

#endif
