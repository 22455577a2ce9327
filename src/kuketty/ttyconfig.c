/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "fd.h"
#include "jscan.h"
#include "jwalk.h"
#include "mem.h"
#include "str.h"
#include "tty_proto.h"
#include "ttyconfig.h"

#define API_VERSION "sbsh/v1beta1"
#define KIND "Terminal"

enum {
	NUMBER_MAX = 24,
	CLEAR_LINE = 0x15, /* ^U, which a shell takes as: forget what was typed so far */
	NS_PER_MS = 1000000,
};

struct object {
	const char *p;
	size_t n;
};

/* The value of a member; n is 0 without one, or if it is null. */
static struct object get(struct object o, const char *key)
{
	struct object v = { "", 0 };

	if (o.n == 0 || jwalk_get(o.p, o.n, key, &v.p, &v.n) < 0 ||
	    (v.n == 4 && memcmp(v.p, "null", 4) == 0))
		return (struct object){ "", 0 };
	return v;
}

static int bad(const char *key, const char *what, struct kerr *err)
{
	return kerr_plain(err, -EINVAL, "the terminal's document: %s must be %s", key, what);
}

static int to_string(struct object v, const char *key, char **ret, struct kerr *err)
{
	cleanup_free char *text = NULL;
	size_t n;

	if (v.n == 0) {
		free(*ret);
		*ret = xstrdup("");
		return 0;
	}
	if (v.p[0] != '"')
		return bad(key, "a string", err);
	text = xmalloc(v.n);
	n = jscan_unescape(text, v.p + 1, v.n - 2);
	text[n] = '\0';
	if (strlen(text) != n)
		return bad(key, "a string without NUL", err);
	free(*ret);
	*ret = take_ptr(text);
	return 0;
}

static int get_string(struct object o, const char *key, char **ret, struct kerr *err)
{
	return to_string(get(o, key), key, ret, err);
}

static int get_number(struct object o, const char *key, int64_t max, int64_t *ret, struct kerr *err)
{
	struct object v = get(o, key);
	char digits[NUMBER_MAX];

	if (v.n == 0)
		return 0;
	if (v.n >= sizeof(digits))
		return bad(key, "a number", err);
	memcpy(digits, v.p, v.n);
	digits[v.n] = '\0';
	return str_to_i64(digits, 0, max, ret) < 0 ? bad(key, "a number in its range", err) : 0;
}

/* A file's path, mode and group are NAMEFile (socketIO), NAMEMode and NAMEGid. */
static int get_file(struct object spec, const char *key, const char *name,
		    struct ttyconfig_file *ret, struct kerr *err)
{
	cleanup_free char *mode_key = xasprintf("%sMode", name);
	cleanup_free char *gid_key = xasprintf("%sGid", name);
	int64_t mode = 0;
	int r;

	ret->gid = -1;
	r = get_string(spec, key, &ret->path, err);
	if (r == 0)
		r = get_number(spec, mode_key, 07777, &mode, err);
	if (r == 0)
		r = get_number(spec, gid_key, UINT32_MAX - 1, &ret->gid, err);
	ret->mode = mode == 0 ? 0600 : (mode_t) mode;
	return r;
}

/* Append to a list that ends with NULL; *n is without that. */
static char **list_add(char **list, size_t *n, char *owned)
{
	list = xreallocarray(list, *n + 2, sizeof(*list));
	list[(*n)++] = owned;
	list[*n] = NULL;
	return list;
}

static int read_argv(struct ttyconfig *c, struct object spec, struct kerr *err)
{
	struct object args = get(spec, "commandArgs");
	struct jwalk_part part;
	struct jwalk w;
	char *text = NULL;
	size_t n = 0;
	int r;

	r = get_string(spec, "command", &text, err);
	if (r < 0)
		return r;
	c->argv = list_add(NULL, &n, text);
	if (args.n == 0)
		return 0;
	if (jwalk_begin(&w, args.p, args.n) < 0 || w.close != ']')
		return bad("commandArgs", "a list", err);
	while ((r = jwalk_next(&w, &part)) > 0) {
		text = NULL;
		r = to_string((struct object){ part.p, part.n }, "commandArgs", &text, err);
		if (r < 0)
			return r;
		c->argv = list_add(c->argv, &n, text);
	}
	return r < 0 ? bad("commandArgs", "a list", err) : 0;
}

/* The prompt is typed as it is: quoting it is up to who wrote it. */
static int read_prompt(struct ttyconfig *c, struct object spec, size_t *n, struct kerr *err)
{
	cleanup_free char *prompt = NULL;
	int r;

	r = get_string(spec, "prompt", &prompt, err);
	if (r < 0)
		return r;
	if (prompt[0] != '\0')
		c->typed =
			list_add(c->typed, n, xasprintf("%cexport PS1=%s\n", CLEAR_LINE, prompt));
	return 0;
}

static int read_scripts(struct ttyconfig *c, struct object spec, size_t *n, struct kerr *err)
{
	struct object list = get(get(spec, "stages"), "onInit");
	struct jwalk_part part;
	struct jwalk w;
	int r;

	if (list.n == 0)
		return 0;
	if (jwalk_begin(&w, list.p, list.n) < 0 || w.close != ']')
		return bad("stages.onInit", "a list", err);
	while ((r = jwalk_next(&w, &part)) > 0) {
		cleanup_free char *script = NULL;

		r = get_string((struct object){ part.p, part.n }, "script", &script, err);
		if (r < 0)
			return r;
		if (script[0] != '\0')
			c->typed = list_add(c->typed, n, xasprintf("%s\n", script));
	}
	return r < 0 ? bad("stages.onInit", "a list", err) : 0;
}

