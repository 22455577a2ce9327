/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shimdrive BASE CGROUP COMMAND ID [ARG…]: drives oci/runtime/shim.h by hand, for the
 * system tests of the monitor. BASE/rootfs is the root of every container.
 *
 *   start ID ARG…   build the runtime spec, prepare and start
 *   spec ID ARG…    print the runtime spec
 *   state ID        one line: the state and what is known
 *   settle ID       the same, once no shim is busy
 *   signal ID N     send signal N to init
 *   adopt ID, clear ID, kill ID
 *
 * Environment: SHIM_LOG_MAX (bytes), SHIM_DEADLINE (ms), SHIM_RUNTIME, SHIM_USER,
 * SHIM_MEMORY (bytes).
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "cgroup.h"
#include "cgroup_host.h"
#include "mem.h"
#include "path.h"
#include "procinfo.h"
#include "runc.h"
#include "shim.h"
#include "shim_state.h"
#include "spec.h"
#include "str.h"

static struct drive {
	const char *base, *id;
	char *runc, *cgroup, *monitors, *rootfs, *memory;
	struct cgroup_host *cgroups;
	int fds[CGROUP_FDS_MAX];
	struct shim_start how;
} d;

static int64_t env_number(const char *name)
{
	const char *text = getenv(name);
	int64_t v = 0;

	if (text != NULL && str_to_i64(text, 0, INT64_MAX, &v) < 0)
		(void) fprintf(stderr, "shimdrive: bad %s\n", name);
	return v;
}

/* The directory with the container's memory events, by whichever hierarchy has the controller. */
static char *memory_dir(void)
{
	size_t i;

	for (i = 0; i < d.cgroups->n; i++) {
		const char *mount = d.cgroups->v[i].mount;

		if (d.cgroups->mode == CGROUP_MODE_V2 ? d.cgroups->v[i].v2
						      : str_has_suffix(mount, "/memory"))
			return path_join(mount, d.cgroup, NULL);
	}
	return NULL;
}

static int set_up(const char *base, const char *cgroup, const char *id, struct kerr *err)
{
	int r;

	d.base = base;
	d.id = id;
	d.cgroup = path_join(cgroup, id, NULL);
	d.monitors = path_join(cgroup, "_monitors", NULL);
	d.rootfs = path_join(base, "rootfs", NULL);
	r = runc_find(getenv("SHIM_RUNTIME"), &d.runc, err);
	if (r == 0)
		r = cgroup_host_new(NULL, &d.cgroups, err);
	if (r == 0)
		r = cgroup_ensure(d.cgroups, d.monitors, CGROUP_ENSURE_LEAF, NULL, err);
	if (r < 0)
		return r;
	d.memory = memory_dir();
	d.how = (struct shim_start){
		.place.run_dir = path_join(base, "rt/containers/ns", id, NULL),
		.place.data_dir = path_join(base, "run/namespaces/ns/containers", id, NULL),
		.id = id,
		.runc = d.runc,
		.runc_root = path_join(base, "rt/runc", NULL),
		.log_dir = path_join(base, "cell", id, NULL),
		.log_max_bytes = env_number("SHIM_LOG_MAX"),
		.cgroups = d.cgroups,
		.cgroup = d.cgroup,
		.memory_cgroup = d.memory,
		.monitor_procs_fds = d.fds,
		.runtime_dir = path_join(base, "rt", NULL),
		.wake_key = id,
		.deadline_ms = (int) env_number("SHIM_DEADLINE"),
	};
	return cgroup_open_procs(d.cgroups, d.monitors, d.fds, &d.how.n_monitor_procs_fds, err);
}

