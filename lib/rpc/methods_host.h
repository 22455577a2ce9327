/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_METHODS_HOST_H
#define KUKEON_METHODS_HOST_H

#include "model.h"

/* Rows of the methods about a host, for the table of methods.c; most are private. */
extern const struct model_type rpc_open_engine_args_type;
extern const struct model_type rpc_init_host_args_type;
extern const struct model_type rpc_init_host_reply_type;
extern const struct model_type rpc_stop_daemon_args_type;
extern const struct model_type rpc_daemon_reply_type;
extern const struct model_type rpc_status_reply_type;
extern const struct model_type rpc_doctor_network_args_type;
extern const struct model_type rpc_doctor_network_reply_type;
extern const struct model_type rpc_why_denied_args_type;
extern const struct model_type rpc_why_denied_reply_type;
extern const struct model_type rpc_list_denied_args_type;
extern const struct model_type rpc_list_denied_reply_type;
extern const struct model_type rpc_allow_egress_args_type;
extern const struct model_type rpc_allow_egress_reply_type;

#endif
