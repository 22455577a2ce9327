/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "mem.h"
#include "oci_manifest.h"
#include "unit.h"

#define D "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DESC "{\"mediaType\":\"m\",\"digest\":\"" D "\",\"size\":7}"
#define HEAD "{\"schemaVersion\":2,"

static int parse_manifest(const char *text, struct kerr *err)
{
	cleanup_oci_manifest struct oci_manifest m = { 0 };

	return oci_manifest_parse(text, strlen(text), &m, err);
}

START_TEST(a_manifest)
{
	const char *text = HEAD "\"config\":" DESC ",\"layers\":[" DESC "," DESC "],\"extra\":1}";
	cleanup_oci_manifest struct oci_manifest m = { 0 };
	cleanup_oci_manifest struct oci_manifest again = { 0 };
	cleanup_buf struct buf out = BUF_INIT(65536);

	ck_assert_int_eq(oci_manifest_parse(text, strlen(text), &m, NULL), 0);
	ck_assert_uint_eq(m.n_layers, 2);
	ck_assert_int_eq(m.layers[1].size, 7);
	ck_assert_str_eq(m.config.digest.text, D);
	oci_manifest_emit_docker(&m, &out);
	ck_assert_int_eq(oci_manifest_parse(out.data, out.len, &again, NULL), 0);
	ck_assert_str_eq(again.media_type, MEDIA_DOCKER_MANIFEST);
	ck_assert_uint_eq(again.n_layers, 2);
}
END_TEST

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "manifest" },
	{ "[]", "not a JSON object" },
	{ "{}", "neither" },
	{ "{\"schemaVersion\":1,\"layers\":[],\"config\":" DESC "}", "schemaVersion" },
	{ HEAD "\"x\":1}", "neither" },
	{ HEAD "\"manifests\":[]}", "disagree" },
	{ HEAD "\"manifests\":[],\"layers\":[]}", "both" },
	{ HEAD "\"layers\":[]}", "config" },
	{ HEAD "\"layers\":null}", "neither" },
	{ "{\"schemaVersion\":\"2\",\"layers\":[],\"config\":" DESC "}",
	  "schemaVersion must be 2" },
	{ HEAD "\"config\":" DESC ",\"layers\":{}}", "layers" },
	{ HEAD "\"config\":" DESC ",\"layers\":[7]}", "layers[0]" },
	{ HEAD "\"config\":" DESC ",\"layers\":[" DESC ",{\"digest\":\"sha256:xx\"}]}",
	  "layers[1]" },
	{ HEAD "\"config\":{\"digest\":\"" D "\",\"size\":-1},\"layers\":[]}", "size" },
	{ HEAD "\"config\":{\"digest\":\"" D "\",\"size\":1e3},\"layers\":[]}", "size" },
	{ HEAD "\"config\":{\"digest\":\"" D "\",\"size\":\"7\"},\"layers\":[]}", "size" },
	{ HEAD "\"config\":{\"digest\":\"" D "\",\"size\":99999999999999999999},\"layers\":[]}",
	  "size" },
	{ HEAD "\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"config\":" DESC ",\"layers\":[]}",
	  "disagree" },
};

START_TEST(bad_manifests)
{
	struct kerr err = { 0 };

	ck_assert_int_lt(parse_manifest(bad[_i].text, &err), 0);
	ck_assert_msg(strstr(err.msg, bad[_i].why) != NULL, "%s: %s", bad[_i].text, err.msg);
}
END_TEST

START_TEST(limits)
{
	cleanup_buf struct buf b = BUF_INIT(64 << 20);
	struct kerr err = { 0 };
	int i;

	buf_adds(&b, HEAD "\"config\":" DESC ",\"layers\":[" DESC);
	for (i = 0; i < IMAGE_MAX_LAYERS; i++)
		buf_adds(&b, "," DESC);
	buf_adds(&b, "]}");
	ck_assert_int_eq(parse_manifest(b.data, &err), -E2BIG);
	while (b.len <= IMAGE_MAX_MANIFEST)
		buf_adds(&b, "                                                                ");
	ck_assert_int_eq(parse_manifest(b.data, &err), -E2BIG);
	buf_reset(&b);
	for (i = 0; i < 100000; i++)
		buf_addc(&b, '[');
	ck_assert_int_lt(parse_manifest(b.data, &err), 0);
}
END_TEST

