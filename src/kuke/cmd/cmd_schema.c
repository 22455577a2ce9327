/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "cli.h"
#include "mem.h"
#include "model.h"
#include "schema.h"
#include "verbs.h"

#define TEXT_MAX (4 << 20)

static void print_kinds(struct cli *c)
{
	cleanup_buf struct buf all = BUF_INIT(1024);

	for (int k = KIND_INVALID + 1; k < _KIND_MAX; k++)
		buf_addf(&all, "%s%s", all.len ? ", " : "", kind_info((enum kind) k)->word);
	cli_hint(c, "kinds: %s", buf_str(&all));
}

static int run_schema(struct cli *c, struct kerr *err)
{
	cleanup_buf struct buf out = BUF_INIT(TEXT_MAX);
	cleanup_free char *word = cli_arg(c, 0);
	enum kind kind = kind_from_word(word);

	if (kind == KIND_INVALID)
		kind = kind_from_name(word);
	if (kind == KIND_INVALID) {
		print_kinds(c);
		return kerr_plain(err, -ENOENT, "unknown kind: %s", word);
	}
	schema_json(&out, kind);
	cli_print(&out);
	return 0;
}

const struct cmd cmd_schema = {
	.name = "schema",
	.args = "KIND",
	.min_args = 1,
	.max_args = 1,
	.help = "print the JSON Schema of a kind",
	.run = run_schema,
	.subject = CMD_SUBJECT_KIND,
};
