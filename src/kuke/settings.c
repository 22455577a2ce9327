/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "cli.h"
#include "configuration.h"
#include "copy.h"
#include "log.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "str.h"
#include "term.h"

/* $HOME/.kuke/kuke.yaml, or below tmp/ without a home. */
static char *default_configuration(void)
{
	const char *home = getenv("HOME");

	return path_join(str_empty(home) ? "tmp" : home, ".kuke", "kuke.yaml", NULL);
}

static const char *flag_text(const struct cli *c, const char *flag)
{
	return cli_given(c, flag) ? cli_str(c, flag) : NULL;
}

/* An unreadable or invalid home directory must not make commands fail. */
static bool out_of_reach(int r)
{
	return r == -EACCES || r == -EPERM || r == -ENOTDIR || r == -ELOOP || r == -EIO ||
	       r == -ESTALE || r == -ENAMETOOLONG;
}

static int load_file(const struct cli *c, struct client_doc *doc, struct kerr *err)
{
	cleanup_free char *def = default_configuration();
	const char *path =
		configuration_pick(flag_text(c, "configuration"), "KUKE_CONFIGURATION", NULL, def);
	cleanup_strlist struct strlist warnings = { 0 };
	struct kerr why = { 0 };
	int r;

	r = configuration_load(KIND_CLIENT_CONFIGURATION, path, doc, &warnings, &why);
	if (r < 0 && path == def && out_of_reach(r)) {
		if (r != -ENOTDIR) /* not a directory: no file, so no warning */
			strlist_addf(&warnings, "warning: %s; using defaults", why.msg);
		r = 1;
	}
	term_err_lines(&warnings);
	if (r == 0 && streq(path, def)) /* the first run leaves a commented file to edit */
		(void) configuration_write_template(KIND_CLIENT_CONFIGURATION, path, NULL);
	if (r < 0 && err)
		*err = why;
	return r < 0 ? r : 0;
}

int cli_env_bool(const char *name, bool *ret, struct kerr *err)
{
	const char *s = getenv(name);

	if (str_empty(s)) {
		*ret = false;
		return 0;
	}
	if (str_to_bool(s, ret) == 0)
		return 0;
	return kerr_plain(err, -EINVAL,
			  "invalid value \"%s\" of %s: expected 1, t, true, 0, f or false", s,
			  name);
}

int cli_switch(const struct cli *c, const char *flag, const char *env, bool *ret, struct kerr *err)
{
	if (!cli_given(c, flag))
		return cli_env_bool(env, ret, err);
	*ret = cli_bool(c, flag);
	return 0;
}

/* The log level; a level from the file was checked when the file was loaded. */
static int pick_level(const struct cli *c, const char *in_file, char **ret, struct kerr *err)
{
	const char *said =
		configuration_pick(flag_text(c, "log-level"), "KUKEON_LOG_LEVEL", NULL, NULL);

	if (!configuration_check_level(said, "", NULL))
		return kerr_plain(err, -EINVAL,
				  "invalid value \"%s\" of %s: expected debug, info, warn or error",
				  said,
				  cli_given(c, "log-level") ? "--log-level" : "KUKEON_LOG_LEVEL");
	*ret = xstrdup(configuration_pick(NULL, NULL, str_empty(said) ? in_file : said,
					  CONF_DEFAULT_LEVEL));
	return 0;
}

int cli_settings(struct cli *c, struct kerr *err)
{
	struct settings *s = &c->settings;
	struct client_doc doc = { 0 };
	const char *run_path;
	int r;

	r = configuration_check_flag("configuration", flag_text(c, "configuration"), err);
	if (r == 0)
		r = configuration_check_flag("runPath", flag_text(c, "run-path"), err);
	if (r == 0)
		r = load_file(c, &doc, err);
	if (r < 0)
		return r;
	s->host = xstrdup(configuration_pick(flag_text(c, "host"), "KUKEON_HOST", doc.spec.host,
					     CONF_DEFAULT_HOST));
	run_path = configuration_pick(flag_text(c, "run-path"), "KUKEON_RUN_PATH",
				      doc.spec.run_path, NULL);
	s->run_path_given = run_path != NULL;
	s->run_path = xstrdup(run_path ? run_path : CONF_DEFAULT_RUN_PATH);
	s->output = xstrdup(configuration_pick(NULL, "KUKE_GET_OUTPUT", doc.spec.output, ""));
	r = pick_level(c, doc.spec.log_level, &s->log_level, err);
	if (r == 0)
		r = cli_switch(c, "no-daemon", "KUKEON_NO_DAEMON", &s->no_daemon, err);
	model_clear(&client_doc_type, &doc);
	if (r < 0)
		return r;
	s->verbose = cli_bool(c, "verbose");
	log_init(s->verbose ? log_level_from_name(s->log_level) : LOG_LEVEL_NONE, LOG_STYLE_PLAIN);
	return 0;
}
