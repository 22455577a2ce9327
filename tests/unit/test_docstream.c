/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "docs.h"
#include "mem.h"
#include "model.h"
#include "str.h"
#include "unit.h"

/*
 * Each row: a stream, and what `apply` says of it ("" when nothing is wrong).
 * Exact unless the text ends in '*', which stands for the rest.
 */
static const struct {
	const char *text;
	const char *verdict;
} verdicts[] = {
	/* 1.2 decoding */
	{ "", "!failed to parse YAML: no documents found in input" },
	{ "---\n---\n  \n---", "!failed to parse YAML: no documents found in input" },
	{ "a: [",
	  "validation failed:\n  document 0 (): document 0: failed to parse kind: yaml: *" },
	{ "hello",
	  "validation failed:\n  document 0 (): document 0: failed to parse kind: yaml: unmarshal "
	  "errors:\n  line 1: cannot unmarshal !!str `hello` into *" },
	{ "- x",
	  "validation failed:\n  document 0 (): document 0: failed to parse kind: yaml: unmarshal "
	  "errors:\n  line 1: cannot unmarshal !!str `x` into *" },
	{ "kind: Foo", "validation failed:\n  document 0 (): document 0: unknown kind: Foo" },
	{ "kind: cell", "validation failed:\n  document 0 (): document 0: unknown kind: cell" },
	{ "kind: CellProfile",
	  "validation failed:\n  document 0 (): document 0: unknown kind: CellProfile" },
	{ "# nothing\n", "!failed to parse YAML: no documents found in input" },
	{ "--- ~\n...\n---\n...\n--- # c\n--- null\n",
	  "!failed to parse YAML: no documents found in input" },
	{ "kind: List\nitems: []\n", "!failed to parse YAML: no documents found in input" },
	{ "kind: List\nitems: [~]\n---\n[]", "!failed to parse YAML: no documents found in input" },
	{ "{}", "validation failed:\n  document 0 (): document 0: unknown kind: " },
	{ "kind: Cell\nspec: {containers: [{id: a, volumes: [\"/a:/b\"]}]}",
	  "validation failed:\n  document 0 (): document 0: failed to parse Cell: yaml: unmarshal "
	  "errors:\n  line 2: cannot unmarshal !!str `/a:/b` into v1beta1.VolumeMount" },
	{ "kind: Cell\nspec: {containers: [{id: a, args: hello}]}",
	  "validation failed:\n  document 0 (): document 0: failed to parse Cell: yaml: unmarshal "
	  "errors:\n  line 2: cannot unmarshal !!str `hello` into []string" },
	{ "kind: Realm\nmetadata: {name: r}\nstatus: {state: Nope}",
	  "validation failed:\n  document 0 (): document 0: failed to parse Realm: *" },
	{ "kind: Realm\nmetadata: {name: a}\nmetadata: {name: b}",
	  "validation failed:\n  document 0 (): document 0: failed to parse *" },
	/* the place is one of the whole input */
	{ "kind: Realm\nmetadata: {name: r}\n---\nkind: Realm\nmetadata:\n  name: [",
	  "validation failed:\n  document 1 (): document 1: failed to parse kind: yaml: t.yaml:7:*" },
	{ "kind: Realm\nmetadata: {name: r}\n---\n\nkind: Realm\nspec: x\n",
	  "validation failed:\n  document 1 (): document 1: failed to parse Realm: yaml: unmarshal "
	  "errors:\n  line 6: *" },
	/* 1.3 */
	{ "kind: Realm\napiVersion: v1\nmetadata: {name: r}",
	  "validation failed:\n  document 0 (Realm): unsupported apiVersion: v1 (expected "
	  "v1beta1)" },
	{ "kind: Realm", "validation failed:\n  document 0 (Realm): metadata.name is required" },
	{ "kind: Space\nmetadata: {name: s}",
	  "validation failed:\n  document 0 (Space \"s\"): spec.realmId is required" },
	{ "kind: Stack\nmetadata: {name: t}\nspec: {realmId: r}",
	  "validation failed:\n  document 0 (Stack \"t\"): spec.spaceId is required" },
	{ "kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s}",
	  "validation failed:\n  document 0 (Cell \"c\"): spec.stackId is required" },
	{ "kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t}",
	  "validation failed:\n  document 0 (Cell \"c\"): spec.containers is required and cannot be "
	  "empty" },
	{ "kind: Container\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t}",
	  "validation failed:\n  document 0 (Container \"c\"): spec.cellId is required" },
	{ "kind: Container\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t, cellId: "
	  "x}",
	  "validation failed:\n  document 0 (Container \"c\"): spec.image is required" },
	/* all of them, in order */
	{ "kind: Realm\n---\nkind: Foo\n---\nkind: Realm\nmetadata: {name: ok}\n---\nkind: Space\n"
	  "metadata: {name: s}",
	  "validation failed:\n  document 0 (Realm): metadata.name is required\n  document 1 (): "
	  "document 1: unknown kind: Foo\n  document 3 (Space \"s\"): spec.realmId is required" },
	/* lists: of items as of documents, by their places */
	{ "kind: List\napiVersion: v2\nitems: []",
	  "validation failed:\n  document 0 (List): unsupported apiVersion: v2 (expected v1)" },
	{ "kind: List", "validation failed:\n  document 0 (List): items is required" },
	{ "kind: List\nitems: {}",
	  "validation failed:\n  document 0 (List): items must be a list" },
	{ "kind: Realm\nmetadata: {name: a}\n---\napiVersion: v1\nkind: List\nmetadata: {x: y}\n"
	  "items:\n- kind: Realm\n  metadata: {name: b}\n- ~\n- kind: Realm\n- kind: Space\n"
	  "  metadata: {name: s}\n  spec: x\n",
	  "validation failed:\n  document 2 (Realm): metadata.name is required\n"
	  "  document 3 (): document 3: failed to parse Space: yaml: unmarshal errors:\n"
	  "  line 14: cannot unmarshal !!str `x` into *" },
	{ "[{\"kind\": \"Realm\", \"metadata\": {\"name\": \"\\ud83d\\ude00\"}}, {\"kind\": "
	  "\"Foo\"}]",
	  "validation failed:\n  document 1 (): document 1: unknown kind: Foo" },
	/* fine */
	{ "kind: List\nitems: [{kind: Realm, metadata: {name: a}}]\n", "" },
	{ "# a licence\n---\nkind: Realm\nmetadata: {name: r1}\n--- # end\n", "" },
	{ "# head\n--- # first\nkind: Realm\nmetadata: {name: r1}\n--- ~\n", "" },
	{ "kind: Realm\nmetadata: {name: r}", "" },
	{ "kind: Realm\r\nmetadata:\r\n  name: r\r\n---\r\nkind: Realm\r\nmetadata: {name: b}",
	  "" },
	{ "{\"kind\": \"Realm\", \"metadata\": {\"name\": \"r\", \"labels\": {\"x\": "
	  "\"\\ud83d\\ude00\"}}}",
	  "" },
	{ "\xef\xbb\xbf---\nkind: Realm\nmetadata: {name: r}\n...\n", "" },
};

