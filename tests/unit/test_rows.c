/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>

#include "copy.h"
#include "errkind.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "model_random.h"
#include "rows.h"
#include "str.h"
#include "unit.h"

typedef void type_fn(const struct model_type *t, bool spec);

/* fn for the type and all that its rows lead to. */
static void each_type(const struct model_type *t, bool spec, type_fn *fn)
{
	size_t i;

	fn(t, spec);
	for (i = 0; i < t->n_fields; i++)
		if (t->fields[i].obj)
			each_type(t->fields[i].obj, spec, fn);
}

static void each_kind_type(type_fn *fn)
{
	enum kind k;

	for (k = KIND_REALM; k < _KIND_MAX; k++)
		each_type(kind_info(k)->type, true, fn);
}

static size_t member_size(const struct field *f)
{
	static const size_t sizes[_FIELD_TYPE_MAX] = {
		[FIELD_STRING] = sizeof(char *),
		[FIELD_NSTRING] = sizeof(struct nstring),
		[FIELD_BOOL] = sizeof(bool),
		[FIELD_NBOOL] = sizeof(struct nbool),
		[FIELD_INT] = sizeof(int64_t),
		[FIELD_NINT] = sizeof(struct nint),
		[FIELD_UINT32] = sizeof(uint32_t),
		[FIELD_TIME] = sizeof(struct ktime),
		[FIELD_STATE] = sizeof(realm_state),
		[FIELD_STRLIST] = sizeof(struct strlist),
		[FIELD_INTLIST] = sizeof(struct list_view),
		[FIELD_STRMAP] = sizeof(struct strmap),
		[FIELD_OBJPTR] = sizeof(void *),
		[FIELD_OBJLIST] = sizeof(struct list_view),
		[FIELD_BYTES] = sizeof(struct buf),
	};

	return f->type == FIELD_OBJ || f->type == FIELD_EMBED ? f->obj->size : sizes[f->type];
}

/*
 * Every struct member has its row: the rows, in their order in memory, leave no
 * hole that a member could be in. (The smallest member is a bool: holes are
 * padding only when what follows needs its alignment.)
 */
static void check_coverage(const struct model_type *t, bool spec)
{
	char *seen = xcalloc(t->size, 1);
	size_t i, k, hole;
	const struct field *f;

	for (i = 0; i < t->n_fields; i++) {
		f = &t->fields[i];
		ck_assert_msg(f->offset + member_size(f) <= t->size, "%s.%s", t->name, f->name);
		for (k = 0; k < member_size(f); k++) {
			ck_assert_msg(!seen[f->offset + k], "%s.%s overlaps", t->name, f->name);
			seen[f->offset + k] = 1;
		}
	}
	for (i = 0; i < t->size; i += hole + 1) {
		for (hole = 0; i + hole < t->size && !seen[i + hole]; hole++)
			;
		ck_assert_msg(hole < 8 && (hole == 0 || (i + hole) % (hole > 3 ? 8 : 4) == 0),
			      "%s: nothing describes bytes %zu to %zu", t->name, i, i + hole);
	}
	free(seen);
}

START_TEST(every_member_has_its_row)
{
	each_kind_type(check_coverage);
}
END_TEST

/* Booleans can hide in padding, so they are counted by hand. */
static size_t bools_of(const struct model_type *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->n_fields; i++)
		n += t->fields[i].type == FIELD_BOOL;
	return n;
}

START_TEST(booleans_have_their_rows)
{
	ck_assert_uint_eq(bools_of(&container_spec_type), 7);
	ck_assert_uint_eq(bools_of(&cell_spec_type), 2);
	ck_assert_uint_eq(bools_of(model_find(&cell_doc_type, "status", NULL)->obj), 2);
	ck_assert_uint_eq(bools_of(model_find(&realm_doc_type, "status", NULL)->obj), 2);
	ck_assert_uint_eq(bools_of(model_find(&space_doc_type, "status", NULL)->obj), 1);
	ck_assert_uint_eq(bools_of(model_find(&stack_doc_type, "status", NULL)->obj), 1);
}
END_TEST

