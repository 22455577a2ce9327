/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "copy.h"
#include "decode.h"
#include "emit.h"
#include "emit_json.h"
#include "emit_yaml.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "model_random.h"
#include "str.h"
#include "unit.h"

static struct buf out_ = BUF_INIT(64 << 20);

static void setup(void)
{
	buf_reset(&out_);
}

static void teardown(void)
{
	buf_clear(&out_);
}

static void emit_both(const struct model_type *t, const void *obj, const char **ret_json,
		      const char **ret_yaml)
{
	size_t start;

	buf_reset(&out_);
	model_emit_json(&out_, t, obj, 0);
	buf_addc(&out_, 0);
	start = out_.len;
	model_emit_yaml(&out_, t, obj, 2, 0);
	*ret_json = out_.data;
	*ret_yaml = out_.data + start;
}

#define ZERO_TIMES                                                                       \
	"\"createdAt\":\"0001-01-01T00:00:00Z\",\"updatedAt\":\"0001-01-01T00:00:00Z\"," \
	"\"readyAt\":\"0001-01-01T00:00:00Z\""
#define HEAD_JSON "{\"apiVersion\":\"\",\"kind\":\"\",\"metadata\":{\"name\":\"\",\"labels\":null},"
#define CONFIG_HEAD_JSON "{\"apiVersion\":\"\",\"kind\":\"\",\"metadata\":{\"name\":\"\"},"
#define HEAD_YAML "apiVersion: \"\"\nkind: \"\"\nmetadata:\n  name: \"\"\n  labels: {}\nspec:"
#define CONFIG_HEAD_YAML "apiVersion: \"\"\nkind: \"\"\nmetadata:\n  name: \"\"\nspec:"
#define CONTAINER_SPEC_JSON                                                                 \
	"{\"id\":\"\",\"realmId\":\"\",\"spaceId\":\"\",\"stackId\":\"\",\"cellId\":\"\","  \
	"\"image\":\"\",\"command\":\"\",\"args\":null,\"env\":null,\"ports\":null,"        \
	"\"volumes\":null,\"networks\":null,\"networksAliases\":null,\"privileged\":false," \
	"\"restartPolicy\":\"\"}"
#define CONTAINER_STATUS_JSON                                                              \
	"{\"name\":\"\",\"id\":\"\",\"state\":\"Pending\",\"restartCount\":0,"             \
	"\"restartTime\":\"0001-01-01T00:00:00Z\",\"startTime\":\"0001-01-01T00:00:00Z\"," \
	"\"finishTime\":\"0001-01-01T00:00:00Z\",\"exitCode\":0,\"exitSignal\":\"\"}"
#define CELL_SPEC_JSON \
	"{\"id\":\"\",\"realmId\":\"\",\"spaceId\":\"\",\"stackId\":\"\",\"containers\":null}"
#define CELL_SPEC_YAML(in)                                                                \
	in "id: \"\"\n" in "realmId: \"\"\n" in "spaceId: \"\"\n" in "stackId: \"\"\n" in \
	   "containers: []\n"

