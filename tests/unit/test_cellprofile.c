/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "cellprofile.h"
#include "copy.h"
#include "params.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

/* ---- --param and --param-file ---- */

static const struct {
	const char *arg;
	const char *key, *value; /* or: */
	const char *error;
} params[] = {
	{ "A=b", "A", "b", NULL },
	{ " A_1 = b ", "A_1", " b ", NULL },
	{ "A=", "A", "", NULL },
	{ "A=b=c,d", "A", "b=c,d", NULL },
	{ "A", NULL, NULL, "invalid --param \"A\": want KEY=VALUE: profile is invalid" },
	{ "1A=2", NULL, NULL,
	  "invalid --param \"1A=2\": KEY must match [A-Za-z_][A-Za-z0-9_]*: profile is invalid" },
	{ "=2", NULL, NULL,
	  "invalid --param \"=2\": KEY must match [A-Za-z_][A-Za-z0-9_]*: profile is invalid" },
};

START_TEST(param)
{
	cleanup_strmap struct strmap m = { 0 };
	struct kerr err = { 0 };
	int r = params_add(&m, params[_i].arg, &err);

	if (params[_i].error != NULL) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_str_eq(err.msg, params[_i].error);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(strmap_get(&m, params[_i].key), params[_i].value);
}
END_TEST

static const struct {
	const char *text;
	size_t n; /* 0: of the string */
	const char *error;
} files[] = {
	{ "A=1\r\n\n  # B=2\n\tC = x # y\nA=\"3\"", 0, NULL },
	{ "A=1\nA", 0, "p:2: invalid line \"A\": want KEY=VALUE: profile is invalid" },
	{ "\xef\xbb\xbf"
	  "A=\"3\"\nC= x # y",
	  0, NULL },
	{ "\xff\xfe"
	  "A",
	  0,
	  "read --param-file \"p\": invalid UTF-16 at byte 3: save the file as UTF-8: profile is "
	  "invalid" },
	{ "A=1\n\n-=2\n", 0,
	  "p:3: invalid KEY \"-\": must match [A-Za-z_][A-Za-z0-9_]*: profile is invalid" },
	{ "A=\0\n", 4, "p:1: invalid line \"A=\\x00\": want KEY=VALUE: profile is invalid" },
	{ "\0\n", 2, "p:1: invalid line \"\\x00\": want KEY=VALUE: profile is invalid" },
};

START_TEST(param_file)
{
	cleanup_strmap struct strmap m = { 0 };
	size_t n = files[_i].n > 0 ? files[_i].n : strlen(files[_i].text);
	struct kerr err = { 0 };
	int r = params_read(&m, "p", files[_i].text, n, &err);

	if (files[_i].error != NULL) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_str_eq(err.msg, files[_i].error);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(m.n, 2);
	ck_assert_str_eq(strmap_get(&m, "A"), "\"3\"");
	ck_assert_str_eq(strmap_get(&m, "C"), " x # y");
}
END_TEST

/* ---- loading ---- */

#define HEAD "kind: CellProfile\nmetadata: {name: n}\n"

static const struct {
	const char *text;
	const char *error; /* a '*' at the end: begins with */
} wrong[] = {
	{ "a: [", "parse profile \"p\": profile is invalid: yaml: *" },
	{ HEAD "spec: {cell: {autoDelete: '${A}'}}",
	  "parse profile \"p\": profile is invalid: yaml: unmarshal errors:\n  line 3: cannot "
	  "unmarshal !!str `${A}` into bool" },
	{ "kind: Cell\nmetadata: {name: n}",
	  "profile \"p\" has kind \"Cell\", want \"CellProfile\": profile is invalid" },
	{ "", "profile \"p\" has kind \"\", want \"CellProfile\": profile is invalid" },
	{ "kind: CellProfile\nmetadata: {name: ' '}",
	  "profile \"p\": metadata.name is required: profile is invalid" },
	{ HEAD "spec: {cell: {id: x}}",
	  "profile \"p\": spec.cell.id must not be set on a CellProfile: profile is invalid" },
	{ HEAD "spec: {parameters: [{name: 1x}]}",
	  "profile \"p\": parameter name \"1x\" must match [A-Za-z_][A-Za-z0-9_]*: profile is "
	  "invalid" },
	{ HEAD "spec: {parameters: [{description: x}]}",
	  "profile \"p\": parameter name \"\" must match [A-Za-z_][A-Za-z0-9_]*: profile is "
	  "invalid" },
	{ HEAD "spec: {parameters: [{name: X}, {name: Y}, {name: X}]}",
	  "profile \"p\": parameter \"X\" is declared twice in spec.parameters[]: profile is "
	  "invalid" },
	{ HEAD "spec:\n  prefix: ${ ok }-${1}\n  realm: a${FIRST}\n  space: ${SECOND}\n",
	  "profile \"p\": references undeclared parameter \"FIRST\" (declare it in "
	  "spec.parameters[] to fix): profile is invalid" },
};

