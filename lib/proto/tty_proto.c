/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "jscan.h"
#include "jwalk.h"
#include "str.h"
#include "tty_proto.h"

#define SERVICE "TerminalController"

enum {
	NAME_MAX_ = 128, /* bytes of a method's name and a NUL */
	NUMBER_MAX = 24,
};

static const char *const method_names[_TTY_METHOD_MAX] = {
	[TTY_PING] = "Ping",	     [TTY_STATE] = "State",
	[TTY_METADATA] = "Metadata", [TTY_ATTACH] = "Attach",
	[TTY_DETACH] = "Detach",     [TTY_RESIZE] = "Resize",
	[TTY_WRITE] = "Write",	     [TTY_SUBSCRIBE] = "Subscribe",
	[TTY_STOP] = "Stop",	     [TTY_SCREENSHOT] = "Screenshot",
	[TTY_WAIT] = "Wait",
};

/* ---- values ---- */

static bool is_null(const char *p, size_t n)
{
	return n == 4 && memcmp(p, "null", 4) == 0;
}

/*
 * The last member of that name, in any case, as Go finds it. false: there is none, or it
 * is null.
 */
static bool member(const char *text, size_t n, const char *name, struct jwalk_part *ret)
{
	struct jwalk_part part;
	char key[JWALK_KEY_MAX];
	struct jwalk w;
	bool found = false;

	if (jwalk_begin(&w, text, n) < 0 || w.close != '}')
		return false;
	while (jwalk_next(&w, &part) > 0) {
		if (!jwalk_key(&part, key) || !str_case_eq(key, name))
			continue;
		*ret = part;
		found = !is_null(part.p, part.n);
	}
	return found;
}

/* A string without NUL of fewer than size bytes. */
static int string_of(const char *p, size_t n, char *ret, size_t size)
{
	size_t len = 0;

	if (n < 2 || p[0] != '"')
		return -EINVAL;
	if (n - 2 >= size)
		return -E2BIG;
	len = jscan_unescape(ret, p + 1, n - 2);
	ret[len] = '\0';
	return memchr(ret, '\0', len) == NULL ? 0 : -EINVAL;
}

static int member_string(const char *text, size_t n, const char *name, char *ret, size_t size)
{
	struct jwalk_part part;

	ret[0] = '\0';
	return member(text, n, name, &part) ? string_of(part.p, part.n, ret, size) : 0;
}

static int member_bool(const char *text, size_t n, const char *name, bool *ret)
{
	struct jwalk_part part;

	*ret = false;
	if (!member(text, n, name, &part))
		return 0;
	*ret = part.n == 4 && memcmp(part.p, "true", 4) == 0;
	return *ret || (part.n == 5 && memcmp(part.p, "false", 5) == 0) ? 0 : -EINVAL;
}

/* Any integer, cut to 16 bits as the kernel's sizes are. */
static int member_size(const char *text, size_t n, const char *name, uint16_t *ret)
{
	struct jwalk_part part;
	char digits[NUMBER_MAX];
	int64_t v = 0;

	*ret = 0;
	if (!member(text, n, name, &part))
		return 0;
	if (part.n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, part.p, part.n);
	digits[part.n] = '\0';
	if (str_to_i64(digits, INT64_MIN, INT64_MAX, &v) < 0)
		return -EINVAL;
	*ret = (uint16_t) v;
	return 0;
}

/* ---- requests ---- */

static enum tty_method find_method(const char *name)
{
	for (int i = 1; i < _TTY_METHOD_MAX; i++)
		if (streq(method_names[i], name))
			return (enum tty_method) i;
	return 0;
}

static void unknown(struct tty_request *r, const char *name, bool service)
{
	(void) snprintf(r->error, sizeof(r->error), "rpc: can't find %s %s",
			service ? "service" : "method", name);
}