START_TEST(a_config)
{
	const char *text =
		"{\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\",\"created\":\"t\","
		"\"config\":{\"User\":\"u\",\"Env\":[\"A=1\",\"B=\"],\"Cmd\":null,\"Entrypoint\":[\"e\"],"
		"\"WorkingDir\":\"/w\",\"Labels\":{\"l\":\"v\"},\"StopSignal\":\"TERM\"},"
		"\"rootfs\":{\"diff_ids\":[\"" D "\"]}}";
	cleanup_image_config struct image_config c = { 0 };

	ck_assert_int_eq(image_config_parse(text, strlen(text), &c, NULL), 0);
	ck_assert_str_eq(c.variant, "v7");
	ck_assert_uint_eq(c.env.n, 2);
	ck_assert_str_eq(c.env.v[1], "B=");
	ck_assert_ptr_null(c.cmd.v);
	ck_assert_str_eq(c.entrypoint.v[0], "e");
	ck_assert_str_eq(strmap_get(&c.labels, "l"), "v");
	ck_assert_uint_eq(c.diff_ids.n, 1);
}
END_TEST

START_TEST(bad_configs)
{
	static const char *const texts[] = {
		"{\"architecture\":1}",
		"{\"config\":[]}",
		"{\"config\":{\"Env\":{}}}",
		"{\"config\":{\"Env\":[1]}}",
		"{\"config\":{\"Labels\":{\"a\":1}}}",
		"{\"rootfs\":{\"diff_ids\":[\"x\"]}}",
		"{\"rootfs\":{\"diff_ids\":\"" D "\"}}",
	};
	struct image_config c = { .user = NULL };

	ck_assert_int_eq(image_config_parse(texts[_i], strlen(texts[_i]), &c, NULL), -EINVAL);
	ck_assert_ptr_null(c.architecture);
}
END_TEST

/* The sizes of an index' entries in the order in which they are tried. */
static void check_order(const struct oci_index *i, const struct platform *host, const char *want)
{
	cleanup_free const struct oci_descriptor **v = NULL;
	cleanup_buf struct buf got = BUF_INIT(1000);
	size_t k, n = oci_index_order(i, host, &v);

	for (k = 0; k < n; k++)
		buf_addf(&got, k == 0 ? "%d" : " %d", (int) v[k]->size);
	ck_assert_str_eq(buf_str(&got), want);
}

START_TEST(platforms)
{
	struct platform host = { (char *) (uintptr_t) "linux", (char *) (uintptr_t) "arm",
				 (char *) (uintptr_t) "v7" };
	const char *text = HEAD
		"\"manifests\":["
		"{\"digest\":\"" D "\",\"size\":1},"
		"{\"digest\":\"" D "\",\"size\":2,\"platform\":{\"os\":\"linux\",\"architecture\":"
		"\"arm\",\"variant\":\"v6\"}},"
		"{\"digest\":\"" D "\",\"size\":3,\"platform\":{\"os\":\"linux\",\"architecture\":"
		"\"arm\",\"variant\":\"v8\"}},"
		"{\"digest\":\"" D "\",\"size\":4,\"platform\":{\"os\":\"linux\",\"architecture\":"
		"\"arm\",\"variant\":\"v7\"}},"
		"{\"digest\":\"" D "\",\"size\":5,\"platform\":{\"os\":\"windows\","
		"\"architecture\":\"arm\"}}]}";
	cleanup_oci_index struct oci_index i = { 0 };

	ck_assert_int_eq(oci_index_parse(text, strlen(text), &i, NULL), 0);
	check_order(&i, &host, "4 2 1");
	host.variant = (char *) (uintptr_t) "v6";
	check_order(&i, &host, "2 1");
	host.arch = (char *) (uintptr_t) "riscv64";
	check_order(&i, &host, "1"); /* the one that says nothing */
	free(i.manifests[0].artifact_type);
	i.manifests[0].artifact_type = xstrdup("application/spdx+json");
	check_order(&i, &host, "");
	free(i.manifests[0].artifact_type);
	/* what tools write of plain images */
	i.manifests[0].artifact_type = xstrdup(MEDIA_OCI_CONFIG);
	check_order(&i, &host, "1");
	strmap_set(&i.manifests[0].annotations, "vnd.docker.reference.type",
		   "attestation-manifest");
	check_order(&i, &host, "");
	strmap_clear(&i.manifests[0].annotations);
	i.manifests[0].media_type = (free(i.manifests[0].media_type), xstrdup("text/plain"));
	check_order(&i, &host, "");
	i.manifests[0].media_type = (free(i.manifests[0].media_type), xstrdup(MEDIA_OCI_INDEX));
	i.manifests[0].has_platform = true; /* an empty one says nothing either */
	check_order(&i, &host, "1");
}
END_TEST