START_TEST(load_errors)
{
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_free char *want = xstrdup(wrong[_i].error);
	size_t n = strlen(want);
	struct kerr err = { 0 };
	int r = cellprofile_read("p", wrong[_i].text, strlen(wrong[_i].text), 0, &p, NULL, &err);

	ck_assert_int_eq(r, -EINVAL);
	if (want[n - 1] == '*') {
		want[n - 1] = '\0';
		ck_assert_msg(str_has_prefix(err.msg, want), "%s", err.msg);
	} else {
		ck_assert_str_eq(err.msg, want);
	}
}
END_TEST

static void load(const char *text, struct cellprofile *ret)
{
	struct kerr err = { 0 };

	ck_assert_msg(cellprofile_read("p", text, strlen(text), 0, ret, NULL, &err) == 0, "%s",
		      err.msg);
}

START_TEST(unknown_keys)
{
	static const char text[] = HEAD "spec:\n  cel: {}\n";
	cleanup_cellprofile struct cellprofile p = { 0 }, q = { 0 };
	cleanup_strlist struct strlist warnings = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(cellprofile_read("p", text, strlen(text), 0, &p, &warnings, &err), 0);
	ck_assert_uint_eq(warnings.n, 1);
	ck_assert_str_eq(warnings.v[0],
			 "warning: p:4:3: unknown field spec.cel (did you mean \"cell\"?)");
	ck_assert_int_eq(
		cellprofile_read("p", text, strlen(text), CELLPROFILE_STRICT, &q, NULL, &err),
		-EINVAL);
	ck_assert_str_eq(err.msg, "p:4:3: unknown field spec.cel (did you mean \"cell\"?): profile "
				  "is invalid");
}
END_TEST

/* ---- values ---- */

static const char *no_env(const char *name)
{
	return streq(name, "FROM_ENV") || streq(name, "DEFAULTED") ? "env" : NULL;
}

static const char parameters[] = HEAD "spec:\n"
				      "  parameters:\n"
				      "    - {name: GIVEN, default: d, required: true}\n"
				      "    - {name: DEFAULTED, default: d, required: true}\n"
				      "    - {name: EMPTY, default: '', required: true}\n"
				      "    - {name: FROM_ENV, default: ~, required: true}\n"
				      "    - {name: NOTHING}\n";

