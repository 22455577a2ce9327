/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <stdlib.h>

#include "capture.h"
#include "cli.h"
#include "cmd.h"
#include "help.h"
#include "hints.h"
#include "mem.h"
#include "str.h"
#include "tempdir.h"
#include "unit.h"

/* ---- a tree of our own ---- */

static int show(struct cli *c, struct kerr *err)
{
	(void) err;
	cli_printf("name=%s on=%d n=%d words=%zu", cli_str_or(c, "name", "none"), cli_bool(c, "on"),
		   (int) cli_int(c, "number"), c->args.n);
	for (size_t i = 0; i < cli_list(c, "each")->n; i++)
		cli_printf(" each=%s", cli_list(c, "each")->v[i]);
	for (size_t i = 0; i < c->args.n; i++)
		cli_printf(" %s", c->args.v[i]);
	cli_printf("\n");
	return 0;
}

static int fail_long(struct cli *c, struct kerr *err)
{
	struct buf b cleanup_buf = BUF_INIT(1 << 16);

	buf_adds(&b, "validation failed:\n  ");
	for (int i = 0; i < 200; i++)
		buf_addf(&b, "%04d ", i);
	buf_adds(&b, "\x1b[2Jend");
	return cli_fail(c, -1, buf_str(&b), err);
}

static const struct opt root_opts[] = {
	{ "configuration", 0, OPT_STRING, NULL, "file" },
	{ "no-daemon", 0, OPT_BOOL, NULL, "in process" },
	{ "verbose", 'v', OPT_BOOL, NULL, "log" },
	{ 0 },
};
static const struct opt leaf_opts[] = {
	{ "name", 'n', OPT_STRING, "none", "a name" },
	{ "on", 'o', OPT_BOOL, NULL, "a switch" },
	{ "each", 'e', OPT_LIST, NULL, "many" },
	{ "number", 0, OPT_INT, NULL, "a number" },
	{ "wait", 0, OPT_DURATION, NULL, "a time" },
	{ "secret", 0, OPT_STRING, NULL, NULL },
	{ 0 },
};
static const struct opt local_opts[] = { { "file", 'f', OPT_STRING, NULL, "file" }, { 0 } };

static const struct cmd leaf = { .name = "leaf",
				 .aliases = "l leaves",
				 .args = "[name]",
				 .max_args = 1,
				 .help = "a leaf",
				 .opts = leaf_opts,
				 .run = show };
static const struct cmd one = {
	.name = "one", .min_args = 1, .max_args = 1, .help = "one", .run = show
};
static const struct cmd bare = { .name = "bare", .help = "no words", .run = show };
static const struct cmd any = {
	.name = "any", .help = "any words", .run = show, .flags = CMD_IGNORE_ARGS
};
static int run_program(struct cli *c, struct kerr *err)
{
	int r = show(c, err);

	c->exit_status = 42;
	return r;
}

static const struct cmd program = { .name = "program",
				    .args = "WHERE PROGRAM",
				    .min_args = 1,
				    .max_args = 100,
				    .help = "runs another",
				    .opts = leaf_opts,
				    .run = run_program,
				    .flags = CMD_PROGRAM };
static const struct cmd broken = { .name = "broken", .help = "fails", .run = fail_long };
static const struct cmd *const group_subs[] = { &leaf, &one, NULL };
static const struct cmd group = {
	.name = "group", .aliases = "g", .help = "a group", .local = local_opts, .subs = group_subs
};
static const struct cmd *const root_subs[] = { &group, &bare, &any, &program, &broken, NULL };
static const struct cmd root = {
	.name = "kuke", .help = "test", .opts = root_opts, .subs = root_subs
};

