/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "clock.h"
#include "mem.h"
#include "opt.h"
#include "str.h"

void opt_values_clear(struct opt_values *o)
{
	for (size_t i = 0; i < o->n; i++)
		strlist_clear(&o->v[i].list);
	free(o->v);
	*o = (struct opt_values){ 0 };
}

void opt_values_add(struct opt_values *o, const struct opt *table)
{
	for (; table && table->name; table++) {
		struct opt_value *v = vec_grow(&o->v, &o->n, sizeof(*v));

		v->opt = table;
	}
}

static bool in_table(const struct opt *table, const struct opt *o)
{
	for (; table && table->name; table++)
		if (table == o)
			return true;
	return false;
}

const char *opt_values_remove(struct opt_values *o, const struct opt *table)
{
	const char *given = NULL;
	size_t n = 0;

	for (size_t i = 0; i < o->n; i++) {
		if (!in_table(table, o->v[i].opt)) {
			o->v[n++] = o->v[i];
			continue;
		}
		if (o->v[i].set)
			given = o->v[i].opt->name;
		strlist_clear(&o->v[i].list);
	}
	o->n = n;
	return given;
}

bool opt_values_given(const struct opt_values *o, const struct opt *table)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].set && in_table(table, o->v[i].opt))
			return true;
	return false;
}

/* The innermost command's flag wins: tables are added from the root on. */
struct opt_value *opt_find(const struct opt_values *o, const char *name)
{
	for (size_t i = o->n; i-- > 0;)
		if (streq(o->v[i].opt->name, name))
			return &o->v[i];
	return NULL;
}

struct opt_value *opt_find_letter(const struct opt_values *o, char letter)
{
	for (size_t i = o->n; letter && i-- > 0;)
		if (o->v[i].opt->letter == letter)
			return &o->v[i];
	return NULL;
}

static int bad_value(const struct opt_value *v, const char *text, const char *why, struct kerr *err)
{
	if (v->opt->letter)
		return kerr_plain(err, -EINVAL,
				  "invalid argument \"%s\" for \"-%c, --%s\" flag: %s", text,
				  v->opt->letter, v->opt->name, why);
	return kerr_plain(err, -EINVAL, "invalid argument \"%s\" for \"--%s\" flag: %s", text,
			  v->opt->name, why);
}

/* Error texts as in Go's strconv and time packages. */
static int bad_number(const struct opt_value *v, const char *text, int r, struct kerr *err)
{
	cleanup_free char *why =
		xasprintf("strconv.%s: parsing \"%s\": %s",
			  v->opt->type == OPT_BOOL ? "ParseBool" : "ParseInt", text,
			  r == -ERANGE ? "value out of range" : "invalid syntax");

	return bad_value(v, text, why, err);
}

static int bad_duration(const struct opt_value *v, const char *text, struct kerr *err)
{
	const char *p = text + strspn(text, "+-"), *unit = p + strspn(p, "0123456789.");
	size_t n = strcspn(unit, "0123456789.");
	bool number = strpbrk(p, "0123456789") == p;
	cleanup_free char *why = NULL;

	if (number && n == 0)
		why = xasprintf("time: missing unit in duration \"%s\"", text);
	else if (number && !unit[n])
		why = xasprintf("time: unknown unit \"%.*s\" in duration \"%s\"", (int) n, unit,
				text);
	else
		why = xasprintf("time: invalid duration \"%s\"", text);
	return bad_value(v, text, why, err);
}

static int assign(struct opt_value *v, const char *text, struct kerr *err)
{
	int r = 0;

	switch (v->opt->type) {
	case OPT_STRING:
		break;
	case OPT_BOOL:
		r = str_to_bool(text, &v->on);
		if (r < 0)
			return bad_number(v, text, r, err);
		break;
	case OPT_LIST:
		strlist_add(&v->list, text);
		break;
	case OPT_INT:
		r = str_to_i64(text, INT64_MIN, INT64_MAX, &v->number);
		if (r < 0)
			return bad_number(v, text, r, err);
		break;
	case OPT_DURATION:
		if (duration_parse(text, &v->number) < 0)
			return bad_duration(v, text, err);
		break;
	}
	v->set = true;
	v->text = text;
	return 0;
}

static int parse_long(struct opt_values *o, int argc, char **argv, int i, struct kerr *err)
{
	const char *arg = argv[i] + 2;
	size_t n = strcspn(arg, "=");
	cleanup_free char *name = xstrndup(arg, n);
	struct opt_value *v = opt_find(o, name);

	if (!v)
		return kerr_plain(err, -EINVAL, "unknown flag: --%s", name);
	if (arg[n] == '=')
		return assign(v, arg + n + 1, err) < 0 ? -EINVAL : 1;
	if (v->opt->type == OPT_BOOL)
		return assign(v, "true", err) < 0 ? -EINVAL : 1;
	if (i + 1 >= argc)
		return kerr_plain(err, -EINVAL, "flag needs an argument: --%s", name);
	return assign(v, argv[i + 1], err) < 0 ? -EINVAL : 2;
}

static int parse_short(struct opt_values *o, int argc, char **argv, int i, struct kerr *err)
{
	for (const char *p = argv[i] + 1; *p; p++) {
		struct opt_value *v = opt_find_letter(o, *p);

		if (!v)
			return kerr_plain(err, -EINVAL, "unknown shorthand flag: '%c' in -%s", *p,
					  argv[i] + 1);
		if (v->opt->type == OPT_BOOL && p[1] != '=') {
			if (assign(v, "true", err) < 0)
				return -EINVAL;
			continue;
		}
		if (p[1])
			return assign(v, p + 1 + (p[1] == '='), err) < 0 ? -EINVAL : 1;
		if (i + 1 >= argc)
			return kerr_plain(err, -EINVAL, "flag needs an argument: '%c' in -%s", *p,
					  argv[i] + 1);
		return assign(v, argv[i + 1], err) < 0 ? -EINVAL : 2;
	}
	return 1;
}

int opt_parse(struct opt_values *o, int argc, char **argv, int i, struct kerr *err)
{
	return argv[i][1] == '-' ? parse_long(o, argc, argv, i, err)
				 : parse_short(o, argc, argv, i, err);
}
