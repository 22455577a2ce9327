/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "atomic.h"
#include "settings.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

/* One setting of kukeond, and where it shows. */
static const struct {
	const char *flag, *env, *key;
	const char *in_flag, *in_env, *in_file, *def; /* values, as they show */
} layers[] = {
	{ "--run-path", "KUKEON_RUN_PATH", "runPath", "/f", "/e", "/c", "/opt/kukeon" },
	{ "--socket", "KUKEOND_SOCKET", "socket", "/f/s", "/e/s", "/c/s",
	  "/run/kukeon/kukeond.sock" },
	{ "--log-level", "KUKEON_LOG_LEVEL", "logLevel", "debug", "warn", "error", "info" },
	{ "--containerd-namespace-suffix", "KUKEON_NAMESPACE_SUFFIX", "containerdNamespaceSuffix",
	  "f", "e", "c", "kukeon.io" },
	{ "--cgroup-root", "KUKEON_CGROUP_ROOT", "cgroupRoot", "/f", "/e", "/c", "/kukeon" },
	{ "--reconcile-interval", "KUKEOND_RECONCILE_INTERVAL", "reconcileInterval", "1s", "2s",
	  "3s", "30s" },
	{ "--socket-gid", "KUKEOND_SOCKET_GID", "socketGID", "1", "2", "3", "-1" },
	/* Accepted and not used: its default shows nothing. */
	{ "--containerd-socket", "KUKEON_CONTAINERD_SOCKET", "containerdSocket", "/f", "/e", "/c",
	  NULL },
};

static char *shown(const struct settings *s, size_t i)
{
	switch (i) {
	case 0:
		return xstrdup(s->run_path);
	case 1:
		return xstrdup(s->socket);
	case 2:
		return xstrdup(s->log_level);
	case 3:
		return xstrdup(s->suffix);
	case 4:
		return xstrdup(s->cgroup_root);
	case 5:
		return xasprintf("%llds", (long long) s->reconcile_ms / 1000);
	case 6:
		return xasprintf("%lld", (long long) s->socket_gid);
	}
	return NULL;
}

/* Whether the flag, the variable and the file say something is in three bits. */
static void check(const struct tempdir *t, size_t i, unsigned said, const char *env)
{
	cleanup_free char *path = path_join(t->path, "f.yaml", NULL);
	cleanup_free char *file = xasprintf("spec: {%s: %s}\n", layers[i].key, layers[i].in_file);
	const char *text = said & 4 ? file : "spec: {}\n";
	char *argv[] = { xstrdup("kukeond"), xstrdup("serve"),	      xstrdup("--configuration"),
			 xstrdup(path),	     xstrdup(layers[i].flag), xstrdup(layers[i].in_flag) };
	cleanup_(settings_clear) struct settings s = { 0 };
	cleanup_free char *got = NULL;
	struct kerr err = { 0 };
	const char *want;
	size_t k;

	ck_assert_int_eq(atomic_write_at(t->fd, "f.yaml", text, strlen(text), 0600, 0, NULL), 0);
	ck_assert_int_eq(setenv(layers[i].env, said & 2 ? layers[i].in_env : env, 1), 0);
	ck_assert_msg(settings_load(said & 1 ? 6 : 4, argv, &s, &err) == SETTINGS_SERVE, "%s",
		      err.msg);
	want = said & 1	  ? layers[i].in_flag
	       : said & 2 ? layers[i].in_env
	       : said & 4 ? layers[i].in_file
			  : layers[i].def;
	got = shown(&s, i);
	if (layers[i].def != NULL)
		ck_assert_str_eq(got, want);
	for (k = 0; k < ARRAY_SIZE(argv); k++)
		free(argv[k]);
}

/* Flag, then environment (an empty variable is none), then file, then default. */
START_TEST(precedence)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	unsigned said;

	for (said = 0; said < 8; said++)
		check(&t, (size_t) _i, said, "");
}
END_TEST