static int run_line(struct capture *cap, const char *line)
{
	struct strlist words cleanup_strlist = { 0 };
	struct tempdir dir cleanup_tempdir = tempdir_make();
	int code;

	strlist_add(&words, "kuke");
	for (const char *p = line; *p;) {
		size_t n = strcspn(p, " ");

		strlist_add_owned(&words, streq(p, "''") ? xstrdup("") : xstrndup(p, n));
		p += n + strspn(p + n, " ");
	}
	ck_assert_int_eq(setenv("HOME", dir.path, 1), 0);
	capture_begin(cap);
	code = cmd_main(&root, (int) words.n, words.v);
	capture_end(cap);
	return code;
}

static const struct {
	const char *line;
	const char *out; /* NULL: something, but not looked at */
	const char *err;
	int code;
} lines[] = {
	{ "group leaf", "name=none on=0 n=0 words=0\n", "", 0 },
	{ "g l x", "name=none on=0 n=0 words=1 x\n", "", 0 },
	{ "g leaves --name a", "name=a on=0 n=0 words=0\n", "", 0 },
	{ "g l --name=a=b", "name=a=b on=0 n=0 words=0\n", "", 0 },
	{ "g l --name=", "name= on=0 n=0 words=0\n", "", 0 },
	{ "g l -na -o", "name=a on=1 n=0 words=0\n", "", 0 },
	{ "g l -on a", "name=a on=1 n=0 words=0\n", "", 0 },
	{ "g l x -o=false", "name=none on=0 n=0 words=1 x\n", "", 0 },
	{ "g l --on=0", "name=none on=0 n=0 words=0\n", "", 0 },
	{ "g l -e 1,2 --each 3", "name=none on=0 n=0 words=0 each=1,2 each=3\n", "", 0 },
	{ "g l --number -7 -- -x", "name=none on=0 n=-7 words=1 -x\n", "", 0 },
	{ "-v g --verbose l -", "name=none on=0 n=0 words=1 -\n", "", 0 },
	{ "-n a g l x", "name=a on=0 n=0 words=1 x\n", "", 0 },
	{ "--name g g l", "name=g on=0 n=0 words=0\n", "", 0 },
	{ "-o g --number 3 l x", "name=none on=1 n=3 words=1 x\n", "", 0 },
	{ "-e g -eg g -oe l l", "name=none on=1 n=0 words=0 each=g each=g each=l\n", "", 0 },
	{ "any 1 2 3", "name=none on=0 n=0 words=3 1 2 3\n", "", 0 },
	{ "program w p -n x --on -- -z", "name=none on=0 n=0 words=7 w p -n x --on -- -z\n", "",
	  42 },
	{ "-o program -n a w --number 2 p -h", "name=a on=1 n=2 words=3 w p -h\n", "", 42 },
	{ "program w -- -n --", "name=none on=0 n=0 words=3 w -n --\n", "", 42 },
	{ "g l --secret x", "name=none on=0 n=0 words=0\n", "", 0 },
	{ "", NULL, "", 0 },
	{ "g", NULL, "", 0 },
	{ "g l --help --name x", NULL, "", 0 },
	{ "bare -h x", NULL, "", 0 },
	{ "g l --nam a", "", "Error: unknown flag: --nam\nHint: did you mean --name?\n", 1 },
	{ "g l -x", "", "Error: unknown shorthand flag: 'x' in -x\n", 1 },
	{ "g l -ox", "", "Error: unknown shorthand flag: 'x' in -ox\n", 1 },
	{ "g l --name", "", "Error: flag needs an argument: --name\n", 1 },
	{ "g l -n", "", "Error: flag needs an argument: 'n' in -n\n", 1 },
	{ "g l --on=maybe", "",
	  "Error: invalid argument \"maybe\" for \"-o, --on\" flag: strconv.ParseBool: parsing "
	  "\"maybe\": invalid syntax\n",
	  1 },
	{ "g l --number 1g", "",
	  "Error: invalid argument \"1g\" for \"--number\" flag: strconv.ParseInt: parsing "
	  "\"1g\": invalid syntax\n",
	  1 },
	{ "g l --wait soon", "",
	  "Error: invalid argument \"soon\" for \"--wait\" flag: time: invalid duration "
	  "\"soon\"\n",
	  1 },
	{ "g l --wait 30", "",
	  "Error: invalid argument \"30\" for \"--wait\" flag: time: missing unit in duration "
	  "\"30\"\n",
	  1 },
	{ "g l --wait 1d", "",
	  "Error: invalid argument \"1d\" for \"--wait\" flag: time: unknown unit \"d\" in "
	  "duration \"1d\"\n",
	  1 },
	{ "g l --number 9223372036854775808", "",
	  "Error: invalid argument \"9223372036854775808\" for \"--number\" flag: "
	  "strconv.ParseInt: parsing \"9223372036854775808\": value out of range\n",
	  1 },
	{ "g -f x l", "", "Error: unknown flag: --file\n", 1 },
	{ "g l -f x", "", "Error: unknown shorthand flag: 'f' in -f\n", 1 },
	{ "-f x g l", "", "Error: unknown flag: --file\n", 1 },
	{ "-n a g l --zzzz", "", "Error: unknown flag: --zzzz\n", 1 },
	{ "--name", "", "Error: unknown flag: --name\n", 1 },
	{ "g one", "", "Error: accepts 1 arg(s), received 0\nHint: usage: kuke group one [flags]\n",
	  1 },
	{ "g one a b", "",
	  "Error: accepts 1 arg(s), received 2\nHint: usage: kuke group one [flags]\n", 1 },
	{ "g l a b", "",
	  "Error: accepts at most 1 arg(s), received 2\nHint: usage: kuke group leaf [name] [flags]\n",
	  1 },
	{ "bare x", "", "Error: unknown command \"x\" for \"kuke bare\"\n", 1 },
	{ "g bogus", "",
	  "Error: unknown command \"bogus\" for \"kuke group\"\nRun 'kuke group --help' for "
	  "usage.\n",
	  1 },
	{ "gruop", "",
	  "Error: unknown command \"gruop\" for \"kuke\"\n\nDid you mean this?\n\tgroup\n\nRun "
	  "'kuke --help' for usage.\n",
	  1 },
};

