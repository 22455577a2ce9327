/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libiptc/libiptc.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netlink.h>

#include "fd.h"
#include "firewall.h"
#include "firewall_iptc.h"
#include "lock.h"
#include "mem.h"
#include "proc.h"
#include "str.h"
#include "vec.h"

#define ENTRY_MAX 1024 /* bytes of one rule: two matches and a target */
#define COMMIT_TRIES 3 /* retries if another program changes a table without the lock */
#define MODPROBE_MS 5000
#define NFT_ANSWER_MAX 16384
#define SPACE_CHAIN_PREFIX "KUKE-EGR-"

/* ---- which packet filter ---- */

/* One line per table in use in this namespace; reading it loads no module. */
static int read_legacy_tables(struct buf *ret)
{
	return sys_read(AT_FDCWD, "/proc/net/ip_tables_names", ret);
}

static bool legacy_has_tables(void)
{
	cleanup_buf struct buf b = BUF_INIT(4096);

	return read_legacy_tables(&b) == 0 && b.len > 0;
}

static bool legacy_in_kernel(void)
{
	cleanup_buf struct buf b = BUF_INIT(4096);

	return read_legacy_tables(&b) != -ENOENT;
}

static bool nft_answer_has_table(char *buf, ssize_t len, bool *ret_end)
{
	struct nlmsghdr *h = (struct nlmsghdr *) (void *) buf;
	size_t n = (size_t) len;
	struct nfgenmsg *head;
	bool found = false;

	for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
		if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
			*ret_end = true;
			break;
		}
		head = NLMSG_DATA(h);
		if ((h->nlmsg_type & 0xff) == NFT_MSG_NEWTABLE &&
		    (head->nfgen_family == NFPROTO_IPV4 || head->nfgen_family == NFPROTO_INET))
			found = true;
	}
	return found;
}

/* Whether nf_tables filters IPv4 here: any table of family ip or inet. */
static bool nft_has_tables(void)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg head;
	} req = {
		.h = { .nlmsg_len = sizeof(req),
		       .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.head = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 },
	};
	cleanup_free char *buf = xmalloc(NFT_ANSWER_MAX);
	cleanup_fd int fd = -EBADF;
	bool found = false, end = false;
	ssize_t n;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0 || send(fd, &req, sizeof(req), 0) < 0)
		return false;
	while (!end) {
		n = recv(fd, buf, NFT_ANSWER_MAX, 0);
		if (n <= 0)
			break;
		found = nft_answer_has_table(buf, n, &end) || found;
	}
	return found;
}

/*
 * Dry run of the program that the kernel calls to load a module (kernel.modprobe, see
 * sysctl/kernel.rst).
 */
static bool legacy_can_load(void)
{
	cleanup_buf struct buf setting = BUF_INIT(4096);
	cleanup_free char *modprobe = NULL;
	struct proc_spawn how = PROC_SPAWN_INIT;
	int status = 0;

	if (sys_read(AT_FDCWD, "/proc/sys/kernel/modprobe", &setting) == 0)
		modprobe = str_trim(buf_str(&setting));
	if (str_empty(modprobe))
		return false; /* a kernel without modules, or with module loading disabled */
	how.path = modprobe;
	how.argv = (char *const[]){ modprobe, (char *) (uintptr_t) "-q",
				    (char *) (uintptr_t) "ip_tables", NULL };
	(void) proc_run(&how, NULL, NULL, NULL, MODPROBE_MS, &status, NULL);
	return legacy_in_kernel();
}

enum firewall_world firewall_world(void)
{
	if (legacy_has_tables())
		return FIREWALL_WORLD_LEGACY;
	if (nft_has_tables())
		return FIREWALL_WORLD_NFT;
	if (legacy_in_kernel() || legacy_can_load())
		return FIREWALL_WORLD_LEGACY;
	return FIREWALL_WORLD_NONE;
}

static int need_legacy(struct kerr *err)
{
	switch (firewall_world()) {
	case FIREWALL_WORLD_LEGACY:
		return 0;
	case FIREWALL_WORLD_NFT:
		return kerr_plain(err, -EOPNOTSUPP,
				  "this host filters with nf_tables, which is not supported yet: "
				  "no NAT and no isolation between spaces");
	case FIREWALL_WORLD_NONE:
	case _FIREWALL_WORLD_MAX:
		break;
	}
	return kerr_plain(err, -EOPNOTSUPP,
			  "this kernel has no ip_tables: no NAT and no isolation between spaces");
}

/* ---- rules in the kernel's format ---- */

struct entry {
	size_t n;
	union {
		struct ipt_entry e;
		char bytes[ENTRY_MAX];
	} u;
};

