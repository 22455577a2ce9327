/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <sys/wait.h>

#include "client.h"
#include "errkind.h"
#include "fd.h"
#include "image_get.h"
#include "mem.h"
#include "names.h"
#include "proc.h"
#include "pullview.h"
#include "report.h"
#include "str.h"
#include "subject.h"
#include "term.h"
#include "verbs.h"

#define REPORT_MAX (64 << 20)

/* ---- load ---- */

static const struct opt load_opts[] = {
	OPT_ROW_REALM("default"),
	{ "from-docker", 0, OPT_STRING, NULL, "take the image REF of a local docker" },
	{ 0 },
};

/* Start `docker save`. *ret_fd: the reading end of the pipe that is its standard output. */
static int docker_save(const char *ref, pid_t *ret_pid, int *ret_fd, struct kerr *err)
{
	char program[] = "docker", verb[] = "save";
	char *argv[] = { program, verb, (char *) (uintptr_t) ref, NULL };
	struct proc_spawn how = PROC_SPAWN_INIT;
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return kerr_set(err, -errno, "pipe");
	how.path = "docker";
	how.argv = argv;
	how.fd_stdio[1] = fds[1];
	how.flags = PROC_NULL_STDIN | PROC_DIE_WITH_PARENT;
	r = proc_spawn(&how, ret_pid, err);
	fd_close_p(&fds[1]);
	if (r < 0) {
		fd_close_p(&fds[0]);
		return kerr_wrap(err, r, "docker save %s", ref);
	}
	*ret_fd = fds[0];
	return 0;
}

static int docker_wait(const char *ref, pid_t pid, int r, struct kerr *err)
{
	int status;

	if (proc_wait(pid, -1, &status, NULL) < 0 || status == 0)
		return r;
	if (WIFSIGNALED(status)) /* mostly SIGPIPE: we stopped reading, for an error of ours */
		return r < 0 ? r
			     : kerr_plain(err, -EIO, "docker save %s: signal: %d", ref,
					  WTERMSIG(status));
	return kerr_plain(err, -EIO, "docker save %s: exit status %d", ref, WEXITSTATUS(status));
}

static int open_archive(const char *path, int *ret_fd, struct kerr *err)
{
	int fd = streq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				  : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return kerr_set(err, -errno, "failed to open file \"%s\": open %s", path, path);
	*ret_fd = fd;
	return 0;
}

static void print_loaded(const struct rpc_load_image_result *res)
{
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);

	report_image_loaded(&out, res);
	cli_print(&out);
}

/* Print the images without a name, and what was not loaded. */
static void print_skipped(const struct rpc_load_image_result *res)
{
	cleanup_strlist struct strlist lines = { 0 };

	for (size_t i = 0; i < res->images.n; i++)
		if (str_has_prefix(res->images.v[i], "sha256:"))
			strlist_addf(&lines, "the archive has no name for %s: use its digest",
				     res->images.v[i]);
	for (size_t i = 0; i < res->left.n; i++) {
		const struct rpc_image_left *l = &res->left.v[i];

		strlist_addf(&lines, "%s %s: %s", l->failed ? "failed" : "skipped",
			     l->name ? l->name : "", l->reason ? l->reason : "");
	}
	term_err_lines(&lines);
}

static int check_loaded(const struct rpc_load_image_result *res, struct kerr *err)
{
	size_t failed = 0;

	for (size_t i = 0; i < res->left.n; i++)
		failed += res->left.v[i].failed;
	if (failed == 0)
		return 0;
	return kerr_plain(err, -EBADMSG, "failed to load %zu of the archive's images", failed);
}

/* The daemon gets the archive as a descriptor and cannot name it: add the path to the error. */
static int add_archive_name(const char *path, int r, struct kerr *err)
{
	static const char prefix[] = "failed to load image: ";
	struct kerr why;

	if (r == 0 || !err || !*path || !str_has_prefix(err->msg, prefix))
		return r;
	why = *err;
	memmove(why.msg, err->msg + strlen(prefix), strlen(err->msg + strlen(prefix)) + 1);
	(void) kerr_wrap(&why, r, "failed to load image: %.255s",
			 streq(path, "-") ? "standard input" : path);
	*err = why;
	return r;
}

