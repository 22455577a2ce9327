/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "copy.h"
#include "emit.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "field.h"
#include "kinds.h"
#include "mem.h"
#include "model.h"
#include "model_random.h"
#include "node.h"
#include "pick.h"
#include "scalar.h"
#include "str.h"
#include "unit.h"

static struct buf out_ = BUF_INIT(1 << 20);

static void setup(void)
{
	buf_reset(&out_);
}

static void teardown(void)
{
	buf_clear(&out_);
}

static const char *picked(const struct cell_doc *d, const char *paths)
{
	cleanup_(pick_freep) struct pick *p = NULL;
	cleanup_strlist struct strlist l = { 0 };
	cleanup_free char *copy = xstrdup(paths);
	char *rest = copy, *path;

	while ((path = strsep(&rest, " ")) != NULL)
		strlist_add(&l, path);
	p = pick_new(&cell_doc_type, &l);
	buf_reset(&out_);
	model_emit_json_picked(&out_, &cell_doc_type, d, p, 0);
	return buf_str(&out_);
}

START_TEST(some_members)
{
	struct cell_doc d = { 0 };
	struct container_spec *c;

	d.head.metadata.name = xstrdup("n");
	d.head.kind = xstrdup("Cell");
	d.spec.id = xstrdup("i");
	for (int i = 0; i < 2; i++) {
		c = list_grow(&d.spec.containers, sizeof(*c));
		c->id = xstrdup("c");
		c->image = xstrdup("x");
	}
	ck_assert_str_eq(picked(&d, "metadata.name spec.id"),
			 "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"id\":\"i\"}}");
	ck_assert_str_eq(
		picked(&d, "spec.containers.id kind"),
		"{\"kind\":\"Cell\",\"spec\":{\"containers\":[{\"id\":\"c\"},{\"id\":\"c\"}]}}");
	ck_assert_str_eq(picked(&d, "metadata"), "{\"metadata\":{\"name\":\"n\",\"labels\":null}}");
	ck_assert_str_eq(picked(&d, "metadata metadata.name"),
			 "{\"metadata\":{\"name\":\"n\",\"labels\":null}}");
	ck_assert_str_eq(picked(&d, "none metadata.none. spec.id.below"),
			 "{\"metadata\":{},\"spec\":{\"id\":\"i\"}}");
	model_clear(&cell_doc_type, &d);
}
END_TEST

START_TEST(wanted_members)
{
	struct strlist l = { (char *[]){ (char[]){ "status.network" }, (char[]){ "kind" },
					 (char[]){ "spec.containers.id" }, NULL },
			     3 };
	cleanup_(pick_freep) struct pick *p = pick_new(&cell_doc_type, &l);

	ck_assert(pick_wants(NULL, "status.state"));
	ck_assert(pick_wants(p, "status.network.address"));
	ck_assert(pick_wants(p, "status"));
	ck_assert(pick_wants(p, "kind"));
	ck_assert(pick_wants(p, "spec.containers"));
	ck_assert(!pick_wants(p, "spec.containers.image"));
	ck_assert(!pick_wants(p, "status.state"));
	ck_assert(!pick_wants(p, "metadata"));
	ck_assert(!pick_wants(p, "none"));
}
END_TEST

static const char *yaml_of(const char *s)
{
	struct yemit y;

	buf_reset(&out_);
	yemit_init(&y, &out_, 2, 0);
	yemit_map(&y);
	yemit_key(&y, "k");
	yemit_str(&y, s);
	yemit_map_end(&y);
	return buf_str(&out_);
}