static const struct {
	const char *arg;
	const char *error; /* NULL: a warning */
} odd[] = {
	{ "--socket-gid=x", "invalid argument \"x\" for \"--socket-gid\" flag" },
	{ "--socket-gid=-1", "invalid argument \"-1\" for \"--socket-gid\" flag" },
	{ "--run-path=rel", "--run-path: 'rel' is not an absolute path" },
	{ "--socket=rel", "--socket: 'rel' is not an absolute path" },
	{ "--run-path=/a\xff", "--run-path \"/a\\xff\" is not UTF-8: choose another one" },
	{ "--socket=/\xc3/s", "--socket \"/\\xc3/s\" is not UTF-8: choose another one" },
	{ "--cgroup-root=/",
	  "configure runtime: cgroupRoot \"/\" resolves to root: server configuration is invalid" },
	{ "--containerd-namespace-suffix=.x",
	  "configure runtime: containerdNamespaceSuffix \".x\" must not start or end with '.': "
	  "server configuration is invalid" },
	{ "--nope=1", "unknown flag: --nope" },
	{ "--configuration=", "configuration is empty" },
	{ "--run-path=", "runPath is empty" },
	{ "--socket= ", "socket is empty" },
	{ "--containerd-namespace-suffix=", "containerdNamespaceSuffix is empty" },
	{ "--cgroup-root=", "cgroupRoot is empty" },
	{ "--reconcile-interval=soon", NULL },
	{ "--log-level=loud", NULL },
};

START_TEST(odd_values)
{
	char configuration[] = "--configuration=/dev/null/none", serve[] = "serve",
	     me[] = "kukeond";
	char *argv[] = { me, serve, configuration, xstrdup(odd[_i].arg) };
	cleanup_(settings_clear) struct settings s = { 0 };
	struct kerr err = { 0 };
	int r;

	/* A path that cannot be there, unlike one that is not. */
	ck_assert_int_lt(settings_load(3, argv, &s, &err), 0);
	argv[2] = xstrdup("--configuration=/nowhere/none.yaml");
	r = settings_load(4, argv, &s, &err);
	if (odd[_i].error != NULL) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_str_eq(err.msg, odd[_i].error);
	} else {
		ck_assert_int_eq(r, SETTINGS_SERVE);
		ck_assert_uint_eq(s.warnings.n, 1);
		ck_assert(str_has_prefix(s.warnings.v[0], "warning: --"));
		ck_assert_int_eq(s.reconcile_ms, 30000);
		ck_assert_str_eq(s.log_level, "info");
	}
	free(argv[2]);
	free(argv[3]);
}
END_TEST

/* A bad variable is named. */
START_TEST(odd_variables)
{
	char configuration[] = "--configuration=/nowhere/none.yaml", serve[] = "serve",
	     me[] = "kukeond";
	char *argv[] = { me, serve, configuration };
	cleanup_(settings_clear) struct settings s = { 0 };
	struct kerr err = { 0 };

	ck_assert_int_eq(setenv("KUKEOND_SOCKET_GID", "staff", 1), 0);
	ck_assert_int_eq(settings_load(3, argv, &s, &err), -EINVAL);
	ck_assert_str_eq(err.msg,
			 "invalid value \"staff\" of KUKEOND_SOCKET_GID: expected a group id");
	ck_assert_int_eq(unsetenv("KUKEOND_SOCKET_GID"), 0);
	ck_assert_int_eq(setenv("KUKEON_LOG_LEVEL", "bogus", 1), 0);
	ck_assert_int_eq(setenv("KUKEOND_RECONCILE_INTERVAL", "1d", 1), 0);
	ck_assert_int_eq(settings_load(3, argv, &s, &err), SETTINGS_SERVE);
	ck_assert_uint_eq(s.warnings.n, 2);
	ck_assert_str_eq(s.warnings.v[0], "warning: KUKEON_LOG_LEVEL: \"bogus\" is not a log level "
					  "(debug, info, warn, error); using info");
	ck_assert_str_eq(s.warnings.v[1], "warning: KUKEOND_RECONCILE_INTERVAL: \"1d\" is not a "
					  "duration (like 30s or 1m30s); using 30s");
	ck_assert_int_eq(s.reconcile_ms, 30000);
	ck_assert_str_eq(s.log_level, "info");
}
END_TEST

static Suite *test_settings(void)
{
	Suite *s = suite_create("settings");
	TCase *t = tcase_create("settings");

	tcase_add_loop_test(t, precedence, 0, ARRAY_SIZE(layers));
	tcase_add_loop_test(t, odd_values, 0, ARRAY_SIZE(odd));
	tcase_add_test(t, odd_variables);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_settings);
