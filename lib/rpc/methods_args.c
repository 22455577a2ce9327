/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "method_rows.h"
#include "methods.h"
#include "methods_args.h"

/* No rows, but a valid address: loops start at fields. */
static const struct field rpc_no_args_rows[1];

const struct model_type rpc_no_args_type = {
	.name = "NoArgs",
	.help = "",
	.size = sizeof(struct rpc_no_args),
	.fields = rpc_no_args_rows,
};

#define S rpc_realm_args
static const struct field rpc_realm_args_rows[] = {
	OBJ(doc, struct realm_doc, "Doc", realm_doc_type),
};
TYPE(rpc_realm_args, "RealmArgs");
#undef S

#define S rpc_realm_flags_args
static const struct field rpc_realm_flags_args_rows[] = {
	OBJ(doc, struct realm_doc, "Doc", realm_doc_type),
	BOOL(force, "Force"),
	BOOL(cascade, "Cascade"),
	GRACE(grace_ms),
};
TYPE(rpc_realm_flags_args, "RealmFlagsArgs");
#undef S

#define S rpc_space_args
static const struct field rpc_space_args_rows[] = {
	OBJ(doc, struct space_doc, "Doc", space_doc_type),
};
TYPE(rpc_space_args, "SpaceArgs");
#undef S

#define S rpc_space_flags_args
static const struct field rpc_space_flags_args_rows[] = {
	OBJ(doc, struct space_doc, "Doc", space_doc_type),
	BOOL(force, "Force"),
	BOOL(cascade, "Cascade"),
	GRACE(grace_ms),
};
TYPE(rpc_space_flags_args, "SpaceFlagsArgs");
#undef S

#define S rpc_stack_args
static const struct field rpc_stack_args_rows[] = {
	OBJ(doc, struct stack_doc, "Doc", stack_doc_type),
};
TYPE(rpc_stack_args, "StackArgs");
#undef S

#define S rpc_stack_flags_args
static const struct field rpc_stack_flags_args_rows[] = {
	OBJ(doc, struct stack_doc, "Doc", stack_doc_type),
	BOOL(force, "Force"),
	BOOL(cascade, "Cascade"),
	GRACE(grace_ms),
};
TYPE(rpc_stack_flags_args, "StackFlagsArgs");
#undef S

#define S rpc_cell_args
static const struct field rpc_cell_args_rows[] = {
	OBJ(doc, struct cell_doc, "Doc", cell_doc_type),
};
TYPE(rpc_cell_args, "CellArgs");
#undef S

#define S rpc_cell_stop_args
static const struct field rpc_cell_stop_args_rows[] = {
	OBJ(doc, struct cell_doc, "Doc", cell_doc_type),
	GRACE(grace_ms),
};
TYPE(rpc_cell_stop_args, "CellStopArgs");
#undef S

#define S rpc_cell_flags_args
static const struct field rpc_cell_flags_args_rows[] = {
	OBJ(doc, struct cell_doc, "Doc", cell_doc_type),
	BOOL(force, "Force"),
	BOOL(cascade, "Cascade"),
	GRACE(grace_ms),
};
TYPE(rpc_cell_flags_args, "CellFlagsArgs");
#undef S

#define S rpc_container_args
static const struct field rpc_container_args_rows[] = {
	OBJ(doc, struct container_doc, "Doc", container_doc_type),
};
TYPE(rpc_container_args, "ContainerArgs");
#undef S

#define S rpc_container_stop_args
static const struct field rpc_container_stop_args_rows[] = {
	OBJ(doc, struct container_doc, "Doc", container_doc_type),
	GRACE(grace_ms),
};
TYPE(rpc_container_stop_args, "ContainerStopArgs");
#undef S

#define S rpc_list_args
static const struct field rpc_list_spaces_args_rows[] = {
	STR(realm_name, "RealmName"),
};
TYPE(rpc_list_spaces_args, "ListSpacesArgs");
#undef S

#define S rpc_list_args
static const struct field rpc_list_stacks_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
};
TYPE(rpc_list_stacks_args, "ListStacksArgs");
#undef S

#define S rpc_list_args
static const struct field rpc_list_cells_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
};
TYPE(rpc_list_cells_args, "ListCellsArgs");
#undef S

#define S rpc_list_args
static const struct field rpc_list_containers_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),
};
TYPE(rpc_list_containers_args, "ListContainersArgs");
#undef S