/* The quoting of yaml.v3. */
static const struct {
	const char *text, *yaml;
} quoting[] = {
	{ "plain", "k: plain\n" },
	{ "", "k: \"\"\n" },
	{ NULL, "k: \"\"\n" },
	{ "8080", "k: \"8080\"\n" },
	{ "true", "k: \"true\"\n" },
	{ "1.5", "k: \"1.5\"\n" },
	{ "2026-01-01", "k: \"2026-01-01\"\n" },
	{ "2026-02-30", "k: 2026-02-30\n" },
	{ "2026-01-02T03:04:05Z", "k: \"2026-01-02T03:04:05Z\"\n" },
	{ "~", "k: \"~\"\n" },
	{ "null", "k: \"null\"\n" },
	{ "yes", "k: \"yes\"\n" },
	{ "y", "k: \"y\"\n" },
	{ "on", "k: \"on\"\n" },
	{ "Off", "k: \"Off\"\n" },
	{ "0755", "k: \"0755\"\n" },
	{ "0o17", "k: \"0o17\"\n" },
	{ "0x1F", "k: \"0x1F\"\n" },
	{ "1_000", "k: \"1_000\"\n" },
	{ ".inf", "k: \".inf\"\n" },
	{ "1:20", "k: \"1:20\"\n" },
	{ "1:80", "k: 1:80\n" },
	{ "8080:80", "k: 8080:80\n" },
	{ "1e3", "k: \"1e3\"\n" },
	{ "v1.2.3", "k: v1.2.3\n" },
	{ "1.2.3", "k: 1.2.3\n" },
	{ "a: b", "k: 'a: b'\n" },
	{ "a:b", "k: a:b\n" },
	{ "a:", "k: 'a:'\n" },
	{ "a #b", "k: 'a #b'\n" },
	{ "a#b", "k: a#b\n" },
	{ "#b", "k: '#b'\n" },
	{ "-", "k: '-'\n" },
	{ "-c", "k: -c\n" },
	{ "- a", "k: '- a'\n" },
	{ "---", "k: '---'\n" },
	{ "?", "k: '?'\n" },
	{ "?a", "k: ?a\n" },
	{ "*x", "k: '*x'\n" },
	{ "&x", "k: '&x'\n" },
	{ "!x", "k: '!x'\n" },
	{ "%x", "k: '%x'\n" },
	{ "@x", "k: '@x'\n" },
	{ "`x", "k: '`x'\n" },
	{ "[x]", "k: '[x]'\n" },
	{ "{x}", "k: '{x}'\n" },
	{ "a[x]", "k: a[x]\n" },
	{ "a,b", "k: a,b\n" },
	{ "'x'", "k: '''x'''\n" },
	{ "it's", "k: it's\n" },
	{ "\"x\"", "k: '\"x\"'\n" },
	{ "echo \"hi\" <&>", "k: echo \"hi\" <&>\n" },
	{ " x", "k: ' x'\n" },
	{ "x ", "k: 'x '\n" },
	{ "a\tb", "k: \"a\\tb\"\n" },
	{ "a\x1b[0m", "k: \"a\\e[0m\"\n" },
	{ "a\rb", "k: \"a\\rb\"\n" },
	{ "a\x7f", "k: \"a\\x7F\"\n" },
	{ "\xc2\x85", "k: \"\\N\"\n" },
	{ "\xe2\x80\xa8", "k: \"\\L\"\n" },
	{ "\xef\xbb\xbfx", "k: \"\\uFEFFx\"\n" },
	{ "\xf0\x9f\x98\x80", "k: \"\\U0001F600\"\n" },
	{ "\xc3\xa9t\xc3\xa9", "k: \xc3\xa9t\xc3\xa9\n" },
	{ "a\xff", "k: !!binary Yf8=\n" },
	{ "a\nb", "k: |-\n  a\n  b\n" },
	{ "a\nb\n", "k: |\n  a\n  b\n" },
	{ "a\nb\n\n", "k: |+\n  a\n  b\n\n" },
	{ "a\n\nb", "k: |-\n  a\n\n  b\n" },
	{ " a\nb", "k: |2-\n   a\n  b\n" },
	{ "\na", "k: |2-\n\n  a\n" },
	{ "\n", "k: |2+\n\n" },
	{ "a \nb", "k: \"a \\nb\"\n" },
	{ "a\nb ", "k: \"a\\nb \"\n" },
	{ "a\n\tb", "k: |-\n  a\n  \tb\n" },
	{ "\ta\nb", "k: |2-\n  \ta\n  b\n" },
	{ "a\r\nb", "k: \"a\\r\\nb\"\n" },
	{ "<<", "k: \"<<\"\n" },
};

