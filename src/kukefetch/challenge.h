/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CHALLENGE_H
#define KUKEON_CHALLENGE_H

#include "defs.h"
#include "vec.h"

/* What a registry wants to see before it answers: WWW-Authenticate (RFC 7235). */
enum challenge_scheme {
	CHALLENGE_NONE = 0, /* nothing that we can do */
	CHALLENGE_LOST, /* a bearer token from what is no address */
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,
};

/* "" for what is not said. */
struct challenge {
	enum challenge_scheme scheme;
	char *realm;
	char *service;
	char *scope;
	char *error; /* "invalid_token", "insufficient_scope" */
};

void challenge_clear(struct challenge *c);
#define cleanup_challenge cleanup_(challenge_clear)

/*
 * The best of all challenges of an answer's headers: a bearer token from a realm
 * that is an address, else a password, else a bearer token from anywhere. What
 * cannot be parsed is passed over. is_address tells of a realm's text.
 */
typedef bool challenge_address_fn(const char *realm);
void challenge_pick(const struct strlist *headers, challenge_address_fn *is_address,
		    struct challenge *ret);

#endif
