/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>

#include "errkind.h"
#include "mem.h"
#include "model.h"
#include "rows.h"
#include "rpc_error.h"
#include "str.h"

static const struct field err_rows[] = {
	ROW_STRING(struct rpc_err, kind, "Kind", .help = ""),
	ROW_STRING(struct rpc_err, message, "Message", .help = ""),
};

const struct model_type rpc_err_type = {
	.name = "Error",
	.help = "",
	TYPE_ROWS(struct rpc_err, err_rows),
};

struct rpc_err *rpc_err_new(const struct kerr *err)
{
	struct rpc_err *e = xcalloc(1, sizeof(*e));
	char text[KERR_TEXT_MAX];

	e->kind = xstrdup(err_kind_name(err->kind));
	e->message = xstrdup(kerr_text(err, text, sizeof(text)));
	return e;
}

int rpc_err_to_kerr(const struct rpc_err *e, struct kerr *err)
{
	int kind = err_kind_from_name(e->kind ? e->kind : "");
	int r = e->kind && str_has_suffix(e->kind, "NotFound") ? -ENOENT : -EREMOTEIO;

	return kerr_setk(err, kind, r, "%s", e->message ? e->message : "");
}
