/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>

#include "attach_to.h"
#include "cellprofile.h"
#include "convert.h"
#include "copy.h"
#include "diff.h"
#include "errkind.h"
#include "manifest.h"
#include "mem.h"
#include "model.h"
#include "profiles.h"
#include "report.h"
#include "run.h"
#include "str.h"
#include "subject.h"
#include "term.h"
#include "verbs.h"

#define REPORT_MAX (16 << 20)
#define NAMES_DRAWN_MAX 64

static const struct opt run_opts[] = {
	OPT_ROW_FILE,
	{ "profile", 'p', OPT_STRING, NULL, "profile to make the cell of, instead of a manifest" },
	{ "name", 0, OPT_STRING, NULL, "name of the cell, instead of a generated one (with -p)" },
	{ "param", 0, OPT_LIST, NULL,
	  "KEY=VALUE of a parameter of the profile; may be repeated (with -p)" },
	{ "param-file", 0, OPT_STRING, NULL,
	  "file with a KEY=VALUE per line; --param wins over it (with -p)" },
	OPT_ROW_STRICT,
	OPT_ROW_REPORT,
	OPT_ROWS_CELL("default"),
	{ "detach", 'd', OPT_BOOL, NULL, "do not attach to the cell" },
	{ "container", 0, OPT_STRING, NULL, "container to attach to" },
	OPT_ROW_DETACH_KEYS,
	{ "exit-code", 0, OPT_BOOL, NULL,
	  "end with the exit code of the program; 0 if it goes on after a detach" },
	{ "rm", 0, OPT_BOOL, NULL, "delete the cell when its work is done" },
	{ 0 },
};

/* ---- the flags ---- */

static int check_sources(const struct cli *c, struct kerr *err)
{
	bool file = cli_given(c, "file"), profile = cli_given(c, "profile");

	if (!file && !profile)
		return kerr_plain(
			err, -EINVAL,
			"at least one of the flags in the group [file profile] is required");
	if (file && profile)
		return kerr_plain(err, -EINVAL,
				  "if any flags in the group [file profile] are set none of the "
				  "others can be; [file profile] were all set");
	return 0;
}

static int check_flags(const struct cli *c, struct kerr *err)
{
	static const char *const profile_only[] = { "name", "param", "param-file" };
	const char *output = cli_str(c, "output");
	bool detach = cli_bool(c, "detach");
	int r = check_sources(c, err);

	if (r < 0)
		return r;
	if (*output && !streq(output, "json") && !streq(output, "yaml"))
		return kerr_plain(err, -EINVAL, "invalid --output \"%s\": want json or yaml",
				  output);
	if (detach && *cli_str(c, "container"))
		return kerr_plain(err, -EINVAL, "--container is incompatible with -d/--detach");
	if (*output && !detach)
		return kerr_plain(err, -EINVAL,
				  "--output is incompatible with attach mode (pass -d/--detach)");
	if (detach && cli_bool(c, "exit-code"))
		return kerr_plain(err, -EINVAL, "--exit-code is incompatible with -d/--detach");
	if (cli_bool(c, "rm") && c->settings.no_daemon)
		return kerr_plain(err, -EINVAL, "--rm is incompatible with --no-daemon");
	for (size_t i = 0; i < ARRAY_SIZE(profile_only); i++)
		if (!cli_given(c, "profile") && cli_given(c, profile_only[i]))
			return kerr_plain(err, -EINVAL, "--%s is only valid with -p/--profile",
					  profile_only[i]);
	return 0;
}

/* ---- the document ---- */

static void fill(char **part, const char *flag_value)
{
	if (!str_empty(*part))
		return;
	free(*part);
	*part = xstrdup(flag_value);
}

static void fill_location(const struct scope *s, struct cell_doc *doc)
{
	fill(&doc->spec.realm_id, s->realm);
	fill(&doc->spec.space_id, s->space);
	fill(&doc->spec.stack_id, s->stack);
}

static int one_cell(const struct docstream *docs, struct kerr *err)
{
	if (docs->n != 1)
		return kerr_plain(err, -EINVAL,
				  "expected a single Cell document, got %zu (use `kuke apply -f` "
				  "for multi-document streams)",
				  docs->n);
	if (docs->v[0].doc && docs->v[0].kind != KIND_CELL)
		return kerr_plain(err, -EINVAL,
				  "expected kind \"Cell\", got \"%s\" (use `kuke apply -f` for "
				  "non-Cell resources)",
				  kind_info(docs->v[0].kind)->name);
	return 0;
}

static int normalise(struct cell_doc *doc, struct kerr *err)
{
	cleanup_strlist struct strlist warnings = { 0 };
	int r = cell_normalise(doc, &warnings, err);

	if (r == 0)
		term_err_lines(&warnings);
	return r;
}

