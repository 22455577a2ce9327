/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <assert.h>
#include <errno.h>

#include "copy.h"
#include "mem.h"
#include "method_rows.h"
#include "methods.h"
#include "methods_args.h"
#include "methods_host.h"
#include "model.h"
#include "str.h"

/* ---- results ---- */

#define S rpc_create_realm_result
static const struct field create_realm_result_rows[] = {
	OBJ(realm, struct realm_doc, "Realm", realm_doc_type),
	BOOL(metadata_exists_pre, "MetadataExistsPre"),
	BOOL(metadata_exists_post, "MetadataExistsPost"),
	BOOL(cgroup_exists_pre, "CgroupExistsPre"),
	BOOL(cgroup_exists_post, "CgroupExistsPost"),
	BOOL(cgroup_created, "CgroupCreated"),
	BOOL(namespace_exists_pre, "ContainerdNamespaceExistsPre"),
	BOOL(namespace_exists_post, "ContainerdNamespaceExistsPost"),
	BOOL(namespace_created, "ContainerdNamespaceCreated"),
	BOOL(created, "Created"),
};
static TYPE(create_realm_result, "CreateRealmResult");
#undef S

#define S rpc_create_space_result
static const struct field create_space_result_rows[] = {
	OBJ(space, struct space_doc, "Space", space_doc_type),
	BOOL(metadata_exists_pre, "MetadataExistsPre"),
	BOOL(metadata_exists_post, "MetadataExistsPost"),
	BOOL(cgroup_exists_pre, "CgroupExistsPre"),
	BOOL(cgroup_exists_post, "CgroupExistsPost"),
	BOOL(cgroup_created, "CgroupCreated"),
	BOOL(network_exists_pre, "CNINetworkExistsPre"),
	BOOL(network_exists_post, "CNINetworkExistsPost"),
	BOOL(network_created, "CNINetworkCreated"),
	BOOL(created, "Created"),
};
static TYPE(create_space_result, "CreateSpaceResult");
#undef S

#define S rpc_create_stack_result
static const struct field create_stack_result_rows[] = {
	OBJ(stack, struct stack_doc, "Stack", stack_doc_type),
	BOOL(metadata_exists_pre, "MetadataExistsPre"),
	BOOL(metadata_exists_post, "MetadataExistsPost"),
	BOOL(cgroup_exists_pre, "CgroupExistsPre"),
	BOOL(cgroup_exists_post, "CgroupExistsPost"),
	BOOL(cgroup_created, "CgroupCreated"),
	BOOL(created, "Created"),
};
static TYPE(create_stack_result, "CreateStackResult");
#undef S

#define S rpc_container_outcome
static const struct field container_outcome_rows[] = {
	STR(name, "Name"),
	BOOL(exists_pre, "ExistsPre"),
	BOOL(exists_post, "ExistsPost"),
	BOOL(created, "Created"),
};
static TYPE(container_outcome, "ContainerCreationOutcome");
#undef S

#define S rpc_create_cell_result
static const struct field create_cell_result_rows[] = {
	OBJ(cell, struct cell_doc, "Cell", cell_doc_type),
	BOOL(metadata_exists_pre, "MetadataExistsPre"),
	BOOL(metadata_exists_post, "MetadataExistsPost"),
	BOOL(cgroup_exists_pre, "CgroupExistsPre"),
	BOOL(cgroup_exists_post, "CgroupExistsPost"),
	BOOL(cgroup_created, "CgroupCreated"),
	BOOL(root_exists_pre, "RootContainerExistsPre"),
	BOOL(root_exists_post, "RootContainerExistsPost"),
	BOOL(root_created, "RootContainerCreated"),
	BOOL(started_pre, "StartedPre"),
	BOOL(started_post, "StartedPost"),
	BOOL(started, "Started"),
	BOOL(created, "Created"),
	OBJS(containers, struct rpc_container_outcome, "Containers", container_outcome_type),
};
static TYPE(create_cell_result, "CreateCellResult");
#undef S

#define S rpc_create_container_result
static const struct field create_container_result_rows[] = {
	OBJ(container, struct container_doc, "Container", container_doc_type),
	BOOL(cell_exists_pre, "CellMetadataExistsPre"),
	BOOL(cell_exists_post, "CellMetadataExistsPost"),
	BOOL(container_exists_pre, "ContainerExistsPre"),
	BOOL(container_exists_post, "ContainerExistsPost"),
	BOOL(container_created, "ContainerCreated"),
	BOOL(started, "Started"),
};
static TYPE(create_container_result, "CreateContainerResult");
#undef S

