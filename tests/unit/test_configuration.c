/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "configuration.h"
#include "copy.h"
#include "fd.h"
#include "field.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "str.h"
#include "unit.h"

static char *dir_;

static void setup(void)
{
	char template[] = "/tmp/kukeon-conf-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(template));
	dir_ = xstrdup(template);
}

static void teardown(void)
{
	ck_assert_int_eq(remove_tree_at(AT_FDCWD, dir_, 0, NULL), 0);
	free(dir_);
}

static char *put(const char *text)
{
	char *path = path_join(dir_, "f.yaml", NULL);

	ck_assert_int_eq(atomic_write_at(AT_FDCWD, path, text, strlen(text), 0600, 0, NULL), 0);
	return path;
}

#define CLIENT KIND_CLIENT_CONFIGURATION
#define SERVER KIND_SERVER_CONFIGURATION

/* %s is the path */
static const struct {
	enum kind kind;
	const char *text;
	const char *before; /* the path */
	const char *after;
} wrong[] = {
	{ CLIENT, "a: [", "load client configuration: parse client configuration \"",
	  "\": client configuration is invalid: yaml: *" },
	{ CLIENT, "spec: x", "load client configuration: parse client configuration \"",
	  "\": client configuration is invalid: yaml: *" },
	{ CLIENT, "kind: Cell", "load client configuration: client configuration \"",
	  "\" has kind \"Cell\", want \"ClientConfiguration\": client configuration is invalid" },
	{ SERVER, "kind: ClientConfiguration", "load server configuration: server configuration \"",
	  "\" has kind \"ClientConfiguration\", want \"ServerConfiguration\": server configuration is "
	  "invalid" },
	{ SERVER, "a: [", "load server configuration: parse server configuration \"",
	  "\": server configuration is invalid: yaml: *" },
	{ SERVER, " kind: ServerConfiguration\nspec: {socket: /s}",
	  "load server configuration: parse server configuration \"",
	  "\": server configuration is invalid: yaml: line 2: *" },
	{ CLIENT,
	  "\xff\xfe"
	  "a",
	  "load client configuration: parse client configuration \"",
	  "\": client configuration is invalid: invalid UTF-16 at byte 3: save the file as UTF-8" },
	{ SERVER, "apiVersion: v9", "load server configuration: server configuration \"",
	  "\": unsupported apiVersion: v9 (expected v1beta1): server configuration is invalid" },
	{ SERVER, "spec: {runtime: rocket}", "load server configuration: server configuration \"",
	  "\": spec.runtime \"rocket\" is not one of the known values: server configuration is "
	  "invalid" },
	{ SERVER, "spec: {firewallBackend: iptables}",
	  "load server configuration: server configuration \"",
	  "\": spec.firewallBackend \"iptables\" is not one of the known values: server "
	  "configuration is invalid" },
	{ SERVER, "spec: {podSubnetSize: 31}", "load server configuration: server configuration \"",
	  "\": spec.podSubnetSize must be within [8, 30]: 31: server configuration is invalid" },
#define V6(value, why)                                                        \
	{                                                                     \
		SERVER, "spec: {podSubnetCIDRv6: \"" value "\"}",             \
			"load server configuration: server configuration \"", \
			"\": spec.podSubnetCIDRv6 \"" value "\" " why         \
			": server configuration is invalid"                   \
	}
#define NO_PREFIX "is not an IPv6 prefix, such as fd6b:756b:656f::/48"
#define NOT_LOCAL                                                                   \
	"is not within fd00::/8, the addresses for local use: choose one, such as " \
	"fd6b:756b:656f::/48"
	V6("10.0.0.0/8", NO_PREFIX),
	V6("fd00::", NO_PREFIX),
	V6("fd00::/129", NO_PREFIX),
	V6("fd00::/x", NO_PREFIX),
	V6("fd00::1%eth0/48", NO_PREFIX),
	V6("fe80::/48", NOT_LOCAL),
	V6("ff02::/48", NOT_LOCAL),
	V6("2001:db8::/32", NOT_LOCAL),
	V6("fd00::/7", NOT_LOCAL),
	V6("fd00::/64",
	   "is too long for podSubnetCIDR 10.88.0.0/16: choose one of at most 48 bits, "
	   "so that each space has a /64"),
	{ SERVER, "spec: {podSubnetCIDRv6: \"fd00::/41\", podSubnetCIDR: 10.0.0.0/8}",
	  "load server configuration: server configuration \"",
	  "\": spec.podSubnetCIDRv6 \"fd00::/41\" is too long for podSubnetCIDR 10.0.0.0/8: choose "
	  "one of at most 40 bits, so that each space has a /64: server configuration is invalid" },
	{ SERVER, "", "load server configuration: \"",
	  "\" is empty: server configuration is invalid; write it again, or remove it for the "
	  "defaults" },
	{ SERVER, "spec: {kukeondImage: x}", "load server configuration: server configuration \"",
	  "\": not supported yet: spec.kukeondImage: server configuration is invalid" },
};

