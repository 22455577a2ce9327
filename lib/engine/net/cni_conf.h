/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CNI_CONF_H
#define KUKEON_CNI_CONF_H

#include "buf.h"
#include "err.h"
#include "vec.h"

/*
 * A network configuration of the Container Network Interface (CNI specification 1.1,
 * sections 1 and 3), as a value. Pure.
 */

enum {
	CNI_CONF_MAX = 1 << 20, /* bytes of a configuration */
	CNI_PLUGINS_MAX = 32,
	CNI_REQUEST_MAX = 4 << 20, /* bytes of what a plugin gets, with the result before it */
};

/* In order: a greater one is newer. */
enum cni_version {
	CNI_0_3_0 = 1,
	CNI_0_3_1,
	CNI_0_4_0, /* CHECK; DEL gets the result */
	CNI_1_0_0,
	CNI_1_1_0, /* GC */
	_CNI_VERSION_MAX,
	_CNI_VERSION_INVALID = -EINVAL,
};

enum cni_version cni_version_of(const char *text);
const char *cni_version_text(enum cni_version v);

struct cni_plugin {
	char *type; /* a file name */
	char *text; /* its object in the configuration */
	struct strlist capabilities; /* those that are true */
};

struct cni_conf {
	char *name;
	enum cni_version version;
	bool no_check, no_gc;
	struct cni_plugin *v;
	size_t n; /* at least 1 */
};

/*
 * Read a list ("plugins") or a single plugin's configuration ("type"). where begins every
 * message: "'FILE'". *ret is cleared first and owned by the caller. -EINVAL with a message
 * that names the member and what it must be.
 */
int cni_conf_read(const char *text, size_t n, const char *where, struct cni_conf *ret,
		  struct kerr *err);
void cni_conf_clear(struct cni_conf *c);
#define cleanup_cni_conf cleanup_(cni_conf_clear)

/* A capability argument: the JSON of its value. */
struct cni_arg {
	const char *name; /* "portMappings" */
	const char *json;
};

/* What a request says beside the plugin's configuration; zero: nothing. */
struct cni_request {
	const char *prev_result; /* JSON; NULL: none */
	const struct cni_arg *args; /* a plugin gets those whose capability it declares */
	size_t n_args;
	const char *valid_attachments; /* for GC: JSON; NULL: none */
};

/*
 * Append what plugin i gets on its standard input. What it says of itself is passed on
 * verbatim, without "capabilities" and what the runtime has to set.
 */
void cni_conf_request(const struct cni_conf *c, size_t i, const struct cni_request *rq,
		      struct buf *out);

#endif