#define S rpc_get_realm_result
static const struct field get_realm_result_rows[] = {
	OBJ(realm, struct realm_doc, "Realm", realm_doc_type),
	BOOL(metadata_exists, "MetadataExists"),
	BOOL(cgroup_exists, "CgroupExists"),
	BOOL(namespace_exists, "ContainerdNamespaceExists"),
};
static TYPE(get_realm_result, "GetRealmResult");
#undef S

#define S rpc_get_space_result
static const struct field get_space_result_rows[] = {
	OBJ(space, struct space_doc, "Space", space_doc_type),
	BOOL(metadata_exists, "MetadataExists"),
	BOOL(cgroup_exists, "CgroupExists"),
	BOOL(network_exists, "CNINetworkExists"),
};
static TYPE(get_space_result, "GetSpaceResult");
#undef S

#define S rpc_get_stack_result
static const struct field get_stack_result_rows[] = {
	OBJ(stack, struct stack_doc, "Stack", stack_doc_type),
	BOOL(metadata_exists, "MetadataExists"),
	BOOL(cgroup_exists, "CgroupExists"),
};
static TYPE(get_stack_result, "GetStackResult");
#undef S

#define S rpc_get_cell_result
static const struct field get_cell_result_rows[] = {
	OBJ(cell, struct cell_doc, "Cell", cell_doc_type),
	BOOL(metadata_exists, "MetadataExists"),
	BOOL(cgroup_exists, "CgroupExists"),
	BOOL(root_exists, "RootContainerExists"),
	BOOL(root_running, "RootContainerTaskRunning"),
};
static TYPE(get_cell_result, "GetCellResult");
#undef S

#define S rpc_get_container_result
static const struct field get_container_result_rows[] = {
	OBJ(container, struct container_doc, "Container", container_doc_type),
	BOOL(cell_exists, "CellMetadataExists"),
	BOOL(container_exists, "ContainerExists"),
};
static TYPE(get_container_result, "GetContainerResult");
#undef S

#define S rpc_cell_done_result
static const struct field start_cell_result_rows[] = {
	OBJ(cell, struct cell_doc, "Cell", cell_doc_type),
	BOOL(done, "Started"),
};
static TYPE(start_cell_result, "StartCellResult");
#undef S

#define S rpc_cell_done_result
static const struct field stop_cell_result_rows[] = {
	OBJ(cell, struct cell_doc, "Cell", cell_doc_type),
	BOOL(done, "Stopped"),
	WARNING(warning),
};
static TYPE(stop_cell_result, "StopCellResult");
#undef S

#define S rpc_cell_done_result
static const struct field kill_cell_result_rows[] = {
	OBJ(cell, struct cell_doc, "Cell", cell_doc_type),
	BOOL(done, "Killed"),
	WARNING(warning),
};
static TYPE(kill_cell_result, "KillCellResult");
#undef S

#define S rpc_container_done_result
static const struct field start_container_result_rows[] = {
	OBJ(container, struct container_doc, "Container", container_doc_type),
	BOOL(done, "Started"),
};
static TYPE(start_container_result, "StartContainerResult");
#undef S

#define S rpc_container_done_result
static const struct field stop_container_result_rows[] = {
	OBJ(container, struct container_doc, "Container", container_doc_type),
	BOOL(done, "Stopped"),
	WARNING(warning),
};
static TYPE(stop_container_result, "StopContainerResult");
#undef S

#define S rpc_container_done_result
static const struct field kill_container_result_rows[] = {
	OBJ(container, struct container_doc, "Container", container_doc_type),
	BOOL(done, "Killed"),
	WARNING(warning),
};
static TYPE(kill_container_result, "KillContainerResult");
#undef S

#define S rpc_delete_realm_result
static const struct field delete_realm_result_rows[] = {
	OBJ(realm, struct realm_doc, "Realm", realm_doc_type),
	LIST(deleted, "Deleted"),
	BOOL(metadata_deleted, "MetadataDeleted"),
	BOOL(cgroup_deleted, "CgroupDeleted"),
	BOOL(namespace_deleted, "ContainerdNamespaceDeleted"),
};
static TYPE(delete_realm_result, "DeleteRealmResult");
#undef S