static int send_archive(struct cli *c, const char *realm, int fd, struct kerr *err)
{
	struct rpc_load_image_args args = { .realm = xstrdup(realm) };
	struct rpc_load_image_reply reply = { 0 };
	const struct rpc_call_opts opts = { .fds = &fd, .n_fds = 1 };
	int r;

	r = cli_call_with(c, RPC_X_LOAD_IMAGE, &args, &reply, &opts, err);
	if (r == 0) {
		print_loaded(&reply.result);
		print_skipped(&reply.result);
		r = check_loaded(&reply.result, err);
	}
	cli_free_args(RPC_X_LOAD_IMAGE, &args);
	cli_free_reply(RPC_X_LOAD_IMAGE, &reply);
	return r;
}

static int check_load(const struct cli *c, const char *realm, const char *path, const char *ref,
		      struct kerr *err)
{
	if (!*realm)
		return kerr_plain(err, -EINVAL, "realm name is required");
	if (*path && *ref)
		return kerr_plain(err, -EINVAL,
				  "pass either a tarball path or --from-docker, not both");
	if (!*path && !*ref)
		return kerr_plain(
			err, -EINVAL,
			"a tarball path, '-' for stdin, or --from-docker <ref> is required");
	if (c->settings.no_daemon)
		return cmd_check_root(c, err);
	return 0;
}

static int run_load(struct cli *c, struct kerr *err)
{
	cleanup_free char *realm = str_trim(cli_str_or(c, "realm", "default"));
	cleanup_free char *ref = str_trim(cli_str(c, "from-docker"));
	cleanup_free char *path = cli_arg(c, 0);
	cleanup_fd int fd = -EBADF;
	pid_t pid = 0;
	int r;

	r = check_load(c, realm, path, ref, err);
	if (r == 0 && *ref)
		r = docker_save(ref, &pid, &fd, err);
	else if (r == 0)
		r = open_archive(path, &fd, err);
	if (r == 0)
		r = add_archive_name(path, send_archive(c, realm, fd, err), err);
	fd_close_p(&fd);
	return pid > 0 ? docker_wait(ref, pid, r, err) : r;
}

/* A reference is required, and a realm. */
static int check_image(const struct rpc_image_args *args, struct kerr *err)
{
	if (!*args->realm)
		return kerr_plain(err, -EINVAL, "realm name is required");
	if (!*args->ref)
		return kerr_plain(err, -EINVAL, "image reference is required");
	return 0;
}

/* ---- pull ---- */

static const struct opt pull_opts[] = {
	OPT_ROW_REALM("default"),
	{ "quiet", 'q', OPT_BOOL, NULL, "print the image's name only" },
	{ 0 },
};

static int run_pull(struct cli *c, struct kerr *err)
{
	cleanup_free char *realm = str_trim(cli_str_or(c, "realm", "default"));
	struct rpc_image_args args = { .realm = xstrdup(realm), .ref = cli_arg(c, 0) };
	struct rpc_pull_image_reply reply = { 0 };
	struct rpc_call_opts opts = { 0 };
	struct pullview *view = NULL;
	int r = 0;

	if (!cli_bool(c, "quiet")) {
		view = pullview_new(STDERR_FILENO);
		opts.event = pullview_event;
		opts.ctx = view;
	}
	r = check_image(&args, err);
	if (r == 0 && c->settings.no_daemon)
		r = cmd_check_root(c, err);
	if (r == 0)
		r = cli_call_with(c, RPC_X_PULL_IMAGE, &args, &reply, &opts, err);
	pullview_free(view);
	if (r == 0 && cli_bool(c, "quiet"))
		cli_printf("%s\n", reply.result.image.name);
	else if (r == 0)
		cli_printf(
			reply.result.changed
				? "pulled image \"%s\" into realm \"%s\" (namespace \"%s\")\n"
				: "image \"%s\" in realm \"%s\" (namespace \"%s\") is up to date\n",
			reply.result.image.name, reply.result.realm, reply.result.namespace);
	cli_free_args(RPC_X_PULL_IMAGE, &args);
	cli_free_reply(RPC_X_PULL_IMAGE, &reply);
	return r;
}

