/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <ctype.h>
#include <errno.h>

#include "encoding.h"
#include "mem.h"
#include "params.h"
#include "str.h"

#define LINE_SHOWN 256 /* bytes of an invalid line that are quoted in the message */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool param_name_valid(const char *s, size_t n)
{
	if (n == 0 || !is_letter(s[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_letter(s[i]) && !(s[i] >= '0' && s[i] <= '9'))
			return false;
	return true;
}

/* The trimmed part before '='; NULL without '='. Owned by the caller. */
static char *key_of(const char *text)
{
	const char *eq = strchr(text, '=');
	cleanup_free char *key = eq == NULL ? NULL : xstrndup(text, (size_t) (eq - text));

	return key == NULL ? NULL : str_trim(key);
}

static char *shown(const char *text, size_t n)
{
	struct buf b = BUF_INIT(LINE_SHOWN * 4 + 4);

	str_vis(&b, text, n < LINE_SHOWN ? n : LINE_SHOWN);
	return buf_take(&b);
}

int params_add(struct strmap *params, const char *arg, struct kerr *err)
{
	cleanup_free char *key = key_of(arg);
	cleanup_free char *safe = shown(arg, strlen(arg));

	if (key == NULL)
		return kerr_plain(err, -EINVAL,
				  "invalid --param \"%s\": want KEY=VALUE: " PROFILE_INVALID, safe);
	if (!param_name_valid(key, strlen(key)))
		return kerr_plain(err, -EINVAL,
				  "invalid --param \"%s\": KEY must match "
				  "[A-Za-z_][A-Za-z0-9_]*: " PROFILE_INVALID,
				  safe);
	strmap_set(params, key, strchr(arg, '=') + 1);
	return 0;
}

static int read_line(struct strmap *params, const char *path, unsigned number, const char *p,
		     size_t n, struct kerr *err)
{
	cleanup_free char *line = xstrndup(p, n);
	cleanup_free char *trimmed = str_trim(line);
	cleanup_free char *key = NULL;
	cleanup_free char *safe = NULL;

	if (memchr(p, '\0', n) == NULL && (*trimmed == '\0' || *trimmed == '#'))
		return 0;
	key = memchr(p, '\0', n) == NULL ? key_of(line) : NULL;
	if (key != NULL && param_name_valid(key, strlen(key))) {
		strmap_set(params, key, strchr(line, '=') + 1);
		return 0;
	}
	safe = key != NULL ? shown(key, strlen(key)) : shown(p, n);
	return kerr_plain(err, -EINVAL,
			  key != NULL
				  ? "%s:%u: invalid KEY \"%s\": must match "
				    "[A-Za-z_][A-Za-z0-9_]*: " PROFILE_INVALID
				  : "%s:%u: invalid line \"%s\": want KEY=VALUE: " PROFILE_INVALID,
			  path, number, safe);
}

int params_read(struct strmap *params, const char *path, const char *text, size_t n,
		struct kerr *err)
{
	cleanup_buf struct buf own = BUF_INIT(0);
	const char *end, *p, *nl;
	struct kerr why = { 0 };
	unsigned number = 1;
	size_t len;
	int r;

	r = encoding_to_utf8(&text, &n, &own, &why);
	if (r < 0)
		return kerr_plain(err, r, "read --param-file \"%s\": %s: " PROFILE_INVALID, path,
				  why.msg);
	end = text + n;
	for (p = text; p < end; p = nl == NULL ? end : nl + 1) {
		nl = memchr(p, '\n', (size_t) (end - p));
		len = (size_t) ((nl == NULL ? end : nl) - p);
		if (len > 0 && p[len - 1] == '\r')
			len--;
		r = read_line(params, path, number++, p, len, err);
		if (r < 0)
			return r;
	}
	return 0;
}
