/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "copy.h"
#include "decode.h"
#include "emit_json.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "node.h"
#include "rows.h"
#include "scalar.h"
#include "str.h"
#include "unit.h"

/* One member of each sort. */
struct thing {
	char *s;
	struct nstring ns;
	bool b;
	struct nbool nb;
	int64_t i;
	struct nint ni;
	uint32_t u;
	struct ktime t;
	cell_state state;
	struct strlist l;
	LIST_OF(int64_t) il;
	struct strmap m;
	struct container_tmpfs o;
	struct container_tmpfs *op;
	LIST_OF(struct container_tmpfs) ol;
	struct buf bytes;
};

static const struct field thing_rows[] = {
	ROW_STRING(struct thing, s, "s", .help = ""),
	ROW_NSTRING(struct thing, ns, "ns", .help = ""),
	ROW_BOOL(struct thing, b, "b", .help = ""),
	ROW_NBOOL(struct thing, nb, "nb", .help = ""),
	ROW_INT(struct thing, i, "i", .help = ""),
	ROW_NINT(struct thing, ni, "ni", .help = ""),
	ROW_UINT32(struct thing, u, "u", .help = ""),
	ROW_TIME(struct thing, t, "t", .help = ""),
	ROW_STATE(struct thing, state, cell_state, "state", cell_state_labels, .help = ""),
	ROW_STRLIST(struct thing, l, "l", .help = ""),
	ROW_INTLIST(struct thing, il, "il", .help = ""),
	ROW_STRMAP(struct thing, m, "m", .help = ""),
	ROW_OBJ(struct thing, o, struct container_tmpfs, "o", container_tmpfs_type, .help = ""),
	ROW_OBJPTR(struct thing, op, struct container_tmpfs, "op", container_tmpfs_type,
		   .help = ""),
	ROW_OBJLIST(struct thing, ol, struct container_tmpfs, "ol", container_tmpfs_type,
		    .help = ""),
	ROW_BYTES(struct thing, bytes, "bytes", .help = ""),
};

static const struct model_type thing_type = {
	.name = "Thing",
	.help = "",
	.state_prefix = "cell state",
	TYPE_ROWS(struct thing, thing_rows),
};

static struct thing thing_;
static struct kerr err_;
static struct unknown_fields unknown_;
static struct buf out_ = BUF_INIT(1 << 16);

static void setup(void)
{
	err_ = (struct kerr){ 0 };
}

static void teardown(void)
{
	model_clear(&thing_type, &thing_);
	unknown_fields_clear(&unknown_);
	buf_clear(&out_);
}

static int read_yaml(const char *text)
{
	model_clear(&thing_type, &thing_);
	return model_read_yaml(&thing_type, text, strlen(text), &thing_, &unknown_, &err_);
}

static int read_json(const char *text)
{
	model_clear(&thing_type, &thing_);
	return model_read_json(&thing_type, text, strlen(text), &thing_, &err_);
}

/* What an accepted input gives, as JSON of the one member. */
static const char *value_of(const char *member)
{
	const struct model_type only = {
		.name = "",
		.help = "",
		.size = sizeof(struct thing),
		.fields = model_find(&thing_type, member, NULL),
		.n_fields = 1,
	};

	buf_reset(&out_);
	model_emit_json(&out_, &only, &thing_, 0);
	return buf_str(&out_);
}