static void read_method(struct tty_request *r, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot == NULL)
		(void) snprintf(r->error, sizeof(r->error),
				"rpc: service/method request ill-formed: %s", name);
	else if (strncmp(name, SERVICE, (size_t) (dot - name)) != 0 ||
		 (size_t) (dot - name) != strlen(SERVICE))
		unknown(r, name, true);
	else if ((r->method = find_method(dot + 1)) == 0)
		unknown(r, name, false);
}

static int read_size(struct tty_request *r, const char *p, size_t n)
{
	int k = member_size(p, n, "Cols", &r->cols);

	return k == 0 ? member_size(p, n, "Rows", &r->rows) : k;
}

/* The id of a client: a string, or an object that has it as ClientID. */
static int read_client(struct tty_request *r, const char *p, size_t n)
{
	int k;

	if (n > 0 && p[0] == '"')
		return r->method == TTY_SUBSCRIBE ? -EINVAL
						  : string_of(p, n, r->client, sizeof(r->client));
	if (n == 0 || p[0] != '{' || r->method == TTY_DETACH)
		return -EINVAL;
	k = member_string(p, n, "ClientID", r->client, sizeof(r->client));
	if (k == 0)
		k = read_size(r, p, n);
	if (k == 0)
		k = member_bool(p, n, "FullCapture", &r->full_capture);
	if (k == 0)
		k = member_bool(p, n, "ReadOnly", &r->read_only);
	return k == 0 ? member_bool(p, n, "ClearOnAttach", &r->clear) : k;
}

static int read_write(struct tty_request *r, const char *p, size_t n)
{
	struct jwalk_part part;

	if (!member(p, n, "Data", &part))
		return 0;
	if (part.p[0] != '"')
		return -EINVAL;
	r->data = part.p + 1;
	r->n_data = part.n - 2;
	return 0;
}

static int read_param(struct tty_request *r, const char *p, size_t n)
{
	char message[16];
	int k;

	switch (r->method) {
	case TTY_ATTACH:
	case TTY_DETACH:
	case TTY_SUBSCRIBE:
		return read_client(r, p, n);
	case TTY_PING:
		k = p[0] == '{' ? member_string(p, n, "Message", message, sizeof(message))
				: -EINVAL;
		r->ping = k == 0 && streq(message, "PING");
		return k == -E2BIG ? 0 : k;
	case TTY_RESIZE:
		k = p[0] == '{' ? read_size(r, p, n) : -EINVAL;
		return k == 0 ? member_string(p, n, "ClientID", r->client, sizeof(r->client)) : k;
	case TTY_WRITE:
		return p[0] == '{' ? read_write(r, p, n) : -EINVAL;
	case TTY_STATE:
	case TTY_METADATA:
	case TTY_STOP:
	case TTY_SCREENSHOT:
	case TTY_WAIT:
	case _TTY_METHOD_MAX:
		break;
	}
	return 0;
}

/* The first of params; none, or null, is the zero value. */
static int read_params(struct tty_request *r, const char *text, size_t n)
{
	struct jwalk_part params, first;
	struct jwalk w;
	int k;

	if (!member(text, n, "params", &params))
		return 0;
	if (params.p[0] != '[')
		return -EINVAL;
	if (jwalk_begin(&w, params.p, params.n) < 0 || (k = jwalk_next(&w, &first)) < 0)
		return -EINVAL;
	return k == 0 || is_null(first.p, first.n) ? 0 : read_param(r, first.p, first.n);
}

int tty_request_parse(const char *text, size_t n, struct tty_request *ret)
{
	struct tty_request r = { .id = "null", .n_id = 4 };
	struct jwalk_part part = { 0 };
	char name[NAME_MAX_];

	if (n == 0 || text[0] != '{')
		return -EINVAL;
	if (member(text, n, "id", &part)) {
		r.id = part.p;
		r.n_id = part.n;
	}
	if (!member(text, n, "method", &part))
		name[0] = '\0';
	else if (string_of(part.p, part.n, name, sizeof(name)) < 0)
		return -EINVAL;
	read_method(&r, name);
	if (r.error[0] == '\0' && read_params(&r, text, n) < 0)
		(void) snprintf(r.error, sizeof(r.error), "json: cannot unmarshal params of %s",
				name);
	*ret = r;
	return 0;
}