/* Zero documents, as encoding/json and yaml.v3 print them. */
static const struct {
	enum kind kind;
	const char *json, *yaml;
} zero_docs[] = {
	{ KIND_REALM,
	  HEAD_JSON "\"spec\":{\"namespace\":\"\"},\"status\":{\"state\":\"Pending\"," ZERO_TIMES
		    "}}",
	  HEAD_YAML "\n  namespace: \"\"\nstatus:\n  state: Pending\n" },
	{ KIND_SPACE,
	  HEAD_JSON "\"spec\":{\"realmId\":\"\"},\"status\":{\"state\":\"Pending\"," ZERO_TIMES
		    "}}",
	  HEAD_YAML "\n  realmId: \"\"\nstatus:\n  state: Pending\n" },
	{ KIND_STACK,
	  HEAD_JSON "\"spec\":{\"id\":\"\",\"realmId\":\"\",\"spaceId\":\"\"},"
		    "\"status\":{\"state\":\"Pending\",\"cgroupPath\":\"\"," ZERO_TIMES "}}",
	  HEAD_YAML "\n  id: \"\"\n  realmId: \"\"\n  spaceId: \"\"\n"
		    "status:\n  state: Pending\n  cgroupPath: \"\"\n" },
	{ KIND_CELL,
	  HEAD_JSON "\"spec\":" CELL_SPEC_JSON
		    ",\"status\":{\"state\":\"Pending\",\"cgroupPath\":\"\",\"network\":{},"
		    "\"containers\":null," ZERO_TIMES "}}",
	  HEAD_YAML "\n" CELL_SPEC_YAML("  ") "status:\n  state: Pending\n  cgroupPath: \"\"\n"
					      "  containers: []\n" },
	{ KIND_CONTAINER,
	  HEAD_JSON "\"spec\":" CONTAINER_SPEC_JSON ",\"status\":" CONTAINER_STATUS_JSON "}",
	  HEAD_YAML "\n  id: \"\"\n  realmId: \"\"\n  spaceId: \"\"\n  stackId: \"\"\n"
		    "  cellId: \"\"\n  image: \"\"\n  command: \"\"\n  args: []\n  env: []\n"
		    "  ports: []\n  volumes: []\n  networks: []\n  networksAliases: []\n"
		    "  privileged: false\n  restartPolicy: \"\"\n"
		    "status:\n  name: \"\"\n  id: \"\"\n  state: Pending\n  restartCount: 0\n"
		    "  restartTime: 0001-01-01T00:00:00Z\n  startTime: 0001-01-01T00:00:00Z\n"
		    "  finishTime: 0001-01-01T00:00:00Z\n  exitCode: 0\n  exitSignal: \"\"\n" },
	{ KIND_CELL_PROFILE, CONFIG_HEAD_JSON "\"spec\":{\"cell\":" CELL_SPEC_JSON "}}",
	  CONFIG_HEAD_YAML "\n  cell:\n" CELL_SPEC_YAML("    ") },
	{ KIND_SERVER_CONFIGURATION, CONFIG_HEAD_JSON "\"spec\":{}}", CONFIG_HEAD_YAML " {}\n" },
	{ KIND_CLIENT_CONFIGURATION, CONFIG_HEAD_JSON "\"spec\":{}}", CONFIG_HEAD_YAML " {}\n" },
};

START_TEST(zero_documents)
{
	const struct model_type *t = kind_info(zero_docs[_i].kind)->type;
	void *obj = xcalloc(1, t->size);
	const char *json, *yaml;

	emit_both(t, obj, &json, &yaml);
	ck_assert_str_eq(json, zero_docs[_i].json);
	ck_assert_str_eq(yaml, zero_docs[_i].yaml);
	free(obj);
}
END_TEST

/* Bytes that were captured from a running upstream. */
static const struct {
	enum kind kind;
	const char *json;
} captured[] = {
	{ KIND_REALM,
	  "{\"apiVersion\":\"v1beta1\",\"kind\":\"Realm\",\"metadata\":{\"name\":\"default\","
	  "\"labels\":{\"realm.kukeon.io\":\"default.kukeon.io\"}},"
	  "\"spec\":{\"namespace\":\"default.kukeon.io\"},\"status\":{\"state\":\"Ready\","
	  "\"cgroupPath\":\"/kukeon/default\",\"subtreeControllers\":[\"cpu\",\"io\"],"
	  "\"createdAt\":\"2026-01-02T03:04:05.123456789Z\","
	  "\"updatedAt\":\"2026-01-02T03:04:05.123456789Z\","
	  "\"readyAt\":\"2026-01-02T03:04:05.123456789Z\",\"cgroupReady\":true,"
	  "\"containerdNamespaceReady\":true}}" },
	{ KIND_CELL,
	  "{\"apiVersion\":\"\",\"kind\":\"\",\"metadata\":{\"name\":\"\",\"labels\":{}},"
	  "\"spec\":{\"id\":\"\",\"realmId\":\"\",\"spaceId\":\"\",\"stackId\":\"\","
	  "\"containers\":[]},\"status\":{\"state\":\"Unknown\",\"cgroupPath\":\"\","
	  "\"network\":{},\"containers\":[]," ZERO_TIMES "}}" },
	{ KIND_CONTAINER,
	  "{\"apiVersion\":\"v1beta1\",\"kind\":\"Container\",\"metadata\":{\"name\":\"work\","
	  "\"labels\":{}},\"spec\":{\"id\":\"work\",\"realmId\":\"default\","
	  "\"spaceId\":\"default\",\"stackId\":\"default\",\"cellId\":\"c1\",\"image\":\"\","
	  "\"command\":\"\",\"args\":null,\"env\":null,\"ports\":null,\"volumes\":null,"
	  "\"networks\":null,\"networksAliases\":null,\"privileged\":false,"
	  "\"restartPolicy\":\"\"},\"status\":" CONTAINER_STATUS_JSON "}" },
};