static void check_verdict(const char *got, const char *want, int i)
{
	size_t n = strlen(want);

	if (n > 0 && want[n - 1] == '*')
		ck_assert_msg(strncmp(got, want, n - 1) == 0, "row %d: got %s", i, got);
	else
		ck_assert_msg(streq(got, want), "row %d: got %s", i, got);
}

START_TEST(verdict)
{
	cleanup_docstream struct docstream s = { 0 };
	cleanup_buf struct buf text = BUF_INIT(1 << 20);
	struct kerr err = { 0 };
	const char *t = verdicts[_i].text;

	if (docstream_load(t, strlen(t), "t.yaml", 0, &s, &err) < 0) {
		ck_assert(verdicts[_i].verdict[0] == '!');
		check_verdict(err.msg, verdicts[_i].verdict + 1, _i);
		return;
	}
	docstream_validate(&s, 0);
	if (docstream_check(&s, DOCSTREAM_STYLE_APPLY, &text, &err) < 0)
		ck_assert_str_ne(err.msg, "");
	check_verdict(buf_str(&text), verdicts[_i].verdict, _i);
}
END_TEST

#define BOM "\xef\xbb\xbf"

/* Streams and the names of the realms in them. */
static const struct {
	const char *text;
	const char *names;
} splits[] = {
	{ "kind: Realm\nmetadata: {name: a}\n---\nkind: Realm\nmetadata: {name: b}\n", "a b" },
	{ "---\nkind: Realm\nmetadata: {name: a}\n--- # two\nkind: Realm\nmetadata: {name: b}\n",
	  "a b" },
	{ "--- {kind: Realm, metadata: {name: a}}\n--- {kind: Realm, metadata: {name: b}}", "a b" },
	{ "kind: Realm\nmetadata: {name: a}\n...\nkind: Realm\nmetadata: {name: b}\n", "a b" },
	{ "kind: Realm\nmetadata: {name: a}\n...\n# the end\n", "a" },
	{ "kind: Realm\nmetadata: {name: a}\n...\n---\nkind: Realm\nmetadata: {name: b}\n", "a b" },
	{ "%YAML 1.1\n---\nkind: Realm\nmetadata: {name: a}\n", "a" },
	/* an indented separator is text */
	{ "kind: Realm\nmetadata:\n  name: a\n  labels:\n    x: |\n      one\n      ---\n      two\n",
	  "a" },
	{ "kind: Realm\nmetadata: {name: a}\n---x: 1\n", "a" },
	{ "---\n\n---\n---\nkind: Realm\nmetadata: {name: a}\n---\n\n", "a" },
	{ "---\nkind: Realm\nmetadata: {name: a}\n---", "a" },
	/* files that were put together, each with its mark */
	{ BOM
	  "kind: Realm\nmetadata: {name: a}\n" BOM "---\nkind: Realm\nmetadata: {name: b}\n...\n"
	  "\n" BOM "# c\n" BOM "kind: Realm\nmetadata: {name: c}\n" BOM "# d\n---\nkind: Realm\n"
	  "metadata: {name: d}\n",
	  "a b c d" },
	{ "- {kind: Realm, metadata: {name: a}}\n- kind: List\n  items: [[{kind: Realm, metadata: "
	  "{name: b}}], ~]\n---\nkind: Realm\nmetadata: {name: c}",
	  "a b c" },
	{ "kind: List\nx: &x {kind: Realm, metadata: {name: a}}\nitems: [*x, *x]", "a a" },
};

