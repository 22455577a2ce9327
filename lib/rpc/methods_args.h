/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_METHODS_ARGS_H
#define KUKEON_METHODS_ARGS_H

#include "model.h"

/* Rows of the arguments of methods, for the table of methods.c. */
extern const struct model_type rpc_no_args_type;
extern const struct model_type rpc_realm_args_type;
extern const struct model_type rpc_realm_flags_args_type;
extern const struct model_type rpc_space_args_type;
extern const struct model_type rpc_space_flags_args_type;
extern const struct model_type rpc_stack_args_type;
extern const struct model_type rpc_stack_flags_args_type;
extern const struct model_type rpc_cell_args_type;
extern const struct model_type rpc_cell_stop_args_type;
extern const struct model_type rpc_cell_flags_args_type;
extern const struct model_type rpc_container_args_type;
extern const struct model_type rpc_container_stop_args_type;
extern const struct model_type rpc_list_spaces_args_type;
extern const struct model_type rpc_list_stacks_args_type;
extern const struct model_type rpc_list_cells_args_type;
extern const struct model_type rpc_list_containers_args_type;
extern const struct model_type rpc_page_args_type;
extern const struct model_type rpc_page_images_args_type;
extern const struct model_type rpc_apply_args_type;
extern const struct model_type rpc_read_log_args_type;
extern const struct model_type rpc_plan_delete_args_type;
extern const struct model_type rpc_load_image_args_type;
extern const struct model_type rpc_load_image_fd_args_type;
extern const struct model_type rpc_verify_images_args_type;
extern const struct model_type rpc_list_images_args_type;
extern const struct model_type rpc_image_args_type;
extern const struct model_type rpc_exec_args_type;
extern const struct model_type rpc_copy_in_args_type;
extern const struct model_type rpc_copy_out_args_type;

#endif
