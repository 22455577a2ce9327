/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "atomic.h"
#include "cell.h"
#include "convert.h"
#include "fd.h"
#include "hosts.h"
#include "jscan.h"
#include "mem.h"
#include "mount.h"
#include "network.h"
#include "ns.h"
#include "path.h"
#include "restart.h"
#include "str.h"

#define RUN_FILE "run.json"
#define RUN_MAX 4096
#define PHASE_COMPLETE "complete"

static char *run_file(const struct engine *e, const struct addr *cell)
{
	char *dir cleanup_free = layout_pin(&e->layout, cell, NULL, NULL);

	return path_join(dir, RUN_FILE, NULL);
}

char *cell_run_dir(const struct engine *e, const struct addr *cell, const struct cell_run *run)
{
	return layout_pin(&e->layout, cell, run->start_id, NULL);
}

int cell_run_load(struct engine *e, const struct addr *cell, struct cell_run *ret, struct kerr *err)
{
	char *file cleanup_free = run_file(e, cell);
	struct buf text cleanup_buf = BUF_INIT(RUN_MAX);
	struct cell_run run = { 0 };
	char ip[IPV4_TEXT_MAX], phase[16];
	int r;

	r = file_read_at(AT_FDCWD, file, RUN_MAX, &text, err);
	if (r < 0)
		return r;
	r = jscan_get_str(buf_str(&text), text.len, "start", run.start_id, sizeof(run.start_id));
	if (r == 0)
		r = jscan_get_str(buf_str(&text), text.len, "veth", run.veth, sizeof(run.veth));
	if (r == 0)
		r = jscan_get_str(buf_str(&text), text.len, "address", ip, sizeof(ip));
	if (r == 0 && ip[0])
		r = ipv4_parse(ip, &run.addr);
	if (r == 0)
		r = jscan_get_str(buf_str(&text), text.len, "phase", phase, sizeof(phase));
	if (r < 0)
		return kerr_plain(err, -EINVAL, "'%s' is not the record of a start", file);
	run.complete = streq(phase, PHASE_COMPLETE);
	*ret = run;
	return 0;
}

static int run_save(struct engine *e, const struct addr *cell, const struct cell_run *run,
		    struct kerr *err)
{
	char *file cleanup_free = run_file(e, cell);
	char ip[IPV4_TEXT_MAX];
	char *text cleanup_free = xasprintf(
		"{\"start\":\"%s\",\"veth\":\"%s\",\"address\":\"%s\",\"phase\":\"%s\"}\n",
		run->start_id, run->veth, run->addr ? ipv4_text(run->addr, ip) : "",
		run->complete ? PHASE_COMPLETE : "begun");

	return atomic_write_at(AT_FDCWD, file, text, strlen(text), 0600, ATOMIC_WRITE_NOSYNC, err);
}

int cell_run_begin(struct engine *e, const struct addr *cell, struct cell_run *ret,
		   struct kerr *err)
{
	char *parent cleanup_free = layout_pin(&e->layout, cell, NULL, NULL);
	char *dir cleanup_free = NULL;
	struct cell_run run = { 0 };
	uint64_t random;
	int r;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random))
		return kerr_set(err, -errno, "read random bytes");
	hex_encode(run.start_id, &random, sizeof(random));
	r = mkdir_p(parent, 0700, err);
	if (r == 0)
		r = run_save(e, cell, &run, err);
	if (r < 0)
		return r;
	dir = cell_run_dir(e, cell, &run);
	r = mkdir_p(dir, 0711, err);
	if (r == 0)
		r = mount_private_dir(dir, err);
	if (r < 0)
		return r;
	*ret = run;
	return 0;
}

static int connect_network(struct engine *e, const struct addr *cell, struct cell_run *run,
			   int dirfd, struct kerr *err)
{
	struct addr space = { .realm = cell->realm, .space = cell->space };
	struct space_net net;
	struct link_attach at = { .bridge = net.bridge, .host_name = run->veth, .name = "eth0" };
	int nsfd cleanup_fd = -EBADF;
	int r;

	r = network_load(e, &space, &net, err);
	if (r == -ENOENT)
		r = kerr_plain(err, r, "network not found");
	if (r == 0)
		r = lease_take(e, cell, &net, &run->addr, err);
	if (r == 0)
		r = link_veth_name(run->veth, err);
	if (r == 0)
		r = run_save(e, cell, run, err);
	if (r < 0)
		return r;
	engine_lap(e, "address");
	nsfd = r = ns_open(dirfd, NS_NET, err);
	if (r < 0)
		return r;
	at.netns_fd = nsfd;
	at.addr = (struct ipv4_net){ .addr = run->addr, .prefix = net.subnet.prefix };
	at.gateway = net.gateway;
	r = link_attach(&at, err);
	if (r == -ENODEV) { /* the bridge went away, or this is its first cell since boot */
		r = network_up(e, &space, &net, err);
		if (r >= 0) /* and who took it may have taken the rules as well */
			r = network_sync_rules(e, err);
		if (r >= 0)
			r = link_attach(&at, err);
	}
	engine_lap(e, "link");
	if (r < 0)
		return r;
	return hosts_update(e, &space, err);
}

int cell_run_connect(struct engine *e, const struct cell_doc *cell, struct cell_run *run,
		     struct kerr *err)
{
	bool host = cell_host_network(&cell->spec);
	struct addr a = addr_of_cell(cell);
	char *dir cleanup_free = cell_run_dir(e, &a, run);
	char *resolv cleanup_free = path_join(dir, "resolv.conf", NULL);
	int dirfd cleanup_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dirfd < 0)
		return kerr_set(err, -errno, "open '%s'", dir);
	engine_lap(e, "run directory");
	r = ns_pin(dirfd, NS_IPC | NS_UTS | (host ? 0 : NS_NET), a.cell, err);
	engine_lap(e, "pins");
	if (r == 0 && !host) {
		r = connect_network(e, &a, run, dirfd, err);
		if (r < 0)
			r = kerr_wrap(err, r, "failed to attach cell %s to network", a.cell);
	}
	if (r == 0)
		r = hosts_write_resolv(resolv, err);
	if (r == 0)
		r = hosts_prepare_cell(e, &a, !host, err);
	engine_lap(e, "names");
	return r;
}

int cell_run_complete(struct engine *e, const struct addr *cell, struct cell_run *run,
		      struct kerr *err)
{
	if (run->complete)
		return 0;
	run->complete = true;
	return run_save(e, cell, run, err);
}

int cell_run_end(struct engine *e, const struct addr *cell, struct kerr *err)
{
	char *parent cleanup_free = layout_pin(&e->layout, cell, NULL, NULL);
	struct cell_run run = { 0 };
	int r;

	r = restarts_drop(e, cell, err);
	if (r < 0)
		return r;
	r = cell_run_load(e, cell, &run, NULL);
	if (r == -ENOENT && access(parent, F_OK) < 0)
		return 0;
	if (run.veth[0]) {
		r = link_detach(run.veth, err);
		if (r < 0)
			return r;
	}
	/* The pins go with the mounts, and the namespaces and the link with the pins. */
	r = mount_detach_below(parent, err);
	if (r < 0)
		return r;
	return remove_tree_at(AT_FDCWD, parent, REMOVE_TREE_SAME_FS, err);
}