START_TEST(split)
{
	cleanup_docstream struct docstream s = { 0 };
	cleanup_buf struct buf names = BUF_INIT(4096);
	const char *t = splits[_i].text;
	size_t i;

	ck_assert_int_eq(docstream_load(t, strlen(t), NULL, 0, &s, NULL), 0);
	for (i = 0; i < s.n && s.v[i].error == NULL; i++)
		buf_addf(&names, "%s%s", i > 0 ? " " : "",
			 ((struct doc_head *) s.v[i].doc)->metadata.name);
	if (splits[_i].names == NULL)
		ck_assert_uint_lt(i, s.n);
	else
		ck_assert_str_eq(buf_str(&names), splits[_i].names);
	ck_assert(splits[_i].names == NULL || i == s.n);
}
END_TEST

START_TEST(block_scalar_survives)
{
	static const char text[] = "kind: Realm\nmetadata:\n  name: a\n  labels:\n    x: |\n"
				   "      one\n      ---\n      two\n";
	struct realm_doc *doc = doc_from(text, KIND_REALM);

	ck_assert_str_eq(strmap_get(&doc->head.metadata.labels, "x"), "one\n---\ntwo\n");
	doc_free(KIND_REALM, doc);
}
END_TEST

START_TEST(unknown_keys)
{
	static const char text[] = "kind: Cell\nmetadata: {name: c}\nspec:\n  contaners: []\n";
	cleanup_docstream struct docstream s = { 0 };
	cleanup_docstream struct docstream strict = { 0 };

	ck_assert_int_eq(docstream_load(text, strlen(text), "file.yaml", 0, &s, NULL), 0);
	ck_assert_uint_eq(s.warnings.n, 1);
	ck_assert_str_eq(s.warnings.v[0], "warning: file.yaml:4:3: unknown field spec.contaners "
					  "(did you mean \"containers\"?)");
	ck_assert_ptr_null(s.v[0].error);
	ck_assert_int_eq(
		docstream_load(text, strlen(text), "file.yaml", DOCSTREAM_STRICT, &strict, NULL),
		0);
	ck_assert_uint_eq(strict.warnings.n, 0);
	ck_assert_str_eq(strict.v[0].error,
			 "document 0 (Cell \"c\"): file.yaml:4:3: unknown field spec.contaners "
			 "(did you mean \"containers\"?)");
	ck_assert_ptr_null(strict.v[0].doc);
}
END_TEST