static int read_typed(struct ttyconfig *c, struct object spec, struct kerr *err)
{
	char first[] = { CLEAR_LINE, '\0' };
	size_t n = 0;
	int r;

	r = read_prompt(c, spec, &n, err);
	if (r == 0 && n == 0)
		c->typed = list_add(c->typed, &n, xstrdup(first));
	if (r == 0)
		r = read_scripts(c, spec, &n, err);
	if (r == 0 && n == 1 && streq(c->typed[0], first))
		c->typed[0][0] = '\0'; /* nothing is typed at all */
	return r;
}

static int read_size_policy(struct ttyconfig *c, struct object spec, struct kerr *err)
{
	cleanup_free char *name = xstrdup("");
	int r;

	r = get_string(spec, "sizePolicy", &name, err);
	if (r < 0)
		return r;
	if (!streq(name, "") && !streq(name, TTY_SIZE_SMALLEST) && !streq(name, TTY_SIZE_LAST))
		return bad("sizePolicy", TTY_SIZE_SMALLEST " or " TTY_SIZE_LAST, err);
	c->size_policy = streq(name, TTY_SIZE_LAST) ? TTYCONFIG_LAST : TTYCONFIG_SMALLEST;
	return 0;
}

static int read_spec(struct ttyconfig *c, struct object spec, struct kerr *err)
{
	int64_t grace = (int64_t) TTYCONFIG_GRACE_MS * NS_PER_MS;
	int r;

	c->capture_bytes = TTYCONFIG_CAPTURE_BYTES;
	c->capture_files = TTYCONFIG_CAPTURE_FILES;
	r = get_string(spec, "name", &c->name, err);
	if (r == 0)
		r = get_string(spec, "id", &c->id, err);
	if (r == 0)
		r = get_file(spec, "socketIO", "socket", &c->socket, err);
	if (r == 0)
		r = get_file(spec, "captureFile", "capture", &c->capture, err);
	if (r == 0)
		r = get_file(spec, "logFile", "logFile", &c->log, err);
	if (r == 0)
		r = get_number(spec, "captureMaxBytes", INT64_MAX, &c->capture_bytes, err);
	if (r == 0)
		r = get_number(spec, "captureFiles", TTY_CAPTURE_FILES_MAX, &c->capture_files, err);
	if (r == 0)
		r = get_number(spec, "shutdownGrace", INT64_MAX, &grace, err);
	c->grace_ms = grace / NS_PER_MS;
	if (r == 0)
		r = read_size_policy(c, spec, err);
	if (r == 0)
		r = read_argv(c, spec, err);
	return r == 0 ? read_typed(c, spec, err) : r;
}

static int check(const struct ttyconfig *c, struct kerr *err)
{
	if (c->socket.path[0] != '/')
		return bad("socketIO", "an absolute path", err);
	if (c->capture.path[0] != '/')
		return bad("captureFile", "an absolute path", err);
	if (c->argv[0][0] == '\0')
		return bad("command", "a program", err);
	if (c->capture_bytes == 0 || c->capture_files == 0)
		return bad("captureMaxBytes and captureFiles", "more than 0", err);
	return 0;
}

int ttyconfig_parse(struct ttyconfig *c, struct kerr *err)
{
	struct object doc = { buf_str(&c->text), c->text.len };
	cleanup_free char *version = NULL, *kind = NULL;
	struct object spec;
	struct jscan s;
	size_t used = 0;
	int r;

	jscan_init(&s, NULL, NULL);
	if (jscan_feed(&s, doc.p, doc.n, &used) != JSCAN_DONE)
		return kerr_plain(err, -EINVAL, "the terminal's document is no JSON");
	r = get_string(doc, "apiVersion", &version, err);
	if (r == 0)
		r = get_string(doc, "kind", &kind, err);
	if (r < 0)
		return r;
	if (!streq(version, API_VERSION) || !streq(kind, KIND))
		return kerr_plain(err, -EINVAL,
				  "the terminal's document is a %s %s and not a " API_VERSION
				  " " KIND,
				  version, kind);
	spec = get(doc, "spec");
	if (spec.n == 0 || spec.p[0] != '{')
		return bad("spec", "an object", err);
	c->spec = spec.p;
	c->n_spec = spec.n;
	r = read_spec(c, spec, err);
	return r < 0 ? r : check(c, err);
}

int ttyconfig_read(const char *path, struct ttyconfig *ret, struct kerr *err)
{
	int r;

	buf_init(&ret->text, TTYCONFIG_MAX);
	r = file_read_at(AT_FDCWD, path, TTYCONFIG_MAX, &ret->text, err);
	if (r == -ENOENT)
		return kerr_set(err, r, "open '%s'", path);
	return r < 0 ? r : ttyconfig_parse(ret, err);
}

static char **list_free(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
	return NULL;
}

void ttyconfig_clear(struct ttyconfig *c)
{
	buf_clear(&c->text);
	free(c->name);
	free(c->id);
	c->argv = list_free(c->argv);
	c->typed = list_free(c->typed);
	free(c->socket.path);
	free(c->capture.path);
	free(c->log.path);
	*c = (struct ttyconfig){ 0 };
}