static const struct {
	const char *yaml, *member, *json;
} coercion[] = {
	{ "s: 123", "s", "{\"s\":\"123\"}" },
	{ "s: true", "s", "{\"s\":\"true\"}" },
	{ "s: 0x10", "s", "{\"s\":\"0x10\"}" },
	{ "s: 1000:1000", "s", "{\"s\":\"1000:1000\"}" },
	{ "s: ~", "s", "{\"s\":\"\"}" },
	{ "s: null", "s", "{\"s\":\"\"}" },
	{ "s:", "s", "{\"s\":\"\"}" },
	{ "s: '~'", "s", "{\"s\":\"~\"}" },
	{ "s: 1.50", "s", "{\"s\":\"1.50\"}" },
	{ "s: 2026-01-02", "s", "{\"s\":\"2026-01-02\"}" },
	{ "s: !!str 5", "s", "{\"s\":\"5\"}" },
	{ "s: !!binary aGk=", "s", "{\"s\":\"hi\"}" },
	/* a tag of somebody else's says nothing; of ours none is judged that is not read */
	{ "s: !note x", "s", "{\"s\":\"x\"}" },
	{ "s: !note ~", "s", "{\"s\":\"~\"}" },
	{ "s: !<tag:example.com,2000:x> 'y'", "s", "{\"s\":\"y\"}" },
	{ "l: [!a x, !b 5]", "l", "{\"l\":[\"x\",\"5\"]}" },
	{ "m: {!k a: !v b}", "m", "{\"m\":{\"a\":\"b\"}}" },
	{ "o: !thing {path: !p a}", "o", "{\"o\":{\"path\":\"a\"}}" },
	{ "extra: !vault abc\nmore: {x: !!int abc, y: !!binary '%', z: [!!bool 5]}\ns: x", "s",
	  "{\"s\":\"x\"}" },
	{ "s: |\n  a\n  b\n", "s", "{\"s\":\"a\\nb\\n\"}" },
	{ "s: <<", "s", "{\"s\":\"\\u003c\\u003c\"}" },
	{ "ns: ~", "ns", "{\"ns\":null}" },
	{ "ns: ''", "ns", "{\"ns\":\"\"}" },
	{ "ns: 5", "ns", "{\"ns\":\"5\"}" },
	{ "b: true", "b", "{\"b\":true}" },
	{ "b: True", "b", "{\"b\":true}" },
	{ "b: yes", "b", "{\"b\":true}" },
	{ "b: 'yes'", "b", "{\"b\":true}" },
	{ "b: \"on\"", "b", "{\"b\":true}" },
	{ "b: Y", "b", "{\"b\":true}" },
	{ "b: off", "b", "{\"b\":false}" },
	{ "b: No", "b", "{\"b\":false}" },
	{ "b: ~", "b", "{\"b\":false}" },
	{ "nb: false", "nb", "{\"nb\":false}" },
	{ "nb: ~", "nb", "{\"nb\":null}" },
	{ "i: 42", "i", "{\"i\":42}" },
	{ "i: -42", "i", "{\"i\":-42}" },
	{ "i: +42", "i", "{\"i\":42}" },
	{ "i: 0x1f", "i", "{\"i\":31}" },
	{ "i: 0o755", "i", "{\"i\":493}" },
	{ "i: 0755", "i", "{\"i\":493}" },
	{ "i: 0b101", "i", "{\"i\":5}" },
	{ "i: 1_000", "i", "{\"i\":1000}" },
	{ "i: 1.0", "i", "{\"i\":1}" },
	{ "i: 1e3", "i", "{\"i\":1000}" },
	{ "i: 1.50e1", "i", "{\"i\":15}" },
	{ "i: -9007199254740993.000", "i", "{\"i\":-9007199254740993}" },
	{ "i: 120e-1", "i", "{\"i\":12}" },
	{ "i: 0.0e9999999999", "i", "{\"i\":0}" },
	{ "i: .0", "i", "{\"i\":0}" },
	{ "i: 08", "i", "{\"i\":8}" },
	{ "i: ~", "i", "{\"i\":0}" },
	{ "i: 9223372036854775807", "i", "{\"i\":9223372036854775807}" },
	{ "i: -9223372036854775808", "i", "{\"i\":-9223372036854775808}" },
	{ "ni: 0", "ni", "{\"ni\":0}" },
	{ "ni: null", "ni", "{\"ni\":null}" },
	{ "u: 0755", "u", "{\"u\":493}" },
	{ "u: 4294967295", "u", "{\"u\":4294967295}" },
	{ "t: 2026-01-02T03:04:05.5+01:00", "t", "{\"t\":\"2026-01-02T02:04:05.5Z\"}" },
	{ "t: '2026-01-02T03:04:05Z'", "t", "{\"t\":\"2026-01-02T03:04:05Z\"}" },
	{ "t: 0001-01-01T00:00:00Z", "t", "{\"t\":\"0001-01-01T00:00:00Z\"}" },
	{ "t: 2026-01-02", "t", "{\"t\":\"2026-01-02T00:00:00Z\"}" },
	{ "t: 2026-1-2 3:4:5.25", "t", "{\"t\":\"2026-01-02T03:04:05.25Z\"}" },
	{ "t: 2026-1-2t3:04:05+01:00", "t", "{\"t\":\"2026-01-02T02:04:05Z\"}" },
	{ "t: !!timestamp '2026-01-02'", "t", "{\"t\":\"2026-01-02T00:00:00Z\"}" },
	{ "t: ~", "t", "{\"t\":\"0001-01-01T00:00:00Z\"}" },
	{ "state: Stopped", "state", "{\"state\":\"Stopped\"}" },
	{ "state: 2", "state", "{\"state\":\"Stopped\"}" },
	{ "state: 0", "state", "{\"state\":\"Pending\"}" },
	{ "state: ~", "state", "{\"state\":\"Pending\"}" },
	{ "l: [~, x, 5, true]", "l", "{\"l\":[\"x\",\"5\",\"true\"]}" },
	{ "l: []", "l", "{\"l\":[]}" },
	{ "l: ~", "l", "{\"l\":null}" },
	{ "il: [80, 0x10, ~]", "il", "{\"il\":[80,16]}" },
	{ "m: {a: 1, b: ~, 5: x}", "m", "{\"m\":{\"5\":\"x\",\"a\":\"1\",\"b\":\"\"}}" },
	{ "m: {}", "m", "{\"m\":{}}" },
	{ "m: ~", "m", "{\"m\":null}" },
	{ "op: ~", "op", "{\"op\":null}" },
	{ "op: {}", "op", "{\"op\":{\"path\":\"\"}}" },
	{ "ol: [{path: a}, ~]", "ol", "{\"ol\":[{\"path\":\"a\"}]}" },
	{ "bytes: aGk=", "bytes", "{\"bytes\":\"aGk=\"}" },
	{ "base: &x {path: a, sizeBytes: 5}\no:\n  <<: *x\n  path: b\n", "o",
	  "{\"o\":{\"path\":\"b\",\"sizeBytes\":5}}" },
	{ "x: &a {path: a}\ny: &b {path: b, sizeBytes: 7}\no: {<<: [*a, *b]}\n", "o",
	  "{\"o\":{\"path\":\"a\",\"sizeBytes\":7}}" },
	{ "a: &a {x: 1, y: 2}\nm: {y: 3, <<: *a}\n", "m", "{\"m\":{\"x\":\"1\",\"y\":\"3\"}}" },
	{ "a: &a text\ns: *a\n", "s", "{\"s\":\"text\"}" },
	{ "a: &a s\n*a : v\n", "s", "{\"s\":\"v\"}" },
	{ "{\"s\": \"x\", \"i\": 3}", "i", "{\"i\":3}" },
	{ "s: a\r\ni: 3\r\n", "i", "{\"i\":3}" },
	{ "\xef\xbb\xbfi: 3\n", "i", "{\"i\":3}" },
	{ "%YAML 1.1\n---\ni: 3\n...\n", "i", "{\"i\":3}" },
	/* marks of byte order before what they may precede; all keys are read */
	{ "\xef\xbb\xbfs: x\ni: 3\n", "i", "{\"i\":3}" },
	{ "\xef\xbb\xbf# c\n\n\xef\xbb\xbfs: x\ni: 3\n", "i", "{\"i\":3}" },
	{ "\xef\xbb\xbf%YAML 1.1\n\xef\xbb\xbf---\ns: x\ni: 3\n", "i", "{\"i\":3}" },
	/* and documents of nothing before the one that counts */
	{ "# c\n---\n---\n~\n--- # d\n...\n---\ns: x\ni: 3\n--- null\n", "i", "{\"i\":3}" },
};

