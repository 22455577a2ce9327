/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LOGIN_H
#define KUKEON_LOGIN_H

#include "buf.h"
#include "defs.h"
#include "http.h"

/*
 * The authorization for one origin (scheme, host, port; RFC 6454). An endpoint has one
 * for itself and one for each origin it redirects to; what was obtained for one is never
 * sent to another.
 */
struct login {
	struct http_origin origin;
	char *authorization; /* value of the header; NULL: none yet */
	unsigned round; /* counts changes of authorization */
};

struct logins {
	struct login **v;
	size_t n;
};

/* Find or create the login of the URL's origin; NULL for a malformed URL. */
struct login *login_of(struct logins *all, const char *url);
void logins_clear(struct logins *all);

/* Set the value of the Authorization header. */
void login_use(struct login *l, char *owned_value);

/* Use the token in the reply of a token server. -EBADMSG without a message. */
int login_use_token(struct login *l, const struct buf *body);

#endif