START_TEST(load_errors)
{
	cleanup_free char *path = put(wrong[_i].text);
	cleanup_free char *want = xasprintf("%s%s%s", wrong[_i].before, path, wrong[_i].after);
	size_t n = strlen(want);
	struct server_doc doc;
	struct kerr err = { 0 };

	ck_assert_int_lt(configuration_load(wrong[_i].kind, path, &doc, NULL, &err), 0);
	if (want[n - 1] == '*')
		want[n - 1] = '\0';
	ck_assert_msg(str_has_prefix(err.msg, want), "%s", err.msg);
}
END_TEST

START_TEST(unreadable)
{
	cleanup_free char *want =
		xasprintf("load client configuration: read client configuration \"%s\": client "
			  "configuration is invalid: not a regular file",
			  dir_);
	struct client_doc doc;
	struct kerr err = { 0 };

	ck_assert_int_lt(configuration_load(CLIENT, dir_, &doc, NULL, &err), 0);
	ck_assert_str_eq(err.msg, want);
}
END_TEST

START_TEST(load)
{
	cleanup_free char *path = put("kind: ''\nspec:\n  host: unix:///x\n  hosst: y\n");
	cleanup_free char *link = path_join(dir_, "link", NULL);
	cleanup_free char *missing = path_join(dir_, "no", "such", NULL);
	cleanup_strlist struct strlist warnings = { 0 };
	struct client_doc doc;

	ck_assert_int_eq(configuration_load(CLIENT, path, &doc, &warnings, NULL), 1);
	ck_assert_str_eq(doc.spec.host, "unix:///x");
	ck_assert_uint_eq(warnings.n, 1);
	ck_assert(str_has_suffix(warnings.v[0],
				 ":4:3: unknown field spec.hosst (did you mean \"host\"?)"));
	model_clear(&client_doc_type, &doc);
	ck_assert_int_eq(configuration_load(CLIENT, missing, &doc, NULL, NULL), 0);
	ck_assert_ptr_null(doc.spec.host);
	ck_assert_int_eq(symlink(path, link), 0);
	ck_assert_int_eq(configuration_load(CLIENT, link, &doc, NULL, NULL), 1);
	model_clear(&client_doc_type, &doc);
}
END_TEST

/* A value that costs no more than its default is told of. %s is the path. */
static const struct {
	enum kind kind;
	const char *text;
	const char *warning; /* behind "warning: " and the path; NULL: none */
} bad[] = {
	{ SERVER, "spec: {reconcileInterval: soon}",
	  ": spec.reconcileInterval: \"soon\" is not a duration (like 30s or 1m30s); using 30s" },
	{ SERVER, "spec: {reconcileInterval: 30}",
	  ": spec.reconcileInterval: \"30\" is not a duration (like 30s or 1m30s); using 30s" },
	{ SERVER, "spec: {reconcileInterval: 1d}",
	  ": spec.reconcileInterval: \"1d\" is not a duration (like 30s or 1m30s); using 30s" },
	{ SERVER, "spec: {reconcileInterval: -1s, logLevel: Warning}", NULL },
	{ SERVER, "spec: {logLevel: loud}",
	  ": spec.logLevel: \"loud\" is not a log level (debug, info, warn, error); using info" },
	{ CLIENT, "spec: {logLevel: loud}",
	  ": spec.logLevel: \"loud\" is not a log level (debug, info, warn, error); using info" },
	{ CLIENT, "spec: {logLevel: debug}\n---\nspec: {logLevel: info}",
	  ":3:1: only the first document of the file is read" },
	{ CLIENT, "# head\n---\n--- ~\n---\nspec: {logLevel: debug}\n", NULL },
	/* all that follows a mark is read */
	{ SERVER, "\xef\xbb\xbfkind: ServerConfiguration\napiVersion: v1beta1\nspec:\n  socke: x\n",
	  ":4:3: unknown field spec.socke (did you mean \"socket\"?)" },
	{ CLIENT, "\xef\xbb\xbf# c\n\xef\xbb\xbfkind: ClientConfiguration\nspec:\n  hos: x\n",
	  ":4:3: unknown field spec.hos (did you mean \"host\"?)" },
	{ CLIENT, "extra: !vault abc\nspec: {host: !note unix:///x}", ":1:1: unknown field extra" },
};