#define S rpc_delete_space_result
static const struct field delete_space_result_rows[] = {
	OBJ(space, struct space_doc, "Space", space_doc_type),
	STR(space_name, "SpaceName"),
	STR(realm_name, "RealmName"),
	BOOL(metadata_deleted, "MetadataDeleted"),
	BOOL(cgroup_deleted, "CgroupDeleted"),
	BOOL(network_deleted, "CNINetworkDeleted"),
	LIST(deleted, "Deleted"),
};
static TYPE(delete_space_result, "DeleteSpaceResult");
#undef S

#define S rpc_delete_stack_result
static const struct field delete_stack_result_rows[] = {
	OBJ(stack, struct stack_doc, "Stack", stack_doc_type),
	STR(stack_name, "StackName"),
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	BOOL(metadata_deleted, "MetadataDeleted"),
	BOOL(cgroup_deleted, "CgroupDeleted"),
	LIST(deleted, "Deleted"),
};
static TYPE(delete_stack_result, "DeleteStackResult");
#undef S

#define S rpc_delete_cell_result
static const struct field delete_cell_result_rows[] = {
	OBJ(cell, struct cell_doc, "Cell", cell_doc_type),
	BOOL(containers_deleted, "ContainersDeleted"),
	BOOL(cgroup_deleted, "CgroupDeleted"),
	BOOL(metadata_deleted, "MetadataDeleted"),
};
static TYPE(delete_cell_result, "DeleteCellResult");
#undef S

#define S rpc_delete_container_result
static const struct field delete_container_result_rows[] = {
	OBJ(container, struct container_doc, "Container", container_doc_type),
	BOOL(cell_exists, "CellMetadataExists"),
	BOOL(container_exists, "ContainerExists"),
	LIST(deleted, "Deleted"),
};
static TYPE(delete_container_result, "DeleteContainerResult");
#undef S

#define S rpc_purge_realm_result
static const struct field purge_realm_result_rows[] = {
	OBJ(realm, struct realm_doc, "Realm", realm_doc_type),
	BOOL(realm_deleted, "RealmDeleted"),
	BOOL(purge_succeeded, "PurgeSucceeded"),
	BOOL(force, "Force"),
	BOOL(cascade, "Cascade"),
	LIST(deleted, "Deleted"),
	LIST(purged, "Purged"),
};
static TYPE(purge_realm_result, "PurgeRealmResult");
#undef S

#define S rpc_purge_space_result
static const struct field purge_space_result_rows[] = {
	OBJ(space, struct space_doc, "Space", space_doc_type),
	BOOL(metadata_deleted, "MetadataDeleted"),
	BOOL(cgroup_deleted, "CgroupDeleted"),
	BOOL(network_deleted, "CNINetworkDeleted"),
	BOOL(purge_succeeded, "PurgeSucceeded"),
	BOOL(force, "Force"),
	BOOL(cascade, "Cascade"),
	LIST(deleted, "Deleted"),
	LIST(purged, "Purged"),
};
static TYPE(purge_space_result, "PurgeSpaceResult");
#undef S

#define S rpc_purge_stack_result
static const struct field purge_stack_result_rows[] = {
	OBJ(stack, struct stack_doc, "Stack", stack_doc_type),
	LIST(deleted, "Deleted"),
	LIST(purged, "Purged"),
};
static TYPE(purge_stack_result, "PurgeStackResult");
#undef S

#define S rpc_purge_cell_result
static const struct field purge_cell_result_rows[] = {
	OBJ(cell, struct cell_doc, "Cell", cell_doc_type),
	BOOL(containers_deleted, "ContainersDeleted"),
	BOOL(cgroup_deleted, "CgroupDeleted"),
	BOOL(metadata_deleted, "MetadataDeleted"),
	BOOL(purge_succeeded, "PurgeSucceeded"),
	BOOL(force, "Force"),
	BOOL(cascade, "Cascade"),
	LIST(deleted, "Deleted"),
	LIST(purged, "Purged"),
};
static TYPE(purge_cell_result, "PurgeCellResult");
#undef S

#define S rpc_purge_container_result
static const struct field purge_container_result_rows[] = {
	OBJ(container, struct container_doc, "Container", container_doc_type),
	BOOL(cell_exists, "CellMetadataExists"),
	BOOL(container_exists, "ContainerExists"),
	LIST(deleted, "Deleted"),
	LIST(purged, "Purged"),
};
static TYPE(purge_container_result, "PurgeContainerResult");
#undef S