/* ---- base64 ---- */

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int) (at - digits);
}

/*
 * One group of four, of which pad are '='. The library that the other programs have for
 * this is not there for a static one.
 */
static int group(char *out, const char *p, size_t pad)
{
	uint32_t v = 0;
	int d;

	for (size_t i = 0; i < 4; i++) {
		d = i < 4 - pad ? digit(p[i]) : 0;
		if (d < 0)
			return -EINVAL;
		v = v << 6 | (uint32_t) d;
	}
	for (size_t i = 0; i < 3 - pad; i++)
		out[i] = (char) (v >> (16 - 8 * i) & 0xff);
	return (int) (3 - pad);
}

ssize_t tty_base64(char *out, const char *p, size_t n)
{
	size_t done = 0, pad;
	int k;

	if (n % 4 != 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i += 4) {
		pad = i + 4 < n || p[i + 3] != '=' ? 0 : p[i + 2] == '=' ? 2 : 1;
		k = group(out + done, p + i, pad);
		if (k < 0)
			return -EINVAL;
		done += (size_t) k;
	}
	return (ssize_t) done;
}

/* ---- texts ---- */

void tty_add_text(struct buf *out, const char *s, size_t n)
{
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		unsigned char c = (unsigned char) s[i];

		len = utf8_len(s + i, n - i);
		if (len == 0) {
			buf_adds(out, "\\ufffd");
			len = 1;
		} else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t')
			buf_adds(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
		else if (c < 0x20 || c == '<' || c == '>' || c == '&')
			buf_addf(out, "\\u%04x", c);
		else if (len == 3 && memcmp(s + i, "\xe2\x80", 2) == 0 &&
			 ((unsigned char) s[i + 2] & 0xfe) == 0xa8)
			buf_addf(out, "\\u202%d", (s[i + 2] & 1) + 8);
		else
			buf_add(out, s + i, len);
	}
}

void tty_add_string(struct buf *out, const char *s, size_t n)
{
	buf_addc(out, '"');
	tty_add_text(out, s, n);
	buf_addc(out, '"');
}

void tty_add_result(struct buf *out, const struct tty_request *to, const char *result)
{
	buf_adds(out, "{\"id\":");
	buf_add(out, to->id, to->n_id);
	buf_addf(out, ",\"result\":%s,\"error\":null}\n", result);
}

void tty_add_error(struct buf *out, const struct tty_request *to, const char *error)
{
	buf_adds(out, "{\"id\":");
	buf_add(out, to->id, to->n_id);
	buf_adds(out, ",\"result\":null,\"error\":");
	tty_add_string(out, error, strlen(error));
	buf_adds(out, "}\n");
}

void tty_add_request(struct buf *out, enum tty_method method, const char *param)
{
	buf_addf(out, "{\"method\":\"" SERVICE ".%s\",\"params\":[%s],\"id\":0}\n",
		 method_names[method], param);
}

int tty_reply_parse(const char *text, size_t n, const char **ret, size_t *ret_n,
		    char error[TTY_ERROR_MAX])
{
	struct jwalk_part id, part;

	if (!member(text, n, "id", &id) || id.n != 1 || id.p[0] != '0')
		return -EINVAL;
	if (member(text, n, "error", &part)) {
		if (string_of(part.p, part.n, error, TTY_ERROR_MAX) < 0)
			(void) snprintf(error, TTY_ERROR_MAX, "an error that is no text");
		return -EREMOTEIO;
	}
	*ret = "";
	*ret_n = 0;
	if (member(text, n, "result", &part)) {
		*ret = part.p;
		*ret_n = part.n;
	}
	return 0;
}
