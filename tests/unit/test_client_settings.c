/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "atomic.h"
#include "cli.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

extern const struct cmd cmd_kuke;

/* One setting of kuke. flag NULL: it has none of its own. */
static const struct {
	const char *flag, *env, *key;
	const char *in_flag, *in_env, *in_file, *def;
} layers[] = {
	{ "--host", "KUKEON_HOST", "host", "unix:///f", "unix:///e", "unix:///c",
	  "unix:///run/kukeon/kukeond.sock" },
	{ "--run-path", "KUKEON_RUN_PATH", "runPath", "/f", "/e", "/c", "/opt/kukeon" },
	{ "--log-level", "KUKEON_LOG_LEVEL", "logLevel", "debug", "warn", "error", "info" },
	{ NULL, "KUKE_GET_OUTPUT", "output", NULL, "json", "yaml", "" },
};

static const char *shown(const struct settings *s, size_t i)
{
	const char *const all[] = { s->host, s->run_path, s->log_level, s->output };

	return all[i];
}

static char *home_file(const struct tempdir *t)
{
	return path_join(t->path, ".kuke", "kuke.yaml", NULL);
}

/* A home with that configuration (NULL: none yet). */
static void make_home(const struct tempdir *t, const char *text)
{
	cleanup_free char *dir = path_join(t->path, ".kuke", NULL);
	cleanup_free char *file = home_file(t);

	ck_assert_int_eq(setenv("HOME", t->path, 1), 0);
	(void) unsetenv("KUKE_CONFIGURATION");
	if (text != NULL) {
		ck_assert_int_eq(mkdir_p(dir, 0700, NULL), 0);
		ck_assert_int_eq(atomic_write_at(AT_FDCWD, file, text, strlen(text), 0600, 0, NULL),
				 0);
	}
}

/* A kuke that was started with argv, up to the point where its settings are known. */
static void start(struct cli *c, int argc, char **argv)
{
	struct kerr err = { 0 };

	ck_assert_int_eq(cmd_parse(c, &cmd_kuke, argc, argv, &err), 0);
	ck_assert_msg(cli_settings(c, &err) == 0, "%s", err.msg);
}

START_TEST(precedence)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	char kuke[] = "kuke", get[] = "get", realm[] = "realm";
	unsigned said;

	for (said = 0; said < 8; said++) {
		struct cli c cleanup_(cli_clear) = { 0 };
		bool flag = said & 1 && layers[_i].flag != NULL;
		cleanup_free char *text = said & 4 ? xasprintf("spec: {%s: \"%s\"}\n",
							       layers[_i].key, layers[_i].in_file)
						   : xstrdup("spec: {}\n");
		cleanup_free char *arg =
			flag ? xasprintf("%s=%s", layers[_i].flag, layers[_i].in_flag) : NULL;
		char *argv[] = { kuke, get, realm, arg };

		make_home(&t, text);
		ck_assert_int_eq(setenv(layers[_i].env, said & 2 ? layers[_i].in_env : "", 1), 0);
		start(&c, flag ? 4 : 3, argv);
		ck_assert_str_eq(shown(&c.settings, (size_t) _i), flag	     ? layers[_i].in_flag
								  : said & 2 ? layers[_i].in_env
								  : said & 4 ? layers[_i].in_file
									     : layers[_i].def);
	}
}
END_TEST

START_TEST(no_daemon)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	static const struct {
		const char *env, *flag;
		bool want;
	} cases[] = {
		{ "", NULL, false },
		{ "1", NULL, true },
		{ "true", NULL, true },
		{ "0", NULL, false },
		{ "false", NULL, false },
		{ "", "--no-daemon", true },
		{ "1", "--no-daemon=false", false },
	};
	char kuke[] = "kuke", get[] = "get", realm[] = "realm";
	size_t i;

	make_home(&t, "spec: {}\n");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cli c cleanup_(cli_clear) = { 0 };
		cleanup_free char *flag = xstrdup(cases[i].flag != NULL ? cases[i].flag : "");
		char *argv[] = { kuke, get, realm, flag };

		ck_assert_int_eq(setenv("KUKEON_NO_DAEMON", cases[i].env, 1), 0);
		start(&c, cases[i].flag != NULL ? 4 : 3, argv);
		ck_assert_int_eq(c.settings.no_daemon, cases[i].want);
	}
}
END_TEST

/* A variable that is no switch is an error that names it, whatever it may mean. */
START_TEST(bad_switches)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	static const char *const words[] = { "no", "off", "bogus", "yes", " 1", "2" };
	char kuke[] = "kuke", get[] = "get", realm[] = "realm";
	char *argv[] = { kuke, get, realm };
	struct kerr err = { 0 };
	bool on = false;
	size_t i;

	make_home(&t, "spec: {}\n");
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		struct cli c cleanup_(cli_clear) = { 0 };
		cleanup_free char *want = xasprintf(
			"invalid value \"%s\" of KUKEON_NO_DAEMON: expected 1, t, true, 0, "
			"f or false",
			words[i]);

		ck_assert_int_eq(setenv("KUKEON_NO_DAEMON", words[i], 1), 0);
		ck_assert_int_eq(cmd_parse(&c, &cmd_kuke, 3, argv, &err), 0);
		ck_assert_int_eq(cli_settings(&c, &err), -EINVAL);
		ck_assert_str_eq(err.msg, want);
		ck_assert_int_eq(cli_env_bool("KUKEON_NO_DAEMON", &on, &err), -EINVAL);
	}
}
END_TEST

