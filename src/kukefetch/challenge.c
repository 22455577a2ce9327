/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "buf.h"
#include "challenge.h"
#include "mem.h"
#include "str.h"

enum {
	CHALLENGE_MAX_VALUE = 4096, /* bytes of a parameter's value */
};

void challenge_clear(struct challenge *c)
{
	free_p(&c->realm);
	free_p(&c->service);
	free_p(&c->scope);
	free_p(&c->error);
	c->scheme = CHALLENGE_NONE;
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static const char *skip(const char *p, const char *what)
{
	return p + strspn(p, what);
}

static const char *token_end(const char *p)
{
	while (is_token(*p))
		p++;
	return p;
}

/* Read a quoted or plain value. NULL when it is incomplete or too long. */
static const char *read_value(const char *p, struct buf *ret)
{
	buf_reset(ret);
	if (*p != '"') {
		const char *end = token_end(p);

		buf_add(ret, p, (size_t) (end - p));
		return ret->failed ? NULL : end;
	}
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
		buf_addc(ret, *p);
	}
	return *p == '"' && !ret->failed ? p + 1 : NULL;
}

static void set_parameter(struct challenge *c, const char *name, const char *value)
{
	char **field = NULL;

	if (str_case_eq(name, "realm"))
		field = &c->realm;
	else if (str_case_eq(name, "service"))
		field = &c->service;
	else if (str_case_eq(name, "scope"))
		field = &c->scope;
	else if (str_case_eq(name, "error"))
		field = &c->error;
	if (!field)
		return;
	free(*field);
	*field = xstrdup(value);
}

static void begin_challenge(struct challenge *c, const char *name)
{
	*c = (struct challenge){ .realm = xstrdup(""),
				 .service = xstrdup(""),
				 .scope = xstrdup(""),
				 .error = xstrdup("") };
	if (str_case_eq(name, "basic"))
		c->scheme = CHALLENGE_BASIC;
	else if (str_case_eq(name, "bearer"))
		c->scheme = CHALLENGE_BEARER;
}

static void keep_better(struct challenge *best, challenge_address_fn *is_address,
			struct challenge *c)
{
	if (c->scheme == CHALLENGE_BEARER && !*c->realm)
		/* a bearer challenge without a realm: there is nowhere to get a token */
		c->scheme = CHALLENGE_NONE;
	else if (c->scheme == CHALLENGE_BEARER && !is_address(c->realm))
		c->scheme = CHALLENGE_LOST;
	if (c->scheme > best->scheme) {
		challenge_clear(best);
		*best = *c;
		*c = (struct challenge){ 0 };
	}
	challenge_clear(c);
}

/* Whether "name =" follows, and not a scheme name or the padding of a token68. */
static bool at_parameter(const char *p)
{
	p = skip(token_end(p), " \t");
	if (*p != '=')
		return false;
	p = skip(p + 1, " \t");
	return *p == '"' || is_token(*p);
}

/*
 * Read name=value; a token68 is skipped, as no scheme used here needs one. NULL on a
 * syntax error.
 */
static const char *read_parameter(const char *p, struct challenge *c, struct buf *value)
{
	cleanup_free char *name = NULL;
	const char *end = token_end(p);

	if (!at_parameter(p))
		return p + strcspn(p, ",");
	name = xstrndup(p, (size_t) (end - p));
	p = skip(strchr(end, '=') + 1, " \t");
	p = read_value(p, value);
	if (p)
		set_parameter(c, name, buf_str(value));
	return p;
}

static void parse(const char *p, challenge_address_fn *is_address, struct challenge *best)
{
	cleanup_challenge struct challenge c = { 0 };
	cleanup_buf struct buf value = BUF_INIT(CHALLENGE_MAX_VALUE);
	const char *end;

	begin_challenge(&c, "");
	while (p && *(p = skip(p, " \t,"))) {
		end = token_end(p);
		if (end == p)
			return; /* syntax error: use the challenges read so far */
		if (!at_parameter(p)) {
			cleanup_free char *name = xstrndup(p, (size_t) (end - p));

			keep_better(best, is_address, &c);
			begin_challenge(&c, name);
			p = skip(end, " \t");
			if (!*p || *p == ',')
				continue;
		}
		p = read_parameter(p, &c, &value);
	}
	if (p)
		keep_better(best, is_address, &c);
}

void challenge_pick(const struct strlist *headers, challenge_address_fn *is_address,
		    struct challenge *ret)
{
	struct challenge best = { 0 };

	for (size_t i = 0; i < headers->n; i++)
		parse(headers->v[i], is_address, &best);
	if (!best.realm)
		begin_challenge(&best, "");
	*ret = best;
}
