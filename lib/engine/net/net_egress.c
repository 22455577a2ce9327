/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "copy.h"
#include "egress.h"
#include "egress_hosts.h"
#include "firewall_world.h"
#include "fd.h"
#include "link.h"
#include "log.h"
#include "mem.h"
#include "names_state.h"
#include "net_egress.h"
#include "packet_filter.h"
#include "statefile.h"
#include "str.h"
#include "temporary.h"
#include "vec.h"

#define ASK_MS 10000 /* what an apply waits for names at most */
#define HOST_FILE_MAX (4 << 20)

/* ---- the policy ---- */

/*
 * Most spaces have no policy, and their documents need not be parsed for that: the text has
 * the key, unless one wrote it with escapes.
 */
static int may_have_policy(struct engine *e, const struct addr *space, struct kerr *err)
{
	cleanup_free char *file = layout_object(&e->layout, space, OBJECT_METADATA);
	cleanup_buf struct buf text = BUF_INIT(KUKE_MAX_RECORD);
	int r = state_read_at(AT_FDCWD, file, KUKE_MAX_RECORD, &text, err);

	if (r < 0)
		return r;
	return strstr(buf_str(&text), "\"egress\"") || strstr(buf_str(&text), "\\u");
}

void net_egress_add_temporary(struct engine *e, const struct addr *space, struct space_doc *d)
{
	struct egress_policy *p;

	temporary_show(e, space, d);
	for (size_t i = 0; d->status.network && i < d->status.network->temporary_rules.n; i++) {
		const struct temporary_rule *from = &d->status.network->temporary_rules.v[i];
		struct egress_rule *to;

		p = d->spec.network->egress;
		to = vec_grow(&p->allow.v, &p->allow.n, sizeof(*to));
		to->host = xstrdup_null(from->host);
		to->cidr = xstrdup_null(from->cidr);
		for (size_t k = 0; k < from->ports.n; k++)
			*(int64_t *) vec_grow(&to->ports.v, &to->ports.n, sizeof(*to->ports.v)) =
				from->ports.v[k];
	}
}

int net_egress_load(struct engine *e, const struct addr *space, struct space_doc *ret,
		    struct kerr *err)
{
	struct space_doc d = { 0 };
	int r;

	r = may_have_policy(e, space, err);
	if (r <= 0)
		return r;
	r = store_load(&e->layout, space, 0, &d, err);
	if (r < 0)
		return r;
	if (!egress_effective(egress_of(&d))) {
		model_clear(&space_doc_type, &d);
		return 0;
	}
	net_egress_add_temporary(e, space, &d);
	*ret = d;
	return 1;
}

int net_egress_check(struct engine *e, const struct egress_policy *p, struct kerr *err)
{
	int r = egress_denies(p) ? firewall_world_check(packet_filter_choice(e), FIREWALL_BOTH, err)
				 : 0;

	return r < 0 ? kerr_wrap(err, r, "failed to apply egress policy") : 0;
}

/* ---- names ---- */

/* The name that a rule is about; "" if it is about none, or about many. */
static char *name_of(const struct egress_rule *rule)
{
	char *name = str_trim(rule->host);

	if (egress_host_is_pattern(name))
		*name = '\0';
	return name;
}

void net_egress_names(const struct egress_policy *p, struct resolve *ret)
{
	for (size_t i = 0; p && i < p->allow.n; i++) {
		cleanup_free char *name = name_of(&p->allow.v[i]);

		if (*name)
			resolve_add(ret, name);
	}
}

/* A damaged record is as good as none: its names are asked for again. */
static void load_hosts(struct engine *e, const struct addr *space, struct egress_hosts *ret)
{
	cleanup_free char *where = addr_text(space);
	struct kerr err = { 0 };
	char text[KERR_TEXT_MAX];

	if (egress_hosts_load(e, space, ret, &err) == 0)
		return;
	*ret = (struct egress_hosts){ 0 };
	log_wrn("addresses of host names are lost; they are asked for again", "space", where,
		"error", kerr_text(&err, text, sizeof(text)));
}