/* ---- get ---- */

static const struct opt get_opts[] = {
	OPT_ROW_REALM("default"),
	{ "output", 'o', OPT_STRING, NULL, "yaml, json, table, wide or name [$KUKE_GET_OUTPUT]" },
	OPT_ROW_SELECTOR,
	{ 0 },
};

/* ---- delete ---- */

static const struct opt delete_opts[] = { OPT_ROW_REALM("default"), { 0 } };

static int delete_one(struct cli *c, const char *ref, void *ctx, struct kerr *err)
{
	const char *realm = ctx;
	struct rpc_image_args args = { .realm = xstrdup(realm), .ref = xstrdup(ref) };
	struct rpc_delete_image_reply reply = { 0 };
	int r;

	r = check_image(&args, err);
	if (r == 0)
		r = cli_call(c, RPC_DELETE_IMAGE, &args, &reply, err);
	if (r == 0)
		cli_printf("deleted image \"%s\" from realm \"%s\" (namespace \"%s\")\n",
			   reply.result.ref ? reply.result.ref : args.ref, realm,
			   reply.result.namespace ? reply.result.namespace : "");
	cli_free_args(RPC_DELETE_IMAGE, &args);
	cli_free_reply(RPC_DELETE_IMAGE, &reply);
	return r;
}

static int run_delete(struct cli *c, struct kerr *err)
{
	cleanup_free char *realm = str_trim(cli_str_or(c, "realm", "default"));
	cleanup_strlist struct strlist refs = { 0 };

	if (!*realm)
		return kerr_plain(err, -EINVAL, "realm name is required");
	for (size_t i = 0; i < c->args.n; i++)
		strlist_add_owned(&refs, cli_arg(c, i));
	return names_each(c, &refs, NULL, delete_one, realm, err);
}

/* ---- inspect, prune, verify ---- */

static const struct opt realm_opts[] = { OPT_ROW_REALM("default"), { 0 } };

static int run_inspect(struct cli *c, struct kerr *err)
{
	cleanup_free char *realm = str_trim(cli_str_or(c, "realm", "default"));
	struct rpc_image_args args = { .realm = xstrdup(realm), .ref = cli_arg(c, 0) };
	struct rpc_inspect_image_reply reply = { 0 };
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	int r;

	r = check_image(&args, err);
	if (r == 0)
		r = cli_call(c, RPC_X_INSPECT_IMAGE, &args, &reply, err);
	if (r == 0) {
		report_json(&out, reply.result.json);
		cli_print(&out);
	}
	cli_free_args(RPC_X_INSPECT_IMAGE, &args);
	cli_free_reply(RPC_X_INSPECT_IMAGE, &reply);
	return r;
}

static int run_prune(struct cli *c, struct kerr *err)
{
	cleanup_free char *realm = str_trim(cli_str_or(c, "realm", "default"));
	struct rpc_image_args args = { .realm = xstrdup(realm) };
	struct rpc_prune_images_reply reply = { 0 };
	cleanup_buf struct buf size = BUF_INIT(64);
	int r = 0;

	if (!*realm)
		r = kerr_plain(err, -EINVAL, "realm name is required");
	if (r == 0)
		r = cli_call(c, RPC_X_PRUNE_IMAGES, &args, &reply, err);
	if (r == 0) {
		term_add_size(&size, reply.result.bytes);
		cli_printf("pruned images of realm \"%s\" (namespace \"%s\"): %s freed\n", realm,
			   reply.result.namespace ? reply.result.namespace : "", buf_str(&size));
	}
	cli_free_args(RPC_X_PRUNE_IMAGES, &args);
	cli_free_reply(RPC_X_PRUNE_IMAGES, &reply);
	return r;
}