START_TEST(command_lines)
{
	struct capture cap;
	int code = run_line(&cap, lines[_i].line);

	ck_assert_str_eq(buf_str(&cap.err), lines[_i].err);
	if (lines[_i].out)
		ck_assert_str_eq(buf_str(&cap.out), lines[_i].out);
	else
		ck_assert_ptr_nonnull(strstr(buf_str(&cap.out), "Usage:"));
	ck_assert_int_eq(code, lines[_i].code);
	capture_clear(&cap);
}
END_TEST

START_TEST(long_errors_are_whole)
{
	struct capture cap;

	ck_assert_int_eq(run_line(&cap, "broken"), 1);
	ck_assert_ptr_nonnull(strstr(buf_str(&cap.err), "Error: validation failed:\n  0000 "));
	ck_assert_ptr_nonnull(strstr(buf_str(&cap.err), " 0199 \\x1b[2Jend\n"));
	capture_clear(&cap);
}
END_TEST

START_TEST(help_shows_the_rows)
{
	struct capture cap;

	(void) run_line(&cap, "g l -h");
	ck_assert_str_eq(buf_str(&cap.out), "a leaf\n"
					    "\n"
					    "Usage:\n"
					    "  kuke group leaf [name] [flags]\n"
					    "\n"
					    "Aliases:\n"
					    "  leaf, l, leaves\n"
					    "\n"
					    "Flags:\n"
					    "  -n, --name string        a name (default \"none\")\n"
					    "  -o, --on                 a switch\n"
					    "  -e, --each stringArray   many\n"
					    "      --number int         a number\n"
					    "      --wait duration      a time\n"
					    "  -h, --help               help for this command\n"
					    "\n"
					    "Global Flags:\n"
					    "      --configuration string   file\n"
					    "      --no-daemon              in process\n"
					    "  -v, --verbose                log\n");
	capture_clear(&cap);
}
END_TEST