START_TEST(status_is_dropped)
{
	struct cell_doc *doc = doc_from("kind: Cell\nmetadata: {name: c}\nstatus: {state: Ready, "
					"cgroupPath: /x, containers: [{name: a, id: a}]}",
					KIND_CELL);

	ck_assert_int_eq(doc->status.state, CELL_STATE_PENDING);
	ck_assert_ptr_null(doc->status.cgroup_path);
	ck_assert_uint_eq(doc->status.containers.n, 0);
	doc_free(KIND_CELL, doc);
}
END_TEST

static void delete_says(const char *text, const char *want)
{
	cleanup_docstream struct docstream s = { 0 };
	cleanup_buf struct buf out = BUF_INIT(1 << 20);

	ck_assert_int_eq(docstream_load(text, strlen(text), "f", 0, &s, NULL), 0);
	docstream_validate(&s, DOCSTREAM_FOR_DELETE);
	docstream_check(&s, DOCSTREAM_STYLE_DELETE, &out, NULL);
	check_verdict(buf_str(&out), want, 0);
}

START_TEST(delete_style)
{
	delete_says("kind: Realm\nmetadata: {name: r}\nspec: x\n---\nhello",
		    "failed to parse YAML: document 0: failed to parse Realm: yaml: *");
	delete_says("hello\n---\nkind: Foo",
		    "validation errors:\n  document 0 (): document 0: failed to parse kind: *");
	delete_says("kind: Realm",
		    "validation errors:\n  document 0 (Realm): metadata.name is required");
	/* what names a container is enough */
	delete_says(
		"kind: Container\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t, "
		"cellId: x, image: i, attachable: true}",
		"");
}
END_TEST

START_TEST(limits)
{
	cleanup_docstream struct docstream s = { 0 };
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_MANIFEST + 100);
	struct kerr err = { 0 };
	int i;

	for (i = 0; i < KUKE_MAX_DOCUMENTS; i++)
		buf_adds(&text, "---\nkind: Realm\n");
	ck_assert_int_eq(docstream_load(buf_str(&text), text.len, "f", 0, &s, &err), 0);
	ck_assert_uint_eq(s.n, KUKE_MAX_DOCUMENTS);
	docstream_clear(&s);
	buf_adds(&text, "---\nkind: Realm\n");
	ck_assert_int_eq(docstream_load(buf_str(&text), text.len, "f", 0, &s, &err), -E2BIG);
	ck_assert_str_eq(err.msg, "failed to parse YAML: more than 4096 documents");
	ck_assert_uint_eq(s.n, 0);
	buf_reset(&text);
	memset(buf_room(&text, KUKE_MAX_MANIFEST + 1), '#', KUKE_MAX_MANIFEST + 1);
	buf_commit(&text, KUKE_MAX_MANIFEST + 1);
	ck_assert_int_eq(docstream_load(buf_str(&text), text.len, "f", 0, &s, &err), -E2BIG);
}
END_TEST

/* Every list of this stream holds the one before twice: there is an end to it. */
START_TEST(aliases_of_lists)
{
	cleanup_buf struct buf text = BUF_INIT(1 << 16);
	cleanup_docstream struct docstream s = { 0 };
	struct kerr err = { 0 };
	int i;

	buf_adds(&text, "kind: List\nl0: &l0 []\n");
	for (i = 1; i < 60; i++)
		buf_addf(&text, "l%d: &l%d [*l%d, *l%d]\n", i, i, i - 1, i - 1);
	buf_addf(&text, "items: *l%d\n", i - 1);
	ck_assert_int_eq(docstream_load(buf_str(&text), text.len, "f", 0, &s, &err), -E2BIG);
	ck_assert_str_eq(err.msg, "failed to parse YAML: document contains excessive aliasing");
}
END_TEST

