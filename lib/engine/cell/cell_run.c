/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "atomic.h"
#include "cell_run.h"
#include "dir.h"
#include "emit_json.h"
#include "encode.h"
#include "jscan.h"
#include "mem.h"
#include "path.h"
#include "statefile.h"
#include "str.h"

#define RUN_MAX 16384
#define PHASE_COMPLETE "complete"

static char *run_file(const struct engine *e, const struct addr *cell)
{
	cleanup_free char *dir = layout_start(&e->layout, cell, NULL, NULL);

	return path_join(dir, CELL_RUN_FILE, NULL);
}

char *cell_run_dir(const struct engine *e, const struct addr *cell, const struct cell_run *run)
{
	return layout_start(&e->layout, cell, run->start_id, NULL);
}

/* The record is written before anything of a start is created, and removed last. */
static bool has_start(const struct engine *e, const struct addr *cell)
{
	cleanup_free char *dir = layout_start(&e->layout, cell, NULL, NULL);
	cleanup_strlist struct strlist names = { 0 };

	dir_names(dir, &names);
	return names.n > 0;
}

/* "" for none. */
static int parse_addr6(const char *text, struct ipnet *ret)
{
	int r = str_empty(text) ? 0 : ipnet_parse_addr(text, ret);

	if (r == 0 && ret->family != IPNET_NONE)
		ret->prefix = 64;
	return r;
}

/* "<device> <address> <space>[ <IPv6 address>]", separated by "/", which none contains. */
static int load_joined(const struct jscan_member *m, struct cell_run *run)
{
	char text[KUKE_MAX_NETWORKS * (sizeof(struct cell_port) + IPV4_TEXT_MAX + IPNET_TEXT_MAX)];
	char *at = text, *one;
	int r = jscan_member_str(m, text, sizeof(text));

	if (r < 0)
		return r;
	while ((one = strsep(&at, "/")) != NULL) {
		struct cell_port *p = &run->joined[run->n_joined];
		const char *veth = strsep(&one, " "), *ip = strsep(&one, " ");
		const char *space = strsep(&one, " ");

		if (run->n_joined == KUKE_MAX_NETWORKS || str_empty(space) ||
		    strlen(space) >= sizeof(p->space) || strlen(veth) >= sizeof(p->veth) ||
		    ipv4_parse(ip, &p->addr) < 0 || parse_addr6(one, &p->addr6) < 0)
			return -EINVAL;
		(void) snprintf(p->veth, sizeof(p->veth), "%s", veth);
		(void) snprintf(p->space, sizeof(p->space), "%s", space);
		run->n_joined++;
	}
	return 0;
}

static void save_joined(struct jemit *j, const struct cell_run *run)
{
	cleanup_buf struct buf text = BUF_INIT(RUN_MAX);
	char ip[IPV4_TEXT_MAX], ip6[IPNET_TEXT_MAX];

	for (size_t i = 0; i < run->n_joined; i++) {
		const struct cell_port *p = &run->joined[i];

		buf_addf(&text, "%s%s %s %s", i ? "/" : "", p->veth, ipv4_text(p->addr, ip),
			 p->space);
		if (p->addr6.family != IPNET_NONE)
			buf_addf(&text, " %s", ipnet_addr_text(&p->addr6, ip6));
	}
	jemit_str(j, buf_str(&text));
}