#define S rpc_attach_result
static const struct field attach_result_rows[] = {
	STR(host_socket_path, "HostSocketPath"),
};
static TYPE(attach_result, "AttachContainerResult");
#undef S

#define S rpc_log_result
static const struct field log_result_rows[] = {
	STR(host_capture_path, "HostCapturePath"),
	STR(host_log_path, "HostLogPath"),
	ROW_STRING(struct S, writer, "Writer", .flags = FIELD_OMIT_EMPTY, .help = ""),
};
static TYPE(log_result, "LogContainerResult");
#undef S

#define S rpc_log_piece
static const struct field rpc_log_piece_rows[] = {
	INT(container, "container"), ROW_TIME(struct S, time, "time", .help = ""),
	STR(stream, "stream"),	     BOOL(begins, "begins"),
	BYTES(data, "data"),
};
TYPE(rpc_log_piece, "LogPiece");
#undef S

#define S rpc_read_log_result
static const struct field read_log_result_rows[] = {
	OBJS(pieces, struct rpc_log_piece, "Pieces", rpc_log_piece_type),
	LIST(missing, "Missing"),
	LIST(empty, "Empty"),
	STR(next, "Next"),
	BOOL(more, "More"),
	BOOL(ended, "Ended"),
};
static TYPE(read_log_result, "ReadLogResult");
#undef S

#define S rpc_refresh_result
static const struct field refresh_result_rows[] = {
	LIST(realms_found, "RealmsFound"),
	LIST(spaces_found, "SpacesFound"),
	LIST(stacks_found, "StacksFound"),
	LIST(cells_found, "CellsFound"),
	LIST(containers_found, "ContainersFound"),
	LIST(realms_updated, "RealmsUpdated"),
	LIST(spaces_updated, "SpacesUpdated"),
	LIST(stacks_updated, "StacksUpdated"),
	LIST(cells_updated, "CellsUpdated"),
	LIST(containers_updated, "ContainersUpdated"),
	LIST(errors, "Errors"),
};
static TYPE(refresh_result, "RefreshAllResult");
#undef S

#define S rpc_apply_resource
static const struct field apply_resource_rows[] = {
	INT(index, "Index"),
	STR(kind, "Kind"),
	STR(name, "Name"),
	STR(action, "Action"),
	STR(error, "Error"),
	LIST(changes, "Changes"),
	ROW_STRMAP(struct S, details, "Details", .help = ""),
};
const struct model_type rpc_apply_resource_type = TYPE_VALUE(apply_resource, "ApplyResourceResult");
#undef S

#define S rpc_apply_result
static const struct field apply_result_rows[] = {
	OBJS(resources, struct rpc_apply_resource, "Resources", rpc_apply_resource_type),
};
static TYPE(apply_result, "ApplyDocumentsResult");
#undef S

#define S rpc_planned
static const struct field planned_rows[] = {
	STR(action, "Action"),
	STR(error, "Error"),
	LIST(deleted, "Deleted"),
};
const struct model_type rpc_planned_type = TYPE_VALUE(planned, "Planned");
#undef S

#define S rpc_plan_delete_result
static const struct field plan_delete_result_rows[] = {
	OBJS(planned, struct rpc_planned, "Planned", rpc_planned_type),
};
static TYPE(plan_delete_result, "PlanDeleteResult");
#undef S

#define S rpc_image_left
static const struct field image_left_rows[] = {
	STR(name, "Name"),
	STR(reason, "Reason"),
	BOOL(failed, "Failed"),
};
static TYPE(image_left, "ImageLeft");
#undef S

#define S rpc_load_image_result
static const struct field load_image_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	LIST(images, "Images"),
	ROW_OBJLIST(struct S, left, struct rpc_image_left, "Left", image_left_type, .help = "",
		    .flags = FIELD_OMIT_EMPTY),
};
static TYPE(load_image_result, "LoadImageResult");
#undef S

#define S rpc_image
static const struct field image_rows[] = {
	STR(name, "Name"),
	INT(size, "Size"),
	ROW_TIME(struct S, created_at, "CreatedAt", .help = ""),
	STR(digest, "Digest"),
	STR(media_type, "MediaType"),
	ROW_STRMAP(struct S, labels, "Labels", .help = ""),
};
#undef S

const struct model_type rpc_image_type = {
	.name = "ImageInfo",
	.help = "",
	TYPE_ROWS(struct rpc_image, image_rows),
};