#define S rpc_list_args
static const struct field rpc_page_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),
	STR(after, "After"),
	ROW_STRLIST(struct S, fields, "Fields", .flags = FIELD_OMIT_EMPTY, .help = ""),
	ROW_INT(struct S, page_bytes, "PageBytes", .flags = FIELD_OMIT_EMPTY, .help = ""),
};
TYPE(rpc_page_args, "ListArgs");
#undef S

#define S rpc_list_args
static const struct field rpc_page_images_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(after, "After"),
	ROW_INT(struct S, page_bytes, "PageBytes", .flags = FIELD_OMIT_EMPTY, .help = ""),
};
TYPE(rpc_page_images_args, "ListImagesPageArgs");
#undef S

#define S rpc_read_log_args
static const struct field rpc_read_log_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),
	LIST(containers, "Containers"),
	NINT(tail, "Tail"),
	STR(since, "Since"),
	STR(until, "Until"),
	STR(stream, "Stream"),
	STR(after, "After"),
	INT(wait_ms, "WaitMs"),
};
TYPE(rpc_read_log_args, "ReadLogArgs");
#undef S

#define S rpc_apply_args
static const struct field rpc_apply_args_rows[] = {
	BYTES(raw_yaml, "RawYAML"),
};
TYPE(rpc_apply_args, "ApplyDocumentsArgs");
#undef S

#define S rpc_plan_target
static const struct field rpc_plan_target_rows[] = {
	STR(kind, "Kind"),
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),
	STR(name, "Name"),
};
static TYPE(rpc_plan_target, "PlanTarget");
#undef S

#define S rpc_plan_delete_args
static const struct field rpc_plan_delete_args_rows[] = {
	OBJS(targets, struct rpc_plan_target, "Targets", rpc_plan_target_type),
	BOOL(force, "Force"),
	BOOL(cascade, "Cascade"),
	GRACE(grace_ms),
};
TYPE(rpc_plan_delete_args, "PlanDeleteArgs");
#undef S

#define S rpc_load_image_args
static const struct field rpc_load_image_args_rows[] = {
	STR(realm, "Realm"),
	BYTES(tarball, "Tarball"),
};
TYPE(rpc_load_image_args, "LoadImageArgs");
#undef S

#define S rpc_load_image_args
static const struct field rpc_load_image_fd_args_rows[] = {
	STR(realm, "Realm"),
};
TYPE(rpc_load_image_fd_args, "LoadImageArgs");
#undef S

#define S rpc_verify_images_args
static const struct field rpc_verify_images_args_rows[] = {
	STR(realm, "Realm"),
	STR(ref, "Ref"),
	BOOL(repair, "Repair"),
};
TYPE(rpc_verify_images_args, "VerifyImagesArgs");
#undef S

#define S rpc_image_args
static const struct field rpc_list_images_args_rows[] = {
	STR(realm, "Realm"),
};
TYPE(rpc_list_images_args, "ListImagesArgs");
#undef S

#define S rpc_image_args
static const struct field rpc_image_args_rows[] = {
	STR(realm, "Realm"),
	STR(ref, "Ref"),
};
TYPE(rpc_image_args, "ImageArgs");
#undef S

#define S rpc_exec_args
static const struct field rpc_exec_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),
	STR(container, "Container"),
	LIST(args, "Args"),
	LIST(env, "Env"),
	STR(user, "User"),
	STR(working_dir, "WorkingDir"),
	BOOL(tty, "Tty"),
	BOOL(input, "Stdin"),
	BOOL(detach, "Detach"),
	INT(rows, "Rows"),
	INT(columns, "Columns"),
	LIST(passed, "Passed"),
};
TYPE(rpc_exec_args, "ExecArgs");
#undef S

#define S rpc_copy_in_args
static const struct field rpc_copy_in_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),
	STR(container, "Container"),
	STR(path, "Path"),
	STR(name, "Name"),
	BOOL(archive, "Archive"),
	BOOL(contents, "Contents"),
	BOOL(owner, "Owner"),
};
TYPE(rpc_copy_in_args, "CopyInArgs");
#undef S

#define S rpc_copy_out_args
static const struct field rpc_copy_out_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),
	STR(container, "Container"),
	STR(path, "Path"),
	STR(name, "Name"),
	BOOL(follow, "Follow"),
};
TYPE(rpc_copy_out_args, "CopyOutArgs");
#undef S