static void *entry_room(struct entry *to, size_t n)
{
	void *p = to->u.bytes + to->n;

	if (to->n + n > sizeof(to->u.bytes))
		abort(); /* ENTRY_MAX is too small: a bug */
	to->n += n;
	return p;
}

static void set_net(struct in_addr *addr, struct in_addr *mask, struct ipv4_net net)
{
	addr->s_addr = htonl(ipv4_first(net));
	mask->s_addr = htonl(ipv4_mask(net.prefix));
}

/* As iptables does: the '+' of a wildcard is part of the name, but not covered by the mask. */
static void set_device(char *name, unsigned char *mask, const char *device)
{
	size_t n = strlen(device);

	if (n == 0)
		return;
	(void) snprintf(name, IFNAMSIZ, "%s", device);
	memset(mask, 0xff, device[n - 1] == '+' ? n - 1 : n + 1);
}

static void add_match(struct entry *to, const char *name, uint8_t revision, const void *data,
		      size_t n)
{
	size_t size = XT_ALIGN(sizeof(struct xt_entry_match)) + XT_ALIGN(n);
	struct xt_entry_match *m = entry_room(to, size);

	m->u.user.match_size = (uint16_t) size;
	m->u.user.revision = revision;
	(void) snprintf(m->u.user.name, sizeof(m->u.user.name), "%s", name);
	memcpy(m->data, data, n);
}

static void add_matches(struct entry *to, unsigned ct, const char *comment)
{
	struct xt_conntrack_mtinfo3 state = { .match_flags = XT_CONNTRACK_STATE };
	struct xt_comment_info info = { 0 };

	if (ct & FIREWALL_CT_ESTABLISHED)
		state.state_mask |= XT_CONNTRACK_STATE_BIT(IP_CT_ESTABLISHED);
	if (ct & FIREWALL_CT_RELATED)
		state.state_mask |= XT_CONNTRACK_STATE_BIT(IP_CT_RELATED);
	if (ct)
		add_match(to, "conntrack", 3, &state, sizeof(state));
	(void) snprintf(info.comment, sizeof(info.comment), "%s", comment ? comment : "");
	if (comment)
		add_match(to, "comment", 0, &info, sizeof(info));
}

static void add_target(struct entry *to, const char *name, bool masquerade)
{
	const struct nf_nat_ipv4_multi_range_compat range = { .rangesize = 1 };
	size_t head = XT_ALIGN(sizeof(struct xt_entry_target));
	size_t size = masquerade ? head + XT_ALIGN(sizeof(range))
				 : XT_ALIGN(sizeof(struct xt_standard_target));
	struct xt_entry_target *t = entry_room(to, size);

	t->u.user.target_size = (uint16_t) size;
	(void) snprintf(t->u.user.name, sizeof(t->u.user.name), "%s", name);
	if (masquerade)
		memcpy(t->data, &range, sizeof(range));
}

static void entry_make(const struct firewall_rule *r, struct entry *ret)
{
	struct ipt_ip *ip = &ret->u.e.ip;

	memset(ret, 0, sizeof(*ret));
	(void) entry_room(ret, sizeof(struct ipt_entry));
	set_net(&ip->src, &ip->smsk, r->src);
	set_net(&ip->dst, &ip->dmsk, r->dst);
	set_device(ip->iniface, ip->iniface_mask, r->in);
	set_device(ip->outiface, ip->outiface_mask, r->out);
	ip->invflags = (uint8_t) ((r->invert & FIREWALL_NOT_SRC ? IPT_INV_SRCIP : 0) |
				  (r->invert & FIREWALL_NOT_DST ? IPT_INV_DSTIP : 0) |
				  (r->invert & FIREWALL_NOT_IN ? IPT_INV_VIA_IN : 0) |
				  (r->invert & FIREWALL_NOT_OUT ? IPT_INV_VIA_OUT : 0));
	add_matches(ret, r->ct, r->comment);
	ret->u.e.target_offset = (uint16_t) ret->n;
	add_target(ret, firewall_rule_target(r), r->verdict == FIREWALL_MASQUERADE);
	ret->u.e.next_offset = (uint16_t) ret->n;
}

static void entry_make_hook(const struct firewall_hook *hook, struct entry *ret)
{
	struct firewall_rule r = { .verdict = FIREWALL_JUMP };

	r.comment = hook->comment;
	r.jump = (char *) (uintptr_t) hook->chain; /* only read */
	entry_make(&r, ret);
}

/*
 * Compare all matches of two rules whose offsets agree. The kernel does not clear the
 * bytes after a name's NUL, so names are compared as strings.
 */