START_TEST(yaml_coercion)
{
	ck_assert_msg(read_yaml(coercion[_i].yaml) == 0, "%s: %s", coercion[_i].yaml, err_.msg);
	ck_assert_str_eq(value_of(coercion[_i].member), coercion[_i].json);
}
END_TEST

static const struct {
	const char *yaml, *text;
} yaml_errors[] = {
	{ "b: 'true'",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `true` into bool" },
	{ "b: 1", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `1` into bool" },
	{ "b: ${P}", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `${P}` into bool" },
	{ "i: '5'", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `5` into int64" },
	{ "i: 1g", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `1g` into int64" },
	{ "i: 1.5",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!float `1.5` into int64" },
	{ "i: 9223372036854775808",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `9223372...` into int64" },
	{ "i: 1e300",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!float `1e300` into int64" },
	{ "i: .inf",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!float `.inf` into int64" },
	{ "i: 1e-1",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!float `1e-1` into int64" },
	{ "u: -1", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `-1` into uint32" },
	{ "l: hello",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `hello` into []string" },
	{ "l: [[a]]", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into string" },
	{ "ol: [\"/a:/b\"]", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `/a:/b` "
			     "into v1beta1.ContainerTmpfsMount" },
	{ "s: {}\nb: []", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!map into string\n"
			  "  line 2: cannot unmarshal !!seq into bool" },
	{ "m: [a]", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into "
		    "map[string]string" },
	{ "o: 5", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `5` into "
		  "v1beta1.ContainerTmpfsMount" },
	{ "just text", "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `just text` "
		       "into v1beta1.Thing" },
	{ "a: 1\ns: 1\nb: 2\ns: 3", "yaml: unmarshal errors:\n  line 4: mapping key \"s\" already "
				    "defined at line 2" },
	{ "m: {x: 1, x: 2}", "yaml: unmarshal errors:\n  line 1: mapping key \"x\" already defined "
			     "at line 1" },
	{ "state: Bogus", "cell state: unknown label \"Bogus\"" },
	{ "state: ready", "cell state: unknown label \"ready\"" },
	{ "state: '2'", "cell state: unknown label \"2\"" },
	{ "state: 9", "cell state: int 9 out of range" },
	{ "state: -1", "cell state: int -1 out of range" },
	{ "state: [1]", "cell state: expected scalar, got 2" },
	{ "state: {a: 1}", "cell state: expected scalar, got 4" },
	{ "t: yesterday", "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": not an RFC "
			  "3339 timestamp" },
	{ "t: '2026-01-02'", "parsing time \"2026-01-02\" as \"2006-01-02T15:04:05Z07:00\": not an "
			     "RFC 3339 timestamp" },
	{ "t: 2026-02-30", "parsing time \"2026-02-30\" as \"2006-01-02T15:04:05Z07:00\": not an "
			   "RFC 3339 timestamp" },
	{ "s: *nope", "yaml: line 1: unknown anchor 'nope' referenced" },
	{ "o: &o\n  path: *o\n", "yaml: line 2: anchor 'o' value contains itself" },
	{ "i: !!int abc", "yaml: line 1: cannot decode !!str `abc` as a !!int" },
	{ "i: !custom 5",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !custom `5` into int64" },
	{ "s: !!binary '%%'", "yaml: line 1: !!binary value contains invalid base64 data" },
	{ "s: !!binary /w==",
	  "yaml: unmarshal errors:\n  line 1: cannot unmarshal !!binary `\\xff` into string" },
	{ "o: {<<: 5}", "yaml: map merge requires map or sequence of maps as the value" },
	{ "o: {<<: [5]}", "yaml: map merge requires map or sequence of maps as the value" },
	{ "bytes: '%'", "illegal base64 data" },
	{ "s: \"a\\0b\"", "line 1: a string with a NUL character" },
};

START_TEST(yaml_type_errors)
{
	ck_assert_int_eq(read_yaml(yaml_errors[_i].yaml), -22);
	ck_assert_str_eq(err_.msg, yaml_errors[_i].text);
	ck_assert(model_is_zero(&thing_type, &thing_)); /* nothing half-read stays */
}
END_TEST

static const char *const yaml_syntax[] = {
	"i: 3\n---\ns: [\n",
	" i: 3\ns: x\n", /* behind the document as well */
	"a: [",
	"a: b: c",
	"\tb: 1",
	"a: 'x",
	"a: \"\\q\"",
	"- a\nb: 1",
	"s: \xff\xfe",
	"s: \x01",
	"a: &x &y 1",
	"{a: 1",
	"%BAD\n---\na: 1",
	"a: *",
};

START_TEST(yaml_syntax_errors)
{
	ck_assert_int_eq(read_yaml(yaml_syntax[_i]), -22);
	ck_assert_msg(str_has_prefix(err_.msg, "yaml: line "), "%s", err_.msg);
}
END_TEST

/* A NUL is no end of the text. */
START_TEST(yaml_nul)
{
	static const char text[] = "s: a\ni\0: 3\n";
	struct node *n = NULL, *second = NULL;
	struct kerr err = { 0 };

	ck_assert_int_eq(node_read_yaml(text, sizeof(text) - 1, &n, &second, &err), -22);
	ck_assert_str_eq(err.msg, "yaml: line 2: control characters are not allowed");
	ck_assert_int_eq(node_read_yaml("\0\0\0\0", 4, &n, &second, &err), -22);
	ck_assert_ptr_null(n);
}
END_TEST

START_TEST(yaml_nothing)
{
	ck_assert_int_eq(read_yaml(""), 0);
	ck_assert_int_eq(read_yaml("# only a comment\n"), 0);
	ck_assert_int_eq(read_yaml("---\n...\n"), 0);
	ck_assert_int_eq(read_yaml("~"), 0);
	ck_assert(model_is_zero(&thing_type, &thing_));
}
END_TEST

START_TEST(yaml_second_document)
{
	struct buf text cleanup_buf = BUF_INIT(4096);

	ck_assert_int_eq(read_yaml("i: 3\n---\n# x\n---\n  i: 4\n---\ni: 5\n"), 0);
	ck_assert_str_eq(value_of("i"), "{\"i\":3}");
	ck_assert_uint_eq(unknown_.n, 1);
	ck_assert_uint_eq(unknown_.v[0].line, 5);
	unknown_field_text(&text, &unknown_.v[0]);
	ck_assert_str_eq(buf_str(&text), "only the first document of the file is read");
}
END_TEST

START_TEST(yaml_documents_one_by_one)
{
	static const char text[] =
		"# c\n---\ns: 1\n--- # two\ns: |\n  a\n   ---\n--- {s: 3}\n---\n";
	struct node_stream *s cleanup_(node_stream_freep) = node_stream_new(text, sizeof(text) - 1);
	static const char *const want[] = { "1", "a\n ---\n", "3" };
	struct node *n = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		ck_assert_int_eq(node_stream_next(s, &n, NULL), 1);
		ck_assert_str_eq(node_get(n, "s")->text, want[i]);
		n = node_free(n);
	}
	ck_assert_int_eq(node_stream_next(s, &n, NULL), 1);
	ck_assert_ptr_null(n);
	ck_assert_int_eq(node_stream_next(s, &n, NULL), 0);
	ck_assert_int_eq(node_stream_next(s, &n, NULL), 0);
}
END_TEST

START_TEST(yaml_errors_have_a_place)
{
	static const char text[] = "s: 1\n---\nok: 1\nbad: [1, 2\nx: y\n";
	struct node_stream *s cleanup_(node_stream_freep) = node_stream_new(text, sizeof(text) - 1);
	struct node *n = NULL;
	unsigned line, col;

	ck_assert_int_eq(node_stream_next(s, &n, NULL), 1);
	n = node_free(n);
	ck_assert_int_lt(node_stream_next(s, &n, &err_), 0);
	node_stream_mark(s, &line, &col);
	ck_assert_uint_eq(line, 5);
	ck_assert_uint_ge(col, 1);
	ck_assert(str_has_prefix(err_.msg, "yaml: line 5: "));
	ck_assert_int_eq(node_stream_next(s, &n, &err_), 0);
}
END_TEST

/* 10 levels of 10 aliases each stand for 10^10 nodes. */
START_TEST(alias_bombs_are_defused)
{
	struct buf b cleanup_buf = BUF_INIT(1 << 16);
	int i, k;

	buf_adds(&b, "a0: &a0 {sizeBytes: 1}\n");
	for (i = 1; i < 10; i++) {
		buf_addf(&b, "a%d: &a%d {<<: [", i, i);
		for (k = 0; k < 10; k++)
			buf_addf(&b, "*a%d,", i - 1);
		buf_adds(&b, "]}\n");
	}
	buf_adds(&b, "o: *a9\n");
	ck_assert_int_eq(read_yaml(buf_str(&b)), -22);
	ck_assert_str_eq(err_.msg, "yaml: document contains excessive aliasing");
}
END_TEST

START_TEST(wide_aliases_are_bounded)
{
	struct buf b cleanup_buf = BUF_INIT(16 << 20);
	int i;

	buf_adds(&b, "x: &x [");
	for (i = 0; i < 2000; i++)
		buf_adds(&b, "a,");
	buf_adds(&b, "]\nol:\n");
	for (i = 0; i < 2000; i++)
		buf_adds(&b, "- options: *x\n");
	ck_assert_int_eq(read_yaml(buf_str(&b)), -22);
	ck_assert_str_eq(err_.msg, "yaml: document contains excessive aliasing");
}
END_TEST

static void nested(struct buf *b, const char *open, int n)
{
	buf_reset(b);
	buf_adds(b, "{\"x\":");
	while (n-- > 0)
		buf_adds(b, open);
}

START_TEST(nesting_is_bounded)
{
	struct buf b cleanup_buf = BUF_INIT(1 << 20);
	int i;

	nested(&b, "[", 63);
	for (i = 0; i < 63; i++)
		buf_addc(&b, ']');
	buf_addc(&b, '}');
	ck_assert_int_eq(read_json(buf_str(&b)), 0);
	ck_assert_int_eq(read_yaml(buf_str(&b)), 0);
	nested(&b, "[", 100000);
	ck_assert_int_lt(read_json(buf_str(&b)), 0);
	ck_assert_int_lt(read_yaml(buf_str(&b)), 0);
	ck_assert_ptr_nonnull(strstr(err_.msg, "exceeded max depth"));
	nested(&b, "{\"x\":", 64);
	ck_assert_int_lt(read_json(buf_str(&b)), 0);
	ck_assert_int_lt(read_yaml(buf_str(&b)), 0);
	buf_reset(&b);
	for (i = 0; i < 100; i++)
		buf_addf(&b, "%*sa:\n", i, "");
	ck_assert_int_lt(read_yaml(buf_str(&b)), 0);
}
END_TEST

START_TEST(nodes_and_anchors_are_bounded)
{
	struct buf b cleanup_buf = BUF_INIT(16 << 20);
	int i;

	buf_adds(&b, "[");
	for (i = 0; i <= KUKE_MAX_NODES; i++)
		buf_adds(&b, "1,");
	buf_adds(&b, "1]");
	ck_assert_int_lt(read_yaml(buf_str(&b)), 0);
	ck_assert_ptr_nonnull(strstr(err_.msg, "too many nodes"));
	ck_assert_int_lt(read_json(buf_str(&b)), 0);
	ck_assert_str_eq(err_.msg, "json: more than 1048576 JSON values");
	buf_reset(&b);
	for (i = 0; i < 2000; i++)
		buf_addf(&b, "- &a%d 1\n", i);
	ck_assert_int_lt(read_yaml(buf_str(&b)), 0);
	ck_assert_ptr_nonnull(strstr(err_.msg, "too many anchors"));
}
END_TEST

static const struct {
	const char *json, *member, *value;
} json_values[] = {
	{ "{\"S\":\"x\"}", "s", "{\"s\":\"x\"}" },
	{ "{\"s\":null}", "s", "{\"s\":\"\"}" },
	{ "{\"s\":\"a\",\"s\":\"b\"}", "s", "{\"s\":\"b\"}" },
	{ "{\"s\":\"a\",\"s\":null}", "s", "{\"s\":\"a\"}" },
	{ "{\"l\":[\"a\",\"b\"],\"l\":[\"c\"]}", "l", "{\"l\":[\"c\"]}" },
	{ "{\"ol\":[{\"path\":\"a\"},{}],\"OL\":[{\"path\":\"c\"}]}", "ol",
	  "{\"ol\":[{\"path\":\"c\"}]}" },
	{ "{\"op\":{},\"op\":null}", "op", "{\"op\":null}" },
	{ "{\"l\":[null,\"x\"]}", "l", "{\"l\":[\"\",\"x\"]}" },
	{ "{\"l\":null}", "l", "{\"l\":null}" },
	{ "{\"il\":[1,null]}", "il", "{\"il\":[1,0]}" },
	{ "{\"ol\":[null]}", "ol", "{\"ol\":[{\"path\":\"\"}]}" },
	{ "{\"m\":{\"a\":null,\"b\":\"x\"}}", "m", "{\"m\":{\"a\":\"\",\"b\":\"x\"}}" },
	{ "{\"b\":true,\"zzz\":[{}]}", "b", "{\"b\":true}" },
	{ "{\"i\":-9223372036854775808}", "i", "{\"i\":-9223372036854775808}" },
	{ "{\"state\":\"Ready\"}", "state", "{\"state\":\"Ready\"}" },
	{ "{\"state\":4}", "state", "{\"state\":\"Unknown\"}" },
	{ "{\"t\":\"2026-01-02T03:04:05Z\"}", "t", "{\"t\":\"2026-01-02T03:04:05Z\"}" },
	{ "{\"t\":null}", "t", "{\"t\":\"0001-01-01T00:00:00Z\"}" },
	{ "{\"s\":\"\\ud83d\\ude00\\u00e9\"}", "s", "{\"s\":\"\xf0\x9f\x98\x80\xc3\xa9\"}" },
	{ "{\"s\":\"\\ud800\"}", "s", "{\"s\":\"\xef\xbf\xbd\"}" },
	{ "{\"s\":\"a\xff\"}", "s", "{\"s\":\"a\xef\xbf\xbd\"}" },
	{ "{\"\\u0073\":\"x\"}", "s", "{\"s\":\"x\"}" },
	{ "{\"bytes\":\"aGk=\"}", "bytes", "{\"bytes\":\"aGk=\"}" },
	{ " {} \n", "bytes", "{\"bytes\":null}" },
	{ "null", "s", "{\"s\":\"\"}" },
};

START_TEST(json_values_by_the_rules_of_go)
{
	ck_assert_msg(read_json(json_values[_i].json) == 0, "%s: %s", json_values[_i].json,
		      err_.msg);
	ck_assert_str_eq(value_of(json_values[_i].member), json_values[_i].value);
}
END_TEST

static const struct {
	const char *json, *text;
} json_errors[] = {
	{ "{\"s\":5}",
	  "json: cannot unmarshal number into Go struct field Thing.s of type string" },
	{ "{\"b\":\"x\"}",
	  "json: cannot unmarshal string into Go struct field Thing.b of type bool" },
	{ "{\"i\":1.5}",
	  "json: cannot unmarshal number 1.5 into Go struct field Thing.i of type int64" },
	{ "{\"i\":9223372036854775808}",
	  "json: cannot unmarshal number 9223372036854775808 into Go "
	  "struct field Thing.i of type int64" },
	{ "{\"l\":[{}]}",
	  "json: cannot unmarshal object into Go struct field Thing.l of type string" },
	{ "{\"ol\":[{\"path\":[]}]}", "json: cannot unmarshal array into Go struct field "
				      "ContainerTmpfsMount.ol.path of type string" },
	{ "{\"o\":true}", "json: cannot unmarshal bool into Go struct field Thing.o of type "
			  "v1beta1.ContainerTmpfsMount" },
	{ "[]", "json: cannot unmarshal array into Go value of type v1beta1.Thing" },
	{ "{\"state\":\"Bogus\"}", "cell state: unknown label \"Bogus\"" },
	{ "{\"state\":\"2\"}", "cell state: unknown label \"2\"" },
	{ "{\"state\":null}", "cell state: unknown label \"\"" },
	{ "{\"state\":2.0}", "cell state: expected string or int, got 2.0" },
	{ "{\"state\":true}", "cell state: expected string or int, got true" },
	{ "{\"state\":7}", "cell state: int 7 out of range" },
	{ "{\"state\":7,\"s\":1}", "cell state: int 7 out of range" },
	{ "{\"s\":1,\"state\":7}",
	  "json: cannot unmarshal number into Go struct field Thing.s of type string" },
	{ "{\"t\":\"\"}", "parsing time \"\" as \"2006-01-02T15:04:05Z07:00\": not an RFC 3339 "
			  "timestamp" },
	{ "{\"s\":\"\\u0000\"}", "line 0: a string with a NUL character" },
	{ "{\"s\":1", "json: unexpected end of JSON input" },
	{ "", "json: unexpected end of JSON input" },
	{ "{'s':1}", "json: invalid JSON at byte 2" },
	{ "{} x", "json: invalid JSON at byte 4" },
};

START_TEST(json_errors_in_the_words_of_go)
{
	ck_assert_int_eq(read_json(json_errors[_i].json), -22);
	ck_assert_str_eq(err_.msg, json_errors[_i].text);
	ck_assert(model_is_zero(&thing_type, &thing_));
}
END_TEST

static void check_unknown(size_t i, const char *want, unsigned line, unsigned col)
{
	struct buf text cleanup_buf = BUF_INIT(1024);

	ck_assert_uint_lt(i, unknown_.n);
	unknown_field_text(&text, &unknown_.v[i]);
	ck_assert_str_eq(buf_str(&text), want);
	ck_assert_uint_eq(unknown_.v[i].line, line);
	ck_assert_uint_eq(unknown_.v[i].col, col);
}

START_TEST(unknown_keys_are_told)
{
	static const char text[] = "kind: Cell\n"
				   "spec:\n"
				   "  contaners: []\n"
				   "  containers:\n"
				   "    - id: a\n"
				   "      Image: x\n"
				   "      zzzzzzzzz: 1\n"
				   "      tty: {profile: a, profilesDir: b, promt: c}\n"
				   "metadta: {}\n";
	struct cell_doc cell = { 0 };

	ck_assert_int_eq(
		model_read_yaml(&cell_doc_type, text, strlen(text), &cell, &unknown_, &err_), 0);
	ck_assert_uint_eq(unknown_.n, 5);
	check_unknown(0, "unknown field spec.contaners (did you mean \"containers\"?)", 3, 3);
	check_unknown(1, "unknown field spec.containers[0].Image (did you mean \"image\"?)", 6, 7);
	check_unknown(2, "unknown field spec.containers[0].zzzzzzzzz", 7, 7);
	check_unknown(3, "unknown field spec.containers[0].tty.promt (did you mean \"prompt\"?)", 8,
		      41);
	check_unknown(4, "unknown field metadta (did you mean \"metadata\"?)", 9, 1);
	model_clear(&cell_doc_type, &cell);
}
END_TEST

START_TEST(unknown_keys_cannot_harm)
{
	struct buf b cleanup_buf = BUF_INIT(1 << 20);
	int i;

	for (i = 0; i < 500; i++)
		buf_addf(&b, "\"k\\e[31m%d\": 1\n", i);
	for (i = 0; i < 1000; i++)
		buf_addc(&b, 'x');
	buf_adds(&b, ": 1\n");
	ck_assert_int_eq(read_yaml(buf_str(&b)), 0);
	ck_assert_uint_eq(unknown_.n, 100);
	for (i = 0; i < 100; i++)
		ck_assert_ptr_null(strchr(unknown_.v[i].path, '\x1b'));
}
END_TEST

START_TEST(many_keys_are_fast)
{
	struct buf b cleanup_buf = BUF_INIT(16 << 20);
	int i;

	buf_adds(&b, "m:\n");
	for (i = 0; i < 20000; i++)
		buf_addf(&b, "  k%d: v\n", i);
	ck_assert_int_eq(read_yaml(buf_str(&b)), 0);
	ck_assert_uint_eq(thing_.m.n, 20000);
}
END_TEST

START_TEST(trees_are_walked_safely)
{
	static const char text[] = "{\"a\":{\"b\":[\"x\",null,\"\\u0000\"]},\"d\":1,\"d\":2}";
	struct node *n cleanup_node = NULL;
	const struct node *l;

	ck_assert_int_eq(node_read_json(text, strlen(text), "t", &n, NULL), 0);
	l = node_path(n, "a", "b", NULL);
	ck_assert_uint_eq(node_count(l), 3);
	ck_assert_str_eq(node_str(l->items[0]), "x");
	ck_assert(node_is_null(l->items[1]));
	ck_assert_ptr_null(node_str(l->items[2]));
	ck_assert_ptr_null(node_get(l, "x"));
	ck_assert_ptr_null(node_path(n, "a", "nope", "b", NULL));
	ck_assert_ptr_null(node_str(NULL));
	ck_assert_uint_eq(node_count(NULL), 0);
	ck_assert_str_eq(node_get(n, "d")->text, "2");
	ck_assert_uint_eq(node_count(n), 3);
	ck_assert_str_eq(node_str(node_key(n, 1)), "d");
	ck_assert_ptr_null(node_key(n, 3));
	ck_assert_ptr_null(node_get(n, "A"));
}
END_TEST

static const struct {
	const char *text;
	enum node_tag tag;
} tags[] = {
	{ "", NODE_TAG_NULL },
	{ "Null", NODE_TAG_NULL },
	{ "nULL", NODE_TAG_STR },
	{ "FALSE", NODE_TAG_BOOL },
	{ "yes", NODE_TAG_STR },
	{ "-", NODE_TAG_STR },
	{ "+", NODE_TAG_STR },
	{ ".", NODE_TAG_STR },
	{ ".5", NODE_TAG_FLOAT },
	{ "5.", NODE_TAG_FLOAT },
	{ "-.inf", NODE_TAG_FLOAT },
	{ "1e999", NODE_TAG_STR },
	{ "1e", NODE_TAG_STR },
	{ "0x", NODE_TAG_STR },
	{ "0xg", NODE_TAG_STR },
	{ "089", NODE_TAG_FLOAT },
	{ "-0b1", NODE_TAG_INT },
	{ "1_0", NODE_TAG_INT },
	{ "_1", NODE_TAG_STR },
	{ "1e308", NODE_TAG_FLOAT },
	{ ".5_0", NODE_TAG_STR },
	{ ".5e", NODE_TAG_STR },
	{ "18446744073709551615", NODE_TAG_INT },
	{ "18446744073709551616", NODE_TAG_FLOAT },
	{ "2024-02-29", NODE_TAG_TIME },
	{ "2023-02-29", NODE_TAG_STR },
	{ "2023-2-9", NODE_TAG_TIME },
	{ "2023-2-9T1:2:3Z", NODE_TAG_TIME },
	{ "2023-2-9T1:2:3", NODE_TAG_STR },
	{ "2023-2-9 1:2:3.5", NODE_TAG_TIME },
	{ "2023-02-09T25:00:00Z", NODE_TAG_STR },
	{ "20230-02-09", NODE_TAG_STR },
};

START_TEST(plain_scalars_are_typed)
{
	ck_assert_int_eq(scalar_tag(tags[_i].text, strlen(tags[_i].text)), tags[_i].tag);
}
END_TEST

static Suite *test_decode(void)
{
	Suite *s = suite_create("decode");
	TCase *tc = tcase_create("decode");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, yaml_coercion, 0, ARRAY_SIZE(coercion));
	tcase_add_loop_test(tc, yaml_type_errors, 0, ARRAY_SIZE(yaml_errors));
	tcase_add_loop_test(tc, yaml_syntax_errors, 0, ARRAY_SIZE(yaml_syntax));
	tcase_add_test(tc, yaml_nul);
	tcase_add_test(tc, yaml_nothing);
	tcase_add_test(tc, yaml_second_document);
	tcase_add_test(tc, yaml_documents_one_by_one);
	tcase_add_test(tc, yaml_errors_have_a_place);
	tcase_add_test(tc, alias_bombs_are_defused);
	tcase_add_test(tc, wide_aliases_are_bounded);
	tcase_add_test(tc, nesting_is_bounded);
	tcase_add_test(tc, nodes_and_anchors_are_bounded);
	tcase_add_loop_test(tc, json_values_by_the_rules_of_go, 0, ARRAY_SIZE(json_values));
	tcase_add_loop_test(tc, json_errors_in_the_words_of_go, 0, ARRAY_SIZE(json_errors));
	tcase_add_test(tc, unknown_keys_are_told);
	tcase_add_test(tc, unknown_keys_cannot_harm);
	tcase_add_test(tc, many_keys_are_fast);
	tcase_add_test(tc, trees_are_walked_safely);
	tcase_add_loop_test(tc, plain_scalars_are_typed, 0, ARRAY_SIZE(tags));
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_decode);