static void check_words(const struct model_type *t, bool spec)
{
	const struct field *f;
	size_t i, k, base;

	ck_assert_msg(!str_empty(t->help), "%s", t->name);
	for (i = 0; i < t->n_fields; i++) {
		f = &t->fields[i];
		ck_assert(f->type > 0 && f->type < _FIELD_TYPE_MAX);
		ck_assert_int_eq(f->type == FIELD_STATE, f->labels != NULL);
		ck_assert(f->type != FIELD_STATE || t->state_prefix);
		ck_assert(!f->values || f->type == FIELD_STRING);
		if (f->type == FIELD_EMBED)
			continue;
		ck_assert_msg(!str_empty(f->name) && islower((unsigned char) *f->name), "%s.%s",
			      t->name, f->name);
		ck_assert_msg(!str_empty(f->help) && f->help[strlen(f->help) - 1] == '.' &&
				      !strchr(f->help, '\n') && strlen(f->help) <= 100,
			      "%s.%s: %s", t->name, f->name, f->help);
		for (k = 0; k < i; k++)
			ck_assert_msg(!str_case_eq(f->name, t->fields[k].name), "%s.%s", t->name,
				      f->name);
		ck_assert_ptr_eq(model_find(t, f->name, &base), f);
		ck_assert_uint_eq(base, 0);
		if (f->flags & FIELD_READ_ONLY)
			ck_assert_int_eq(f->change, CLASS_NONE);
	}
}

START_TEST(rows_have_their_words)
{
	each_kind_type(check_words);
}
END_TEST

/* A row that is compared has a class of its own or stands below one that has. */
static void check_class(const struct model_type *t, enum field_class outer)
{
	const struct field *f;
	size_t i;

	for (i = 0; i < t->n_fields; i++) {
		f = &t->fields[i];
		if (f->flags & FIELD_READ_ONLY)
			continue;
		if (f->obj && f->change == CLASS_NONE)
			check_class(f->obj, outer);
		else if (!streq(f->name, "apiVersion") && !streq(f->name, "kind"))
			ck_assert_msg(f->change != CLASS_NONE || outer != CLASS_NONE, "%s.%s",
				      t->name, f->name);
	}
}

START_TEST(every_field_of_a_resource_has_a_class)
{
	enum kind k;

	for (k = KIND_REALM; k <= KIND_CONTAINER; k++)
		check_class(kind_info(k)->type, CLASS_NONE);
}
END_TEST

