/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "configuration.h"
#include "copy.h"
#include "mem.h"
#include "model.h"
#include "path.h"
#include "ready.h"
#include "str.h"
#include "term.h"
#include "verbs.h"

#define DEFAULT_CONFIGURATION KUKEON_SYSCONFDIR "/kukeond.yaml"

static const struct opt init_opts[] = {
	{ "realm", 0, OPT_STRING, "default", "realm made for your cells [$KUKE_INIT_REALM]" },
	{ "space", 0, OPT_STRING, "default", "space made in it [$KUKE_INIT_SPACE]" },
	{ "kukeond-image", 0, OPT_STRING, NULL,
	  "run the daemon from this image (not supported yet) [$KUKE_INIT_KUKEOND_IMAGE]" },
	{ "no-wait", 0, OPT_BOOL, NULL,
	  "do not wait for the daemon to answer [$KUKE_INIT_NO_WAIT]" },
	{ "force-regenerate-cni", 0, OPT_BOOL, NULL,
	  "rewrite network configurations that are in order as well "
	  "[$KUKE_INIT_FORCE_REGENERATE_CNI]" },
	{ "server-configuration", 0, OPT_STRING, DEFAULT_CONFIGURATION,
	  "kukeond's configuration file [$KUKE_INIT_SERVER_CONFIGURATION]" },
	{ "containerd-namespace-suffix", 0, OPT_STRING, CONF_DEFAULT_SUFFIX,
	  "suffix of the realms' namespaces [$KUKEON_NAMESPACE_SUFFIX]" },
	{ "cgroup-root", 0, OPT_STRING, CONF_DEFAULT_CGROUP_ROOT,
	  "cgroup below which everything lives [$KUKEON_CGROUP_ROOT]" },
	{ 0 },
};

/* Settings of init, from flags, environment, the server's configuration file and defaults. */
struct plan {
	struct server_doc doc;
	char *configuration;
	bool configuration_found;
	char *socket;
	char *runtime_dir;
	const char *realm, *space, *suffix, *cgroup_root, *run_path;
};

static void plan_clear(struct plan *p)
{
	model_clear(&server_doc_type, &p->doc);
	free(p->configuration);
	free(p->socket);
	free(p->runtime_dir);
}

static const char *given(const struct cli *c, const char *flag)
{
	return cli_given(c, flag) ? cli_str(c, flag) : NULL;
}

