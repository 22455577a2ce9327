/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "row_limits.h"
#include "model.h"
#include "rows.h"
#include "unit.h"

struct inner {
	char *word;
	int64_t number;
};

struct outer {
	struct inner one;
	struct inner *maybe;
	LIST_OF(struct inner) many;
	LIST_OF(int64_t) numbers;
	struct nint optional;
	uint32_t mode;
	char *folded;
	char *told; /* of a status */
};

static const char *const words[] = { "a", "b", "c", NULL };

static const struct field inner_rows[] = {
	ROW_STRING(struct inner, word, "word", .values = words, .help = ""),
	ROW_INT(struct inner, number, "number", .min = 2, .max = 5, .help = ""),
};
static const struct model_type inner_type = { .name = "Inner",
					      .help = "",
					      TYPE_ROWS(struct inner, inner_rows) };

static const struct field outer_rows[] = {
	ROW_EMBED(struct outer, one, struct inner, inner_type),
	ROW_OBJPTR(struct outer, maybe, struct inner, "maybe", inner_type, .help = ""),
	ROW_OBJLIST(struct outer, many, struct inner, "many", inner_type, .help = ""),
	ROW_INTLIST(struct outer, numbers, "numbers", .min = 1, .max = 9, .help = ""),
	ROW_NINT(struct outer, optional, "optional", .min = -3, .max = -1, .help = ""),
	ROW_UINT32(struct outer, mode, "mode", .max = 7, .help = ""),
	ROW_STRING(struct outer, folded, "folded", .flags = FIELD_ANY_CASE, .values = words,
		   .help = ""),
	ROW_STRING(struct outer, told, "told", .flags = FIELD_READ_ONLY, .values = words,
		   .help = ""),
};
static const struct model_type outer_type = { .name = "Outer",
					      .help = "",
					      TYPE_ROWS(struct outer, outer_rows) };

static void fine(const struct outer *o)
{
	struct kerr e = { 0 };

	ck_assert_msg(row_limits_check(&outer_type, o, &e) == 0, "%s", e.msg);
}

static void refused(const struct outer *o, const char *text)
{
	struct kerr e = { 0 };

	ck_assert_int_eq(row_limits_check(&outer_type, o, &e), -EINVAL);
	ck_assert_str_eq(e.msg, text);
}

START_TEST(what_is_not_set)
{
	fine(&(struct outer){ 0 });
	fine(&(struct outer){ .one.word = (char[]){ "" }, .folded = (char[]){ "  " } });
}
END_TEST

START_TEST(bounds)
{
	int64_t numbers[] = { 1, 9, 0 };

	fine(&(struct outer){ .one.number = 2, .optional = { .set = true, .v = -3 }, .mode = 7 });
	refused(&(struct outer){ .one.number = 1 }, "number must be within [2, 5]: 1");
	refused(&(struct outer){ .one.number = -1 }, "number must be within [2, 5]: -1");
	refused(&(struct outer){ .one.number = 6 }, "number must be within [2, 5]: 6");
	refused(&(struct outer){ .mode = 8 }, "mode must be within [0, 7]: 8");
	refused(&(struct outer){ .optional = { .set = true, .v = 0 } },
		"optional must be within [-3, -1]: 0");
	fine(&(struct outer){ .numbers = { .v = numbers, .n = 2 } });
	refused(&(struct outer){ .numbers = { .v = numbers, .n = 3 } },
		"numbers[2] must be within [1, 9]: 0");
}
END_TEST

START_TEST(values)
{
	fine(&(struct outer){ .one.word = (char[]){ "b" }, .folded = (char[]){ " C\n" } });
	refused(&(struct outer){ .one.word = (char[]){ "B" } },
		"word \"B\" is not recognized; expected \"a\", \"b\" or \"c\"");
	refused(&(struct outer){ .folded = (char[]){ "d" } },
		"folded \"d\" is not recognized; expected \"a\", \"b\" or \"c\"");
	fine(&(struct outer){ .told = (char[]){ "d" } });
}
END_TEST

START_TEST(below_objects)
{
	struct inner in[] = { { .number = 3 }, { .word = (char[]){ "d" } } };

	fine(&(struct outer){ .maybe = &in[0], .many = { .v = in, .n = 1 } });
	refused(&(struct outer){ .maybe = &in[1] },
		"maybe.word \"d\" is not recognized; expected \"a\", \"b\" or \"c\"");
	refused(&(struct outer){ .many = { .v = in, .n = 2 } },
		"many[1].word \"d\" is not recognized; expected \"a\", \"b\" or \"c\"");
}
END_TEST

static bool is_checked(const struct field *f)
{
	if (f->values)
		return f->type == FIELD_STRING;
	return (f->min == 0 && f->max == 0) || f->type == FIELD_INT || f->type == FIELD_NINT ||
	       f->type == FIELD_UINT32 || f->type == FIELD_INTLIST;
}

static void look(const struct model_type *t)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		ck_assert_msg(is_checked(&t->fields[i]), "%s.%s: its limits are not checked",
			      t->name, t->fields[i].name);
		if (t->fields[i].obj)
			look(t->fields[i].obj);
	}
}

START_TEST(no_limit_goes_unchecked)
{
	const struct model_type *const types[] = { &realm_doc_type,	&space_doc_type,
						   &stack_doc_type,	&cell_doc_type,
						   &container_doc_type, &profile_doc_type };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		look(types[i]);
}
END_TEST

static Suite *test_row_limits(void)
{
	Suite *s = suite_create("row_limits");
	TCase *tc = tcase_create("limits");

	tcase_add_test(tc, what_is_not_set);
	tcase_add_test(tc, bounds);
	tcase_add_test(tc, values);
	tcase_add_test(tc, below_objects);
	tcase_add_test(tc, no_limit_goes_unchecked);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_row_limits);