START_TEST(captured_bytes_come_out_as_they_went_in)
{
	const struct model_type *t = kind_info(captured[_i].kind)->type;
	void *obj = xcalloc(1, t->size);
	const char *json, *yaml;
	struct kerr err = { 0 };

	ck_assert_msg(model_read_json(t, captured[_i].json, strlen(captured[_i].json), obj, &err) ==
			      0,
		      "%s", err.msg);
	emit_both(t, obj, &json, &yaml);
	ck_assert_str_eq(json, captured[_i].json);
	model_clear(t, obj);
	free(obj);
}
END_TEST

/* The document dump of the specification. */
START_TEST(cell_with_a_container)
{
	static const char input[] =
		"spec: {containers: [{id: a, args: [x, -c, 'echo \"hi\" <&>']}]}\n"
		"status: {containers: [{name: a}]}\n";
	static const char yaml_golden[] = "apiVersion: \"\"\n"
					  "kind: \"\"\n"
					  "metadata:\n"
					  "  name: \"\"\n"
					  "  labels: {}\n"
					  "spec:\n"
					  "  id: \"\"\n"
					  "  realmId: \"\"\n"
					  "  spaceId: \"\"\n"
					  "  stackId: \"\"\n"
					  "  containers:\n"
					  "    - id: a\n"
					  "      realmId: \"\"\n"
					  "      spaceId: \"\"\n"
					  "      stackId: \"\"\n"
					  "      cellId: \"\"\n"
					  "      image: \"\"\n"
					  "      command: \"\"\n"
					  "      args:\n"
					  "        - x\n"
					  "        - -c\n"
					  "        - echo \"hi\" <&>\n"
					  "      env: []\n"
					  "      ports: []\n"
					  "      volumes: []\n"
					  "      networks: []\n"
					  "      networksAliases: []\n"
					  "      privileged: false\n"
					  "      restartPolicy: \"\"\n"
					  "status:\n"
					  "  state: Pending\n"
					  "  cgroupPath: \"\"\n"
					  "  containers:\n"
					  "    - name: a\n"
					  "      id: \"\"\n"
					  "      state: Pending\n"
					  "      restartCount: 0\n"
					  "      restartTime: 0001-01-01T00:00:00Z\n"
					  "      startTime: 0001-01-01T00:00:00Z\n"
					  "      finishTime: 0001-01-01T00:00:00Z\n"
					  "      exitCode: 0\n"
					  "      exitSignal: \"\"\n";
	struct cell_doc cell = { 0 };
	const char *json, *yaml;

	ck_assert_int_eq(model_read_yaml(&cell_doc_type, input, strlen(input), &cell, NULL, NULL),
			 0);
	emit_both(&cell_doc_type, &cell, &json, &yaml);
	ck_assert_str_eq(yaml, yaml_golden);
	ck_assert_ptr_nonnull(
		strstr(json, "\"args\":[\"x\",\"-c\",\"echo \\\"hi\\\" \\u003c\\u0026\\u003e\"]"));
	model_clear(&cell_doc_type, &cell);
}
END_TEST