START_TEST(list_keys)
{
	static const char text[] = "kind: List\nitmes: []\nitems:\n- {kind: Realm, metadata: "
				   "{name: r}, sepc: 1}\n";
	cleanup_docstream struct docstream s = { 0 }, strict = { 0 };

	ck_assert_int_eq(docstream_load(text, strlen(text), "f", 0, &s, NULL), 0);
	ck_assert_uint_eq(s.warnings.n, 2);
	ck_assert_str_eq(s.warnings.v[0], "warning: f:2:1: unknown field itmes");
	ck_assert_str_eq(s.warnings.v[1],
			 "warning: f:4:38: unknown field sepc (did you mean \"spec\"?)");
	ck_assert_int_eq(docstream_load(text, strlen(text), "f", DOCSTREAM_STRICT, &strict, NULL),
			 0);
	ck_assert_uint_eq(strict.n, 1);
	ck_assert_str_eq(strict.v[0].error, "document 0 (List): f:2:1: unknown field itmes");
}
END_TEST

/* The mode of a tmpfs as it is written, and the octal number that was probably meant. */
static const struct {
	const char *mode;
	const char *remark; /* NULL: nothing to say */
} modes[] = {
	{ "0777", NULL },
	{ "0o755", NULL },
	{ "511", NULL }, /* as get prints 0777 */
	{ "493", NULL },
	{ "1023", NULL },
	{ "448", NULL },
	{ "420", NULL },
	{ "416", NULL },
	{ "365", NULL },
	{ "504", NULL },
	{ "0", NULL },
	{ "777", "mode 777 is a decimal number, 01411 in octal (did you mean 0777?)" },
	{ "1777", "mode 1777 is a decimal number, 03361 in octal (did you mean 01777?)" },
	{ "755", "mode 755 is a decimal number, 01363 in octal (did you mean 0755?)" },
	{ "700", "mode 700 is a decimal number, 01274 in octal (did you mean 0700?)" },
	{ "711", "mode 711 is a decimal number, 01307 in octal (did you mean 0711?)" },
	{ "400", "mode 400 is a decimal number, 0620 in octal (did you mean 0400?)" },
	{ "500", "mode 500 is a decimal number, 0764 in octal (did you mean 0500?)" },
};

START_TEST(decimal_modes)
{
	cleanup_free char *text = xasprintf(
		"kind: Container\nmetadata: {name: c}\nspec:\n  volumes:\n  - kind: tmpfs\n"
		"    mode: %s\n",
		modes[_i].mode);
	cleanup_docstream struct docstream s = { 0 };

	ck_assert_int_eq(docstream_load(text, strlen(text), "f", DOCSTREAM_STRICT, &s, NULL), 0);
	ck_assert_ptr_null(s.v[0].error);
	ck_assert_uint_eq(s.warnings.n, modes[_i].remark != NULL);
	if (modes[_i].remark != NULL) {
		cleanup_free char *want = xasprintf("warning: f:6:11: %s", modes[_i].remark);

		ck_assert_str_eq(s.warnings.v[0], want);
	}
}
END_TEST

static size_t utf16(const char *ascii, bool big, char *out)
{
	size_t n = 0;

	for (; *ascii; ascii++) {
		out[n + big] = *ascii;
		out[n + !big] = 0;
		n += 2;
	}
	return n;
}

