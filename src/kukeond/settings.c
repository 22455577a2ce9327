/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "configuration.h"
#include "copy.h"
#include "mem.h"
#include "model.h"
#include "settings.h"
#include "str.h"
#include "usage.h"

static int find_flag(const char *name, size_t n)
{
	for (int i = 0; i < _FLAG_MAX; i++)
		if (strlen(usage_flags[i].name) == n && memcmp(usage_flags[i].name, name, n) == 0)
			return i;
	return -1;
}

/* Parse the long flag at argv[*i]; its value is borrowed from argv. */
static int parse_flag(int argc, char **argv, int *i, const char *given[_FLAG_MAX], struct kerr *err)
{
	const char *arg = argv[*i] + 2;
	const char *eq = strchr(arg, '=');
	int flag = find_flag(arg, eq ? (size_t) (eq - arg) : strlen(arg));

	if (flag < 0)
		return kerr_plain(err, -EINVAL, "unknown flag: --%.*s",
				  eq ? (int) (eq - arg) : (int) strlen(arg), arg);
	if (!eq && *i + 1 == argc)
		return kerr_plain(err, -EINVAL, "flag needs an argument: --%s", arg);
	given[flag] = eq ? eq + 1 : argv[++*i];
	return 0;
}

/* Parse words and flags in any order; SETTINGS_DONE after --help or --version. */
static int parse_args(int argc, char **argv, const char *given[_FLAG_MAX], struct strlist *words,
		      struct kerr *err)
{
	int r;

	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (a[0] != '-' || a[1] == '\0') {
			strlist_add(words, a);
		} else if (streq(a, "--")) {
			for (i++; i < argc; i++)
				strlist_add(words, argv[i]);
		} else if (streq(a, "-h") || streq(a, "--help")) {
			return usage_help(words, err);
		} else if (streq(a, "--version")) {
			return usage_version();
		} else if (a[1] == '-') {
			r = parse_flag(argc, argv, &i, given, err);
			if (r < 0)
				return r;
		} else {
			return kerr_plain(err, -EINVAL, "unknown shorthand flag: '%c' in %s", a[1],
					  a);
		}
	}
	return SETTINGS_SERVE;
}

/* The value of the flag, else of its variable; NULL if neither is set. */
static const char *explicit_value(const char *given[_FLAG_MAX], enum usage_flag_id f)
{
	const char *env = usage_flags[f].env ? getenv(usage_flags[f].env) : NULL;

	if (given[f])
		return given[f];
	return str_empty(env) ? NULL : env;
}

static char *pick(const char *given[_FLAG_MAX], enum usage_flag_id f, const char *file)
{
	return xstrdup(configuration_pick(given[f], usage_flags[f].env, file, usage_flags[f].def));
}

/* The source of the explicit value: "--log-level" or "KUKEON_LOG_LEVEL". */
static char *origin(const char *given[_FLAG_MAX], enum usage_flag_id f)
{
	return given[f] ? xasprintf("--%s", usage_flags[f].name) : xstrdup(usage_flags[f].env);
}

static int pick_gid(struct settings *s, const char *given[_FLAG_MAX], struct kerr *err)
{
	const char *text = explicit_value(given, FLAG_SOCKET_GID);

	s->socket_gid = s->doc.spec.socket_gid.set ? s->doc.spec.socket_gid.v : -1;
	if (!text || str_to_i64(text, 0, UINT32_MAX - 1, &s->socket_gid) == 0)
		return 0;
	if (given[FLAG_SOCKET_GID])
		return kerr_plain(err, -EINVAL, "invalid argument \"%s\" for \"--socket-gid\" flag",
				  text);
	return kerr_plain(err, -EINVAL, "invalid value \"%s\" of %s: expected a group id", text,
			  usage_flags[FLAG_SOCKET_GID].env);
}

static void pick_level(struct settings *s, const char *given[_FLAG_MAX])
{
	cleanup_free char *from = origin(given, FLAG_LOG_LEVEL);
	bool ok = configuration_check_level(explicit_value(given, FLAG_LOG_LEVEL), from,
					    &s->warnings);

	s->log_level = ok ? pick(given, FLAG_LOG_LEVEL, s->doc.spec.log_level)
			  : xstrdup(CONF_DEFAULT_LEVEL);
}