static int build(char **argv, struct buf *json, struct kerr *err)
{
	struct cell_doc cell = { .head.metadata.name = (char *) (uintptr_t) "cell" };
	struct container_resources resources = { .memory_limit_bytes = { true, 0 } };
	struct container_spec c = { .id = (char *) (uintptr_t) d.id };
	struct spec_input in = {
		.cell = &cell,
		.c = &c,
		.rootfs = d.rootfs,
		.cell_cgroup = d.cgroup,
		.cgroups_path = d.cgroup,
	};
	struct rlimit files;
	int r;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max < INT64_MAX)
		in.files_max = (int64_t) files.rlim_max;

	for (; *argv != NULL; argv++)
		strlist_add(&c.args, *argv);
	c.user = getenv("SHIM_USER");
	resources.memory_limit_bytes.v = env_number("SHIM_MEMORY");
	c.resources = &resources;
	r = spec_build(&in, json, NULL, err);
	strlist_clear(&c.args);
	return r;
}

static int do_start(char **argv, bool print_only, struct kerr *err)
{
	cleanup_buf struct buf json = BUF_INIT(SPEC_MAX);
	struct shim_started started;
	int r;

	r = build(argv, &json, err);
	if (r == 0 && print_only) {
		puts(buf_str(&json));
		return 0;
	}
	if (r == 0)
		r = shim_prepare(&d.how, &json, err);
	if (r == 0)
		r = shim_start(&d.how, &started, err);
	if (r == 0)
		printf("started pid=%d run=%s\n", (int) started.pid, started.run_id);
	return r;
}

static int print_state(bool settle, struct kerr *err)
{
	static const char *const names[] = {
		[SHIM_NEVER] = "never", [SHIM_STARTING] = "starting", [SHIM_RUNNING] = "running",
		[SHIM_ENDED] = "ended", [SHIM_LOST] = "lost",
	};
	struct shim_status st;
	int r;

	r = settle ? shim_settle(&d.how.place, 20000, &st, err)
		   : shim_state(&d.how.place, &st, err);
	if (r < 0)
		return r;
	printf("%s alive=%d shim=%d pid=%d run=%s", names[st.state], st.monitor_alive,
	       (int) st.shim_pid, (int) st.pid, st.run_id);
	if (st.have_exit)
		printf(" code=%d signal=%d oom=%d lost=%d dropped=%lld of=%s", st.exit.code,
		       st.exit.signal, st.exit.oom_killed, st.exit.lost,
		       (long long) st.exit.log_dropped, st.exit.run_id);
	puts("");
	return 0;
}

static int do_signal(const char *number, struct kerr *err)
{
	struct shim_status st;
	int sig = signal_from_name(number);
	int fd, r;

	r = shim_state(&d.how.place, &st, err);
	if (r < 0)
		return r;
	fd = shim_open_init(&st);
	if (fd < 0)
		return kerr_set(err, fd, "open init of '%s'", d.id);
	return pidfd_signal(fd, sig);
}

static int run(const char *command, char **argv, struct kerr *err)
{
	if (streq(command, "start"))
		return do_start(argv, false, err);
	if (streq(command, "spec"))
		return do_start(argv, true, err);
	if (streq(command, "state"))
		return print_state(false, err);
	if (streq(command, "settle"))
		return print_state(true, err);
	if (streq(command, "signal") && argv[0] != NULL)
		return do_signal(argv[0], err);
	if (streq(command, "adopt"))
		return shim_adopt(&d.how, err);
	if (streq(command, "clear"))
		return shim_clear(&d.how, 0, err);
	if (streq(command, "kill"))
		return shim_clear(&d.how, SHIM_CLEAR_KILL, err);
	return kerr_plain(err, -EINVAL, "no command '%s'", command);
}

int main(int argc, char **argv)
{
	char text[KERR_TEXT_MAX];
	struct kerr err = { 0 };
	int r;

	if (argc < 5) {
		(void) fprintf(stderr, "usage: shimdrive BASE CGROUP COMMAND ID [ARG...]\n");
		return 2;
	}
	r = set_up(argv[1], argv[2], argv[4], &err);
	if (r == 0)
		r = run(argv[3], argv + 5, &err);
	if (r < 0) {
		(void) fprintf(stderr, "shimdrive: %s\n", kerr_text(&err, text, sizeof(text)));
		return 1;
	}
	return 0;
}