/* A flag with empty text (an unset variable of a script) is an error, not the default. */
static int check_given(const struct cli *c, struct kerr *err)
{
	static const struct {
		const char *flag, *what;
	} flags[] = {
		{ "server-configuration", "server configuration" },
		{ "realm", "realm" },
		{ "space", "space" },
		{ "containerd-namespace-suffix", "containerdNamespaceSuffix" },
		{ "cgroup-root", "cgroupRoot" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(flags); i++)
		r = configuration_check_flag(flags[i].what, given(c, flags[i].flag), err);
	return r;
}

/* Write the default file on the first run; warn of one in /etc that this build does not read. */
static void prepare_default(const char *configuration)
{
	static const char def[] = DEFAULT_CONFIGURATION;
	cleanup_free char *elsewhere = configuration_elsewhere(configuration, def);

	if (*elsewhere)
		term_err("warning: %s\n", elsewhere);
	if (streq(configuration, def))
		(void) configuration_write_template(KIND_SERVER_CONFIGURATION, def, NULL);
}

static int make_plan(struct cli *c, struct plan *p, struct kerr *err)
{
	cleanup_strlist struct strlist warnings = { 0 };
	const struct server_spec *s = &p->doc.spec;
	const char *image;
	int r = check_given(c, err);

	if (r < 0)
		return r;
	p->configuration = xstrdup(configuration_pick(given(c, "server-configuration"),
						      "KUKE_INIT_SERVER_CONFIGURATION", NULL,
						      DEFAULT_CONFIGURATION));
	prepare_default(p->configuration);
	r = configuration_load(KIND_SERVER_CONFIGURATION, p->configuration, &p->doc, &warnings,
			       err);
	if (r < 0)
		return r;
	p->configuration_found = r > 0;
	term_err_lines(&warnings);
	image = configuration_pick(given(c, "kukeond-image"), "KUKE_INIT_KUKEOND_IMAGE",
				   s->kukeond_image, "");
	if (!str_empty(image))
		return kerr_plain(err, -ENOTSUP,
				  "not supported yet: kukeondImage (\"%s\"); leave it out and the "
				  "daemon runs as a process of the host",
				  image);
	p->socket =
		xstrdup(configuration_pick(NULL, "KUKEOND_SOCKET", s->socket, CONF_DEFAULT_SOCKET));
	r = configuration_check_path("socket", p->socket, err);
	if (r < 0)
		return r;
	p->runtime_dir = path_dirname(p->socket);
	p->realm = configuration_pick(given(c, "realm"), "KUKE_INIT_REALM", NULL, "default");
	p->space = configuration_pick(given(c, "space"), "KUKE_INIT_SPACE", NULL, "default");
	p->suffix = configuration_pick(given(c, "containerd-namespace-suffix"),
				       "KUKEON_NAMESPACE_SUFFIX", s->namespace_suffix,
				       CONF_DEFAULT_SUFFIX);
	p->cgroup_root = configuration_pick(given(c, "cgroup-root"), "KUKEON_CGROUP_ROOT",
					    s->cgroup_root, CONF_DEFAULT_CGROUP_ROOT);
	p->run_path = c->settings.run_path_given || str_empty(s->run_path) ? c->settings.run_path
									   : s->run_path;
	return configuration_check_runtime(p->suffix, p->cgroup_root, err);
}

/* ---- the report ---- */

static const char *made(struct rpc_made m)
{
	return m.created ? "created" : m.existed ? "already existed" : "missing";
}

static void print_level(const struct rpc_init_level *l)
{
	cli_printf("    - realm \"%s\": %s\n", l->realm, made(l->realm_made));
	cli_printf("    - containerd namespace \"%s\": %s\n", l->namespace,
		   made(l->namespace_made));
	cli_printf("    - realm cgroup: %s\n", made(l->realm_cgroup));
	cli_printf("    - space \"%s\": %s\n", l->space, made(l->space_made));
	cli_printf("    - network \"%s\": %s\n", l->network, made(l->network_made));
	cli_printf("    - space cgroup: %s\n", made(l->space_cgroup));
	cli_printf("    - stack \"%s\": %s\n", l->stack, made(l->stack_made));
	cli_printf("    - stack cgroup: %s\n", made(l->stack_cgroup));
}

static bool level_changed(const struct rpc_init_level *l)
{
	return l->realm_made.created || l->realm_cgroup.created || l->namespace_made.created ||
	       l->space_made.created || l->space_cgroup.created || l->network_made.created ||
	       l->stack_made.created || l->stack_cgroup.created;
}

static void print_cell(const struct rpc_init_host_result *r)
{
	const char *cell = made((struct rpc_made){ true, r->cell_created });

	if (r->cell_created)
		cli_printf("    - cell \"%s\": created (image %s)\n", SYSTEM_CELL, SYSTEM_IMAGE);
	else
		cli_printf("    - cell \"%s\": already existed\n", SYSTEM_CELL);
	cli_printf("    - cell cgroup: %s\n", cell);
	cli_printf("    - cell root container: %s\n", cell);
	cli_printf("    - cell containers: %s\n",
		   r->daemon_started ? "started" : "already running");
}

static void print_report(const struct plan *p, const struct rpc_init_host_result *r)
{
	bool changed = r->root_cgroup.created || level_changed(&r->def) || level_changed(&r->sys) ||
		       r->cell_created || r->daemon_started;

	cli_printf("%s\n",
		   changed ? "Initialized Kukeon runtime" : "Kukeon runtime already initialized");
	cli_printf("Realm: %s (namespace: %s)\n", r->def.realm, r->def.namespace);
	cli_printf("System realm: %s (namespace: %s)\n", r->sys.realm, r->sys.namespace);
	cli_printf("Run path: %s\n", p->run_path);
	cli_printf("Kukeond image: %s\n", SYSTEM_IMAGE);
	cli_printf("Server configuration: %s%s\n", p->configuration,
		   p->configuration_found ? "" : " (not there: defaults)");
	cli_printf("Packet filter: %s\n", r->firewall);
	cli_printf("Actions:\n    - kukeon root cgroup: %s\n", made(r->root_cgroup));
	cli_printf("  Default hierarchy:\n");
	print_level(&r->def);
	cli_printf("  System hierarchy:\n");
	print_level(&r->sys);
	print_cell(r);
	if (!str_empty(r->runtime_warning))
		term_err("warning: %s\n", r->runtime_warning);
	if (!str_empty(r->firewall_warning))
		term_err("warning: %s\n", r->firewall_warning);
}

static int finish(const struct plan *p, struct kerr *err)
{
	int r = ready_wait(p->socket, err);

	if (r == 0)
		cli_printf("kukeond is ready (unix://%s)\n", p->socket);
	return r;
}

static void *borrow(const char *s)
{
	return (void *) (uintptr_t) s;
}

/* Use an engine with the plan's settings, not those an existing run path was made with. */
static int init_host(struct cli *c, const struct plan *p, bool force_network,
		     struct rpc_init_host_reply *reply, struct kerr *err)
{
	const struct rpc_open_engine_args how = {
		.configuration = p->configuration,
		.run_path = borrow(p->run_path),
		.socket = p->socket,
		.namespace_suffix = borrow(p->suffix),
		.cgroup_root = borrow(p->cgroup_root),
		.log_level = c->settings.verbose ? c->settings.log_level : NULL,
	};
	struct rpc_init_host_args args = {
		.realm = borrow(p->realm),
		.space = borrow(p->space),
		.socket = p->socket,
		.configuration = p->configuration,
		.socket_gid = p->doc.spec.socket_gid,
		.force_network = force_network,
	};
	int r;

	c->settings.no_daemon = true;
	c->own_how = &how;
	r = cli_call(c, RPC_X_INIT_HOST, &args, reply, err);
	cli_hang_up(c);
	c->own_how = NULL;
	return r;
}

static int run_init(struct cli *c, struct kerr *err)
{
	cleanup_(plan_clear) struct plan p = { 0 };
	struct rpc_init_host_reply reply = { 0 };
	bool force_network = false, no_wait = false;
	int r;

	r = cli_switch(c, "force-regenerate-cni", "KUKE_INIT_FORCE_REGENERATE_CNI", &force_network,
		       err);
	if (r == 0)
		r = cli_switch(c, "no-wait", "KUKE_INIT_NO_WAIT", &no_wait, err);
	if (r == 0)
		r = make_plan(c, &p, err);
	if (r == 0)
		r = init_host(c, &p, force_network, &reply, err);
	if (r == 0)
		print_report(&p, &reply.result);
	cli_free_reply(RPC_X_INIT_HOST, &reply);
	return r < 0 || no_wait ? r : finish(&p, err);
}

const struct cmd cmd_init = {
	.name = "init",
	.help = "prepare this host and start the daemon",
	.about =
		"Prepare this host: cgroups, the default realm, space and stack, their network and "
		"firewall rules, and the daemon. Repeating it changes nothing on a healthy host.",
	.opts = init_opts,
	.run = run_init,
	.flags = CMD_IGNORE_ARGS | CMD_ROOT,
};