#define S rpc_list_images_result
static const struct field list_images_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	OBJS(images, struct rpc_image, "Images", rpc_image_type),
};
static TYPE(list_images_result, "ListImagesResult");
#undef S

#define S rpc_list_images_result
static const struct field page_images_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	OBJS(images, struct rpc_image, "Images", rpc_image_type),
	STR(next, "Next"),
};
static TYPE(page_images_result, "ListImagesResult");
#undef S

#define S rpc_get_image_result
static const struct field get_image_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	OBJ(image, struct rpc_image, "Image", rpc_image_type),
};
static TYPE(get_image_result, "GetImageResult");
#undef S

#define S rpc_delete_image_result
static const struct field delete_image_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	STR(ref, "Ref"),
};
static TYPE(delete_image_result, "DeleteImageResult");
#undef S

#define S rpc_pull_image_result
static const struct field pull_image_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	OBJ(image, struct rpc_image, "Image", rpc_image_type),
	BOOL(changed, "Changed"),
};
static TYPE(pull_image_result, "PullImageResult");
#undef S

#define S rpc_event
static const struct field rpc_event_rows[] = {
	STR(layer, "Layer"), STR(phase, "Phase"), INT(current, "Current"),
	INT(total, "Total"), STR(text, "Text"),
};
#undef S

const struct model_type rpc_event_type = {
	.name = "Event",
	.help = "",
	TYPE_ROWS(struct rpc_event, rpc_event_rows),
};

#define S rpc_inspect_image_result
static const struct field inspect_image_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	STR(json, "JSON"),
};
static TYPE(inspect_image_result, "InspectImageResult");
#undef S

#define S rpc_prune_images_result
static const struct field prune_images_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	INT(bytes, "Bytes"),
};
static TYPE(prune_images_result, "PruneImagesResult");
#undef S

#define S rpc_image_check
static const struct field image_check_rows[] = {
	STR(name, "Name"), INT(layers, "Layers"),   INT(files, "Files"), LIST(problems, "Problems"),
	INT(more, "More"), STR(outcome, "Outcome"), STR(error, "Error"),
};
static TYPE(image_check, "ImageCheck");
#undef S

#define S rpc_exec_result
static const struct field exec_result_rows[] = {
	STR(container, "Container"),
	INT(exit_status, "ExitStatus"),
};
static TYPE(exec_result, "ExecResult");
#undef S

#define S rpc_copy_result
static const struct field copy_result_rows[] = {
	STR(container, "Container"),
};
static TYPE(copy_result, "CopyResult");
#undef S

#define S rpc_verify_images_result
static const struct field verify_images_result_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	OBJS(images, struct rpc_image_check, "Images", image_check_type),
};
static TYPE(verify_images_result, "VerifyImagesResult");
#undef S

#define S rpc_daemon_info
static const struct field daemon_info_result_rows[] = {
	STR(version, "Version"),
	INT(pid, "Pid"),
	STR(run_path, "RunPath"),
	STR(runtime_dir, "RuntimeDir"),
	STR(namespace_suffix, "NamespaceSuffix"),
	STR(cgroup_root, "CgroupRoot"),
};
static TYPE(daemon_info_result, "DaemonInfoResult");
#undef S

/* ---- replies ---- */

#define REPLY(id, S, R, go)                                                                  \
	static const struct field id##_reply_rows[] = {                                      \
		ROW_OBJ(struct S, result, struct R, "Result", id##_result_type, .help = ""), \
		ROW_OBJPTR(struct S, err, struct rpc_err, "Err", rpc_err_type, .help = ""),  \
	};                                                                                   \
	static const struct model_type id##_reply_type = {                                   \
		.name = go "Reply",                                                          \
		.help = "",                                                                  \
		TYPE_ROWS(struct S, id##_reply_rows),                                        \
	}

