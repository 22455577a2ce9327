/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "mem.h"
#include "ref.h"
#include "str.h"

#define DEFAULT_DOMAIN "docker.io"
#define LEGACY_DOMAIN "index.docker.io"
#define OFFICIAL "library/"

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

static bool is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= '0' && s[i] <= '9') && !(s[i] >= 'a' && s[i] <= 'f'))
			return false;
	return true;
}

/* A host name or IPv4 address: parts of letters, digits and inner '-'; or [IPv6]. */
static bool valid_host(const char *s, size_t n)
{
	if (n > 2 && s[0] == '[' && s[n - 1] == ']') {
		for (size_t i = 1; i < n - 1; i++)
			if (!is_hex(s + i, 1) && s[i] != ':' && !(s[i] >= 'A' && s[i] <= 'F'))
				return false;
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		if (is_alnum(s[i]))
			continue;
		if (i == 0 || i == n - 1 || (s[i] != '.' && s[i] != '-'))
			return false;
		/*
		 * a '.' separates two parts, each of which begins and ends with a letter
		 * or digit
		 */
		if ((s[i] == '.' || s[i - 1] == '.') && !is_alnum(s[i - 1]))
			return false;
		if (s[i] == '.' && !is_alnum(s[i + 1]))
			return false;
	}
	return n > 0;
}

static bool valid_domain(const char *s)
{
	size_t n = strlen(s), host = n;

	while (host > 0 && s[host - 1] >= '0' && s[host - 1] <= '9')
		host--;
	/* "host:port"; a colon inside brackets belongs to the IPv6 address */
	if (host > 0 && host < n && s[host - 1] == ':')
		host--;
	else
		host = n;
	return valid_host(s, host);
}

/* Lower-case letters and digits, separated by '.', '_', "__" or any number of '-'. */
static bool valid_part(const char *s, size_t n)
{
	size_t i = 0, start;

	while (i < n) {
		start = i;
		while (i < n && is_lower_alnum(s[i]))
			i++;
		if (i == start)
			return false;
		if (i == n)
			return true;
		start = i;
		if (s[i] == '-')
			while (i < n && s[i] == '-')
				i++;
		else if (s[i] == '.')
			i++;
		else
			while (i < n && i < start + 2 && s[i] == '_')
				i++;
		if (i == start)
			return false;
	}
	return false;
}

static bool valid_path(const char *s)
{
	size_t n;

	for (;;) {
		n = strcspn(s, "/");
		if (!valid_part(s, n))
			return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

static bool valid_tag(const char *s)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (!is_alnum(s[i]) && s[i] != '_' && (i == 0 || (s[i] != '.' && s[i] != '-')))
			return false;
	return i > 0 && i <= REF_MAX_TAG;
}

void ref_clear(struct ref *r)
{
	free_p(&r->domain);
	free_p(&r->path);
	free_p(&r->tag);
	*r = (struct ref){ 0 };
}

static int invalid_ref(struct kerr *err, const char *s)
{
	cleanup_buf struct buf shown = BUF_INIT(2048);

	str_vis(&shown, s, strnlen(s, 300));
	return kerr_plain(err, -EINVAL, "invalid reference format: '%s'", buf_str(&shown));
}

/* Whether the text before the first '/' is a registry host and not a user name. */
static bool is_domain(const char *s, size_t n)
{
	if (n == 9 && strncmp(s, "localhost", n) == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (s[i] == '.' || s[i] == ':' || (s[i] >= 'A' && s[i] <= 'Z'))
			return true;
	return false;
}

/* Set domain and path from a name that has no tag and no digest. */
static int split_name(const char *name, struct ref *r, struct kerr *err)
{
	const char *slash = strchr(name, '/'), *rest = name;

	if (slash && is_domain(name, (size_t) (slash - name))) {
		r->domain = xstrndup(name, (size_t) (slash - name));
		rest = slash + 1;
	}
	if (!r->domain || streq(r->domain, LEGACY_DOMAIN)) {
		free_p(&r->domain);
		r->domain = xstrdup(DEFAULT_DOMAIN);
	}
	if (streq(r->domain, DEFAULT_DOMAIN) && !strchr(rest, '/'))
		r->path = xasprintf(OFFICIAL "%s", rest);
	else
		r->path = xstrdup(rest);
	for (const char *p = r->path; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			return kerr_plain(
				err, -EINVAL,
				"invalid reference format: repository name (%.255s) must be "
				"lowercase",
				r->path);
	if (!valid_domain(r->domain) || !valid_path(r->path))
		return invalid_ref(err, name);
	if (strlen(r->domain) + 1 + strlen(r->path) > REF_MAX_NAME)
		return kerr_plain(err, -EINVAL,
				  "invalid reference format: the name is longer than %d bytes",
				  REF_MAX_NAME);
	return 0;
}

static int parse_into(const char *s, struct ref *r, struct kerr *err)
{
	cleanup_free char *name = NULL;
	const char *at = strchr(s, '@'), *colon, *slash;
	int q;

	if (!*s || strlen(s) > REF_MAX_NAME + REF_MAX_TAG + DIGEST_TEXT_MAX + 2)
		return invalid_ref(err, s);
	if (strlen(s) == DIGEST_HEX && is_hex(s, DIGEST_HEX))
		return kerr_plain(err, -EINVAL,
				  "invalid repository name (%s), cannot specify 64-byte "
				  "hexadecimal strings",
				  s);
	name = at ? xstrndup(s, (size_t) (at - s)) : xstrdup(s);
	if (at && digest_parse(at + 1, &r->digest) < 0)
		return invalid_ref(err, s);
	colon = strrchr(name, ':');
	slash = strrchr(name, '/');
	if (colon && (!slash || colon > slash)) {
		if (!valid_tag(colon + 1))
			return invalid_ref(err, s);
		r->tag = xstrdup(colon + 1);
		name[colon - name] = '\0';
	}
	q = split_name(name, r, err);
	if (q < 0)
		return q;
	if (!r->tag && !at)
		r->tag = xstrdup("latest");
	return 0;
}

int ref_parse(const char *s, struct ref *ret, struct kerr *err)
{
	cleanup_ref struct ref r = { 0 };
	int q;

	q = parse_into(s, &r, err);
	if (q < 0)
		return q;
	*ret = take_struct(r);
	return 0;
}

char *ref_text(const struct ref *r)
{
	return xasprintf("%s/%s%s%s%s%s", r->domain, r->path, r->tag ? ":" : "",
			 r->tag ? r->tag : "", digest_is_set(&r->digest) ? "@" : "",
			 r->digest.text);
}

int ref_normalise(const char *s, char **ret, struct kerr *err)
{
	cleanup_ref struct ref r = { 0 };
	int q;

	q = ref_parse(s, &r, err);
	if (q < 0)
		return q;
	*ret = ref_text(&r);
	return 0;
}
