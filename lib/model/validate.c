/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cellnet.h"
#include "convert.h"
#include "egress.h"
#include "labels.h"
#include "mem.h"
#include "model.h"
#include "naming.h"
#include "ports.h"
#include "row_limits.h"
#include "str.h"
#include "unsupported.h"
#include "validate.h"
#include "validate_container.h"

#define API_VERSION "v1beta1"

static int require(const char *value, const char *path, struct kerr *err)
{
	if (!str_empty(value))
		return 0;
	return kerr_plain(err, -EINVAL, "%s is required", path);
}

/* ---- egress ---- */

/* Whether Go's net.ParseCIDR accepts it: an IPv4 or IPv6 address and a prefix length. */
static bool cidr_valid(const char *s)
{
	cleanup_free char *addr = NULL;
	const char *slash = strchr(s, '/');
	unsigned char bin[16];
	uint64_t bits;

	if (slash == NULL || !isdigit((unsigned char) slash[1]))
		return false;
	addr = xstrndup(s, (size_t) (slash - s));
	if (inet_pton(AF_INET, addr, bin) == 1)
		return str_to_u64(slash + 1, 0, 32, &bits) == 0;
	return inet_pton(AF_INET6, addr, bin) == 1 && str_to_u64(slash + 1, 0, 128, &bits) == 0;
}

/*
 * A name as resolvers take it (RFC 1123, and '_' as in RFC 8552), an address, or "*." and a
 * name: all names below that one. It stands in the comments of rules and in hosts files.
 */
static bool host_valid(const char *s)
{
	bool pattern = egress_host_is_pattern(s);
	unsigned char bin[16];
	size_t n;

	s += pattern ? 2 : 0;
	n = strlen(s);
	if (inet_pton(AF_INET6, s, bin) == 1)
		return !pattern;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char) s[i]) && strchr("-._", s[i]) == NULL)
			return false;
	return n > 0 && n <= 253 && s[0] != '.' && s[n - 1] != '.' && strstr(s, "..") == NULL;
}

int validate_egress_rule(const struct egress_rule *rule, struct kerr *err)
{
	cleanup_free char *host = str_trim(rule->host);
	cleanup_free char *cidr = str_trim(rule->cidr);

	if (host[0] == '\0' && cidr[0] == '\0')
		return kerr_plain(err, -EINVAL,
				  "egress allow rule requires exactly one of host or cidr");
	if (host[0] != '\0' && cidr[0] != '\0')
		return kerr_plain(err, -EINVAL,
				  "egress allow rule must not set both host and cidr");
	if (cidr[0] != '\0' && !cidr_valid(cidr))
		return kerr_plain(err, -EINVAL,
				  "egress allow rule cidr is not a valid CIDR: \"%s\": "
				  "invalid CIDR address: %s",
				  cidr, cidr);
	if (host[0] != '\0' && !host_valid(host))
		return kerr_plain(err, -EINVAL,
				  "egress allow rule host is not a valid dns name: \"%s\"", host);
	for (size_t i = 0; i < rule->ports.n; i++)
		if (rule->ports.v[i] < 1 || rule->ports.v[i] > 65535)
			return kerr_plain(err, -EINVAL,
					  "egress allow rule port must be within [1, 65535]: %lld",
					  (long long) rule->ports.v[i]);
	return 0;
}

int validate_egress(const struct egress_policy *p, struct kerr *err)
{
	cleanup_free char *action = NULL;
	int r;

	if (p == NULL)
		return 0;
	action = str_trim(p->default_action);
	if (action[0] != '\0' && !str_case_eq(action, "allow") && !str_case_eq(action, "deny"))
		return kerr_plain(err, -EINVAL, "egress default must be 'allow' or 'deny'");
	for (size_t i = 0; i < p->allow.n; i++) {
		r = validate_egress_rule(&p->allow.v[i], err);
		if (r < 0)
			return kerr_wrap(err, r, "egress allow rule %zu", i);
	}
	return 0;
}

/* ---- kinds ---- */

static int validate_realm(const struct realm_doc *doc, struct kerr *err)
{
	const char *ns = doc->spec.namespace;

	/* The namespace is also the name of a directory. */
	if (!str_empty(ns) && (strchr(ns, '/') != NULL || ns[0] == '.' || strlen(ns) > 255))
		return kerr_plain(err, -EINVAL, "spec.namespace \"%s\" is not a valid namespace",
				  ns);
	return 0;
}