REPLY(create_realm, rpc_create_realm_reply, rpc_create_realm_result, "CreateRealm");
REPLY(create_space, rpc_create_space_reply, rpc_create_space_result, "CreateSpace");
REPLY(create_stack, rpc_create_stack_reply, rpc_create_stack_result, "CreateStack");
REPLY(create_cell, rpc_create_cell_reply, rpc_create_cell_result, "CreateCell");
REPLY(create_container, rpc_create_container_reply, rpc_create_container_result, "CreateContainer");
REPLY(get_realm, rpc_get_realm_reply, rpc_get_realm_result, "GetRealm");
REPLY(get_space, rpc_get_space_reply, rpc_get_space_result, "GetSpace");
REPLY(get_stack, rpc_get_stack_reply, rpc_get_stack_result, "GetStack");
REPLY(get_cell, rpc_get_cell_reply, rpc_get_cell_result, "GetCell");
REPLY(get_container, rpc_get_container_reply, rpc_get_container_result, "GetContainer");
REPLY(delete_realm, rpc_delete_realm_reply, rpc_delete_realm_result, "DeleteRealm");
REPLY(delete_space, rpc_delete_space_reply, rpc_delete_space_result, "DeleteSpace");
REPLY(delete_stack, rpc_delete_stack_reply, rpc_delete_stack_result, "DeleteStack");
REPLY(delete_cell, rpc_delete_cell_reply, rpc_delete_cell_result, "DeleteCell");
REPLY(delete_container, rpc_delete_container_reply, rpc_delete_container_result, "DeleteContainer");
REPLY(purge_realm, rpc_purge_realm_reply, rpc_purge_realm_result, "PurgeRealm");
REPLY(purge_space, rpc_purge_space_reply, rpc_purge_space_result, "PurgeSpace");
REPLY(purge_stack, rpc_purge_stack_reply, rpc_purge_stack_result, "PurgeStack");
REPLY(purge_cell, rpc_purge_cell_reply, rpc_purge_cell_result, "PurgeCell");
REPLY(purge_container, rpc_purge_container_reply, rpc_purge_container_result, "PurgeContainer");
REPLY(attach, rpc_attach_reply, rpc_attach_result, "Attach");
REPLY(log, rpc_log_reply, rpc_log_result, "Log");
REPLY(read_log, rpc_read_log_reply, rpc_read_log_result, "ReadLog");
REPLY(refresh, rpc_refresh_reply, rpc_refresh_result, "Refresh");
REPLY(apply, rpc_apply_reply, rpc_apply_result, "Apply");
REPLY(plan_delete, rpc_plan_delete_reply, rpc_plan_delete_result, "PlanDelete");
REPLY(load_image, rpc_load_image_reply, rpc_load_image_result, "LoadImage");
REPLY(list_images, rpc_list_images_reply, rpc_list_images_result, "ListImages");
REPLY(page_images, rpc_list_images_reply, rpc_list_images_result, "ListImages");
REPLY(get_image, rpc_get_image_reply, rpc_get_image_result, "GetImage");
REPLY(pull_image, rpc_pull_image_reply, rpc_pull_image_result, "PullImage");
REPLY(delete_image, rpc_delete_image_reply, rpc_delete_image_result, "DeleteImage");
REPLY(inspect_image, rpc_inspect_image_reply, rpc_inspect_image_result, "InspectImage");
REPLY(prune_images, rpc_prune_images_reply, rpc_prune_images_result, "PruneImages");
REPLY(verify_images, rpc_verify_images_reply, rpc_verify_images_result, "VerifyImages");
REPLY(exec, rpc_exec_reply, rpc_exec_result, "Exec");
REPLY(copy, rpc_copy_reply, rpc_copy_result, "Copy");
REPLY(start_cell, rpc_cell_done_reply, rpc_cell_done_result, "StartCell");
REPLY(stop_cell, rpc_cell_done_reply, rpc_cell_done_result, "StopCell");
REPLY(kill_cell, rpc_cell_done_reply, rpc_cell_done_result, "KillCell");
REPLY(start_container, rpc_container_done_reply, rpc_container_done_result, "StartContainer");
REPLY(stop_container, rpc_container_done_reply, rpc_container_done_result, "StopContainer");
REPLY(kill_container, rpc_container_done_reply, rpc_container_done_result, "KillContainer");
REPLY(daemon_info, rpc_daemon_info_reply, rpc_daemon_info, "DaemonInfo");

#define S rpc_ping_reply
static const struct field ping_reply_rows[] = {
	BOOL(ok, "OK"),
	STR(version, "Version"),
	ERR(),
};
static TYPE(ping_reply, "PingReply");
#undef S

#define S rpc_list_realms_reply
static const struct field list_realms_reply_rows[] = {
	OBJS(realms, struct realm_doc, "Realms", realm_doc_type),
	ERR(),
};
static TYPE(list_realms_reply, "ListRealmsReply");
#undef S