/* Set and zero is printed, absent is not. */
START_TEST(nullable_members)
{
	static const char input[] =
		"spec: {defaults: {container: {readOnlyRootFilesystem: false, capabilities: {},\n"
		"  resources: {cpuShares: 0}}}}\n";
	struct space_doc space = { 0 };
	const char *json, *yaml;

	ck_assert_int_eq(model_read_yaml(&space_doc_type, input, strlen(input), &space, NULL, NULL),
			 0);
	emit_both(&space_doc_type, &space, &json, &yaml);
	ck_assert_ptr_nonnull(
		strstr(json, "\"defaults\":{\"container\":{\"readOnlyRootFilesystem\":false,"
			     "\"capabilities\":{},\"resources\":{\"cpuShares\":0}}}}"));
	ck_assert_ptr_nonnull(strstr(yaml, "      readOnlyRootFilesystem: false\n"
					   "      capabilities: {}\n"
					   "      resources:\n"
					   "        cpuShares: 0\n"));
	model_clear(&space_doc_type, &space);
}
END_TEST

/* One document with every member set, in both encodings and all its keys in order. */
START_TEST(full_documents)
{
	const struct model_type *t = kind_info((enum kind) _i)->type;
	void *a = xcalloc(1, t->size), *b = xcalloc(1, t->size);
	struct unknown_fields unknown = { 0 };
	uint32_t seed = (uint32_t) _i * 77;
	struct kerr err = { 0 };
	const char *json, *yaml;
	int round, indent;

	for (round = 0; round < 60; round++) {
		model_random(t, a, &seed);
		emit_both(t, a, &json, &yaml);
		ck_assert_msg(model_read_json(t, json, strlen(json), b, &err) == 0, "%s\n%s",
			      err.msg, json);
		ck_assert_msg(model_eq(t, a, b), "%s", json);
		model_clear(t, b);
		for (indent = 2; indent <= 4; indent += 2) {
			buf_reset(&out_);
			model_emit_yaml(&out_, t, a, (unsigned) indent, 0);
			ck_assert_msg(model_read_yaml(t, out_.data, out_.len, b, &unknown, &err) ==
					      0,
				      "%s\n%s", err.msg, out_.data);
			ck_assert_msg(model_eq(t, a, b), "%s", out_.data);
			ck_assert_uint_eq(unknown.n, 0);
			model_clear(t, b);
		}
		buf_reset(&out_);
		model_emit_json(&out_, t, a, EMIT_INDENT);
		ck_assert_int_eq(model_read_json(t, out_.data, out_.len, b, &err), 0);
		ck_assert(model_eq(t, a, b));
		model_clear(t, b);
		/* JSON is YAML, but for escapes that YAML does not have. */
		model_clear(t, a);
	}
	free(a);
	free(b);
}
END_TEST

START_TEST(too_large_is_reported_by_the_buffer)
{
	struct buf small cleanup_buf = BUF_INIT(10);
	struct realm_doc r = { 0 };

	model_emit_json(&small, &realm_doc_type, &r, 0);
	ck_assert_int_lt(buf_check(&small, "document", NULL), 0);
}
END_TEST

static Suite *test_codec(void)
{
	Suite *s = suite_create("codec");
	TCase *tc = tcase_create("codec");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, zero_documents, 0, ARRAY_SIZE(zero_docs));
	tcase_add_loop_test(tc, captured_bytes_come_out_as_they_went_in, 0, ARRAY_SIZE(captured));
	tcase_add_test(tc, cell_with_a_container);
	tcase_add_test(tc, nullable_members);
	tcase_add_loop_test(tc, full_documents, KIND_REALM, _KIND_MAX);
	tcase_add_test(tc, too_large_is_reported_by_the_buffer);
	suite_add_tcase(s, tc);
	return s;
}

UNIT_MAIN(test_codec);