static const struct opt verify_opts[] = {
	OPT_ROW_REALM("default"),
	{ "repair", 0, OPT_BOOL, NULL, "get again what is broken" },
	{ 0 },
};

static int run_verify(struct cli *c, struct kerr *err)
{
	cleanup_free char *realm = str_trim(cli_str_or(c, "realm", "default"));
	struct rpc_verify_images_args args = {
		.realm = xstrdup(realm),
		.ref = cli_arg(c, 0),
		.repair = cli_bool(c, "repair"),
	};
	struct rpc_verify_images_reply reply = { 0 };
	cleanup_buf struct buf out = BUF_INIT(REPORT_MAX);
	size_t broken = 0;
	int r = 0;

	if (!*realm)
		r = kerr_plain(err, -EINVAL, "realm name is required");
	if (r == 0)
		r = cli_call(c, RPC_X_VERIFY_IMAGES, &args, &reply, err);
	if (r == 0) {
		broken = report_image_checks(&out, &reply.result);
		cli_print(&out);
	}
	if (broken > 0)
		r = kerr_plain(err, -EIO, "%zu of %zu images broken", broken,
			       reply.result.images.n);
	cli_free_args(RPC_X_VERIFY_IMAGES, &args);
	cli_free_reply(RPC_X_VERIFY_IMAGES, &reply);
	return r;
}

/* ---- the rows ---- */

static const struct cmd cmd_image_load = {
	.name = "load",
	.args = "[tarball|directory|-]",
	.max_args = 1,
	.help = "load the images of an archive or an OCI layout, plain or in gzip or zstd",
	.opts = load_opts,
	.run = run_load,
};

static const struct cmd cmd_image_pull = {
	.name = "pull",
	.args = "REF",
	.min_args = 1,
	.max_args = 1,
	.help = "get an image from its registry",
	.opts = pull_opts,
	.subject = CMD_SUBJECT_IMAGE,
	.run = run_pull,
};

static const struct cmd cmd_image_get = {
	.name = "get",
	.aliases = "ls list",
	.args = "[ref...]",
	.max_args = NAMES_MAX,
	.help = "show images",
	.opts = get_opts,
	.subject = CMD_SUBJECT_IMAGE,
	.run = image_get_run,
};

static const struct cmd cmd_image_delete = {
	.name = "delete",
	.aliases = "rm remove",
	.args = "REF...",
	.min_args = 1,
	.max_args = NAMES_MAX,
	.help = "delete an image",
	.opts = delete_opts,
	.subject = CMD_SUBJECT_IMAGE,
	.run = run_delete,
};

static const struct cmd cmd_image_inspect = {
	.name = "inspect",
	.args = "REF",
	.min_args = 1,
	.max_args = 1,
	.help = "print all that is known of an image, with its configuration, as JSON",
	.subject = CMD_SUBJECT_IMAGE,
	.opts = realm_opts,
	.run = run_inspect,
};

static const struct cmd cmd_image_prune = {
	.name = "prune",
	.help = "remove what no image and no container needs",
	.opts = realm_opts,
	.run = run_prune,
};

static const struct cmd cmd_image_verify = {
	.name = "verify",
	.args = "[ref]",
	.max_args = 1,
	.help = "read every file of one or all images and name what is broken",
	.opts = verify_opts,
	.subject = CMD_SUBJECT_IMAGE,
	.run = run_verify,
};

static const struct cmd *const image_subs[] = {
	&cmd_image_load,   &cmd_image_pull,    &cmd_image_get,	 &cmd_image_delete,
	&cmd_image_verify, &cmd_image_inspect, &cmd_image_prune, NULL,
};

const struct cmd cmd_image = {
	.name = "image",
	.help = "load, pull, show, verify and delete images of a realm",
	.subs = image_subs,
};