/* What a text is, with a media type from elsewhere. */
static const struct {
	const char *text, *type;
	int kind;
} kinds[] = {
	{ "{\"config\":" DESC "}", MEDIA_OCI_MANIFEST, OCI_KIND_MANIFEST },
	{ "{\"config\":" DESC ",\"mediaType\":\"" MEDIA_DOCKER_MANIFEST "\"}", "",
	  OCI_KIND_MANIFEST },
	{ "{\"config\":" DESC "}", "", -EINVAL },
	{ "{\"config\":" DESC "}", "text/plain", -EINVAL },
	{ "{\"config\":" DESC ",\"schemaVersion\":1}", MEDIA_OCI_MANIFEST, -EINVAL },
	{ "{\"config\":" DESC "}", MEDIA_OCI_INDEX, -EINVAL },
	{ HEAD "\"config\":" DESC ",\"layers\":null}", "", OCI_KIND_MANIFEST },
	{ HEAD "\"manifests\":null,\"mediaType\":\"" MEDIA_OCI_INDEX "\"}", "", OCI_KIND_INDEX },
	{ HEAD "\"manifests\":null}", "", -EINVAL },
	{ "{\"manifests\":[]}", MEDIA_DOCKER_LIST, OCI_KIND_INDEX },
	{ "{}", MEDIA_OCI_MANIFEST, -EINVAL },
};

START_TEST(kind)
{
	struct kerr err = { 0 };

	ck_assert_int_eq(oci_kind(kinds[_i].text, strlen(kinds[_i].text), kinds[_i].type, &err),
			 kinds[_i].kind);
}
END_TEST

START_TEST(no_list_is_an_empty_one)
{
	static const char *const texts[] = { "{\"config\":" DESC "}",
					     HEAD "\"config\":" DESC ",\"layers\":null}",
					     HEAD "\"config\":" DESC ",\"layers\":[]}" };
	cleanup_oci_manifest struct oci_manifest m = { 0 };

	ck_assert_int_eq(oci_manifest_parse(texts[_i], strlen(texts[_i]), &m, NULL), 0);
	ck_assert_uint_eq(m.n_layers, 0);
}
END_TEST

START_TEST(an_empty_entrypoint_is_none)
{
	static const char *const texts[] = {
		"{\"config\":{\"Entrypoint\":[\"\"],\"Cmd\":[\"c\"]},\"rootfs\":{\"type\":\"x\"}}",
		"{\"config\":{\"Entrypoint\":[\"\",\"a\"],\"Cmd\":[\"c\"]},\"rootfs\":{\"type\":\"x\"}}",
	};
	cleanup_image_config struct image_config c = { 0 };

	ck_assert_int_eq(image_config_parse(texts[_i], strlen(texts[_i]), &c, NULL), 0);
	ck_assert_uint_eq(c.entrypoint.n, _i == 0 ? 0 : 2);
	ck_assert_str_eq(c.cmd.v[0], "c");
	ck_assert_str_eq(c.rootfs_type, "x");
}
END_TEST

static Suite *test_oci_manifest(void)
{
	Suite *s = suite_create("oci_manifest");
	TCase *t = tcase_create("oci_manifest");

	tcase_add_test(t, a_manifest);
	tcase_add_loop_test(t, bad_manifests, 0, (int) ARRAY_SIZE(bad));
	tcase_add_test(t, limits);
	tcase_add_test(t, a_config);
	tcase_add_loop_test(t, bad_configs, 0, 7);
	tcase_add_test(t, platforms);
	tcase_add_loop_test(t, kind, 0, (int) ARRAY_SIZE(kinds));
	tcase_add_loop_test(t, no_list_is_an_empty_one, 0, 3);
	tcase_add_loop_test(t, an_empty_entrypoint_is_none, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_oci_manifest);