static void pick_interval(struct settings *s, const char *given[_FLAG_MAX])
{
	cleanup_free char *text =
		pick(given, FLAG_RECONCILE_INTERVAL, s->doc.spec.reconcile_interval);
	cleanup_free char *from = origin(given, FLAG_RECONCILE_INTERVAL);
	int64_t ns;

	/* The file's value was checked when the file was loaded. */
	(void) configuration_check_interval(explicit_value(given, FLAG_RECONCILE_INTERVAL), from,
					    &s->warnings);
	if (duration_parse(text, &ns) < 0)
		(void) duration_parse(CONF_DEFAULT_INTERVAL, &ns);
	s->reconcile_ms = ns <= 0 ? 0 : ns / 1000000;
	if (ns > 0 && s->reconcile_ms == 0)
		s->reconcile_ms = 1;
}

void settings_clear(struct settings *s)
{
	free_p(&s->configuration);
	free_p(&s->run_path);
	free_p(&s->socket);
	free_p(&s->log_level);
	free_p(&s->suffix);
	free_p(&s->cgroup_root);
	model_clear(&server_doc_type, &s->doc);
	strlist_clear(&s->warnings);
}

/* A flag with empty or blank text is an error, not the default. */
static int check_given(const char *given[_FLAG_MAX], struct kerr *err)
{
	static const struct {
		enum usage_flag_id flag;
		const char *what;
	} flags[] = {
		{ FLAG_CONFIGURATION, "configuration" },
		{ FLAG_RUN_PATH, "runPath" },
		{ FLAG_SOCKET, "socket" },
		{ FLAG_SUFFIX, "containerdNamespaceSuffix" },
		{ FLAG_CGROUP_ROOT, "cgroupRoot" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(flags); i++)
		r = configuration_check_flag(flags[i].what, given[flags[i].flag], err);
	return r;
}

/* Write the default file on the first run; warn of one in /etc that this build does not read. */
static void prepare_default(struct settings *s)
{
	cleanup_free char *elsewhere =
		configuration_elsewhere(s->configuration, usage_flags[FLAG_CONFIGURATION].def);

	if (*elsewhere)
		strlist_add(&s->warnings, elsewhere);
	if (streq(s->configuration, usage_flags[FLAG_CONFIGURATION].def))
		(void) configuration_write_template(KIND_SERVER_CONFIGURATION, s->configuration,
						    NULL);
}

static int absolute(const char *path, const char *flag, struct kerr *err)
{
	cleanup_free char *what = xasprintf("--%s", flag);

	if (path[0] != '/')
		return kerr_plain(err, -EINVAL, "%s: '%s' is not an absolute path", what, path);
	return configuration_check_path(what, path, err);
}

int settings_load(int argc, char **argv, struct settings *ret, struct kerr *err)
{
	const char *given[_FLAG_MAX] = { NULL };
	cleanup_strlist struct strlist words = { 0 };
	cleanup_(settings_clear) struct settings s = { 0 };
	int r;

	r = argc > 1 && streq(argv[1], "__complete") ? usage_complete(argc - 2, argv + 2)
						     : parse_args(argc, argv, given, &words, err);
	if (r == SETTINGS_SERVE)
		r = usage_words(&words, err);
	if (r != SETTINGS_SERVE)
		return r;
	r = check_given(given, err);
	if (r < 0)
		return r;
	s.configuration = pick(given, FLAG_CONFIGURATION, NULL);
	prepare_default(&s);
	r = configuration_load(KIND_SERVER_CONFIGURATION, s.configuration, &s.doc, &s.warnings,
			       err);
	if (r < 0)
		return r;
	s.run_path = pick(given, FLAG_RUN_PATH, s.doc.spec.run_path);
	s.socket = pick(given, FLAG_SOCKET, s.doc.spec.socket);
	pick_level(&s, given);
	s.suffix = pick(given, FLAG_SUFFIX, s.doc.spec.namespace_suffix);
	s.cgroup_root = pick(given, FLAG_CGROUP_ROOT, s.doc.spec.cgroup_root);
	pick_interval(&s, given);
	r = pick_gid(&s, given, err);
	if (r >= 0)
		r = absolute(s.run_path, "run-path", err);
	if (r >= 0)
		r = absolute(s.socket, "socket", err);
	if (r >= 0)
		r = configuration_check_runtime(s.suffix, s.cgroup_root, err);
	if (r < 0)
		return r;
	*ret = take_struct(s);
	return SETTINGS_SERVE;
}
