/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_RPC_ERROR_H
#define KUKEON_RPC_ERROR_H

#include "err.h"
#include "model.h"

/* The error every reply ends with. */
struct rpc_err {
	char *kind;
	char *message;
};

extern const struct model_type rpc_err_type;

/* A reply's Err from ours: the class' name and the whole text, errno included. */
struct rpc_err *rpc_err_new(const struct kerr *err);
/* Back again: kind by name, message verbatim. Returns -EREMOTEIO (or -ENOENT for …NotFound). */
int rpc_err_to_kerr(const struct rpc_err *e, struct kerr *err);

#endif