START_TEST(yaml_strings_are_quoted_like_yaml_v3)
{
	ck_assert_str_eq(yaml_of(quoting[_i].text), quoting[_i].yaml);
}
END_TEST

START_TEST(yaml_strings_read_back)
{
	struct node *n cleanup_node = NULL;
	const char *s = quoting[_i].text ? quoting[_i].text : "";
	const char *y = yaml_of(s);
	const struct node *v;

	ck_assert_int_eq(node_read_yaml(y, strlen(y), &n, NULL, NULL), 0);
	v = node_get(n, "k");
	ck_assert_ptr_nonnull(v);
	ck_assert_str_eq(v->text, s);
	ck_assert(v->tag == NODE_TAG_STR || v->tag == NODE_TAG_BINARY);
}
END_TEST

START_TEST(yaml_nesting_and_indent)
{
	struct strlist l cleanup_strlist = { 0 };
	struct yemit y;

	strlist_add(&l, "x");
	strlist_add(&l, "a\nb");
	yemit_init(&y, &out_, 4, 0);
	yemit_map(&y);
	yemit_key(&y, "spec");
	yemit_map(&y);
	yemit_key(&y, "items");
	yemit_seq(&y);
	yemit_map(&y);
	yemit_key(&y, "id");
	yemit_i64(&y, -1);
	yemit_key(&y, "args");
	yemit_strlist(&y, &l);
	yemit_key(&y, "text");
	yemit_str(&y, "c\nd");
	yemit_key(&y, "none");
	yemit_map(&y);
	yemit_map_end(&y);
	yemit_map_end(&y);
	yemit_seq(&y);
	yemit_u64(&y, UINT64_MAX);
	yemit_bool(&y, true);
	yemit_seq_end(&y);
	yemit_seq(&y);
	yemit_seq_end(&y);
	yemit_map(&y);
	yemit_map_end(&y);
	yemit_null(&y);
	yemit_seq_end(&y);
	yemit_map_end(&y);
	yemit_key(&y, "last");
	yemit_seq(&y);
	yemit_seq_end(&y);
	yemit_map_end(&y);
	ck_assert_str_eq(buf_str(&out_), "spec:\n"
					 "    items:\n"
					 "        - id: -1\n"
					 "          args:\n"
					 "            - x\n"
					 "            - |-\n"
					 "              a\n"
					 "              b\n"
					 "          text: |-\n"
					 "            c\n"
					 "            d\n"
					 "          none: {}\n"
					 "        - - 18446744073709551615\n"
					 "          - true\n"
					 "        - []\n"
					 "        - {}\n"
					 "        - null\n"
					 "last: []\n");
}
END_TEST

START_TEST(yaml_top_level_values)
{
	struct yemit y;

	yemit_init(&y, &out_, 2, 0);
	yemit_map(&y);
	yemit_map_end(&y);
	ck_assert_str_eq(buf_str(&out_), "{}\n");
	buf_reset(&out_);
	yemit_init(&y, &out_, 2, 0);
	yemit_str(&y, "a\nb");
	ck_assert_str_eq(buf_str(&out_), "|-\n  a\n  b\n");
}
END_TEST

START_TEST(yaml_keys)
{
	static const char *const order[] = { "a1", "a2", "a10", "a.b", "ab", "b" };
	struct strmap m cleanup_strmap = { 0 };
	struct yemit y;
	size_t i;

	for (i = 0; i + 1 < ARRAY_SIZE(order); i++)
		ck_assert_int_eq(scalar_key_cmp(order[i], order[i]), 0);
	ck_assert_int_lt(scalar_key_cmp("a2", "a10"), 0);
	ck_assert_int_gt(scalar_key_cmp("a10", "a2"), 0);
	ck_assert_int_lt(scalar_key_cmp("a", "ab"), 0);
	ck_assert_int_lt(scalar_key_cmp("a.b", "ab"), 0);
	ck_assert_int_lt(scalar_key_cmp("a01", "a1x") * -1, 1);
	strmap_set(&m, "a10", "1");
	strmap_set(&m, "a2", "x: y");
	strmap_set(&m, "8080", "");
	strmap_set(&m, "x\ny", "z");
	yemit_init(&y, &out_, 2, 0);
	yemit_strmap(&y, &m);
	ck_assert_str_eq(buf_str(&out_), "\"8080\": \"\"\na2: 'x: y'\na10: \"1\"\n\"x\\ny\": z\n");
}
END_TEST

