/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_SPACE_H
#define KUKEON_NAMES_SPACE_H

#include "names_helper.h"
#include "names_opened.h"
#include "net_open.h"
#include "network.h"
#include "scope.h"

/* A space whose policy denies, as the keeper of kukedns serves it. */
enum names_socket {
	NAMES_UDP = 0,
	NAMES_TCP,
	NAMES_UDP6,
	NAMES_TCP6,
	NAMES_CAPTURE,
	_NAMES_SOCKET_MAX,
};

struct names_space {
	struct addr_copy at;
	int64_t id; /* never used again for another */
	struct space_net net;
	struct space_doc doc; /* its policy */
	struct opened opened;
	struct net_open *rules; /* what is known of them; NULL: nothing */
	bool failing; /* the last attempt to open addresses has failed */
	bool other; /* opened has changed by more than what is not saved yet */
	unsigned ifindex; /* of the bridge that the sockets are bound to */
	int fds[_NAMES_SOCKET_MAX];
	char *told; /* the policy that kukedns was told; NULL: it knows nothing of the space */
	bool seen; /* by this look */
};

/* Without a policy and sockets so far. */
struct names_space *names_space_new(struct engine *e, const struct addr *at, int64_t id,
				    const struct space_net *net) __attribute__((returns_nonnull));
void names_space_free(struct names_space *s);

/* Sockets on the gateway, where there are none or the bridge is another one than before. 1: new. */
int names_space_listen(struct names_space *s, struct kerr *err);

/* Tell kukedns what it does not know yet. */
int names_space_tell(struct engine *e, struct names_space *s, struct names_helper *h);

/* Let the capture see what the rules drop, as they are known: after an answer is sent. */
void names_space_set_capture(const struct names_space *s);
/* The same, where rules may have been changed by another process. */
void names_space_capture(struct engine *e, struct names_space *s, struct net_opener *o);

/*
 * Bring the record and the rules to what is open; the capture can wait for names_space_set_capture.
 * other: also where nothing that was opened says so.
 */
int names_space_open(struct engine *e, struct names_space *s, struct net_opener *o, bool other,
		     struct kerr *err);

/* Whether the policy lets an address be opened for a name, and it is none of the host. */
bool names_space_opens(const struct names_space *s, struct net_opener *o, const char *name,
		       const struct ipnet *addr);

#endif