/* A name none of whose addresses would be opened. */
static int check_private(const struct egress_policy *p, const struct resolve *answers,
			 struct kerr *err)
{
	for (size_t i = 0; i < answers->n; i++) {
		const struct resolve_name *name = &answers->v[i];
		bool any = name->n == 0;

		for (size_t k = 0; k < name->n && !any; k++)
			any = net_egress_opens(p, &name->addrs[k]);
		if (!any)
			return kerr_plain(
				err, -ENOENT,
				"failed to resolve egress allow rule host \"%s\": it has "
				"only private addresses, which a rule with their cidr has "
				"to allow as well",
				name->name);
	}
	return 0;
}

int net_egress_ask(struct engine *e, const struct addr *space, const struct egress_policy *p,
		   struct resolve *ret, struct kerr *err)
{
	cleanup_egress_hosts struct egress_hosts known = { 0 };
	const struct egress_host *h;

	load_hosts(e, space, &known);
	for (size_t i = 0; p && i < p->allow.n; i++) {
		cleanup_free char *name = name_of(&p->allow.v[i]);

		h = *name ? egress_hosts_find(&known, name) : NULL;
		if (*name && (!h || h->n == 0))
			resolve_add(ret, name);
	}
	resolve_finish(ret, ASK_MS);
	for (size_t i = 0; i < ret->n; i++)
		if (ret->v[i].error)
			return kerr_plain(err, -ENOENT,
					  "failed to resolve egress allow rule host \"%s\": %s",
					  ret->v[i].name, ret->v[i].error);
	return check_private(p, ret, err);
}

/* Each failure is told when it begins and when it ends. */
static void tell(const struct addr *space, const struct egress_hosts *before,
		 const struct egress_hosts *now)
{
	cleanup_free char *where = addr_text(space);
	const struct egress_host *was;

	for (size_t i = 0; i < now->n; i++) {
		was = egress_hosts_find(before, now->v[i].name);
		if (now->v[i].error && (!was || !was->error))
			log_wrn("a host name of the egress policy has no answer; what was known "
				"stays allowed",
				"space", where, "host", now->v[i].name, "error", now->v[i].error);
		else if (!now->v[i].error && was && was->error)
			log_inf("a host name of the egress policy is answered again", "space",
				where, "host", now->v[i].name);
	}
}

/* The names of a policy and of temporary rules: a rule for each; strings are borrowed. */
static void all_names(const struct egress_policy *p, const struct temporary_list *l,
		      struct egress_policy *ret)
{
	*ret = (struct egress_policy){ 0 };
	for (size_t i = 0; p && i < p->allow.n; i++)
		((struct egress_rule *) vec_grow(&ret->allow.v, &ret->allow.n,
						 sizeof(*ret->allow.v)))
			->host = p->allow.v[i].host;
	for (size_t i = 0; egress_denies(p) && i < l->n; i++)
		((struct egress_rule *) vec_grow(&ret->allow.v, &ret->allow.n,
						 sizeof(*ret->allow.v)))
			->host = l->v[i].rule.host;
}

/* The document that is being applied has no temporary rules; their names stay. */
static bool update_hosts(struct engine *e, const struct addr *space, const struct egress_policy *p,
			 const struct resolve *answers, struct egress_hosts *h)
{
	cleanup_temporary struct temporary_list l = { 0 };
	struct egress_policy all;
	bool changed;

	(void) temporary_load(e, space, &l, NULL); /* a pass tells */
	(void) temporary_drop_ended(&l, clock_ms());
	all_names(p, &l, &all);
	changed = egress_hosts_update(h, &all, answers, ktime_now().sec);
	free(all.allow.v);
	return changed;
}

int net_egress_keep(struct engine *e, const struct addr *space, const struct egress_policy *p,
		    const struct resolve *answers, struct kerr *err)
{
	cleanup_egress_hosts struct egress_hosts before = { 0 }, h = { 0 };
	int r;

	load_hosts(e, space, &before);
	load_hosts(e, space, &h);
	if (!update_hosts(e, space, p, answers, &h))
		return 0;
	r = egress_hosts_save(e, space, &h, err);
	if (r < 0)
		return r;
	tell(space, &before, &h);
	return 1;
}

