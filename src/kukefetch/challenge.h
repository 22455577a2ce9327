/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CHALLENGE_H
#define KUKEON_CHALLENGE_H

#include "defs.h"
#include "vec.h"

/* What a registry requires before it answers: the WWW-Authenticate header (RFC 7235). */
enum challenge_scheme {
	CHALLENGE_NONE = 0, /* no scheme that is supported */
	CHALLENGE_LOST, /* a bearer token, but the realm is not a URL */
	CHALLENGE_BASIC,
	CHALLENGE_BEARER,
};

/* Members are "" when missing. */
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
 * Choose among all challenges of a reply: first bearer with a realm that is a URL, then
 * basic, then bearer with any other realm. Malformed challenges are skipped. is_address
 * checks the realm.
 */
typedef bool challenge_address_fn(const char *realm);
void challenge_pick(const struct strlist *headers, challenge_address_fn *is_address,
		    struct challenge *ret);

#endif