int cell_run_load(struct engine *e, const struct addr *cell, struct cell_run *ret, struct kerr *err)
{
	enum {
		START,
		VETH,
		ADDRESS,
		PHASE,
		TROUBLE,
		READY_AT,
		JOINED,
		DEVICES,
		CHECK,
		ADDRESS6,
		PREFIX6
	};
	struct jscan_member m[] = { { .key = "start" },	  { .key = "veth" },
				    { .key = "address" }, { .key = "phase" },
				    { .key = "trouble" }, { .key = "readyAt" },
				    { .key = "joined" },  { .key = "devices" },
				    { .key = "checkAt" }, { .key = "address6" },
				    { .key = "prefix6" } };
	cleanup_free char *file = run_file(e, cell);
	cleanup_buf struct buf text = BUF_INIT(RUN_MAX);
	struct cell_run run = { 0 };
	char ip[IPV4_TEXT_MAX], ip6[IPNET_TEXT_MAX], phase[16], at[KTIME_TEXT_MAX];
	int r;

	r = state_read_at(AT_FDCWD, file, RUN_MAX, &text, err);
	if (r == -ENOENT && has_start(e, cell))
		return kerr_plain(err, -EBADMSG, "'%s' is missing", file);
	if (r < 0)
		return r;
	r = jscan_members(buf_str(&text), text.len, m, ARRAY_SIZE(m));
	if (r == 0)
		r = jscan_member_str(&m[START], run.start_id, sizeof(run.start_id));
	if (r == 0)
		r = jscan_member_str(&m[VETH], run.veth, sizeof(run.veth));
	if (r == 0)
		r = jscan_member_str(&m[ADDRESS], ip, sizeof(ip));
	if (r == 0 && ip[0])
		r = ipv4_parse(ip, &run.addr);
	if (r == 0)
		r = jscan_member_str(&m[PHASE], phase, sizeof(phase));
	if (r == 0 && m[JOINED].type)
		r = load_joined(&m[JOINED], &run);
	if (r == 0 && m[ADDRESS6].type)
		r = jscan_member_str(&m[ADDRESS6], ip6, sizeof(ip6));
	if (r == 0 && m[ADDRESS6].type)
		r = parse_addr6(ip6, &run.addr6);
	if (r == 0 && m[PREFIX6].type)
		r = jscan_member_str(&m[PREFIX6], run.prefix6, sizeof(run.prefix6));
	if (r < 0)
		return kerr_plain(err, -EINVAL, "'%s' is not a valid start record", file);
	/* present only if the link is damaged */
	if (jscan_member_str(&m[TROUBLE], run.trouble, sizeof(run.trouble)) < 0)
		run.trouble[0] = '\0';
	run.complete = streq(phase, PHASE_COMPLETE);
	if (jscan_member_str(&m[READY_AT], at, sizeof(at)) == 0)
		(void) ktime_parse(at, &run.ready_at);
	run.plugins = jscan_member_str(&m[DEVICES], run.devices, sizeof(run.devices)) == 0;
	if (jscan_member_i64(&m[CHECK], &run.check_ms) < 0)
		run.check_ms = -1;
	*ret = run;
	return 0;
}

int cell_run_save(struct engine *e, const struct addr *cell, const struct cell_run *run,
		  struct kerr *err)
{
	cleanup_free char *file = run_file(e, cell);
	cleanup_buf struct buf text = BUF_INIT(RUN_MAX);
	char ip[IPV4_TEXT_MAX], ip6[IPNET_TEXT_MAX], at[KTIME_TEXT_MAX];
	struct jemit j;

	jemit_init(&j, &text, 0);
	jemit_object(&j);
	jemit_key(&j, "start");
	jemit_str(&j, run->start_id);
	jemit_key(&j, "veth");
	jemit_str(&j, run->veth);
	jemit_key(&j, "address");
	jemit_str(&j, run->addr ? ipv4_text(run->addr, ip) : "");
	if (run->prefix6[0]) {
		jemit_key(&j, "address6");
		jemit_str(&j, ipnet_addr_text(&run->addr6, ip6));
		jemit_key(&j, "prefix6");
		jemit_str(&j, run->prefix6);
	}
	jemit_key(&j, "phase");
	jemit_str(&j, run->complete ? PHASE_COMPLETE : "begun");
	if (run->ready_at.set) {
		jemit_key(&j, "readyAt");
		jemit_str(&j, ktime_text(&run->ready_at, at));
	}
	if (run->n_joined) {
		jemit_key(&j, "joined");
		save_joined(&j, run);
	}
	if (run->plugins) {
		jemit_key(&j, "devices");
		jemit_str(&j, run->devices);
		jemit_key(&j, "checkAt");
		jemit_i64(&j, run->check_ms);
	}
	if (run->trouble[0]) {
		jemit_key(&j, "trouble");
		jemit_str(&j, run->trouble);
	}
	jemit_object_end(&j);
	buf_addc(&text, '\n');
	return atomic_write_at(AT_FDCWD, file, text.data, text.len, 0600,
			       ATOMIC_WRITE_NOSYNC | ATOMIC_WRITE_SUM, err);
}

int cell_run_begin(struct engine *e, const struct addr *cell, struct cell_run *ret,
		   struct kerr *err)
{
	cleanup_free char *parent = layout_start(&e->layout, cell, NULL, NULL);
	cleanup_free char *dir = NULL;
	struct cell_run run = { 0 };
	uint64_t random;
	int r;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random))
		return kerr_set(err, -errno, "read random bytes");
	hex_encode(run.start_id, &random, sizeof(random));
	r = mkdir_p(parent, 0700, err);
	if (r == 0)
		r = cell_run_save(e, cell, &run, err);
	if (r < 0)
		return r;
	dir = cell_run_dir(e, cell, &run);
	r = mkdir_p(dir, 0711, err);
	if (r < 0)
		return r;
	*ret = run;
	return 0;
}

int cell_run_complete(struct engine *e, const struct addr *cell, struct cell_run *run,
		      struct kerr *err)
{
	if (run->complete)
		return 0;
	run->complete = true;
	run->ready_at = ktime_now();
	return cell_run_save(e, cell, run, err);
}
