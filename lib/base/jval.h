/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_JVAL_H
#define KUKEON_JVAL_H

#include "defs.h"
#include "err.h"
#include "vec.h"

/*
 * JSON that others write (image manifests, replies of registries, seccomp profiles,
 * a runtime's log), as values by jansson. A text has at most KUKE_MAX_NODES values
 * and keys, at most KUKE_MAX_NESTING deep. It may hold all that Go's encoding/json
 * takes, which jansson alone would refuse: bytes that are no UTF-8 and halves of
 * surrogate pairs become U+FFFD, as does a NUL in a key; numbers of any size keep
 * their digits. Of a key given twice the last value counts.
 *
 * A value is part of its document and lives as long as that. Each function takes NULL
 * and values of another kind, and then gives "nothing".
 */
struct jval;

/*
 * One value and nothing but white space after it; owned by the caller. -EINVAL, or
 * -E2BIG past a limit, with a message that starts with what: "manifest: invalid JSON
 * at byte 17".
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
bool jval_is_null(const struct jval *v); /* null or not there */
/* null, "", 0, false, [] and {}: what Go's decoder leaves a field at. */
bool jval_is_zero(const struct jval *v);

const struct jval *jval_get(const struct jval *object, const char *key);
size_t jval_count(const struct jval *array);
const struct jval *jval_item(const struct jval *array, size_t i);
/* The pairs of an object in their order, false after the last. *iter is NULL at first. */
bool jval_next(const struct jval *object, void **iter, const char **ret_key,
	       const struct jval **ret);

const char *jval_str(const struct jval *v); /* NULL: no string, or it has a NUL in it */
int jval_i64(const struct jval *v, int64_t *ret); /* -EINVAL: no whole number; -ERANGE */
int jval_u64(const struct jval *v, uint64_t *ret);
int jval_bool(const struct jval *v, bool *ret); /* -EINVAL */

/*
 * Members whose type is known; null and nothing are "", an unset list and no pairs.
 * -EINVAL with a message that names the key below where: "config.Env[2]: must be a
 * string". *ret may have been begun then, and is the caller's to clear.
 */
int jval_get_str(const struct jval *object, const char *key, const char *where, char **ret,
		 struct kerr *err);
int jval_get_strlist(const struct jval *object, const char *key, const char *where,
		     struct strlist *ret, struct kerr *err);
int jval_get_strmap(const struct jval *object, const char *key, const char *where,
		    struct strmap *ret, struct kerr *err);

#endif