/* --configuration, KUKE_CONFIGURATION, the home's. */
START_TEST(which_file)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *by_env = path_join(t.path, "env.yaml", NULL);
	cleanup_free char *by_flag = path_join(t.path, "flag.yaml", NULL);
	cleanup_free char *arg = xasprintf("--configuration=%s", by_flag);
	static const char env_text[] = "spec: {host: \"unix:///env\"}\n";
	static const char flag_text[] = "spec: {host: \"unix:///flag\"}\n";
	char kuke[] = "kuke", get[] = "get", realm[] = "realm";
	char *argv[] = { kuke, get, realm, arg };
	struct cli a cleanup_(cli_clear) = { 0 };
	struct cli b cleanup_(cli_clear) = { 0 };
	struct cli d cleanup_(cli_clear) = { 0 };
	struct cli e cleanup_(cli_clear) = { 0 };

	make_home(&t, "spec: {host: \"unix:///home\"}\n");
	ck_assert_int_eq(unsetenv("KUKEON_HOST"), 0);
	ck_assert_int_eq(
		atomic_write_at(AT_FDCWD, by_env, env_text, strlen(env_text), 0600, 0, NULL), 0);
	ck_assert_int_eq(
		atomic_write_at(AT_FDCWD, by_flag, flag_text, strlen(flag_text), 0600, 0, NULL), 0);
	start(&a, 3, argv);
	ck_assert_str_eq(a.settings.host, "unix:///home");
	ck_assert_int_eq(setenv("KUKE_CONFIGURATION", by_env, 1), 0);
	start(&b, 3, argv);
	ck_assert_str_eq(b.settings.host, "unix:///env");
	start(&d, 4, argv);
	ck_assert_str_eq(d.settings.host, "unix:///flag");
	/* One that is named and not there is no error, and is not made. */
	ck_assert_int_eq(unlink(by_flag), 0);
	start(&e, 4, argv);
	ck_assert_str_eq(e.settings.host, "unix:///run/kukeon/kukeond.sock");
	ck_assert_int_lt(access(by_flag, F_OK), 0);
}
END_TEST

static const char template_text[] =
	"# The client configuration of kukeon, generated on the first run.\n"
	"# Read by `kuke --configuration`.\n"
	"# Precedence: flag > environment (KUKEON_*, KUKE_*) > this file > default.\n"
	"# An existing file is never changed; delete it to have it generated again.\n"
	"# Every key stands here with its default; remove the '#' to set it.\n"
	"apiVersion: v1beta1\n"
	"kind: ClientConfiguration\n"
	"metadata:\n"
	"  name: default\n"
	"spec:\n"
	"  # Where kukeond listens: unix://path or ssh://[user@]host[:port].\n"
	"  # host: unix:///run/kukeon/kukeond.sock\n"
	"  # State directory for what kuke does without kukeond.\n"
	"  # runPath: /opt/kukeon\n"
	"  # Accepted for older files and not used.\n"
	"  # containerdSocket: /run/containerd/containerd.sock\n"
	"  # Least level that is logged with --verbose.\n"
	"  # logLevel: info\n"
	"  # Output format of `kuke get` when -o does not say.\n"
	"  # output: \"\"\n";

START_TEST(first_run)
{
	cleanup_tempdir struct tempdir t = tempdir_make();
	cleanup_free char *file = home_file(&t);
	cleanup_buf struct buf text = BUF_INIT(1 << 16);
	struct cli c cleanup_(cli_clear) = { 0 };
	struct cli again cleanup_(cli_clear) = { 0 };
	char kuke[] = "kuke", get[] = "get", realm[] = "realm";
	char *argv[] = { kuke, get, realm };
	struct stat st;

	make_home(&t, NULL);
	start(&c, 3, argv);
	ck_assert_int_ge(file_read_at(AT_FDCWD, file, 1 << 16, &text, NULL), 0);
	ck_assert_str_eq(buf_str(&text), template_text);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	*strrchr(file, '/') = '\0';
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0750);
	start(&again, 3, argv); /* what was written sets nothing */
	ck_assert_str_eq(again.settings.host, c.settings.host);
}
END_TEST

static Suite *test_client_settings(void)
{
	Suite *s = suite_create("client_settings");
	TCase *t = tcase_create("client_settings");

	tcase_add_loop_test(t, precedence, 0, ARRAY_SIZE(layers));
	tcase_add_test(t, no_daemon);
	tcase_add_test(t, bad_switches);
	tcase_add_test(t, which_file);
	tcase_add_test(t, first_run);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_client_settings);