/* Take the stream's only document: fill in its location, validate and normalise it. */
static int finish(struct cli *c, struct docstream *docs, struct cell_doc **ret, struct kerr *err)
{
	cleanup_scope struct scope scope = { 0 };
	int r = scope_read(c, KIND_CELL, 0, &scope, err);

	if (r < 0)
		return r;
	assert(docs->v);
	if (docs->v[0].doc) {
		fill_location(&scope, docs->v[0].doc);
		if (cli_bool(c, "rm"))
			((struct cell_doc *) docs->v[0].doc)->spec.auto_delete = true;
		docstream_validate(docs, 0);
	}
	if (docs->v[0].error)
		return cli_fail(c, -EINVAL,
				docs->v[0].parse_error ? docs->v[0].parse_error : docs->v[0].error,
				err);
	r = normalise(docs->v[0].doc, err);
	if (r == 0)
		*ret = docstream_take(&docs->v[0]);
	return r;
}

static int load_file(struct cli *c, struct cell_doc **ret, struct kerr *err)
{
	cleanup_docstream struct docstream docs = { 0 };
	cleanup_manifest struct manifest files = { 0 };
	int r;

	r = manifest_read(c, &files, err);
	if (r == 0)
		r = manifest_load(c, &files, 0, &docs, err);
	if (r == 0)
		r = one_cell(&docs, err);
	return r < 0 ? r : finish(c, &docs, ret, err);
}

static int load_profile(struct cli *c, const struct cellprofile *profile, const char *name,
			struct cell_doc **ret, struct kerr *err)
{
	cleanup_docstream struct docstream docs = { 0 };

	cellprofile_cell(profile, name, docstream_add(&docs, KIND_CELL));
	return finish(c, &docs, ret, err);
}

/* ---- the cell ---- */

static int refuse_diverged(struct cli *c, const struct cell_doc *stored,
			   const struct cell_doc *wanted, struct kerr *err)
{
	cleanup_strlist struct strlist fields = { 0 };
	cleanup_buf struct buf text = BUF_INIT(REPORT_MAX);

	diff_run(stored, wanted, &fields);
	if (fields.n == 0)
		return 0;
	buf_addf(&text, "cell \"%s\" exists with diverging spec (", wanted->head.metadata.name);
	for (size_t i = 0; i < fields.n; i++)
		buf_addf(&text, "%s%s", i ? ", " : "", fields.v[i]);
	buf_adds(&text, "); use `kuke apply -f` to update");
	return cli_fail(c, -EEXIST, buf_str(&text), err);
}

/* The result that CreateCell gives for a cell that needs no change. */
static void set_unchanged(const struct cell_doc *cell, struct rpc_create_cell_result *ret)
{
	model_copy(&cell_doc_type, &ret->cell, cell);
	ret->metadata_exists_post = ret->cgroup_exists_post = ret->root_exists_post = true;
	for (size_t i = 0; i < cell->spec.containers.n; i++) {
		struct rpc_container_outcome *o;

		if (cell->spec.containers.v[i].root)
			continue;
		o = vec_grow(&ret->containers.v, &ret->containers.n, sizeof(*o));
		o->name = xstrdup(cell->spec.containers.v[i].id);
		o->exists_post = true;
	}
}

/* A cell that does not exist is no error: metadata_exists is false. */
static int get_cell(struct cli *c, const struct cell_doc *wanted, struct rpc_get_cell_reply *ret,
		    struct kerr *err)
{
	struct rpc_cell_args args = { 0 };
	struct kerr why = { 0 };
	struct scope s = { 0 };
	int r;

	assert(wanted);
	s = (struct scope){ wanted->spec.realm_id, wanted->spec.space_id, wanted->spec.stack_id,
			    NULL };
	scope_fill_doc(&s, KIND_CELL, wanted->head.metadata.name, &args.doc);
	r = cli_call(c, RPC_GET_CELL, &args, ret, &why);
	if (r < 0 && why.kind == ERR_CELL_NOT_FOUND)
		r = 0;
	else if (r < 0 && err)
		*err = why;
	cli_free_args(RPC_GET_CELL, &args);
	return r;
}

/* 1: the cell exists, equals the wanted one and is Ready. */
static int is_up_to_date(struct cli *c, const struct cell_doc *wanted, struct kerr *err)
{
	struct rpc_get_cell_reply reply = { 0 };
	int r = get_cell(c, wanted, &reply, err);

	if (r == 0 && streq_null(reply.result.cell.status.reason, STATUS_REASON_DAMAGED))
		r = kerr_plain(err, -EBADMSG, "cell \"%s\": %s", wanted->head.metadata.name,
			       reply.result.cell.status.message);
	if (r == 0 && reply.result.metadata_exists)
		r = refuse_diverged(c, &reply.result.cell, wanted, err);
	if (r == 0 && reply.result.metadata_exists &&
	    reply.result.cell.status.state == CELL_STATE_READY)
		r = 1;
	cli_free_reply(RPC_GET_CELL, &reply);
	return r;
}

static void print_report(const struct cli *c, const struct rpc_create_cell_result *res)
{
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);

	report_run(&out, res, cli_report_format(c));
	cli_print(&out);
}

