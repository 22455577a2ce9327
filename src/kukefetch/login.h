/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOGIN_H
#define KUKEON_LOGIN_H

#include "buf.h"
#include "defs.h"
#include "http.h"

/*
 * What one origin (scheme, host, port; RFC 6454) wants to see before it answers.
 * An endpoint has one for itself and one for each other origin that it redirects
 * to: what was got for one is never shown to another.
 */
struct login {
	struct http_origin origin;
	char *authorization; /* the header's value; NULL: nothing yet */
	unsigned round; /* counts what authorization was set to */
};

struct logins {
	struct login **v;
	size_t n;
};

/* That of the URL's origin, made when it is not there; NULL for what is no address. */
struct login *login_of(struct logins *all, const char *url);
void logins_clear(struct logins *all);

/* Use that value from now on. */
void login_use(struct login *l, char *owned_value);

/* Use the token in the body of a token server's answer. -EBADMSG without a message. */
int login_use_token(struct login *l, const struct buf *body);

#endif
