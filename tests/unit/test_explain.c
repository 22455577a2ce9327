/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "field.h"
#include "jval.h"
#include "model.h"
#include "node.h"
#include "rowutil.h"
#include "schema.h"
#include "str.h"
#include "unit.h"

START_TEST(stack_golden)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 20);

	ck_assert_int_eq(explain(&out, "stack.spec", 0, NULL), 0);
	ck_assert_str_eq(buf_str(&out), "KIND:       Stack\n"
					"VERSION:    v1beta1\n"
					"\n"
					"RESOURCE: spec <Object> -required-\n"
					"\n"
					"DESCRIPTION:\n"
					"    What the stack should be.\n"
					"\n"
					"FIELDS:\n"
					"  id\t<string>\n"
					"    Identifier of the stack.\n"
					"    Default: <metadata.name>\n"
					"\n"
					"  realmId\t<string> -required-\n"
					"    Realm that the stack belongs to.\n"
					"\n"
					"  spaceId\t<string> -required-\n"
					"    Space that the stack belongs to.\n"
					"\n");
}
END_TEST

START_TEST(leaf_and_tree)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 20);

	ck_assert_int_eq(explain(&out, "Cells.spec.containers.restartPolicy", 0, NULL), 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "FIELD: restartPolicy <string>\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "unless-stopped"));
	ck_assert_ptr_null(strstr(buf_str(&out), "FIELDS:"));
	buf_reset(&out);
	ck_assert_int_eq(explain(&out, "cell", EXPLAIN_RECURSIVE, NULL), 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "  metadata\t<Object> -required-\n"
						    "    name\t<string> -required-\n"
						    "    labels\t<map[string]string>\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "    containers\t<[]Object> -required-\n"
						    "      id\t<string>"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "        memoryLimitBytes\t<integer>\n"));
}
END_TEST

static const struct {
	const char *path;
	const char *want;
} wrong[] = {
	{ "cel", "unknown kind \"cel\" (did you mean \"cell\"?)" },
	{ "nonsense",
	  "unknown kind \"nonsense\" (known kinds: realm, space, stack, cell, container, "
	  "cellprofile, serverconfiguration, clientconfiguration)" },
	{ "", "unknown kind \"\" (known kinds: realm, space, stack, cell, container, "
	      "cellprofile, serverconfiguration, clientconfiguration)" },
	{ "cell.spec.contaners",
	  "field \"contaners\" does not exist in cell.spec (did you mean \"containers\"?)" },
	{ "cell.spec.zzzzzzz", "field \"zzzzzzz\" does not exist in cell.spec" },
	{ "cell.spec.id.x", "cell.spec.id has no fields" },
	{ "cell..spec", "field \"\" does not exist in cell" },
};

START_TEST(wrong_paths)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 20);
	struct kerr err = { 0 };

	ck_assert_int_eq(explain(&out, wrong[_i].path, 0, &err), -ENOENT);
	ck_assert_str_eq(err.msg, wrong[_i].want);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

static void every_row(const struct model_type *t, unsigned depth)
{
	const struct field *f;
	size_t i, k;

	ck_assert_uint_lt(depth, 8);
	ck_assert_msg(!str_empty(t->help), "%s has no help", t->name);
	for (i = 0; (f = row_get(t, i)) != NULL; i++) {
		ck_assert_msg(!str_empty(f->help), "%s.%s has no help", t->name, f->name);
		ck_assert_msg(f->help[strlen(f->help) - 1] == '.',
			      "%s.%s: a sentence ends in a dot", t->name, f->name);
		for (k = 0; k < i; k++)
			ck_assert_str_ne(row_get(t, k)->name, f->name);
		if (f->obj != NULL)
			every_row(f->obj, depth + 1);
	}
}