static bool matches_eq(const char *have, const char *want, size_t from, size_t end)
{
	const struct xt_entry_match *a, *b;
	const size_t head = sizeof(struct xt_entry_match);
	size_t size;

	for (size_t at = from; at < end; at += size) {
		a = (const void *) (have + at);
		b = (const void *) (want + at);
		size = b->u.user.match_size;
		if (a->u.user.match_size != size || a->u.user.revision != b->u.user.revision ||
		    strncmp(a->u.user.name, b->u.user.name, sizeof(b->u.user.name)) != 0 ||
		    memcmp(have + at + head, want + at + head, size - head) != 0)
			return false;
	}
	return true;
}

/*
 * Whether a rule of the table equals the wanted one. Counters and fields that the
 * kernel fills in are ignored; addresses, matches and the target are compared.
 */
static bool entry_eq(const struct ipt_entry *have, const struct entry *want,
		     const struct firewall_rule *r, struct xtc_handle *h)
{
	const char *a = (const char *) have, *b = want->u.bytes;
	size_t end = want->u.e.target_offset;
	size_t head = end + sizeof(struct xt_entry_target);

	if (memcmp(&have->ip, &want->u.e.ip, sizeof(have->ip)) != 0 || have->target_offset != end ||
	    have->next_offset != want->u.e.next_offset)
		return false;
	if (!matches_eq(a, b, sizeof(struct ipt_entry), end))
		return false;
	if (!streq(iptc_get_target(have, h), firewall_rule_target(r)))
		return false;
	if (r->verdict != FIREWALL_MASQUERADE)
		return true;
	return memcmp(a + head, b + head, want->n - head) == 0;
}

/* ---- one table ---- */

struct table {
	enum firewall_table id;
	const struct firewall_plan *plan;
	struct xtc_handle *h;
};

static void handle_freep(struct xtc_handle **h)
{
	if (*h)
		iptc_free(*h);
	*h = NULL;
}

static int table_fail(const struct table *t, const char *what, struct kerr *err)
{
	int e = errno > 0 ? errno : EINVAL;

	return kerr_plain(err, -e, "%s in the table '%s': %s", what, firewall_table_name(t->id),
			  iptc_strerror(e));
}

static bool chain_eq(const struct table *t, const struct firewall_chain *c)
{
	const struct ipt_entry *have;
	struct entry want;

	if (!iptc_is_chain(c->name, t->h))
		return false;
	have = iptc_first_rule(c->name, t->h);
	for (size_t i = 0; i < c->n; i++) {
		if (!have)
			return false;
		entry_make(&c->rules[i], &want);
		if (!entry_eq(have, &want, &c->rules[i], t->h))
			return false;
		have = iptc_next_rule(have, t->h);
	}
	return have == NULL;
}

/* The number (from 1) of the first jump to a chain at or after rule from; 0: none. */
static unsigned find_jump(const struct table *t, const char *builtin, const char *chain,
			  unsigned from)
{
	unsigned n = 0;

	for (const struct ipt_entry *e = iptc_first_rule(builtin, t->h); e;
	     e = iptc_next_rule(e, t->h))
		if (++n >= from && streq(iptc_get_target(e, t->h), chain))
			return n;
	return 0;
}

static bool in_group(const char *target, const char *group)
{
	size_t n = strlen(group);

	return strncmp(target, group, n) == 0 && (target[n] == '\0' || target[n] == '-');
}

/* The first and last jump of a group, over all instances; 0: none. */
static void find_group(const struct table *t, const struct firewall_hook *hook, unsigned *ret_first,
		       unsigned *ret_last)
{
	unsigned n = 0;

	*ret_first = *ret_last = 0;
	for (const struct ipt_entry *e = iptc_first_rule(hook->builtin, t->h); e;
	     e = iptc_next_rule(e, t->h)) {
		n++;
		if (!in_group(iptc_get_target(e, t->h), hook->group))
			continue;
		if (*ret_first == 0)
			*ret_first = n;
		*ret_last = n;
	}
}

/* Whether our jump i exists exactly once, after earlier groups and before later ones. */
static bool hook_in_order(const struct table *t, size_t i)
{
	const struct firewall_hook *hook = &t->plan->hooks[i], *other;
	unsigned at = find_jump(t, hook->builtin, hook->chain, 1);
	unsigned first, last;

	if (at == 0 || find_jump(t, hook->builtin, hook->chain, at + 1) != 0)
		return false;
	for (size_t k = 0; k < t->plan->n_hooks; k++) {
		other = &t->plan->hooks[k];
		if (k == i || other->table != t->id || !streq(other->builtin, hook->builtin))
			continue;
		find_group(t, other, &first, &last);
		if ((k < i && last > at) || (k > i && first != 0 && first < at))
			return false;
	}
	return true;
}