START_TEST(classes_as_decided)
{
	static const struct {
		const char *name;
		enum field_class change;
	} rows[] = {
		{ "image", CLASS_RECREATE_CONTAINER },
		{ "env", CLASS_RECREATE_CONTAINER },
		{ "ports", CLASS_IN_PLACE },
		{ "networksAliases", CLASS_IN_PLACE },
		{ "networks", CLASS_RECREATE_CELL },
		{ "resources", CLASS_IN_PLACE },
		{ "restartPolicy", CLASS_IN_PLACE },
		{ "root", CLASS_RECREATE_CELL },
		{ "hostNetwork", CLASS_RECREATE_CELL },
		{ "hostPID", CLASS_RECREATE_CELL },
		{ "hostCgroup", CLASS_RECREATE_CELL },
		{ "cniConfigPath", CLASS_REFUSED },
		{ "tty", CLASS_RECREATE_CONTAINER },
		{ "id", CLASS_REFUSED },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_int_eq(model_find(&container_spec_type, rows[i].name, NULL)->change,
				 rows[i].change);
	ck_assert_int_eq(model_find(&cell_spec_type, "nestedCgroupRuntime", NULL)->change,
			 CLASS_RECREATE_CELL);
	ck_assert_int_eq(model_find(&cell_spec_type, "autoDelete", NULL)->change, CLASS_IN_PLACE);
}
END_TEST

START_TEST(kinds_by_name_and_word)
{
	ck_assert_int_eq(kind_from_name("Cell"), KIND_CELL);
	ck_assert_int_eq(kind_from_name("cell"), KIND_INVALID);
	ck_assert_int_eq(kind_from_name(NULL), KIND_INVALID);
	ck_assert_int_eq(kind_from_word("CELLS"), KIND_CELL);
	ck_assert_int_eq(kind_from_word("realm"), KIND_REALM);
	ck_assert_int_eq(kind_from_word("pods"), KIND_INVALID);
	ck_assert_int_eq(kind_from_word(NULL), KIND_INVALID);
	ck_assert_ptr_null(kind_info(KIND_INVALID));
	ck_assert_ptr_null(kind_info(_KIND_MAX));
	ck_assert(kind_info(KIND_CONTAINER)->resource);
	ck_assert(!kind_info(KIND_CELL_PROFILE)->resource);
}
END_TEST

START_TEST(error_kinds)
{
	int i;

	for (i = 1; i < _ERR_KIND_MAX; i++) {
		ck_assert_int_eq(err_kind_from_name(err_kind_name(i)), i);
		ck_assert(!str_empty(err_kind_text(i)));
	}
	ck_assert_str_eq(err_kind_name(0), "Unknown");
	ck_assert_str_eq(err_kind_name(_ERR_KIND_MAX), "Unknown");
	ck_assert_str_eq(err_kind_name(-1), "Unknown");
	ck_assert_str_eq(err_kind_text(0), "");
	ck_assert_int_eq(err_kind_from_name("Nope"), 0);
	ck_assert_int_eq(err_kind_from_name(NULL), 0);
	ck_assert_str_eq(err_kind_text(ERR_REALM_NAME_REQUIRED), "realm name is required");
}
END_TEST

START_TEST(state_labels)
{
	ck_assert_str_eq(state_label(cell_state_labels, CELL_STATE_STOPPED), "Stopped");
	ck_assert_str_eq(state_label(realm_state_labels, REALM_STATE_DELETING), "Deleting");
	ck_assert_str_eq(state_label(container_state_labels, 6), "Unknown");
	ck_assert_str_eq(state_label(space_state_labels, 77), "Unknown");
}
END_TEST

START_TEST(copies_are_equal_and_apart)
{
	const struct model_type *t = kind_info((enum kind) _i)->type;
	void *a = xcalloc(1, t->size), *b = xcalloc(1, t->size);
	uint32_t seed = (uint32_t) _i;
	int round;

	for (round = 0; round < 50; round++) {
		model_random(t, a, &seed);
		model_copy(t, b, a);
		ck_assert(model_eq(t, a, b));
		model_clear(t, a);
		ck_assert(model_is_zero(t, a));
		model_copy(t, a, b); /* the memory of b is its own */
		ck_assert(model_eq(t, a, b));
		model_clear(t, a);
	}
	model_clear(t, b);
	free(a);
	free(b);
}
END_TEST

/* Changing any one leaf is seen by model_eq. */
START_TEST(equality_sees_each_kind_of_difference)
{
	struct container_spec a = { 0 }, b = { 0 };

	b.image = xstrdup("");
	strlist_make_empty(&b.args);
	b.resources = xcalloc(1, sizeof(*b.resources));
	ck_assert(model_eq(&container_spec_type, &a, &b));
	b.resources->cpu_shares = (struct nint){ true, 0 };
	ck_assert(!model_eq(&container_spec_type, &a, &b));
	b.resources->cpu_shares.set = false;
	strlist_add(&b.args, "");
	ck_assert(!model_eq(&container_spec_type, &a, &b));
	strlist_clear(&b.args);
	b.privileged = true;
	ck_assert(!model_eq(&container_spec_type, &a, &b));
	b.privileged = false;
	list_grow(&b.volumes, sizeof(*b.volumes.v));
	ck_assert(!model_eq(&container_spec_type, &a, &b));
	list_grow(&a.volumes, sizeof(*a.volumes.v));
	ck_assert(model_eq(&container_spec_type, &a, &b));
	a.volumes.v[0].mode = 1;
	ck_assert(!model_eq(&container_spec_type, &a, &b));
	model_clear(&container_spec_type, &a);
	model_clear(&container_spec_type, &b);
}
END_TEST

START_TEST(nullable_strings_differ_from_empty_ones)
{
	struct profile_parameter a = { 0 }, b = { 0 };
	const struct model_type *t =
		model_find(model_find(&profile_doc_type, "spec", NULL)->obj, "parameters", NULL)
			->obj;

	b.default_value.v = xstrdup("");
	ck_assert(!model_eq(t, &a, &b));
	model_clear(t, &b);
	ck_assert(model_eq(t, &a, &b));
}
END_TEST

static Suite *test_rows(void)
{
	Suite *s = suite_create("rows");
	TCase *tc = tcase_create("rows");

	tcase_add_test(tc, every_member_has_its_row);
	tcase_add_test(tc, booleans_have_their_rows);
	tcase_add_test(tc, rows_have_their_words);
	tcase_add_test(tc, every_field_of_a_resource_has_a_class);
	tcase_add_test(tc, classes_as_decided);
	tcase_add_test(tc, kinds_by_name_and_word);
	tcase_add_test(tc, error_kinds);
	tcase_add_test(tc, state_labels);
	tcase_add_loop_test(tc, copies_are_equal_and_apart, KIND_REALM, _KIND_MAX);
	tcase_add_test(tc, equality_sees_each_kind_of_difference);
	tcase_add_test(tc, nullable_strings_differ_from_empty_ones);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_rows);