/* Each kind: help everywhere, every path explains, the schema is JSON and names each field. */
START_TEST(every_kind)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 20);
	cleanup_jval struct jval *n = NULL;
	const struct kind_info *info = kind_info((enum kind) _i);
	const struct jval *spec;
	const struct field *f;
	struct kerr err = { 0 };
	const struct jval *v;
	void *iter = NULL;
	const char *key;
	size_t i, count = 0;

	every_row(info->type, 0);
	ck_assert_int_eq(explain(&out, info->word, EXPLAIN_RECURSIVE, &err), 0);
	buf_reset(&out);
	ck_assert_int_eq(explain(&out, info->plural, 0, &err), 0);
	buf_reset(&out);
	schema_json(&out, (enum kind) _i);
	ck_assert_int_eq(jval_read(buf_str(&out), out.len, "schema", &n, &err), 0);
	ck_assert_str_eq(jval_str(jval_get(n, "$schema")),
			 "https://json-schema.org/draft/2020-12/schema");
	ck_assert_str_eq(jval_str(jval_get(n, "title")), info->name);
	f = model_find(info->type, "spec", NULL);
	spec = jval_get(jval_get(jval_get(n, "$defs"), f->obj->name), "properties");
	while (jval_next(spec, &iter, &key, &v))
		count++;
	ck_assert_uint_eq(count, row_count(f->obj));
	for (i = 0; i < row_count(f->obj); i++)
		ck_assert_str_eq(
			jval_str(jval_get(jval_get(spec, row_get(f->obj, i)->name), "description")),
			row_get(f->obj, i)->help);
}
END_TEST

/* Every $ref has its definition, and no two types share a name. */
static void check_refs(const struct jval *n, const struct jval *defs)
{
	const char *ref = jval_str(jval_get(n, "$ref"));
	const struct jval *v;
	void *iter = NULL;
	const char *key;
	size_t i;

	if (ref != NULL) {
		ck_assert(str_has_prefix(ref, "#/$defs/"));
		ck_assert_ptr_nonnull(jval_get(defs, ref + strlen("#/$defs/")));
	}
	for (i = 0; i < jval_count(n); i++)
		check_refs(jval_item(n, i), defs);
	while (jval_next(n, &iter, &key, &v))
		check_refs(v, defs);
}

START_TEST(refs_resolve)
{
	cleanup_buf struct buf out = BUF_INIT(1 << 20);
	cleanup_jval struct jval *v = NULL;
	cleanup_node struct node *n = NULL;
	const struct node *defs;
	size_t i, k;

	schema_json(&out, (enum kind) _i);
	ck_assert_int_eq(jval_read(buf_str(&out), out.len, "schema", &v, NULL), 0);
	check_refs(v, jval_get(v, "$defs"));
	/* this reader keeps all of several equal keys */
	ck_assert_int_eq(node_read_json(buf_str(&out), out.len, "schema", &n, NULL), 0);
	defs = node_get(n, "$defs");
	for (i = 0; i < node_count(defs); i++)
		for (k = 0; k < i; k++)
			ck_assert_str_ne(node_str(node_key(defs, i)), node_str(node_key(defs, k)));
}
END_TEST

START_TEST(stack_schema_golden)
{
	static const char spec[] =
		"    \"StackSpec\": {\n"
		"      \"description\": \"What the stack should be.\",\n"
		"      \"type\": \"object\",\n"
		"      \"properties\": {\n"
		"        \"id\": {\n"
		"          \"description\": \"Identifier of the stack.\",\n"
		"          \"type\": \"string\"\n"
		"        },\n"
		"        \"realmId\": {\n"
		"          \"description\": \"Realm that the stack belongs to.\",\n"
		"          \"type\": \"string\"\n"
		"        },\n"
		"        \"spaceId\": {\n"
		"          \"description\": \"Space that the stack belongs to.\",\n"
		"          \"type\": \"string\"\n"
		"        }\n"
		"      },\n"
		"      \"required\": [\n"
		"        \"realmId\",\n"
		"        \"spaceId\"\n"
		"      ]\n"
		"    }";
	cleanup_buf struct buf out = BUF_INIT(1 << 20);

	schema_json(&out, KIND_STACK);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), spec));
	ck_assert(str_has_suffix(buf_str(&out), "  }\n}\n"));
}
END_TEST

static Suite *test_explain(void)
{
	Suite *s = suite_create("explain");
	TCase *t = tcase_create("explain");

	tcase_add_test(t, stack_golden);
	tcase_add_test(t, leaf_and_tree);
	tcase_add_loop_test(t, wrong_paths, 0, ARRAY_SIZE(wrong));
	tcase_add_loop_test(t, every_kind, KIND_INVALID + 1, _KIND_MAX);
	tcase_add_loop_test(t, refs_resolve, KIND_INVALID + 1, _KIND_MAX);
	tcase_add_test(t, stack_schema_golden);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_explain);
