/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cgroup_host.h"
#include "clock.h"
#include "configuration.h"
#include "context.h"
#include "daemon.h"
#include "fd.h"
#include "link_ipv6.h"
#include "log.h"
#include "mem.h"
#include "procinfo.h"
#include "pins.h"
#include "pull_failures.h"
#include "scope.h"
#include "stage.h"
#include "str.h"

#define DEFAULT_POD_PREFIX 24

static const char *or_default(const char *s, const char *def)
{
	return str_empty(s) ? def : s;
}

static int parse_pod_net(struct engine *e, const struct engine_config *c, struct kerr *err)
{
	const char *cidr = or_default(c->pod_subnet_cidr, CONF_DEFAULT_POD_SUBNET);
	int64_t prefix = c->pod_subnet_size ? c->pod_subnet_size : DEFAULT_POD_PREFIX;
	int r;

	r = ipv4_net_parse(cidr, &e->pod_net);
	if (r < 0)
		return kerr_plain(err, r, "podSubnetCIDR \"%s\" is not an IPv4 subnet", cidr);
	e->pod_net = ipv4_subnet(e->pod_net);
	if (prefix < e->pod_net.prefix || prefix > 30)
		return kerr_plain(err, -EINVAL, "podSubnetSize %lld must be within [%u, 30]",
				  (long long) prefix, e->pod_net.prefix);
	e->pod_prefix = (unsigned) prefix;
	return 0;
}

static int parse_pod_net6(struct engine *e, const struct engine_config *c, struct kerr *err)
{
	struct ipnet net;
	int r = configuration_check_ipv6("", c->pod_subnet_cidr_v6, c->pod_subnet_cidr, err);

	if (r < 0 || str_empty(c->pod_subnet_cidr_v6) ||
	    ipnet_parse(c->pod_subnet_cidr_v6, &net) < 0)
		return r;
	e->lacks_ipv6 = !link_ipv6_in_kernel();
	if (!e->lacks_ipv6)
		e->pod_net6 = ipnet_subnet(net);
	return 0;
}

void engine_config_read(struct engine_config *c, const struct server_spec *s)
{
	c->runtime = s->runtime;
	c->pod_subnet_cidr = s->pod_subnet_cidr;
	c->pod_subnet_size = s->pod_subnet_size;
	c->pod_subnet_cidr_v6 = s->pod_subnet_cidr_v6;
	c->firewall_backend = s->firewall_backend;
	c->socket_gid = s->socket_gid.set ? s->socket_gid.v : -1;
	c->keep_layers = s->keep_layers.set && s->keep_layers.v;
	c->capture_max_bytes = s->capture_max_bytes;
	c->capture_files = s->capture_files;
	c->terminal_size = s->terminal_size;
	c->insecure_registries = &s->insecure_registries;
	c->registry_mirrors = &s->registry_mirrors;
	c->registry_ca_file = s->registry_ca_file;
	c->image_limits = s->image_limits;
	c->seccomp_default = s->seccomp_default.set && s->seccomp_default.v;
}