char *net_egress_trouble(struct engine *e, const struct addr *space)
{
	cleanup_egress_hosts struct egress_hosts h = { 0 };

	if (egress_hosts_load(e, space, &h, NULL) < 0)
		return NULL; /* told by the next pass */
	for (size_t i = 0; i < h.n; i++)
		if (h.v[i].error)
			return xasprintf("egress allow rule host \"%s\": %s; %s", h.v[i].name,
					 h.v[i].error,
					 h.v[i].n > 0 ? "the addresses it had stay allowed"
						      : "it has no address so far");
	return NULL;
}

/* ---- rules ---- */

void net_egress_rules_clear(struct net_egress_rules *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct firewall_allow *a = &r->v[i];

		for (size_t k = 0; k < a->n_addrs; k++)
			free((void *) (uintptr_t) a->addrs[k].tag);
		free((void *) (uintptr_t) a->addrs);
		free((void *) (uintptr_t) a->names);
		free((void *) (uintptr_t) a->ports);
		free((void *) (uintptr_t) a->tag);
	}
	free(r->v);
	*r = (struct net_egress_rules){ 0 };
}

static int compare_ports(const void *a, const void *b)
{
	return *(const uint16_t *) a - *(const uint16_t *) b;
}

/* Sorted, each once. */
static uint16_t *ports_of(const struct egress_rule *rule, size_t *ret_n)
{
	uint16_t *v = xcalloc(rule->ports.n + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < rule->ports.n; i++)
		v[i] = (uint16_t) rule->ports.v[i];
	qsort(v, rule->ports.n, sizeof(*v), compare_ports);
	for (size_t i = 0; i < rule->ports.n; i++)
		if (n == 0 || v[i] != v[n - 1])
			v[n++] = v[i];
	*ret_n = n;
	return v;
}

static struct firewall_allow *add_rule(struct net_egress_rules *to, const struct egress_rule *rule,
				       const struct ipnet *dst, char *owned_tag)
{
	struct firewall_allow *a = vec_grow(&to->v, &to->n, sizeof(*to->v));

	a->dst = *dst;
	a->ports = ports_of(rule, &a->n_ports);
	a->tag = owned_tag;
	return a;
}

/* Addresses that only a network of one's own has; RFC 1918, 6598, 4193, 3879. */
static bool is_private(const struct ipnet *addr)
{
	static const char *const nets[] = { "10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16",
					    "100.64.0.0/10", "fc00::/7",      "fec0::/10" };
	struct ipnet net;

	for (size_t i = 0; i < ARRAY_SIZE(nets); i++)
		if (ipnet_parse(nets[i], &net) == 0 && ipnet_contains(&net, addr))
			return true;
	return false;
}

static bool has_cidr_of(const struct egress_policy *p, const struct ipnet *addr)
{
	for (size_t i = 0; i < p->allow.n; i++) {
		cleanup_free char *cidr = str_trim(p->allow.v[i].cidr);
		struct ipnet net;

		if (*cidr && ipnet_parse(cidr, &net) == 0 && ipnet_contains(&net, addr))
			return true;
	}
	return false;
}

bool net_egress_opens(const struct egress_policy *p, const struct ipnet *addr)
{
	return resolve_is_usable(addr) && (!is_private(addr) || has_cidr_of(p, addr));
}

/* which: "allow[0]", of rule i. */
static void add_host(struct net_egress_rules *to, const struct egress_policy *p, size_t i,
		     const char *which, const struct egress_host *h, int64_t now)
{
	const struct egress_rule *rule = &p->allow.v[i];

	for (size_t k = 0; k < h->n; k++)
		if (egress_addr_holds(&h->addrs[k], now) && net_egress_opens(p, &h->addrs[k].addr))
			(void) add_rule(to, rule, &h->addrs[k].addr,
					xasprintf("%s:host=%s", which, h->name));
}

