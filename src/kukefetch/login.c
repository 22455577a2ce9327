/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "jval.h"
#include "login.h"
#include "mem.h"
#include "str.h"
#include "vec.h"

enum {
	TOKEN_MAX = 32 << 10, /* bytes of a token */
};

struct login *login_of(struct logins *all, const char *url)
{
	struct http_origin o = { 0 };
	struct login *l;

	if (http_origin_of(url, &o) < 0)
		return NULL;
	for (size_t i = 0; i < all->n; i++) {
		if (!http_origin_eq(&all->v[i]->origin, &o))
			continue;
		http_origin_clear(&o);
		return all->v[i];
	}
	l = xcalloc(1, sizeof(*l));
	l->origin = o;
	*(struct login **) vec_grow(&all->v, &all->n, sizeof(l)) = l;
	return l;
}

void logins_clear(struct logins *all)
{
	for (size_t i = 0; i < all->n; i++) {
		http_origin_clear(&all->v[i]->origin);
		free(all->v[i]->authorization);
		free(all->v[i]);
	}
	free(all->v);
	*all = (struct logins){ 0 };
}

void login_use(struct login *l, char *owned_value)
{
	free(l->authorization);
	l->authorization = owned_value;
	l->round++;
}

/* The token becomes part of a header, so only printable characters are allowed. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

int login_use_token(struct login *l, const struct buf *body)
{
	cleanup_jval struct jval *reply = NULL;
	const char *token;

	if (jval_read(buf_str(body), body->len, "token", &reply, NULL) < 0)
		return -EBADMSG;
	token = jval_str(jval_get(reply, "token"));
	if (str_empty(token))
		token = jval_str(jval_get(reply, "access_token"));
	if (str_empty(token) || strlen(token) >= TOKEN_MAX || !is_plain(token))
		return -EBADMSG;
	login_use(l, xasprintf("Bearer %s", token));
	return 0;
}