int engine_open(const struct engine_config *c, struct engine **ret, struct kerr *err)
{
	cleanup_(engine_closep) struct engine *e = xcalloc(1, sizeof(*e));
	int r;

	e->pins_ns = e->pins_root = -EBADF;
	e->suffix = xstrdup(or_default(c->suffix, CONF_DEFAULT_SUFFIX));
	e->cgroup_root = xstrdup(or_default(c->cgroup_root, CONF_DEFAULT_CGROUP_ROOT));
	r = configuration_check_runtime(e->suffix, e->cgroup_root, err);
	if (r < 0)
		return r;
	while (str_has_suffix(e->cgroup_root, "/"))
		e->cgroup_root[strlen(e->cgroup_root) - 1] = '\0';
	if (streq(e->suffix, CONF_DEFAULT_SUFFIX) &&
	    streq(e->cgroup_root, CONF_DEFAULT_CGROUP_ROOT))
		e->instance = xstrdup("");
	else
		e->instance = xasprintf("%s:%s", e->suffix, e->cgroup_root);
	e->runtime = xstrdup(or_default(c->runtime, ""));
	e->socket_gid = c->socket_gid > 0 ? c->socket_gid : 0;
	e->keep_layers = c->keep_layers;
	e->capture_max_bytes = c->capture_max_bytes;
	e->capture_files = c->capture_files;
	e->terminal_size = xstrdup(or_default(c->terminal_size, ""));
	if (c->image_limits)
		e->image_limits = *c->image_limits;
	e->seccomp_default = c->seccomp_default;
	if (c->insecure_registries)
		strlist_copy(&e->registries.insecure, c->insecure_registries);
	if (c->registry_mirrors)
		strmap_copy(&e->registries.mirrors, c->registry_mirrors);
	e->registries.ca_file = xstrdup_null(c->registry_ca_file);
	r = registry_config_check(&e->registries, err);
	if (r < 0)
		return r;
	(void) boot_id(e->boot, NULL); /* else it is asked for, and missed, where it matters */
	e->caller = geteuid();
	e->grace_ms = -1;
	r = firewall_choice_parse(c->firewall_backend, &e->firewall_choice);
	if (r < 0)
		return kerr_plain(err, r, "firewallBackend \"%s\" is not auto, legacy or nft",
				  c->firewall_backend);
	r = parse_pod_net(e, c, err);
	if (r == 0)
		r = parse_pod_net6(e, c, err);
	if (r == 0)
		r = configuration_check_path("runPath", c->run_path, err);
	if (r == 0)
		r = configuration_check_path("socket", c->runtime_dir, err);
	if (r < 0)
		return r;
	layout_init(&e->layout, or_default(c->run_path, CONF_DEFAULT_RUN_PATH),
		    or_default(c->runtime_dir, "/run/kukeon"));
	e->locks = locks_new(&e->layout);
	r = cgroup_host_new(NULL, &e->cgroups, err);
	if (r < 0)
		return r;
	*ret = take_ptr(e);
	return 0;
}

void engine_trace_step(struct engine *e, const char *step)
{
	char us[24], at[24];
	struct ktime t;
	int64_t now;

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	now = clock_us();
	if (step && e->trace_us) {
		t = ktime_now();
		(void) snprintf(us, sizeof(us), "%lld", (long long) (now - e->trace_us));
		(void) snprintf(at, sizeof(at), "%lld.%06d", (long long) t.sec,
				(int) t.nsec / 1000);
		log_dbg("timing", "step", step, "us", us, "at", at);
		now = clock_us(); /* do not count the time that logging takes */
	}
	e->trace_us = now;
}

struct engine *engine_close(struct engine *e)
{
	if (!e)
		return NULL;
	if (e->locks)
		e->locks = locks_free(e->locks);
	e->cgroups = cgroup_host_free(e->cgroups);
	layout_clear(&e->layout);
	free(e->suffix);
	free(e->cgroup_root);
	free(e->terminal_size);
	free(e->runtime);
	free(e->instance);
	registry_config_clear(&e->registries);
	pull_failures_forget(e);
	fd_close_p(&e->pins_ns);
	fd_close_p(&e->pins_root);
	free(e);
	return NULL;
}

int engine_prepare(struct engine *e, struct kerr *err)
{
	int r = scope_prepare_trees(e, err);

	return r < 0 ? r : stage_prepare(e, err);
}

void engine_leave(struct engine *e)
{
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];
	pid_t pid;

	if (e->pins_root < 0 ||
	    daemon_running(e->layout.run_path, e->layout.runtime_dir, &pid) != 0)
		return;
	if (pins_release(e, &err) < 0)
		log_wrn("cannot unmount what cells needed", "error",
			kerr_text(&err, text, sizeof(text)));
}