START_TEST(bad_values)
{
	cleanup_free char *path = put(bad[_i].text);
	cleanup_strlist struct strlist warnings = { 0 };
	cleanup_free char *want = xasprintf("warning: %s%s", path, bad[_i].warning);
	struct server_doc doc;
	struct kerr err = { 0 };

	ck_assert_msg(configuration_load(bad[_i].kind, path, &doc, &warnings, &err) == 1, "%s",
		      err.msg);
	ck_assert_uint_eq(warnings.n, bad[_i].warning != NULL);
	if (bad[_i].warning != NULL)
		ck_assert_str_eq(warnings.v[0], want);
	if (bad[_i].kind == SERVER && bad[_i].warning != NULL) {
		ck_assert_ptr_null(doc.spec.reconcile_interval);
		ck_assert_ptr_null(doc.spec.log_level);
	}
	model_clear(kind_info(bad[_i].kind)->type, &doc);
}
END_TEST

/* The template is a valid file, sets nothing but what it says, and names every key. */
START_TEST(template)
{
	enum kind kind = _i == 0 ? CLIENT : SERVER;
	const struct model_type *spec = model_find(kind_info(kind)->type, "spec", NULL)->obj;
	cleanup_free char *path = path_join(dir_, "sub", "kuke.yaml", NULL);
	cleanup_strlist struct strlist warnings = { 0 };
	cleanup_buf struct buf text = BUF_INIT(1 << 20);
	struct server_doc doc;
	struct kerr err = { 0 };
	struct stat st;
	size_t i;

	ck_assert_int_eq(configuration_write_template(kind, path, &err), 0);
	ck_assert_int_eq(configuration_write_template(kind, path, &err), -EEXIST);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_msg(configuration_load(kind, path, &doc, &warnings, &err) == 1, "%s", err.msg);
	ck_assert_uint_eq(warnings.n, 0);
	ck_assert_str_eq(doc.head.kind, kind_info(kind)->name);
	ck_assert_str_eq(doc.head.metadata.name, "default");
	if (kind == SERVER) { /* the one key that a new installation sets */
		ck_assert(doc.spec.seccomp_default.set && doc.spec.seccomp_default.v);
		doc.spec.seccomp_default = (struct nbool){ 0 };
	}
	ck_assert(model_is_zero(spec, &doc.spec));
	model_clear(kind_info(kind)->type, &doc);
	configuration_template(kind, &text);
	for (i = 0; i < spec->n_fields; i++)
		if (streq(spec->fields[i].name, "cgroupRoot"))
			ck_assert_ptr_nonnull(strstr(buf_str(&text), "  # cgroupRoot: /kukeon\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "  # logLevel: info\n"));
}
END_TEST

/* With every '#' in front of a key removed it still loads, and all is at its default. */
START_TEST(template_uncommented)
{
	enum kind kind = _i == 0 ? CLIENT : SERVER;
	cleanup_buf struct buf text = BUF_INIT(1 << 20);
	cleanup_buf struct buf plain = BUF_INIT(1 << 20);
	cleanup_free char *path = NULL;
	const char *p, *end;
	struct server_doc doc;
	struct kerr err = { 0 };

	configuration_template(kind, &text);
	for (p = buf_str(&text); *p != '\0'; p = end + 1) {
		size_t word;

		end = strchr(p, '\n');
		word = strspn(p + (str_has_prefix(p, "  # ") ? 4 : 0),
			      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (str_has_prefix(p, "  # ") && p[4 + word] == ':')
			buf_addf(&plain, "  %.*s\n", (int) (end - p - 4), p + 4);
		else
			buf_add(&plain, p, (size_t) (end - p) + 1);
	}
	path = put(buf_str(&plain));
	ck_assert_msg(configuration_load(kind, path, &doc, NULL, &err) == 1, "%s\n%s", err.msg,
		      buf_str(&plain));
	if (kind == SERVER) {
		ck_assert_str_eq(doc.spec.cgroup_root, CONF_DEFAULT_CGROUP_ROOT);
		ck_assert_str_eq(doc.spec.namespace_suffix, CONF_DEFAULT_SUFFIX);
		ck_assert_str_eq(doc.spec.socket, CONF_DEFAULT_SOCKET);
		ck_assert_int_eq(doc.spec.pod_subnet_size, 24);
	}
	model_clear(kind_info(kind)->type, &doc);
}
END_TEST

static const struct {
	const char *suffix;
	const char *root;
	const char *want;
} runtimes[] = {
	{ "kukeon.io", "/kukeon", NULL },
	{ "x", "/a/b/", NULL },
	{ "", "/kukeon", "containerdNamespaceSuffix is empty" },
	{ " ", "/kukeon", "containerdNamespaceSuffix is empty" },
	{ ".x", "/kukeon", "containerdNamespaceSuffix \".x\" must not start or end with '.'" },
	{ "x.", "/kukeon", "containerdNamespaceSuffix \"x.\" must not start or end with '.'" },
	{ "a/b", "/kukeon", "containerdNamespaceSuffix \"a/b\" contains disallowed character" },
	{ "a b", "/kukeon", "containerdNamespaceSuffix \"a b\" contains disallowed character" },
	{ "x", "", "cgroupRoot is empty" },
	{ "x", "kukeon", "cgroupRoot \"kukeon\" must be an absolute path" },
	{ "x", "/", "cgroupRoot \"/\" resolves to root" },
	{ "x\xfe", "/kukeon",
	  "containerdNamespaceSuffix \"x\\xfe\" is not UTF-8: choose another one" },
	{ "x", "/k\xff", "cgroupRoot \"/k\\xff\" is not UTF-8: choose another one" },
};

START_TEST(runtime)
{
	cleanup_free char *want = NULL;
	struct kerr err = { 0 };
	int r = configuration_check_runtime(runtimes[_i].suffix, runtimes[_i].root, &err);

	if (runtimes[_i].want == NULL) {
		ck_assert_int_eq(r, 0);
		return;
	}
	want = xasprintf("configure runtime: %s: server configuration is invalid",
			 runtimes[_i].want);
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_str_eq(err.msg, want);
}
END_TEST

START_TEST(pick)
{
	ck_assert_int_eq(setenv("KUKEON_TEST_X", "e", 1), 0);
	ck_assert_str_eq(configuration_pick("f", "KUKEON_TEST_X", "c", "d"), "f");
	ck_assert_str_eq(configuration_pick("", "KUKEON_TEST_X", "c", "d"), "");
	ck_assert_str_eq(configuration_pick(NULL, "KUKEON_TEST_X", "c", "d"), "e");
	ck_assert_int_eq(setenv("KUKEON_TEST_X", "", 1), 0);
	ck_assert_str_eq(configuration_pick(NULL, "KUKEON_TEST_X", "c", "d"), "c");
	ck_assert_str_eq(configuration_pick(NULL, NULL, "", "d"), "d");
}
END_TEST

static Suite *test_configuration(void)
{
	Suite *s = suite_create("configuration");
	TCase *t = tcase_create("configuration");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, load_errors, 0, ARRAY_SIZE(wrong));
	tcase_add_test(t, unreadable);
	tcase_add_test(t, load);
	tcase_add_loop_test(t, bad_values, 0, ARRAY_SIZE(bad));
	tcase_add_loop_test(t, template, 0, 2);
	tcase_add_loop_test(t, template_uncommented, 0, 2);
	tcase_add_loop_test(t, runtime, 0, ARRAY_SIZE(runtimes));
	tcase_add_test(t, pick);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_configuration);
