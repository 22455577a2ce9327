/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>

#include "buf.h"
#include "fd.h"
#include "firewall_entry.h"
#include "firewall_xtc.h"
#include "mem.h"
#include "str.h"

struct xtc {
	enum firewall_family family;
	enum firewall_table table;
	struct xtc_handle *h;
};

/* The same call of either library. */
#define BY_FAMILY(x, call, ...) \
	((x)->family == FIREWALL_IPV4 ? iptc_##call(__VA_ARGS__) : ip6tc_##call(__VA_ARGS__))

int xtc_fail(const struct xtc *x, const char *what, struct kerr *err)
{
	int e = errno > 0 ? errno : EINVAL;

	return kerr_plain(
		err, -e, "%s in the table '%s' of %s: %s", what, firewall_table_name(x->table),
		x->family == FIREWALL_IPV4 ? "iptables" : "ip6tables", BY_FAMILY(x, strerror, e));
}

int xtc_open(enum firewall_family family, enum firewall_table table, struct xtc **ret,
	     struct kerr *err)
{
	cleanup_(xtc_freep) struct xtc *x = xcalloc(1, sizeof(*x));

	x->family = family;
	x->table = table;
	x->h = BY_FAMILY(x, init, firewall_table_name(table));
	if (!x->h)
		return xtc_fail(x, "read the rules", err);
	*ret = take_ptr(x);
	return 0;
}

bool xtc_exists(enum firewall_family family, enum firewall_table table)
{
	cleanup_buf struct buf b = BUF_INIT(4096);
	const char *name = firewall_table_name(table), *at;
	size_t n = strlen(name);

	if (sys_read(AT_FDCWD,
		     family == FIREWALL_IPV4 ? "/proc/net/ip_tables_names"
					     : "/proc/net/ip6_tables_names",
		     &b) < 0)
		return false;
	for (at = buf_str(&b); *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strncmp(at, name, n) == 0 && (at[n] == '\n' || at[n] == '\0'))
			return true;
	return false;
}

struct xtc *xtc_free(struct xtc *x)
{
	if (x && x->h)
		BY_FAMILY(x, free, x->h);
	free(x);
	return NULL;
}

bool xtc_has_chain(const struct xtc *x, const char *chain)
{
	return BY_FAMILY(x, is_chain, chain, x->h) != 0;
}

const void *xtc_first(const struct xtc *x, const char *chain)
{
	if (x->family == FIREWALL_IPV4)
		return iptc_first_rule(chain, x->h);
	return ip6tc_first_rule(chain, x->h);
}

const void *xtc_next(const struct xtc *x, const void *entry)
{
	if (x->family == FIREWALL_IPV4)
		return iptc_next_rule(entry, x->h);
	return ip6tc_next_rule(entry, x->h);
}

const char *xtc_target(const struct xtc *x, const void *entry)
{
	return BY_FAMILY(x, get_target, entry, x->h);
}

bool xtc_drops(const struct xtc *x, const char *builtin)
{
	struct xt_counters unused;
	const char *policy = BY_FAMILY(x, get_policy, builtin, &unused, x->h);

	return policy && streq(policy, "DROP");
}

bool xtc_used_by_others(const struct xtc *x)
{
	const char *name;

	for (int b = FIREWALL_PREROUTING; b < _FIREWALL_BUILTIN_MAX; b++) {
		name = firewall_builtin_name(b);
		if (xtc_drops(x, name))
			return true;
		for (const void *e = xtc_first(x, name); e; e = xtc_next(x, e))
			if (!str_has_prefix(xtc_target(x, e), FIREWALL_TOP))
				return true;
	}
	return false;
}

bool xtc_create(struct xtc *x, const char *chain)
{
	return BY_FAMILY(x, create_chain, chain, x->h) != 0;
}

bool xtc_flush(struct xtc *x, const char *chain)
{
	return BY_FAMILY(x, flush_entries, chain, x->h) != 0;
}

bool xtc_delete(struct xtc *x, const char *chain)
{
	return BY_FAMILY(x, delete_chain, chain, x->h) != 0;
}

bool xtc_append(struct xtc *x, const char *chain, const struct firewall_entry *e)
{
	return BY_FAMILY(x, append_entry, chain, (const void *) e->bytes, x->h) != 0;
}

bool xtc_insert(struct xtc *x, const char *chain, const struct firewall_entry *e, unsigned at)
{
	return BY_FAMILY(x, insert_entry, chain, (const void *) e->bytes, at, x->h) != 0;
}

bool xtc_remove(struct xtc *x, const char *chain, unsigned at)
{
	return BY_FAMILY(x, delete_num_entry, chain, at, x->h) != 0;
}

bool xtc_commit(struct xtc *x)
{
	return BY_FAMILY(x, commit, x->h) != 0;
}