/* ---- the real tree ---- */

static void add_names(const struct cmd *c, struct strlist *ret)
{
	strlist_add(ret, c->name);
	for (const char *p = c->aliases ? c->aliases : ""; *p;) {
		size_t n = strcspn(p, " ");

		strlist_add_owned(ret, xstrndup(p, n));
		p += n + strspn(p + n, " ");
	}
}

static void check_names(const struct cmd *c)
{
	struct strlist all cleanup_strlist = { 0 };

	for (size_t i = 0; c->subs && c->subs[i]; i++)
		add_names(c->subs[i], &all);
	for (size_t i = 0; i < all.n; i++)
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(!streq(all.v[i], all.v[k]), "%s: %s twice", c->name,
				      all.v[i]);
	for (size_t i = 1; c->subs && c->subs[0] && c->subs[i]; i++)
		ck_assert_msg(cmd_find_sub(c, c->subs[i]->name) == c->subs[i], "%s",
			      c->subs[i]->name);
}

static void check_flags(const struct opt_values *o, const char *path)
{
	for (size_t i = 0; i < o->n; i++) {
		ck_assert_msg(o->v[i].opt->type >= OPT_STRING && o->v[i].opt->type <= OPT_DURATION,
			      "%s: --%s has no type", path, o->v[i].opt->name);
		for (size_t k = 0; k < i; k++) {
			ck_assert_msg(!streq(o->v[i].opt->name, o->v[k].opt->name),
				      "%s: --%s twice", path, o->v[i].opt->name);
			ck_assert_msg(!o->v[i].opt->letter ||
					      o->v[i].opt->letter != o->v[k].opt->letter,
				      "%s: -%c twice", path, o->v[i].opt->letter);
		}
	}
}

static void check_row(const struct cmd **chain, size_t n)
{
	const struct cmd *c = chain[n - 1];
	char *path cleanup_free = cmd_path(chain, n);
	struct opt_values o = { 0 };

	ck_assert_uint_lt(n, CMD_MAX_DEPTH);
	ck_assert_msg(!str_empty(c->name) && !str_empty(c->help), "%s: no help", path);
	ck_assert_msg(c->help[0] < 'A' || c->help[0] > 'Z' || c->help[1] == ' ' ||
			      c->flags & CMD_HIDDEN,
		      "%s: help begins with a capital", path);
	ck_assert_msg(c->run || c->subs, "%s: neither runs nor has sub-commands", path);
	ck_assert_msg(c->min_args <= c->max_args, "%s: words", path);
	ck_assert_msg(!c->args == !c->max_args || c->flags & CMD_HIDDEN, "%s: args text", path);
	for (size_t i = 0; i < n; i++)
		opt_values_add(&o, chain[i]->opts);
	opt_values_add(&o, c->local);
	check_flags(&o, path);
	opt_values_clear(&o);
	check_names(c);
	for (size_t i = 0; c->subs && c->subs[i]; i++) {
		chain[n] = c->subs[i];
		check_row(chain, n + 1);
	}
}

START_TEST(rows_are_complete)
{
	const struct cmd *chain[CMD_MAX_DEPTH + 1] = { &cmd_kuke };

	check_row(chain, 1);
}
END_TEST

/* The command of a hint; words in capitals and what follows && are the reader's. */
static void check_hint(const char *line)
{
	struct strlist words cleanup_strlist = { 0 };
	struct cli c cleanup_(cli_clear) = { 0 };
	struct kerr err = { 0 };

	for (const char *p = line; *p && *p != '\n' && *p != '&';) {
		size_t n = strcspn(p, " \n");

		strlist_add_owned(&words, xstrndup(p, n));
		p += n + strspn(p + n, " ");
	}
	if (streq(words.v[0], "kukeond"))
		return;
	ck_assert_str_eq(words.v[0], "kuke");
	ck_assert_msg(cmd_parse(&c, &cmd_kuke, (int) words.n, words.v, &err) == 0, "%s: %s", line,
		      err.msg);
	ck_assert_msg(c.cmd->run && (int) c.args.n >= c.cmd->min_args &&
			      (int) c.args.n <= c.cmd->max_args,
		      "%s: is no complete command", line);
}

