/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "field.h"
#include "mem.h"
#include "row_limits.h"
#include "str.h"

#define MESSAGE_MAX 4096

static int check_type(const struct model_type *t, const void *obj, const char *path,
		      struct kerr *err);

static int check_number(const struct field *f, int64_t v, const char *path, struct kerr *err)
{
	if ((f->min == 0 && f->max == 0) || (v >= f->min && v <= f->max))
		return 0;
	return kerr_plain(err, -EINVAL, "%s must be within [%lld, %lld]: %lld", path,
			  (long long) f->min, (long long) f->max, (long long) v);
}

static int check_numbers(const struct field *f, const void *list, const char *path,
			 struct kerr *err)
{
	const struct list_view v = list_view(list);
	int r = 0;

	for (size_t i = 0; r == 0 && i < v.n; i++) {
		cleanup_free char *item = xasprintf("%s[%zu]", path, i);

		r = check_number(f, ((const int64_t *) v.v)[i], item, err);
	}
	return r;
}

static int check_text(const struct field *f, const char *s, const char *path, struct kerr *err)
{
	cleanup_buf struct buf known = BUF_INIT(MESSAGE_MAX);
	cleanup_free char *trimmed = NULL;
	bool fold = (f->flags & FIELD_ANY_CASE) != 0;

	if (!f->values || str_empty(s))
		return 0;
	trimmed = fold ? str_trim(s) : xstrdup(s);
	for (const char *const *v = f->values; *v; v++) {
		if (fold ? !*trimmed || str_case_eq(trimmed, *v) : streq(trimmed, *v))
			return 0;
		buf_addf(&known, "%s\"%s\"", v == f->values ? "" : v[1] ? ", " : " or ", *v);
	}
	return kerr_plain(err, -EINVAL, "%s \"%s\" is not recognized; expected %s", path, s,
			  buf_str(&known));
}

static int check_objects(const struct field *f, const void *list, const char *path,
			 struct kerr *err)
{
	const struct list_view v = list_view(list);
	int r = 0;

	for (size_t i = 0; r == 0 && i < v.n; i++) {
		cleanup_free char *item = xasprintf("%s[%zu]", path, i);

		r = check_type(f->obj, (const char *) v.v + i * f->obj->size, item, err);
	}
	return r;
}

static int check_field(const struct field *f, const void *member, const char *path,
		       struct kerr *err)
{
	const struct nint *optional;
	int64_t number;

	switch (f->type) {
	case FIELD_STRING:
		return check_text(f, *(char *const *) member, path, err);
	case FIELD_INT:
		number = *(const int64_t *) member;
		return number ? check_number(f, number, path, err) : 0;
	case FIELD_UINT32:
		number = *(const uint32_t *) member;
		return number ? check_number(f, number, path, err) : 0;
	case FIELD_NINT:
		optional = member;
		return optional->set ? check_number(f, optional->v, path, err) : 0;
	case FIELD_INTLIST:
		return check_numbers(f, member, path, err);
	case FIELD_OBJ:
	case FIELD_EMBED:
		return check_type(f->obj, member, path, err);
	case FIELD_OBJPTR:
		member = objptr_get(member);
		return member ? check_type(f->obj, member, path, err) : 0;
	case FIELD_OBJLIST:
		return check_objects(f, member, path, err);
	default: /* no row of the other types has limits: a unit test looks at all */
		return 0;
	}
}

static int check_type(const struct model_type *t, const void *obj, const char *path,
		      struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->n_fields; i++) {
		const struct field *f = &t->fields[i];
		cleanup_free char *inner = NULL;

		if (f->flags & FIELD_READ_ONLY)
			continue;
		inner = xasprintf("%s%s%s", path, *path && *f->name ? "." : "", f->name);
		r = check_field(f, field_cptr(f, obj), inner, err);
	}
	return r;
}

int row_limits_check(const struct model_type *t, const void *obj, struct kerr *err)
{
	return check_type(t, obj, "", err);
}
