/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "manifest.h"
#include "mem.h"
#include "str.h"
#include "term.h"

int manifest_read(const struct cli *c, struct buf *ret, struct kerr *err)
{
	const char *path = cli_str(c, "file");

	if (!*path)
		return kerr_plain(err, -EINVAL,
				  "file flag is required (use -f <file> or -f - for stdin)");
	return cli_read_file(path, KUKE_MAX_MANIFEST, ret, err);
}

int manifest_load(struct cli *c, const struct buf *text, enum docstream_flags flags,
		  struct docstream *ret, struct kerr *err)
{
	int r;

	if (cli_bool(c, "strict"))
		flags |= DOCSTREAM_STRICT;
	r = docstream_load(buf_str(text), text->len, cli_str(c, "file"), flags, ret, err);
	if (r == 0)
		term_err_lines(&ret->warnings);
	return r;
}

int manifest_check(struct cli *c, const struct docstream *docs, enum docstream_style style,
		   struct kerr *err)
{
	struct buf text cleanup_buf = BUF_INIT(KUKE_MAX_MANIFEST);
	int r;

	r = docstream_check(docs, style, &text, err);
	return r < 0 ? cli_fail(c, r, buf_str(&text), err) : 0;
}