/* Space defaults are a subset of a container's spec: check them by the same rules. */
static int validate_space_defaults(const struct space_container_defaults *d, struct kerr *err)
{
	struct container_spec view = { 0 };
	int r;

	if (d == NULL)
		return 0;
	view.user = d->user;
	view.resources = d->resources;
	view.capabilities = d->capabilities;
	view.security_opts = d->security_opts;
	view.tmpfs.v = d->tmpfs.v;
	view.tmpfs.n = d->tmpfs.n;
	r = validate_container_spec(&view, err);
	return r < 0 ? kerr_wrap(err, r, "spec.defaults.container") : 0;
}

static int validate_space(const struct space_doc *doc, struct kerr *err)
{
	int r;

	r = require(doc->spec.realm_id, "spec.realmId", err);
	if (r < 0)
		return r;
	r = validate_name(KIND_SPACE, doc->head.metadata.name, err);
	if (r < 0)
		return r;
	r = validate_name(KIND_REALM, doc->spec.realm_id, err);
	if (r < 0)
		return r;
	if (!str_empty(doc->spec.cni_config_path) && doc->spec.cni_config_path[0] != '/')
		return kerr_plain(err, -EINVAL,
				  "spec.cniConfigPath: must be an absolute path: \"%s\"",
				  doc->spec.cni_config_path);
	if (doc->spec.network != NULL) {
		r = validate_egress(doc->spec.network->egress, err);
		if (r < 0)
			return r;
	}
	if (doc->spec.defaults != NULL)
		return validate_space_defaults(doc->spec.defaults->container, err);
	return 0;
}

/* Check the names of the parents too, as they become path components. NULL ends the list early. */
static int validate_names(enum kind kind, const char *name, const char *realm, const char *space,
			  const char *stack, struct kerr *err)
{
	int r;

	r = validate_name(kind, name, err);
	if (r < 0)
		return r;
	r = validate_name(KIND_REALM, realm, err);
	if (r < 0)
		return r;
	r = validate_name(KIND_SPACE, space, err);
	if (r < 0)
		return r;
	return stack == NULL ? 0 : validate_name(KIND_STACK, stack, err);
}

static int validate_stack(const struct stack_doc *doc, struct kerr *err)
{
	int r;

	r = require(doc->spec.realm_id, "spec.realmId", err);
	if (r < 0)
		return r;
	r = require(doc->spec.space_id, "spec.spaceId", err);
	if (r < 0)
		return r;
	r = validate_names(KIND_STACK, doc->head.metadata.name, doc->spec.realm_id,
			   doc->spec.space_id, NULL, err);
	if (r < 0 || str_empty(doc->spec.id))
		return r;
	return validate_name(KIND_STACK, doc->spec.id, err);
}

/* Check one container of a cell; messages lack the container's name. */
static int validate_nested(const struct cell_spec *spec, const struct container_spec *c,
			   struct kerr *err)
{
	bool root = c->root || streq_null(c->id, spec->root_container_id);
	int r;

	if (!root && streq(c->id, ROOT_ID))
		return kerr_plain(err, -EINVAL, "the id \"root\" needs root: true");
	r = require(c->image, "image", err);
	if (r < 0)
		return r;
	r = validate_container_spec(c, err);
	if (r < 0)
		return r;
	if (!cell_host_network(spec))
		return 0;
	if (c->ports.n > 0)
		return kerr_plain(err, -EINVAL, "ports cannot be used on the host network");
	return 0;
}

static int validate_cell_containers(const struct cell_spec *spec, struct kerr *err)
{
	const struct container_spec *c;
	int r;

	for (size_t i = 0; i < spec->containers.n; i++) {
		c = &spec->containers.v[i];
		r = validate_name(KIND_CONTAINER, c->id, err);
		if (r < 0)
			return kerr_wrap(err, r, "spec.containers[%zu]", i);
		if (cell_container(spec, c->id) != c)
			return kerr_plain(
				err, -EINVAL,
				"spec.containers[%zu]: container \"%s\" is declared twice", i,
				c->id);
		r = validate_nested(spec, c, err);
		if (r < 0)
			return kerr_wrap(err, r, "container \"%s\"", c->id);
	}
	r = cell_check_networks(spec, err);
	return r < 0 ? r : ports_check_cell(spec, err);
}

