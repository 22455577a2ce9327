/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_EGRESS_HOSTS_H
#define KUKEON_EGRESS_HOSTS_H

#include "context.h"
#include "ipnet.h"
#include "resolve.h"

/*
 * The addresses that the host names of a space's egress policy stand for, in the space's
 * egress-hosts.json: they outlive the daemon and the host, so that rules are complete
 * before the first answer of a resolver.
 *
 * What the last answer had is allowed until there is another one; what an answer no
 * longer has stays allowed for EGRESS_KEEP_S, because clients keep addresses too. A
 * failure changes nothing but the error.
 */
#define EGRESS_KEEP_S 600
#define EGRESS_ADDRS_MAX 256 /* of one name, with those that are kept */

struct egress_addr {
	struct ipnet addr;
	int64_t until; /* allowed until then, seconds since 1970; 0: the last answer had it */
};

struct egress_host {
	char *name;
	char *error; /* why the last question had no answer; NULL: it had one */
	struct egress_addr *addrs; /* sorted by address */
	size_t n;
};

struct egress_hosts {
	struct egress_host *v; /* in the order of the policy */
	size_t n;
};

void egress_hosts_clear(struct egress_hosts *h);
#define cleanup_egress_hosts cleanup_(egress_hosts_clear)

const struct egress_host *egress_hosts_find(const struct egress_hosts *h, const char *name);
bool egress_addr_holds(const struct egress_addr *a, int64_t now);

/* Nothing if there is no file. -EBADMSG and -EINVAL, with a message, if it is damaged. */
int egress_hosts_load(struct engine *e, const struct addr *space, struct egress_hosts *ret,
		      struct kerr *err);

/* Without names the file is removed. The caller holds the space's lock. */
int egress_hosts_save(struct engine *e, const struct addr *space, const struct egress_hosts *h,
		      struct kerr *err);

/*
 * Take over the answers: names that the policy does not have go; a name without a question
 * stays as it is. Pure. True: something is different.
 */
bool egress_hosts_update(struct egress_hosts *h, const struct egress_policy *p,
			 const struct resolve *answers, int64_t now);

/* The text of the file and back. */
void egress_hosts_text(const struct egress_hosts *h, struct buf *out);
int egress_hosts_read(const char *text, size_t n, const char *what, struct egress_hosts *ret,
		      struct kerr *err);

#endif
