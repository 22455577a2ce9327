/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JVAL_H
#define KUKEON_JVAL_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * Parsed JSON from other programs (image manifests, registry replies, seccomp profiles,
 * a runtime's log); uses jansson. A text has at most KUKE_MAX_NODES values and keys and
 * at most KUKE_MAX_NESTING levels. Everything that Go's encoding/json accepts is
 * accepted, also where jansson alone would refuse it: bytes that are not UTF-8,
 * unpaired surrogates and a NUL in a key become U+FFFD; numbers of any size keep their
 * digits. If a key is repeated, the last value counts.
 *
 * A value belongs to its document and is valid as long as the document. Each function
 * accepts NULL and values of another type, and then returns its empty result.
 */
struct jval;

/*
 * Parse one value; only white space may follow it. *ret is owned by the caller.
 * -EINVAL, or -E2BIG beyond a limit, with a message that starts with what: "manifest:
 * invalid JSON at byte 17".
 */
int jval_read(const char *text, size_t n, const char *what, struct jval **ret, struct kerr *err);
struct jval *jval_free(struct jval *root);

static inline void jval_freep(struct jval **v)
{
	*v = jval_free(*v);
}

#define cleanup_jval cleanup_(jval_freep)

bool jval_is_object(const struct jval *v);
bool jval_is_array(const struct jval *v);
bool jval_is_null(const struct jval *v); /* null or missing */
/* Whether it is missing, null, "", 0, false, [] or {}: a field's zero value in Go. */
bool jval_is_zero(const struct jval *v);

const struct jval *jval_get(const struct jval *object, const char *key);
size_t jval_count(const struct jval *array);
const struct jval *jval_item(const struct jval *array, size_t i);
/* The pairs of an object in their order, false after the last. *iter is NULL at first. */
bool jval_next(const struct jval *object, void **iter, const char **ret_key,
	       const struct jval **ret);

const char *jval_str(const struct jval *v); /* NULL if not a string, or if it contains a NUL */
int jval_i64(const struct jval *v, int64_t *ret); /* -EINVAL: not an integer; -ERANGE */
int jval_u64(const struct jval *v, uint64_t *ret);
int jval_bool(const struct jval *v, bool *ret); /* -EINVAL */

/*
 * Members of a given type. A missing or null member gives "", an unset list, or no
 * pairs. Another type is -EINVAL with a message that names the key below where:
 * "config.Env[2]: must be a string". *ret may then be partly filled; the caller clears
 * it.
 */
int jval_get_str(const struct jval *object, const char *key, const char *where, char **ret,
		 struct kerr *err);
int jval_get_strlist(const struct jval *object, const char *key, const char *where,
		     struct strlist *ret, struct kerr *err);
int jval_get_strmap(const struct jval *object, const char *key, const char *where,
		    struct strmap *ret, struct kerr *err);

#endif