START_TEST(encodings)
{
	static const char text[] = "xkind: Realm\nmetadata: {name: 'rxx'}\n";
	static const char names[][2] = { "\xd8\x3d", "\xde\x00" }; /* U+1F600 */
	cleanup_docstream struct docstream s = { 0 };
	char wide[2 * sizeof(text)];
	struct kerr err = { 0 };
	bool big = _i == 1;
	size_t n = utf16(text, big, wide), i, at;

	wide[!big] = (char) 0xfe;
	wide[big] = (char) 0xff;
	at = 2 * (size_t) (strstr(text, "rxx") + 1 - text);
	for (i = 0; i < 2; i++) {
		wide[at + 2 * i + !big] = names[i][0];
		wide[at + 2 * i + big] = names[i][1];
	}
	ck_assert_int_eq(docstream_load(wide, n, "f", 0, &s, &err), 0);
	ck_assert_str_eq(((struct doc_head *) s.v[0].doc)->metadata.name, "r\xf0\x9f\x98\x80");
	docstream_clear(&s);
	ck_assert_int_eq(docstream_load(wide, n - 1, "f", 0, &s, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "failed to parse YAML: f: invalid UTF-16 at byte"));
	ck_assert_int_eq(docstream_load(wide + 2, n - 2, "f", 0, &s, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "failed to parse YAML: f: the text looks like UTF-16 without a "
				  "byte order mark: save the file as UTF-8");
	wide[at + 2 + !big] = 'x'; /* the half of a pair */
	ck_assert_int_eq(docstream_load(wide, n, NULL, 0, &s, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "failed to parse YAML: -: invalid UTF-16 at byte 65: save the "
				  "file as UTF-8");
	ck_assert_int_eq(docstream_load("\xff\xfe\0\0a\0\0\0", 8, "f", 0, &s, &err), -EINVAL);
	ck_assert_str_eq(err.msg,
			 "failed to parse YAML: f: the text is UTF-32: save the file as UTF-8");
}
END_TEST

#define FILE_TEXT(text) text, sizeof(text) - 1

/* Several files read as what they come to when they are put together. */
START_TEST(files)
{
	static const struct docstream_source v[] = {
		{ FILE_TEXT("kind: Realm\nmetadata: {name: a}"), "a" },
		{ FILE_TEXT("# nothing\n"), "b" },
		{ FILE_TEXT(BOM "%YAML 1.1\n---\nkind: Realm\nmetadata: {name: c}\n"), "c" },
		{ FILE_TEXT("[{\"kind\": \"Realm\", \"metadata\": {\"name\": \"d\"}}]\n"), "d" },
		{ FILE_TEXT("\xff\xfe"
			    "k\0i\0n\0d\0:\0 \0F\0\n\0"),
		  "e" },
		{ FILE_TEXT("kind: Realm\nmetadata: {name: f}\nx: y\n"), "f" },
	};
	cleanup_docstream struct docstream all = { 0 }, joined = { 0 };
	cleanup_buf struct buf text = BUF_INIT(4096);
	struct kerr err = { 0 };
	size_t i;

	ck_assert_int_eq(docstream_load_all(v, ARRAY_SIZE(v), 0, &all, &err), 0);
	for (i = 0; i < ARRAY_SIZE(v); i++)
		ck_assert_int_eq(docstream_join(&text, &v[i], &err), 0);
	ck_assert_int_eq(docstream_load(buf_str(&text), text.len, NULL, 0, &joined, &err), 0);
	ck_assert_uint_eq(all.n, 5);
	ck_assert_uint_eq(joined.n, all.n);
	for (i = 0; i < all.n; i++) {
		ck_assert_int_eq(all.v[i].kind, joined.v[i].kind);
		ck_assert((all.v[i].error == NULL) == (i != 3));
		ck_assert((joined.v[i].error == NULL) == (i != 3));
		if (i == 3)
			ck_assert_str_eq(all.v[i].error, joined.v[i].error);
	}
	ck_assert_uint_eq(all.warnings.n, 1);
	ck_assert_str_eq(all.warnings.v[0], "warning: f:3:1: unknown field x");
}
END_TEST

static Suite *test_docstream(void)
{
	Suite *s = suite_create("docstream");
	TCase *t = tcase_create("docstream");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, verdict, 0, ARRAY_SIZE(verdicts));
	tcase_add_loop_test(t, split, 0, ARRAY_SIZE(splits));
	tcase_add_test(t, block_scalar_survives);
	tcase_add_test(t, unknown_keys);
	tcase_add_test(t, status_is_dropped);
	tcase_add_test(t, delete_style);
	tcase_add_test(t, limits);
	tcase_add_test(t, aliases_of_lists);
	tcase_add_test(t, list_keys);
	tcase_add_loop_test(t, decimal_modes, 0, ARRAY_SIZE(modes));
	tcase_add_loop_test(t, encodings, 0, 2);
	tcase_add_test(t, files);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_docstream);
