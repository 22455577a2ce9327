/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "attach_to.h"
#include "ecma48.h"
#include "jscan.h"
#include "jwalk.h"
#include "mem.h"
#include "str.h"
#include "tty_proto.h"
#include "verbs.h"

enum {
	SCREEN_MAX = 2 * TTY_REPLY_MAX, /* bytes of its document, and of ours */
	NUMBER_MAX = 16,
	SGR_MAX = 128, /* bytes of a sequence for colours */
};

static const struct opt screenshot_opts[] = {
	OPT_ROWS_CELL("default"),
	{ "container", 'c', OPT_STRING, NULL,
	  "container; needed when the cell has several that are attachable" },
	{ "ansi", 0, OPT_BOOL, NULL, "with the sequences for colours and attributes" },
	{ "output", 'o', OPT_STRING, NULL, "json: the cursor and the size as well" },
	{ 0 },
};

/* ---- what the container says ---- */

/* How long the sequence at p is if it sets colours or attributes, and does nothing else; 0. */
static size_t sgr_length(const char *p, size_t n)
{
	size_t i = 2;

	if (n < 3 || p[0] != '\x1b' || p[1] != '[')
		return 0;
	while (i < n && i < SGR_MAX && ((p[i] >= '0' && p[i] <= ';')))
		i++;
	return i < n && p[i] == 'm' ? i + 1 : 0;
}

/* Append text without any sequence or control but, if so asked, those of colours. */
static void add_safe(struct buf *out, const char *p, size_t n, bool colours)
{
	struct ecma48 e = { 0 };
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = colours ? sgr_length(p + i, n - i) : 0;
		if (len > 0) {
			buf_add(out, p + i, len);
			continue;
		}
		len = 1;
		ecma48_strip(&e, p + i, len, out);
	}
	ecma48_end(&e, out);
}

static int bad(const char *key, struct kerr *err)
{
	return kerr_plain(err, -EPROTO, "the terminal's answer makes no sense: %s", key);
}

static int add_text(struct buf *out, const struct buf *doc, const char *key, bool colours,
		    struct kerr *err)
{
	cleanup_free char *text = NULL;
	const char *p;
	size_t n;

	if (jwalk_get(buf_str(doc), doc->len, key, &p, &n) < 0 || n < 2 || p[0] != '"')
		return bad(key, err);
	text = xmalloc(n);
	n = jscan_unescape(text, p + 1, n - 2);
	add_safe(out, text, n, colours);
	return buf_check(out, "the screen", err);
}

/* A number or a boolean, handed on as it is. */
static int add_value(struct buf *out, const struct buf *doc, const char *key, struct kerr *err)
{
	char text[NUMBER_MAX];
	int64_t number;
	const char *p;
	size_t n;

	if (jwalk_get(buf_str(doc), doc->len, key, &p, &n) < 0 || n >= sizeof(text))
		return bad(key, err);
	memcpy(text, p, n);
	text[n] = '\0';
	if (!streq(text, "true") && !streq(text, "false") &&
	    str_to_i64(text, 0, UINT16_MAX, &number) < 0)
		return bad(key, err);
	buf_addf(out, "%s\"%s\":%s", out->len == 0 ? "{" : ",", key, text);
	return 0;
}

/* ---- what is printed ---- */

static int print_text(const struct buf *doc, bool colours, struct kerr *err)
{
	cleanup_buf struct buf text = BUF_INIT(SCREEN_MAX);
	int r = add_text(&text, doc, colours ? "ansi" : "text", colours, err);

	if (r < 0)
		return r;
	while (text.len > 0 && text.data[text.len - 1] == '\n') /* the rows below it are empty */
		buf_cut(&text, text.len - 1);
	if (text.len > 0)
		cli_printf("%s\n", buf_str(&text));
	return 0;
}

static int print_json(const struct buf *doc, struct kerr *err)
{
	static const char *const values[] = { "cols",	 "rows",	  "cursorX",
					      "cursorY", "cursorVisible", "altScreen" };
	static const char *const texts[] = { "text", "ansi" };
	cleanup_buf struct buf out = BUF_INIT(2 * SCREEN_MAX);
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(values); i++)
		r = add_value(&out, doc, values[i], err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++) {
		cleanup_buf struct buf text = BUF_INIT(SCREEN_MAX);

		r = add_text(&text, doc, texts[i], i == 1, err);
		buf_addf(&out, ",\"%s\":", texts[i]);
		tty_add_string(&out, buf_str(&text), text.len);
	}
	if (r == 0)
		r = buf_check(&out, "the screen", err);
	if (r == 0)
		cli_printf("%s}\n", buf_str(&out));
	return r;
}

static int run_screenshot(struct cli *c, struct kerr *err)
{
	const char *output = cli_str(c, "output");
	cleanup_buf struct buf doc = BUF_INIT(SCREEN_MAX);
	cleanup_scope struct scope s = { 0 };
	cleanup_free char *id = NULL;
	int r;

	if (*output && !streq(output, "json"))
		return kerr_plain(err, -EINVAL, "invalid --output \"%s\": want json", output);
	r = scope_read(c, KIND_CELL, 0, &s, err);
	if (r < 0)
		return r;
	free(s.cell);
	s.cell = cli_arg(c, 0);
	if (!*s.cell)
		return kerr_plain(err, -EINVAL, "cell name is required (positional cell)");
	r = attach_pick(c, &s, &id, err);
	if (r == 0)
		r = attach_screenshot(c, &s, id, &doc, err);
	if (r < 0)
		return r;
	return *output ? print_json(&doc, err) : print_text(&doc, cli_bool(c, "ansi"), err);
}

const struct cmd cmd_screenshot = {
	.name = "screenshot",
	.args = "CELL",
	.min_args = 1,
	.max_args = 1,
	.help = "print what the terminal of a container shows",
	.about = "Print the screen of an attachable container as text, without attaching: what a "
		 "program shows now, for people and programs that watch it. Blanks at the ends of "
		 "rows and empty rows at the end are left out.",
	.opts = screenshot_opts,
	.subject = KIND_CELL,
	.run = run_screenshot,
};