/* The last n_temporary rules have ends, and numbers, of their own. */
static char *rule_tag(const struct egress_policy *p, size_t n_temporary, size_t i)
{
	size_t own = p->allow.n - n_temporary;

	return i < own ? xasprintf("allow[%zu]", i) : xasprintf("temporary[%zu]", i - own);
}

void net_egress_rules_make(const struct egress_policy *p, size_t n_temporary,
			   const struct egress_hosts *hosts, int64_t now,
			   struct net_egress_rules *ret)
{
	*ret = (struct net_egress_rules){ 0 };
	for (size_t i = 0; p && i < p->allow.n; i++) {
		const struct egress_rule *rule = &p->allow.v[i];
		cleanup_free char *which = rule_tag(p, n_temporary, i);
		cleanup_free char *host = str_trim(rule->host), *cidr = str_trim(rule->cidr);
		const struct egress_host *h = *host ? egress_hosts_find(hosts, host) : NULL;
		struct ipnet net;

		if (h)
			add_host(ret, p, i, which, h, now);
		if (*cidr && ipnet_parse(cidr, &net) == 0)
			(void) add_rule(ret, rule, &net, xasprintf("%s:cidr=%s", which, cidr));
	}
}

static bool has_already(const struct egress_hosts *hosts, const struct opened_addr *a, int64_t now)
{
	const struct egress_host *h = egress_hosts_find(hosts, a->name);

	for (size_t i = 0; h && i < h->n; i++)
		if (egress_addr_holds(&h->addrs[i], now) && ipnet_eq(&h->addrs[i].addr, &a->addr))
			return true;
	return false;
}

/* Of a name that the host has asked for, too, a rule of its own has what that one had. */
static bool takes(const struct net_egress_names *names, size_t i, const struct opened_addr *a)
{
	cleanup_free char *host = str_trim(names->policy->allow.v[i].host);

	return *host && a->until_ms > names->now.ms && egress_host_has(host, a->name) &&
	       net_egress_opens(names->policy, &a->addr) &&
	       (egress_host_is_pattern(host) || !has_already(names->hosts, a, names->now.sec));
}

/* What tells a rule of names from others: the part of its set's name, "a0", "t1". */
static char *names_tag(const struct net_egress_names *names, size_t i)
{
	size_t own = names->policy->allow.n - names->n_temporary;

	return i < own ? xasprintf("a%zu", i) : xasprintf("t%zu", i - own);
}

/*
 * Sorted by address, each once, so that it is the same however it came about: of two names with
 * one address the tag is that of the first. Returns it.
 */
static const struct firewall_address *open_addr(struct firewall_allow *to, const char *which,
						const struct opened_addr *a)
{
	struct firewall_address *v = (struct firewall_address *) (uintptr_t) to->addrs;
	cleanup_free char *tag = xasprintf("%s:host=%s", which, a->name);
	size_t low = 0, high = to->n_addrs;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (ipnet_cmp(&v[mid].addr, &a->addr) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == to->n_addrs || !ipnet_eq(&v[low].addr, &a->addr)) {
		(void) vec_grow(&v, &to->n_addrs, sizeof(*v));
		memmove(v + low + 1, v + low, (to->n_addrs - 1 - low) * sizeof(*v));
		v[low] = (struct firewall_address){ .addr = a->addr };
		to->addrs = v;
	}
	if (v[low].until_ms < a->until_ms)
		v[low].until_ms = a->until_ms;
	if (!v[low].tag || strcmp(tag, v[low].tag) < 0) {
		free((void *) (uintptr_t) v[low].tag);
		v[low].tag = take_ptr(tag);
	}
	return &v[low];
}

void net_egress_rules_add_opened(const struct net_egress_names *names, const struct opened *opened,
				 struct net_egress_rules *ret)
{
	const struct egress_policy *p = names->policy;
	const struct ipnet none = { 0 };

