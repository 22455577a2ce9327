/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "manifest.h"
#include "mem.h"
#include "str.h"

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
	for (size_t i = 0; r == 0 && i < ret->warnings.n; i++) {
		struct buf line cleanup_buf = BUF_INIT(1 << 20);

		str_vis(&line, ret->warnings.v[i], strlen(ret->warnings.v[i]));
		(void) fprintf(stderr, "%s\n", buf_str(&line));
	}
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
