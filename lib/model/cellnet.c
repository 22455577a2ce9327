/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cellnet.h"
#include "mem.h"
#include "naming.h"
#include "str.h"

#define HOST_NAME_MAX_BYTES 253 /* RFC 1035, 2.3.4, without the root's label */
#define HOST_LABEL_MAX_BYTES 63

/* ---- host names ---- */

static bool is_label(const char *s, size_t n)
{
	if (n == 0 || n > HOST_LABEL_MAX_BYTES || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char) s[i]) && s[i] != '-')
			return false;
	return true;
}

bool host_label_valid(const char *s)
{
	return is_label(s, strlen(s));
}

/* Decimal, octal or hexadecimal, as inet_aton(3) has it. */
static bool is_number(const char *s)
{
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return s[2 + strspn(s + 2, "0123456789abcdefABCDEF")] == '\0';
	return s[strspn(s, "0123456789")] == '\0';
}

bool host_name_valid(const char *s)
{
	const char *at = s;
	size_t n;

	if (strlen(s) > HOST_NAME_MAX_BYTES)
		return false;
	for (;; at += n + 1) {
		n = strcspn(at, ".");
		if (!is_label(at, n))
			return false;
		if (at[n] == '\0')
			return !is_number(at);
	}
}

bool host_name_fixed(const char *s)
{
	static const char tld[] = ".localhost";
	static const char *const names[] = { "localhost",     "localhost4",
					     "localhost6",    "localhost.localdomain",
					     "ip6-localhost", "ip6-loopback",
					     "ip6-localnet",  "ip6-mcastprefix",
					     "ip6-allnodes",  "ip6-allrouters" };
	size_t n = strlen(s);

	/* Most names begin with neither letter of these. */
	for (size_t i = 0; i < ARRAY_SIZE(names) && strchr("lLiI", s[0]); i++)
		if (str_case_eq(s, names[i]))
			return true;
	return n >= sizeof(tld) && str_case_eq(s + n - (sizeof(tld) - 1), tld);
}

/* ---- what a cell has ---- */

bool cell_host_network(const struct cell_spec *spec)
{
	for (size_t i = 0; i < spec->containers.n; i++)
		if (spec->containers.v[i].host_network)
			return true;
	return false;
}

static bool has_name(const struct strlist *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_case_eq(l->v[i], name))
			return true;
	return false;
}

void cell_aliases(const struct cell_spec *spec, struct strlist *ret)
{
	strlist_clear(ret);
	for (size_t i = 0; i < spec->containers.n; i++) {
		const struct strlist *names = &spec->containers.v[i].networks_aliases;

		for (size_t k = 0; k < names->n; k++)
			if (host_name_valid(names->v[k]) && !has_name(ret, names->v[k]))
				strlist_add(ret, names->v[k]);
	}
}

void cell_networks(const struct cell_spec *spec, struct strlist *ret)
{
	strlist_clear(ret);
	for (size_t i = 0; i < spec->containers.n; i++) {
		const struct strlist *names = &spec->containers.v[i].networks;

		for (size_t k = 0; k < names->n; k++)
			if (validate_name(KIND_SPACE, names->v[k], NULL) == 0 &&
			    !strlist_has(ret, names->v[k]))
				strlist_add(ret, names->v[k]);
	}
}

/* ---- checks ---- */

static int check_alias(const struct strlist *names, size_t i, struct kerr *err)
{
	cleanup_buf struct buf shown = BUF_INIT(1024);

	str_vis(&shown, names->v[i], strnlen(names->v[i], 200));
	if (!host_name_valid(names->v[i]))
		return kerr_plain(
			err, -EINVAL,
			"networksAliases[%zu] \"%s\" is not a host name: labels of letters, digits "
			"and hyphens with dots between them, and not a number at its end",
			i, buf_str(&shown));
	if (host_name_fixed(names->v[i]))
		return kerr_plain(err, -EINVAL,
				  "networksAliases[%zu] \"%s\" stands for the local host in every "
				  "cell; choose another name",
				  i, buf_str(&shown));
	return 0;
}

static int check_network(const struct strlist *names, size_t i, struct kerr *err)
{
	const char *name = names->v[i];
	cleanup_free char *trimmed = str_trim(name);
	int r;

	r = validate_name(KIND_SPACE, name, err);
	if (r < 0)
		return kerr_wrap(err, r, "networks[%zu]", i);
	if (!streq(trimmed, name))
		return kerr_plain(err, -EINVAL, "networks[%zu] \"%s\" has blanks around the name",
				  i, name);
	for (size_t k = 0; k < i; k++)
		if (streq(names->v[k], name))
			return kerr_plain(err, -EINVAL,
					  "networks[%zu] \"%s\" is named twice; leave one of them "
					  "out",
					  i, name);
	return 0;
}

int container_check_networks(const struct container_spec *c, struct kerr *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->networks.n; i++)
		r = check_network(&c->networks, i, err);
	for (size_t i = 0; r == 0 && i < c->networks_aliases.n; i++)
		r = check_alias(&c->networks_aliases, i, err);
	return r;
}

static int check_limits(const struct cell_spec *spec, struct kerr *err)
{
	cleanup_strlist struct strlist networks = { 0 }, aliases = { 0 };
	size_t bytes = 0;

	cell_networks(spec, &networks);
	if (networks.n > KUKE_MAX_NETWORKS)
		return kerr_plain(err, -EINVAL, "networks: the cell joins %zu, at most %d",
				  networks.n, KUKE_MAX_NETWORKS);
	cell_aliases(spec, &aliases);
	for (size_t i = 0; i < aliases.n; i++)
		bytes += strlen(aliases.v[i]) + 1;
	if (bytes > KUKE_MAX_ALIASES)
		return kerr_plain(err, -EINVAL,
				  "networksAliases: the cell has %zu names of %zu bytes in all, at "
				  "most %d bytes",
				  aliases.n, bytes, KUKE_MAX_ALIASES);
	return 0;
}

static int check_place(const struct cell_spec *spec, const struct container_spec *c,
		       struct kerr *err)
{
	if (cell_host_network(spec) && c->networks.n > 0)
		return kerr_plain(err, -EINVAL, "networks cannot be used on the host network");
	if (cell_host_network(spec) && c->networks_aliases.n > 0)
		return kerr_plain(err, -EINVAL,
				  "networksAliases cannot be used on the host network");
	for (size_t i = 0; i < c->networks.n; i++)
		if (streq_null(spec->space_id, c->networks.v[i]))
			return kerr_plain(err, -EINVAL,
					  "networks[%zu] \"%s\" is the space of the cell itself; "
					  "leave it out",
					  i, c->networks.v[i]);
	return 0;
}

int cell_check_networks(const struct cell_spec *spec, struct kerr *err)
{
	int r;

	for (size_t i = 0; i < spec->containers.n; i++) {
		const struct container_spec *c = &spec->containers.v[i];

		r = check_place(spec, c, err);
		if (r < 0)
			return kerr_wrap(err, r, "container \"%s\"", c->id ? c->id : "");
	}
	return check_limits(spec, err);
}