START_TEST(hints_are_commands)
{
	for (size_t i = 0; hints_line(i); i++) {
		const char *p = hints_line(i);

		for (; !strstr(p, "; ") && *p; p += *p == '\n') {
			check_hint(p);
			p += strcspn(p, "\n");
		}
	}
}
END_TEST

static const struct {
	const char *line, *hint;
} guesses[] = {
	{ "ps", "\tkuke get containers\n\tkuke get cells\n" },
	{ "rm web", "\tkuke delete cell NAME\n" },
	{ "stop web", "\tkuke stop cell web\n\tkuke stop container web --cell CELL\n" },
	{ "get pods", "\tkuke get cells\n" },
	{ "delete a.yaml", "\tkuke delete -f a.yaml\n" },
	{ "delete web", "\tkuke delete cell web\n" },
	{ "gte", "\tget\n" },
	{ "shell web", "\tkuke exec -it CELL -- sh\n" },
};

START_TEST(unknown_words_get_a_hint)
{
	struct strlist words cleanup_strlist = { 0 };
	struct capture cap;
	char *p = xstrdup(guesses[_i].line), *blank = strchr(p, ' ');

	strlist_add(&words, "kuke");
	if (blank)
		*blank = '\0';
	strlist_add(&words, p);
	if (blank)
		strlist_add(&words, blank + 1);
	capture_begin(&cap);
	ck_assert_int_eq(cmd_main(&cmd_kuke, (int) words.n, words.v), 1);
	capture_end(&cap);
	ck_assert_msg(strstr(buf_str(&cap.err), guesses[_i].hint), "%s", buf_str(&cap.err));
	capture_clear(&cap);
	free(p);
}
END_TEST

START_TEST(table_layout)
{
	struct table t cleanup_(table_clear) = { 0 };
	struct capture cap;

	table_row(&t, "NAME", "NAMESPACE", "STATE", "CGROUP", NULL);
	table_row(&t, "default", "default.kukeon.io", "Ready", "/kukeon/default", NULL);
	table_row(&t, "kuke-system", "kuke-system.kukeon.io", "Ready", "/kukeon/kuke-system", NULL);
	table_row(&t, "x\x1b[2J", "-", "Ready", "\xc3\xa4", NULL);
	table_row(&t, "\xe4\xb8\xad", "-", "Ready", "", NULL);
	capture_begin(&cap);
	table_print(&t);
	capture_end(&cap);
	ck_assert_str_eq(
		buf_str(&cap.out),
		"NAME         NAMESPACE              STATE  CGROUP             \n"
		"-----------  ---------------------  -----  -------------------\n"
		"default      default.kukeon.io      Ready  /kukeon/default    \n"
		"kuke-system  kuke-system.kukeon.io  Ready  /kukeon/kuke-system\n"
		"x\\x1b[2J     -                      Ready  \xc3\xa4                  \n"
		"\xe4\xb8\xad           -                      Ready                     \n");
	capture_clear(&cap);
}
END_TEST

static Suite *test_cmd(void)
{
	Suite *s = suite_create("cmd");
	TCase *t = tcase_create("lines");

	tcase_add_loop_test(t, command_lines, 0, (int) ARRAY_SIZE(lines));
	tcase_add_test(t, long_errors_are_whole);
	tcase_add_test(t, help_shows_the_rows);
	tcase_add_test(t, rows_are_complete);
	tcase_add_test(t, hints_are_commands);
	tcase_add_loop_test(t, unknown_words_get_a_hint, 0, (int) ARRAY_SIZE(guesses));
	tcase_add_test(t, table_layout);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_cmd);