START_TEST(resolve)
{
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_strmap struct strmap given = { 0 }, v = { 0 };
	struct kerr err = { 0 };

	load(parameters, &p);
	strmap_set(&given, "GIVEN", "g");
	ck_assert_int_eq(cellprofile_resolve(&p, &given, no_env, &v, &err), 0);
	ck_assert_str_eq(strmap_get(&v, "GIVEN"), "g");
	ck_assert_str_eq(strmap_get(&v, "DEFAULTED"), "d");
	ck_assert_str_eq(strmap_get(&v, "EMPTY"), "");
	ck_assert_str_eq(strmap_get(&v, "FROM_ENV"), "env");
	ck_assert_str_eq(strmap_get(&v, "NOTHING"), "");
	ck_assert_int_eq(cellprofile_resolve(&p, &given, NULL, &v, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "profile \"n\": required parameter \"FROM_ENV\" is not set "
				  "(provide --param FROM_ENV=... or declare a "
				  "spec.parameters[].default): profile is invalid");
	strmap_set(&given, "OTHER", "g");
	ck_assert_int_eq(cellprofile_resolve(&p, &given, no_env, &v, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "profile \"n\": --param \"OTHER\" is not declared in "
				  "spec.parameters[]: profile is invalid");
	ck_assert(strmap_remove(&given, "OTHER"));
	strmap_set(&given, "GIVEN", "\xff");
	ck_assert_int_eq(cellprofile_resolve(&p, &given, no_env, &v, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "profile \"n\": value of parameter \"GIVEN\" is not valid UTF-8: "
				  "profile is invalid");
}
END_TEST

/* ---- substitution: the probes of the specification ---- */

static const struct {
	const char *text, *want;
} probes[] = {
	{ "img:${TEAM}", "img:blue" },
	{ "$${TEAM}", "$blue" },
	{ "\\${TEAM}", "\\blue" },
	{ "$TEAM", "$TEAM" },
	{ "${ TEAM }", "${ TEAM }" },
	{ "${1A}", "${1A}" },
	{ "${TEAM:-x}", "${TEAM:-x}" },
	{ "${}", "${}" },
	{ "${TEAM}${PORT}", "blue8080" },
	{ "${TEAM", "${TEAM" },
	{ "${${TEAM}}", "${blue}" },
	{ "${CHAIN}", "${TEAM}x" },
	{ "${MANY}", "two\nlines: [" },
	{ "${PORT}", "8080" },
	{ "${YES}", "true" },
};

static void set_values(struct strmap *v)
{
	strmap_set(v, "TEAM", "blue");
	strmap_set(v, "PORT", "8080");
	strmap_set(v, "CHAIN", "${TEAM}x");
	strmap_set(v, "MANY", "two\nlines: [");
	strmap_set(v, "YES", "true");
}

#define DECLARED                                                                       \
	"  parameters: [{name: TEAM, description: '${OTHER} ${TEAM}'}, {name: PORT}, " \
	"{name: CHAIN}, {name: MANY}, {name: YES}]\n"

START_TEST(substitute)
{

	cleanup_strmap struct strmap values = { 0 };
	size_t i;

	set_values(&values);
	for (i = 0; i < 3; i++) {
		cleanup_cellprofile struct cellprofile p = { 0 };
		cleanup_buf struct buf text = BUF_INIT(4096);
		struct kerr err = { 0 };

		buf_adds(&text,
			 HEAD "spec:\n" DECLARED "  cell:\n    containers:\n    - command: ");
		buf_addf(&text,
			 i == 0	  ? "'%s'"
			 : i == 1 ? "%s"
				  : "|-\n        %s\n",
			 probes[_i].text);
		load(buf_str(&text), &p);
		ck_assert_msg(cellprofile_substitute(&p, &values, &err) == 0, "%s", err.msg);
		ck_assert_str_eq(p.doc.spec.cell.containers.v[0].command, probes[_i].want);
	}
}
END_TEST

/* A plain reference to nothing is null: an item that is not there, a key that is not set. */
static const struct {
	const char *value;
	bool null;
} nothings[] = {
	{ "", true },	  { "~", true },    { "null", true },
	{ "NULL", true }, { "nul", false }, { " ", false },
};

START_TEST(substitute_null)
{
	static const char text[] = HEAD "spec:\n"
					"  parameters: [{name: X}, {name: E}]\n"
					"  prefix: '${X}'\n"
					"  cell:\n"
					"    containers:\n"
					"    - id: a\n"
					"      command: ${X}\n"
					"      workingDir: ${E}${X}\n"
					"      env:\n"
					"      - ${X}\n"
					"      args:\n"
					"      - -c\n"
					"      - &x ${X}\n"
					"      - *x\n"
					"      - \"${X}\"\n"
					"      - |-\n"
					"        ${X}\n"
					"      - !!str ${X}\n"
					"      - x${X}\n";
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_strmap struct strmap values = { 0 };
	const char *value = nothings[_i].value;
	size_t dropped = nothings[_i].null ? 2 : 0;
	const struct container_spec *c;
	struct kerr err = { 0 };

	strmap_set(&values, "X", value);
	strmap_set(&values, "E", "");
	load(text, &p);
	ck_assert_msg(cellprofile_substitute(&p, &values, &err) == 0, "%s", err.msg);
	c = &p.doc.spec.cell.containers.v[0];
	ck_assert_str_eq(c->command != NULL ? c->command : "(unset)",
			 nothings[_i].null ? "(unset)" : value);
	ck_assert((c->working_dir == NULL) == nothings[_i].null);
	ck_assert_uint_eq(c->env.n, nothings[_i].null ? 0 : 1);
	ck_assert_str_eq(p.doc.spec.prefix, value);
	ck_assert_uint_eq(c->args.n, 7 - dropped);
	ck_assert_str_eq(c->args.v[3 - dropped], value);
	ck_assert_str_eq(c->args.v[4 - dropped], value);
	ck_assert_str_eq(c->args.v[5 - dropped], value);
	ck_assert(str_has_prefix(c->args.v[6 - dropped], "x"));
}
END_TEST

START_TEST(substitute_everywhere)
{
	static const char text[] = "kind: CellProfile\n"
				   "metadata: {name: 'n-${TEAM}', labels: {'${TEAM}': '${TEAM}'}}\n"
				   "spec:\n"
				   "  prefix: ${TEAM}\n" DECLARED "  cell:\n"
				   "    containers:\n"
				   "    - id: &x a${PORT}\n"
				   "      args: [*x, \"${TEAM}\"]\n";
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_strmap struct strmap values = { 0 };
	const struct container_spec *c;
	struct kerr err = { 0 };

	set_values(&values);
	load(text, &p);
	ck_assert_msg(cellprofile_substitute(&p, &values, &err) == 0, "%s", err.msg);
	c = &p.doc.spec.cell.containers.v[0];
	ck_assert_str_eq(p.name, "n-${TEAM}");
	ck_assert_str_eq(p.doc.head.metadata.name, "n-blue");
	ck_assert_str_eq(strmap_get(&p.doc.head.metadata.labels, "${TEAM}"), "blue");
	ck_assert_str_eq(p.doc.spec.prefix, "blue");
	ck_assert_str_eq(p.doc.spec.parameters.v[0].description, "${OTHER} blue");
	ck_assert_str_eq(c->id, "a8080");
	ck_assert_str_eq(c->args.v[0], "a8080");
	ck_assert_str_eq(c->args.v[1], "blue");
}
END_TEST

START_TEST(substitute_bounds)
{
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_strmap struct strmap values = { 0 };
	cleanup_buf struct buf big = BUF_INIT(KUKE_MAX_MANIFEST);
	struct kerr err = { 0 };

	load(HEAD "spec: {parameters: [{name: A}], prefix: '${A}${A}${A}'}", &p);
	while (big.len < KUKE_MAX_MANIFEST / 2)
		buf_adds(&big, "0123456789abcdef");
	strmap_set(&values, "A", buf_str(&big));
	ck_assert_int_eq(cellprofile_substitute(&p, &values, &err), -EINVAL);
	ck_assert(str_has_prefix(err.msg, "profile \"n\": more than "));
}
END_TEST

START_TEST(substitute_to_nothing)
{
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_strmap struct strmap values = { 0 };
	struct kerr err = { 0 };

	load("kind: CellProfile\nmetadata: {name: '${A}'}\nspec: {parameters: [{name: A}]}", &p);
	strmap_set(&values, "A", " ");
	ck_assert_int_eq(cellprofile_substitute(&p, &values, &err), -EINVAL);
	ck_assert_str_eq(err.msg,
			 "profile \"${A}\": metadata.name is required: profile is invalid");
}
END_TEST

/* ---- the cell ---- */

START_TEST(cell)
{
	static const char text[] =
		"kind: CellProfile\n"
		"metadata: {name: n, labels: {a: b, kukeon.io/profile: mine}}\n"
		"spec:\n"
		"  realm: ' r '\n"
		"  stack: t\n"
		"  cell: {realmId: x, spaceId: y, autoDelete: true, containers: [{id: c}]}\n";
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_free char *name = NULL;
	struct cell_doc d = { 0 };
	size_t i;

	load(text, &p);
	ck_assert_int_eq(cellprofile_draw_name(&p, &name, NULL), 0);
	ck_assert(str_has_prefix(name, "n-"));
	ck_assert_uint_eq(strlen(name), 8);
	for (i = 2; i < 8; i++)
		ck_assert_ptr_nonnull(strchr("0123456789abcdef", name[i]));
	cellprofile_cell(&p, name, &d);
	ck_assert_str_eq(d.head.api_version, "v1beta1");
	ck_assert_str_eq(d.head.kind, "Cell");
	ck_assert_str_eq(d.head.metadata.name, name);
	ck_assert_str_eq(d.spec.id, name);
	ck_assert_str_eq(strmap_get(&d.head.metadata.labels, "a"), "b");
	ck_assert_str_eq(strmap_get(&d.head.metadata.labels, "kukeon.io/profile"), "n");
	ck_assert_str_eq(d.spec.realm_id, "r");
	ck_assert_str_eq(d.spec.space_id, "");
	ck_assert_str_eq(d.spec.stack_id, "t");
	ck_assert(d.spec.auto_delete);
	ck_assert_str_eq(d.spec.containers.v[0].id, "c");
	model_clear(&cell_doc_type, &d);
}
END_TEST

/* ---- the directory ---- */

static void put(const struct tempdir *t, const char *file, const char *name)
{
	cleanup_free char *text = xasprintf("kind: CellProfile\nmetadata: {name: %s}\n", name);

	ck_assert_int_eq(atomic_write_at(t->fd, file, text, strlen(text), 0600, 0, NULL), 0);
}

START_TEST(find)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_strlist struct strlist names = { 0 };
	cleanup_cellprofile struct cellprofile p = { 0 };
	cleanup_free char *want = NULL;
	struct kerr err = { 0 };

	put(&t, "a.yaml", "other");
	put(&t, "b.yml", "b");
	put(&t, "c.yaml", "a");
	put(&t, "d.yaml", "../x");
	put(&t, "e.txt", "e");
	ck_assert_int_eq(atomic_write_at(t.fd, "bad.yaml", "a: [", 4, 0600, 0, NULL), 0);
	ck_assert_int_eq(cellprofile_find(t.path, " a ", 0, &p, NULL, &err), 0);
	cellprofile_clear(&p);
	ck_assert_int_eq(cellprofile_find(t.path, "b", 0, &p, NULL, &err), 0);
	cellprofile_clear(&p);
	ck_assert_int_eq(cellprofile_find(t.path, "../x", 0, &p, NULL, &err), 0);
	ck_assert_str_eq(p.name, "../x");
	cellprofile_clear(&p);
	ck_assert_int_eq(cellprofile_find(t.path, "e", 0, &p, NULL, &err), -ENOENT);
	want = xasprintf("profile \"e\" not found in %s: profile not found", t.path);
	ck_assert_str_eq(err.msg, want);
	ck_assert_int_eq(cellprofile_find(t.path, "bad", 0, &p, NULL, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "/bad.yaml\": profile is invalid: yaml: "));
	ck_assert_int_eq(cellprofile_find(t.path, " ", 0, &p, NULL, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "profile is invalid: empty name");
	ck_assert_int_eq(cellprofile_find("/nowhere", "a", 0, &p, NULL, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "profile \"a\" not found in /nowhere: profile not found");
	cellprofile_names(t.path, &names);
	ck_assert_uint_eq(names.n, 4);
	ck_assert_str_eq(names.v[0], "../x");
	ck_assert_str_eq(names.v[3], "other");
	ck_assert_int_eq(mkdirat(t.fd, "dir.yaml", 0700), 0);
	ck_assert_int_lt(cellprofile_find(t.path, "dir", 0, &p, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.msg, "/dir.yaml\": not a regular file"));
}
END_TEST

static Suite *test_cellprofile(void)
{
	Suite *s = suite_create("cellprofile");
	TCase *t = tcase_create("cellprofile");

	tcase_add_loop_test(t, param, 0, ARRAY_SIZE(params));
	tcase_add_loop_test(t, param_file, 0, ARRAY_SIZE(files));
	tcase_add_loop_test(t, load_errors, 0, ARRAY_SIZE(wrong));
	tcase_add_test(t, unknown_keys);
	tcase_add_test(t, resolve);
	tcase_add_loop_test(t, substitute, 0, ARRAY_SIZE(probes));
	tcase_add_loop_test(t, substitute_null, 0, ARRAY_SIZE(nothings));
	tcase_add_test(t, substitute_everywhere);
	tcase_add_test(t, substitute_bounds);
	tcase_add_test(t, substitute_to_nothing);
	tcase_add_test(t, cell);
	tcase_add_test(t, find);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_cellprofile);