static bool hooks_in_order(const struct table *t)
{
	for (size_t i = 0; i < t->plan->n_hooks; i++)
		if (t->plan->hooks[i].table == t->id && !hook_in_order(t, i))
			return false;
	return true;
}

static bool table_eq(const struct table *t)
{
	for (size_t i = 0; i < t->plan->n_chains; i++)
		if (t->plan->chains[i].table == t->id && !chain_eq(t, &t->plan->chains[i]))
			return false;
	return hooks_in_order(t);
}

static bool plan_has(const struct table *t, const char *chain)
{
	for (size_t i = 0; i < t->plan->n_chains; i++)
		if (t->plan->chains[i].table == t->id && streq(t->plan->chains[i].name, chain))
			return true;
	return false;
}

/* Chains of removed spaces, found by the jumps that the top chain still has. */
static void find_stale(const struct table *t, bool all, struct strlist *ret)
{
	const char *target;

	if (t->id != FIREWALL_FILTER || !iptc_is_chain(t->plan->master, t->h))
		return;
	for (const struct ipt_entry *e = iptc_first_rule(t->plan->master, t->h); e;
	     e = iptc_next_rule(e, t->h)) {
		target = iptc_get_target(e, t->h);
		if (str_has_prefix(target, SPACE_CHAIN_PREFIX) && (all || !plan_has(t, target)) &&
		    !strlist_has(ret, target))
			strlist_add(ret, target);
	}
}

static int delete_jumps(const struct table *t, const struct firewall_hook *hook)
{
	unsigned at;
	int any = 0;

	while ((at = find_jump(t, hook->builtin, hook->chain, 1)) != 0) {
		if (!iptc_delete_num_entry(hook->builtin, at - 1, t->h))
			return -1;
		any = 1;
	}
	return any;
}

/*
 * Position of a new jump (from 0): after the jumps of earlier groups, or else before
 * those of its own group.
 */
static unsigned place_hook(const struct table *t, size_t i)
{
	const struct firewall_hook *hook = &t->plan->hooks[i], *other;
	unsigned first, last, before = 0, ahead = 0;

	for (size_t k = 0; k < t->plan->n_hooks; k++) {
		other = &t->plan->hooks[k];
		if (other->table != t->id || !streq(other->builtin, hook->builtin))
			continue;
		find_group(t, other, &first, &last);
		if (k < i && last > before)
			before = last;
		if (first > 0 && (ahead == 0 || first < ahead))
			ahead = first;
	}
	if (before > 0)
		return before;
	return ahead > 0 ? ahead - 1 : 0;
}

static int write_hooks(const struct table *t, struct kerr *err)
{
	const struct firewall_hook *hook;
	struct entry e;

	for (size_t i = 0; i < t->plan->n_hooks; i++) {
		hook = &t->plan->hooks[i];
		if (hook->table != t->id || hook_in_order(t, i))
			continue;
		entry_make_hook(hook, &e);
		if (delete_jumps(t, hook) < 0)
			return table_fail(t, "remove a jump", err);
		if (!iptc_insert_entry(hook->builtin, &e.u.e, place_hook(t, i), t->h))
			return table_fail(t, "insert a jump", err);
	}
	return 0;
}

static int write_chain(const struct table *t, const struct firewall_chain *c, struct kerr *err)
{
	struct entry e;

	if (!iptc_flush_entries(c->name, t->h))
		return table_fail(t, c->name, err);
	for (size_t i = 0; i < c->n; i++) {
		entry_make(&c->rules[i], &e);
		if (!iptc_append_entry(c->name, &e.u.e, t->h))
			return table_fail(t, c->name, err);
	}
	return 0;
}

static int delete_chain(const struct table *t, const char *name, struct kerr *err)
{
	if (!iptc_flush_entries(name, t->h) || !iptc_delete_chain(name, t->h))
		return table_fail(t, name, err);
	return 0;
}

static int table_write(const struct table *t, struct kerr *err)
{
	cleanup_strlist struct strlist stale = { 0 };
	const struct firewall_chain *c;
	int r = 0;

	find_stale(t, false, &stale);
	for (size_t i = 0; i < t->plan->n_chains;
	     i++) { /* all of them before any rule jumps there */
		c = &t->plan->chains[i];
		if (c->table == t->id && !iptc_is_chain(c->name, t->h) &&
		    !iptc_create_chain(c->name, t->h))
			return table_fail(t, c->name, err);
	}
	for (size_t i = 0; i < t->plan->n_chains && r == 0; i++) {
		c = &t->plan->chains[i];
		if (c->table == t->id && !chain_eq(t, c)) /* unchanged chains keep their counters */
			r = write_chain(t, c, err);
	}
	if (r == 0)
		r = write_hooks(t, err);
	for (size_t i = 0; i < stale.n && r == 0; i++)
		r = delete_chain(t, stale.v[i], err);
	return r;
}