static int create(struct cli *c, const struct cell_doc *wanted, struct kerr *err)
{
	struct rpc_cell_args args = { 0 };
	struct rpc_create_cell_reply reply = { 0 };
	int r;

	model_copy(&cell_doc_type, &args.doc, wanted);
	r = cli_call(c, RPC_CREATE_CELL, &args, &reply, err);
	if (r == 0)
		print_report(c, &reply.result);
	cli_free_args(RPC_CREATE_CELL, &args);
	cli_free_reply(RPC_CREATE_CELL, &reply);
	return r;
}

static int ensure(struct cli *c, const struct cell_doc *wanted, struct kerr *err)
{
	struct rpc_create_cell_reply same = { 0 };
	int r = is_up_to_date(c, wanted, err);

	if (r <= 0)
		return r < 0 ? r : create(c, wanted, err);
	set_unchanged(wanted, &same.result);
	print_report(c, &same.result);
	cli_free_reply(RPC_CREATE_CELL, &same);
	return 0;
}

/* --rm: delete the cell, unless its user has detached from it. */
static void clean_up(struct cli *c, const struct cell_doc *cell)
{
	struct rpc_cell_args args = { 0 };
	struct rpc_cell_done_reply reply = { 0 };
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	assert(cell);
	model_copy(&cell_doc_type, &args.doc, cell);
	if (cli_call(c, RPC_KILL_CELL, &args, &reply, &err) < 0 && err.kind != ERR_CELL_NOT_FOUND)
		term_err("kuke run: --rm cleanup: failed to kill cell \"%s\": %s\n",
			 cell->head.metadata.name, kerr_text(&err, text, sizeof(text)));
	cli_free_args(RPC_KILL_CELL, &args);
	cli_free_reply(RPC_KILL_CELL, &reply);
}

static int run_file(struct cli *c, struct cell_doc **ret, struct kerr *err)
{
	int r = load_file(c, ret, err);

	return r < 0 ? r : ensure(c, *ret, err);
}

/* A cell with a generated name that is not taken. */
static int draw_cell(struct cli *c, const struct cellprofile *profile, struct cell_doc **ret,
		     struct kerr *err)
{
	for (unsigned i = 0; i < NAMES_DRAWN_MAX; i++) {
		struct rpc_get_cell_reply reply = { 0 };
		cleanup_free char *name = NULL;
		bool taken;
		int r = cellprofile_draw_name(profile, &name, err);

		if (r == 0)
			r = load_profile(c, profile, name, ret, err);
		if (r == 0)
			r = get_cell(c, *ret, &reply, err);
		taken = reply.result.metadata_exists;
		cli_free_reply(RPC_GET_CELL, &reply);
		if (r < 0 || !taken)
			return r;
		*ret = doc_free(KIND_CELL, *ret);
	}
	return kerr_plain(err, -EEXIST, "profile \"%s\": %d generated names are taken; use --name",
			  profile->name, NAMES_DRAWN_MAX);
}

static int run_profile(struct cli *c, struct cell_doc **ret, struct kerr *err)
{
	cleanup_cellprofile struct cellprofile profile = { 0 };
	cleanup_free char *name = str_trim(cli_str(c, "name"));
	int r = profile_prepare(c, &profile, err);

	if (r < 0)
		return r;
	if (*name) {
		r = load_profile(c, &profile, name, ret, err);
		return r < 0 ? r : ensure(c, *ret, err);
	}
	r = draw_cell(c, &profile, ret, err);
	return r < 0 ? r : create(c, *ret, err);
}

static int attach(struct cli *c, const struct cell_doc *cell, enum session_end *ret,
		  struct kerr *err)
{
	struct session_opts o = { .end_input = true };
	const char *target = NULL;
	struct scope s;
	int r;

	assert(cell);
	s = (struct scope){ cell->spec.realm_id, cell->spec.space_id, cell->spec.stack_id,
			    cell->head.metadata.name };
	r = run_attach_target(cell, cli_str(c, "container"), &target, err);
	if (cli_bool(c, "exit-code"))
		o.ret_exit_code = &c->exit_status;
	if (r == 0)
		r = attach_keys(c, &o.keys, err);
	return r < 0 ? r : attach_to(c, &s, target, &o, ret, err);
}

static int run_run(struct cli *c, struct kerr *err)
{
	struct cell_doc *cell = NULL;
	enum session_end end = SESSION_ENDED;
	int r;

	r = check_flags(c, err);
	if (r == 0)
		r = cli_given(c, "profile") ? run_profile(c, &cell, err) : run_file(c, &cell, err);
	if (r == 0 && !cli_bool(c, "detach")) {
		r = attach(c, cell, &end, err);
		if (cli_bool(c, "rm") && (r < 0 || end != SESSION_DETACHED))
			clean_up(c, cell);
	}
	doc_free(KIND_CELL, cell);
	return r;
}

const struct cmd cmd_run = {
	.name = "run",
	.help = "create and start the cell of a manifest or of a profile",
	.about = "Create and start the one cell of a manifest. Where it is there already, it must "
		 "be as the manifest says, and is started when it does not run. With -p the cell "
		 "is made of a profile, a new one each time unless --name says which. Input from a "
		 "pipe is typed, and after it control-D.",
	.opts = run_opts,
	.run = run_run,
};