START_TEST(yaml_long_keys)
{
	struct strmap m cleanup_strmap = { 0 };
	struct node *n cleanup_node = NULL;
	char key[2001];
	struct yemit y;

	memset(key, 'k', 2000);
	key[2000] = 0;
	strmap_set(&m, key, "v");
	yemit_init(&y, &out_, 2, 0);
	yemit_strmap(&y, &m);
	ck_assert_int_eq(node_read_yaml(buf_str(&out_), out_.len, &n, NULL, NULL), 0);
	ck_assert_str_eq(node_str(node_get(n, key)), "v");
}
END_TEST

static const char *json_of(const char *s, size_t n)
{
	buf_reset(&out_);
	jemit_quote(&out_, s, n);
	return buf_str(&out_);
}

START_TEST(json_strings_are_escaped_like_go)
{
	ck_assert_str_eq(json_of("a<b>&", 5), "\"a\\u003cb\\u003e\\u0026\"");
	ck_assert_str_eq(json_of("\"\\\b\f\n\r\t", 7), "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
	ck_assert_str_eq(json_of("\x01\x1f\x7f", 3), "\"\\u0001\\u001f\x7f\"");
	ck_assert_str_eq(json_of("\0", 1), "\"\\u0000\"");
	ck_assert_str_eq(json_of("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", 9),
			 "\"\\u2028\\u2029\xe2\x80\xaa\"");
	ck_assert_str_eq(json_of("a\xff\xe2\x80", 4), "\"a\\ufffd\\ufffd\\ufffd\"");
	ck_assert_str_eq(json_of("\xf0\x9f\x98\x80", 4), "\"\xf0\x9f\x98\x80\"");
}
END_TEST

static void sample(struct jemit *j)
{
	struct strlist none = { 0 }, empty cleanup_strlist = { 0 };
	struct strmap map cleanup_strmap = { 0 }, no_map = { 0 };
	struct ktime zero = { 0 };

	strlist_make_empty(&empty);
	strmap_set(&map, "b", "2");
	strmap_set(&map, "a", "1");
	jemit_object(j);
	jemit_key(j, "u");
	jemit_u64(j, UINT64_MAX);
	jemit_key(j, "i");
	jemit_i64(j, INT64_MIN);
	jemit_key(j, "l");
	jemit_array(j);
	jemit_null(j);
	jemit_bool(j, true);
	jemit_object(j);
	jemit_object_end(j);
	jemit_array(j);
	jemit_array_end(j);
	jemit_array_end(j);
	jemit_key(j, "none");
	jemit_strlist(j, &none);
	jemit_key(j, "empty");
	jemit_strlist(j, &empty);
	jemit_key(j, "map");
	jemit_strmap(j, &map);
	jemit_key(j, "nomap");
	jemit_strmap(j, &no_map);
	jemit_key(j, "t");
	jemit_time(j, &zero);
	jemit_key(j, "bytes");
	jemit_bytes(j, "abcd", 4);
	jemit_key(j, "nobytes");
	jemit_bytes(j, NULL, 0);
	jemit_key(j, "raw");
	jemit_raw(j, "[1]", 3);
	jemit_object_end(j);
}

START_TEST(json_compact)
{
	struct jemit j;

	jemit_init(&j, &out_, 0);
	sample(&j);
	ck_assert_str_eq(buf_str(&out_),
			 "{\"u\":18446744073709551615,\"i\":-9223372036854775808,"
			 "\"l\":[null,true,{},[]],\"none\":null,\"empty\":[],"
			 "\"map\":{\"a\":\"1\",\"b\":\"2\"},\"nomap\":null,"
			 "\"t\":\"0001-01-01T00:00:00Z\",\"bytes\":\"YWJjZA==\",\"nobytes\":null,"
			 "\"raw\":[1]}");
}
END_TEST

START_TEST(json_indented)
{
	struct jemit j;

	jemit_init(&j, &out_, EMIT_INDENT);
	jemit_object(&j);
	jemit_key(&j, "a");
	jemit_array(&j);
	jemit_i64(&j, 1);
	jemit_object(&j);
	jemit_object_end(&j);
	jemit_array_end(&j);
	jemit_key(&j, "b");
	jemit_str(&j, NULL);
	jemit_object_end(&j);
	ck_assert_str_eq(buf_str(&out_), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"\"\n}");
}
END_TEST

START_TEST(secrets_are_redacted_on_demand)
{
	struct realm_doc r = { 0 };
	struct registry_credentials *c = list_grow(&r.spec.registry_credentials, sizeof(*c));

	c->username = xstrdup("u");
	c->password = xstrdup("hunter2");
	model_emit_json(&out_, &realm_doc_type, &r, EMIT_REDACT);
	model_emit_yaml(&out_, &realm_doc_type, &r, 2, EMIT_REDACT);
	ck_assert_ptr_null(strstr(buf_str(&out_), "hunter2"));
	ck_assert_ptr_nonnull(strstr(buf_str(&out_), "\"password\":\"********\""));
	ck_assert_ptr_nonnull(strstr(buf_str(&out_), "password: '********'\n"));
	buf_reset(&out_);
	model_emit_json(&out_, &realm_doc_type, &r, 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&out_), "\"password\":\"hunter2\""));
	model_clear(&realm_doc_type, &r);
}
END_TEST