/*
 * Remove everything in the plan (which needs no spaces for this) and the chains of
 * former spaces. 1 if something was removed.
 */
static int table_remove(const struct table *t, struct kerr *err)
{
	cleanup_strlist struct strlist chains = { 0 };
	int any = 0;
	int r;

	for (size_t i = 0; i < t->plan->n_hooks; i++) {
		if (t->plan->hooks[i].table != t->id)
			continue;
		r = delete_jumps(t, &t->plan->hooks[i]);
		if (r < 0)
			return table_fail(t, "remove a jump", err);
		any |= r;
	}
	find_stale(t, true, &chains);
	for (size_t i = 0; i < t->plan->n_chains; i++)
		if (t->plan->chains[i].table == t->id &&
		    iptc_is_chain(t->plan->chains[i].name, t->h) &&
		    !strlist_has(&chains, t->plan->chains[i].name))
			strlist_add(&chains, t->plan->chains[i].name);
	for (size_t i = 0; i < chains.n;
	     i++) /* chains refer to each other, so empty all of them first */
		if (!iptc_flush_entries(chains.v[i], t->h))
			return table_fail(t, chains.v[i], err);
	for (size_t i = 0; i < chains.n; i++) {
		r = delete_chain(t, chains.v[i], err);
		if (r < 0)
			return r;
		any = 1;
	}
	return any;
}

/* ---- all tables ---- */

enum action {
	ACTION_APPLY = 1,
	ACTION_LOOK,
	ACTION_REMOVE,
};

/* 1 changed (or would be), 0 not; -EAGAIN: another program changed the table meanwhile. */
static int do_table(const struct firewall_plan *plan, enum firewall_table id, enum action action,
		    struct kerr *err)
{
	cleanup_(handle_freep) struct xtc_handle *h = NULL;
	struct table t = { .id = id, .plan = plan };
	int r = 1;

	h = iptc_init(firewall_table_name(id));
	if (!h)
		return table_fail(&t, "read the rules", err);
	t.h = h;
	if (action != ACTION_REMOVE && table_eq(&t))
		return 0;
	if (action == ACTION_LOOK)
		return 1;
	if (action == ACTION_APPLY)
		r = table_write(&t, err);
	if (action == ACTION_REMOVE)
		r = table_remove(&t, err);
	if (r < 0 || (action == ACTION_REMOVE && r == 0))
		return r;
	if (!iptc_commit(h))
		return table_fail(&t, "commit the rules", err);
	return 1;
}

static int xtables_lock(struct kerr *err)
{
	const char *path = getenv("XTABLES_LOCKFILE");

	return lock_file_at(AT_FDCWD, str_empty(path) ? "/run/xtables.lock" : path, LOCK_FILE_WAIT,
			    err);
}

static int do_tables(const struct firewall_plan *plan, enum action action, struct kerr *err)
{
	cleanup_fd int lock = -EBADF;
	enum firewall_table id;
	int any = 0, tries;
	int r;

	lock = xtables_lock(err);
	if (lock < 0)
		return lock;
	for (id = FIREWALL_FILTER; id < _FIREWALL_TABLE_MAX; id++) {
		r = -EAGAIN;
		for (tries = 0; r == -EAGAIN && tries < COMMIT_TRIES; tries++)
			r = do_table(plan, id, action, err);
		if (r < 0)
			return r;
		any |= r;
	}
	return any;
}

int firewall_apply(const struct firewall_plan *p, struct kerr *err)
{
	int r;

	r = need_legacy(err);
	if (r < 0)
		return r;
	return do_tables(p, ACTION_APPLY, err);
}

int firewall_differs(const struct firewall_plan *p, struct kerr *err)
{
	int r;

	r = need_legacy(err);
	if (r < 0)
		return r;
	return do_tables(p, ACTION_LOOK, err);
}

int firewall_remove(const char *instance, struct kerr *err)
{
	const struct firewall_input in = { .instance = instance };
	cleanup_(firewall_plan_clear) struct firewall_plan plan = { 0 };

	if (!legacy_has_tables()) /* without legacy tables there is nothing to remove */
		return 0;
	firewall_plan_make(&in, &plan);
	return do_tables(&plan, ACTION_REMOVE, err);
}
