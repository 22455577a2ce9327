/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CNI_CHAIN_H
#define KUKEON_CNI_CHAIN_H

#include "cni_conf.h"
#include "cni_record.h"
#include "cni_result.h"

/*
 * The plugins of a network, one after another (CNI specification 1.1, section 3). Messages
 * name plugin and network.
 */

#define CNI_IFNAME "eth0"

/* An attachment of a cell to a network. */
struct cni_attachment {
	const struct cni_conf *conf;
	const char *container_id;
	const char *netns; /* CNI_NETNS; "": the namespace is gone */
	struct cni_record *rec;
	int caller_fd; /* see cni_exec; -1: plugins go on when the caller is gone */
};

/*
 * ADD, in order: each plugin gets the result of the one before. rec has the last result
 * after each, when fn is called; its failure ends the chain. On failure the caller has to
 * undo all (cni_chain_del). *ret: what was read from the last result; cleared first.
 */
typedef int cni_step_fn(void *ctx, struct kerr *err);
int cni_chain_add(const struct cni_attachment *at, cni_step_fn *fn, void *ctx,
		  struct cni_result *ret, struct kerr *err);

/*
 * DEL, in reverse order, each with the last result of ADD. One that fails does not keep
 * the others from undoing their part; the first failure is returned. Can be repeated.
 */
int cni_chain_del(const struct cni_attachment *at, struct kerr *err);

/* CHECK, in order, up to the first that finds something wrong. */
int cni_chain_check(const struct cni_attachment *at, struct kerr *err);

/* Whether CHECK may be called: from version 0.4.0, unless the configuration forbids it. */
bool cni_chain_has_check(const struct cni_conf *c);

/*
 * GC: plugins may remove what is of no attachment of that list (JSON). Nothing, below
 * version 1.1.0 and where the configuration forbids it. The first failure is returned.
 */
int cni_chain_gc(const struct cni_conf *c, const char *valid, struct kerr *err);

/* VERSION: whether every plugin is installed and supports the version of the configuration. */
int cni_chain_probe(const struct cni_conf *c, struct kerr *err);

/* Whether every plugin is installed. */
int cni_chain_find(const struct cni_conf *c, struct kerr *err);

#endif