	for (size_t i = 0; p && i < p->allow.n; i++) {
		cleanup_free char *host = str_trim(p->allow.v[i].host);
		cleanup_free char *which = rule_tag(p, names->n_temporary, i);
		struct firewall_allow *to;

		if (!*host)
			continue;
		to = add_rule(ret, &p->allow.v[i], &none, xasprintf("%s:host=%s", which, host));
		to->names = names_tag(names, i);
		to->rule = i;
		for (size_t k = 0; k < opened->n; k++)
			if (takes(names, i, &opened->v[k]))
				(void) open_addr(to, which, &opened->v[k]);
	}
}

const struct firewall_address *net_egress_rules_open(const struct net_egress_names *names,
						     struct net_egress_rules *rules, size_t i,
						     const struct opened_addr *a)
{
	cleanup_free char *which = NULL;

	if (!rules->v[i].names || !takes(names, rules->v[i].rule, a))
		return NULL;
	which = rule_tag(names->policy, names->n_temporary, rules->v[i].rule);
	return open_addr(&rules->v[i], which, a);
}

/* ---- the hosts file ---- */

/* A name that is an address needs no line, and an odd one could be two. */
static bool is_host_name(const char *s)
{
	struct ipnet addr;

	for (const char *c = s; *c; c++)
		if (!isalnum((unsigned char) *c) && !strchr("-._", *c))
			return false;
	return *s && ipnet_parse_addr(s, &addr) < 0;
}

/* Current addresses; only where there is none, those that are still admitted. */
static void add_lines(const struct egress_host *h, bool ipv6, int64_t now, struct buf *out)
{
	char addr[IPNET_TEXT_MAX];
	bool any = false;

	for (int late = 0; late <= 1 && !any; late++)
		for (size_t i = 0; i < h->n; i++) {
			const struct egress_addr *a = &h->addrs[i];

			if ((a->until != 0) != (late == 1) ||
			    (a->addr.family == IPNET_V6 && !ipv6) || !egress_addr_holds(a, now))
				continue;
			buf_addf(out, "%s\t%s\n", ipnet_addr_text(&a->addr, addr), h->name);
			any = true;
		}
}

/* Whether the host's own hosts file has the name: no resolver would be asked for it there. */
static bool host_file_has(const char *text, const char *name)
{
	size_t n, len = strlen(name);

	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		for (size_t i = strcspn(text, " \t#\n"); i < n && text[i] != '#';) {
			i += strspn(text + i, " \t");
			if (strncasecmp(text + i, name, len) == 0 &&
			    strchr(" \t#\n", text[i + len]))
				return true;
			i += strcspn(text + i, " \t#\n");
		}
	}
	return false;
}

static bool is_served(struct engine *e, const struct addr *space)
{
	cleanup_names_served struct names_served served = { 0 };
	char bridge[LINK_NAME_MAX];

	link_bridge_name(space->realm, space->space, e->instance, bridge);
	names_served_load(e, &served);
	return names_serves(&served, bridge);
}

static void add_names(struct engine *e, const struct egress_hosts *h, bool served, struct buf *out)
{
	cleanup_buf struct buf file = BUF_INIT(HOST_FILE_MAX);
	int64_t now = ktime_now().sec;

	if (served)
		(void) file_read_at(AT_FDCWD, "/etc/hosts", HOST_FILE_MAX, &file, NULL);
	for (size_t i = 0; i < h->n; i++)
		if (is_host_name(h->v[i].name) &&
		    (!served || host_file_has(buf_str(&file), h->v[i].name)))
			add_lines(&h->v[i], e->pod_net6.family != IPNET_NONE, now, out);
}

void net_egress_add_hosts(struct engine *e, const struct addr *space, struct buf *out)
{
	cleanup_egress_hosts struct egress_hosts h = { 0 };
	struct space_doc d = { 0 };

	if (net_egress_load(e, space, &d, NULL) <= 0)
		return;
	if (egress_denies(egress_of(&d)) && egress_hosts_load(e, space, &h, NULL) == 0)
		add_names(e, &h, is_served(e, space), out);
	model_clear(&space_doc_type, &d);
}