static int validate_cell(const struct cell_doc *doc, enum validate_flags flags, struct kerr *err)
{
	const struct cell_spec *s = &doc->spec;
	int r;

	r = require(s->realm_id, "spec.realmId", err);
	if (r < 0)
		return r;
	r = require(s->space_id, "spec.spaceId", err);
	if (r < 0)
		return r;
	r = require(s->stack_id, "spec.stackId", err);
	if (r < 0)
		return r;
	if (s->containers.n == 0 && !(flags & VALIDATE_NO_CONTAINERS))
		return kerr_plain(err, -EINVAL, "spec.containers is required and cannot be empty");
	r = cell_check_size(s, err);
	if (r < 0)
		return r;
	r = validate_names(KIND_CELL, doc->head.metadata.name, s->realm_id, s->space_id,
			   s->stack_id, err);
	if (r < 0)
		return r;
	if (!str_empty(s->id)) {
		r = validate_name(KIND_CELL, s->id, err);
		if (r < 0)
			return r;
	}
	return validate_cell_containers(s, err);
}

static int validate_container(const struct container_doc *doc, struct kerr *err)
{
	const struct container_spec *s = &doc->spec;
	const char *const required[][2] = {
		{ s->realm_id, "spec.realmId" }, { s->space_id, "spec.spaceId" },
		{ s->stack_id, "spec.stackId" }, { s->cell_id, "spec.cellId" },
		{ s->image, "spec.image" },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		r = require(required[i][0], required[i][1], err);
		if (r < 0)
			return r;
	}
	r = validate_container_spec(s, err);
	if (r < 0)
		return r;
	r = validate_names(KIND_CONTAINER, doc->head.metadata.name, s->realm_id, s->space_id,
			   s->stack_id, err);
	if (r < 0)
		return r;
	r = validate_name(KIND_CELL, s->cell_id, err);
	if (r < 0)
		return r;
	if (!str_empty(s->id)) {
		r = validate_name(KIND_CONTAINER, s->id, err);
		if (r < 0)
			return r;
	}
	if (!s->root && streq(str_empty(s->id) ? doc->head.metadata.name : s->id, ROOT_ID))
		return kerr_plain(err, -EINVAL, "the id \"root\" needs root: true");
	if (s->host_network && s->ports.n > 0)
		return kerr_plain(err, -EINVAL, "ports cannot be used on the host network");
	return 0;
}

static int validate_kind(enum kind kind, const void *doc, enum validate_flags flags,
			 struct kerr *err)
{
	switch (kind) {
	case KIND_REALM:
		return validate_realm(doc, err);
	case KIND_SPACE:
		return validate_space(doc, err);
	case KIND_STACK:
		return validate_stack(doc, err);
	case KIND_CELL:
		return validate_cell(doc, flags, err);
	case KIND_CONTAINER:
		return validate_container(doc, err);
	case KIND_CELL_PROFILE:
	case KIND_SERVER_CONFIGURATION:
	case KIND_CLIENT_CONFIGURATION:
	case KIND_INVALID:
	case _KIND_MAX:
		break;
	}
	return 0;
}

int validate_doc(enum kind kind, const void *doc, enum validate_flags flags, struct kerr *err)
{
	const struct doc_head *head = doc;
	const struct kind_info *info = kind_info(kind);
	int r;

	assert(doc != NULL);
	if (!str_empty(head->api_version) && !streq(head->api_version, API_VERSION))
		return kerr_plain(err, -EINVAL, "unsupported apiVersion: %s (expected %s)",
				  head->api_version, API_VERSION);
	if (info == NULL || !info->resource)
		return kerr_plain(err, -EINVAL, "unknown kind: %s",
				  head->kind == NULL ? "" : head->kind);
	r = require(head->metadata.name, "metadata.name", err);
	if (r < 0)
		return r;
	if (kind == KIND_REALM) {
		r = validate_name(kind, head->metadata.name, err);
		if (r < 0)
			return r;
	}
	r = validate_kind(kind, doc, flags, err);
	if (r == 0)
		r = row_limits_check(info->type, doc, err);
	if (r < 0 || flags & VALIDATE_ANY_FIELD)
		return r;
	r = labels_check(kind, doc, err);
	return r < 0 ? r : validate_supported(kind, doc, err);
}