#define S rpc_list_spaces_reply
static const struct field list_spaces_reply_rows[] = {
	OBJS(spaces, struct space_doc, "Spaces", space_doc_type),
	ERR(),
};
static TYPE(list_spaces_reply, "ListSpacesReply");
#undef S

#define S rpc_list_stacks_reply
static const struct field list_stacks_reply_rows[] = {
	OBJS(stacks, struct stack_doc, "Stacks", stack_doc_type),
	ERR(),
};
static TYPE(list_stacks_reply, "ListStacksReply");
#undef S

#define S rpc_list_cells_reply
static const struct field list_cells_reply_rows[] = {
	OBJS(cells, struct cell_doc, "Cells", cell_doc_type),
	ERR(),
};
static TYPE(list_cells_reply, "ListCellsReply");
#undef S

#define S rpc_list_containers_reply
static const struct field list_containers_reply_rows[] = {
	OBJS(containers, struct container_spec, "Containers", container_spec_type),
	ERR(),
};
static TYPE(list_containers_reply, "ListContainersReply");
#undef S

/* ---- pages of lists ---- */

#define PAGE(x, T, go)                                                                      \
	static const struct field page_##x##s_reply_rows[] = {                              \
		ROW_OBJLIST(struct T, x##s, struct x##_doc, go, x##_doc_type, .help = ""),  \
		ROW_STRING(struct T, next, "Next", .help = ""),                             \
		ROW_OBJPTR(struct T, err, struct rpc_err, "Err", rpc_err_type, .help = ""), \
	};                                                                                  \
	static const struct model_type page_##x##s_reply_type = {                           \
		.name = "List" go "Reply",                                                  \
		.help = "",                                                                 \
		TYPE_ROWS(struct T, page_##x##s_reply_rows),                                \
	}

PAGE(realm, rpc_list_realms_reply, "Realms");
PAGE(space, rpc_list_spaces_reply, "Spaces");
PAGE(stack, rpc_list_stacks_reply, "Stacks");
PAGE(cell, rpc_list_cells_reply, "Cells");
PAGE(container, rpc_list_container_docs_reply, "Containers");

/* ---- the table ---- */

#define V1_ROW(constant, wire, args_, reply_, ...) \
	[constant] = { .service = "KukeonV1",      \
		       .name = #wire,              \
		       .id = (constant),           \
		       .args = &args_##_type,      \
		       .reply = &reply_##_type,    \
		       __VA_ARGS__ },
#define X1_ROW(constant, wire, args_, reply_, ...) \
	[constant] = { .service = "KukeonX1",      \
		       .name = #wire,              \
		       .id = (constant),           \
		       .args = &args_##_type,      \
		       .reply = &reply_##_type,    \
		       __VA_ARGS__ },

static const struct rpc_method methods_[_RPC_METHOD_MAX] = { RPC_V1_METHODS(V1_ROW)
								     RPC_X1_METHODS(X1_ROW) };

const struct rpc_method *rpc_method_get(enum rpc_method_id id)
{
	assert(id > RPC_METHOD_INVALID && id < _RPC_METHOD_MAX);
	return &methods_[id];
}

const struct rpc_method *rpc_method_find(const char *service, const char *name)
{
	for (size_t i = RPC_METHOD_INVALID + 1; i < _RPC_METHOD_MAX; i++)
		if (streq(methods_[i].service, service) && streq(methods_[i].name, name))
			return &methods_[i];
	return NULL;
}

bool rpc_service_known(const char *service)
{
	return streq(service, "KukeonV1") || streq(service, "KukeonX1");
}

char *rpc_method_text(const struct rpc_method *m)
{
	return xasprintf("%s.%s", m->service, m->name);
}

/* Err is the last row of every reply. */
static struct rpc_err **reply_err(const struct rpc_method *m, void *reply)
{
	const struct field *f = &m->reply->fields[m->reply->n_fields - 1];

	return (struct rpc_err **) field_ptr(f, reply);
}

void rpc_reply_fail(const struct rpc_method *m, void *reply, const struct kerr *err)
{
	model_clear(m->reply, reply);
	*reply_err(m, reply) = rpc_err_new(err);
}

const struct rpc_err *rpc_reply_err(const struct rpc_method *m, const void *reply)
{
	const struct field *f = &m->reply->fields[m->reply->n_fields - 1];

	return *(const struct rpc_err *const *) field_cptr(f, reply);
}