START_TEST(lists_of_objects)
{
	struct stack_spec dummy = { 0 };
	const struct model_type *t = model_find(&stack_doc_type, "spec", NULL)->obj;
	const void *objs[] = { &dummy, &dummy };

	model_emit_json_list(&out_, t, objs, 2, 0);
	ck_assert_str_eq(buf_str(&out_), "[{\"id\":\"\",\"realmId\":\"\",\"spaceId\":\"\"},"
					 "{\"id\":\"\",\"realmId\":\"\",\"spaceId\":\"\"}]");
	buf_reset(&out_);
	model_emit_json_list(&out_, t, NULL, 0, 0);
	model_emit_json_list(&out_, t, objs, 0, EMIT_INDENT);
	ck_assert_str_eq(buf_str(&out_), "null[]");
	buf_reset(&out_);
	model_emit_yaml_list(&out_, t, objs, 2, 2, 0);
	ck_assert_str_eq(buf_str(&out_), "- id: \"\"\n  realmId: \"\"\n  spaceId: \"\"\n"
					 "- id: \"\"\n  realmId: \"\"\n  spaceId: \"\"\n");
	buf_reset(&out_);
	model_emit_yaml_list(&out_, t, NULL, 0, 2, 0);
	ck_assert_str_eq(buf_str(&out_), "[]\n");
}
END_TEST

static Suite *test_emit(void)
{
	Suite *s = suite_create("emit");
	TCase *tc = tcase_create("emit");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, yaml_strings_are_quoted_like_yaml_v3, 0, ARRAY_SIZE(quoting));
	tcase_add_loop_test(tc, yaml_strings_read_back, 0, ARRAY_SIZE(quoting));
	tcase_add_test(tc, yaml_nesting_and_indent);
	tcase_add_test(tc, some_members);
	tcase_add_test(tc, wanted_members);
	tcase_add_test(tc, yaml_top_level_values);
	tcase_add_test(tc, yaml_keys);
	tcase_add_test(tc, yaml_long_keys);
	tcase_add_test(tc, json_strings_are_escaped_like_go);
	tcase_add_test(tc, json_compact);
	tcase_add_test(tc, json_indented);
	tcase_add_test(tc, secrets_are_redacted_on_demand);
	tcase_add_test(tc, lists_of_objects);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_emit);
