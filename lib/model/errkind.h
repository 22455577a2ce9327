/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ERRKIND_H
#define KUKEON_ERRKIND_H

/*
 * Error classes: kerr.kind. The first column is also Err.Kind on the wire
 * (kukeon-api(7)), the last the text of upstream's error. X(constant, wire name, text)
 */
#define ERR_KINDS(X)                                                                          \
	X(ERR_CELL_NOT_FOUND, "CellNotFound", "cell not found")                               \
	X(ERR_REALM_NOT_FOUND, "RealmNotFound", "realm not found")                            \
	X(ERR_SPACE_NOT_FOUND, "SpaceNotFound", "space not found")                            \
	X(ERR_STACK_NOT_FOUND, "StackNotFound", "stack not found")                            \
	X(ERR_CONTAINER_NOT_FOUND, "ContainerNotFound", "container not found")                \
	X(ERR_NETWORK_NOT_FOUND, "NetworkNotFound", "network not found")                      \
	X(ERR_CELL_NAME_REQUIRED, "CellNameRequired", "cell name is required")                \
	X(ERR_REALM_NAME_REQUIRED, "RealmNameRequired", "realm name is required")             \
	X(ERR_SPACE_NAME_REQUIRED, "SpaceNameRequired", "space name is required")             \
	X(ERR_STACK_NAME_REQUIRED, "StackNameRequired", "stack name is required")             \
	X(ERR_CONTAINER_NAME_REQUIRED, "ContainerNameRequired", "container name is required") \
	X(ERR_HAS_DEPENDENCIES, "ResourceHasDependencies", "resource has child resources")    \
	X(ERR_CREATE_CELL, "CreateCell", "failed to create cell")                             \
	X(ERR_CREATE_REALM, "CreateRealm", "failed to create realm")                          \
	X(ERR_CREATE_SPACE, "CreateSpace", "failed to create space")                          \
	X(ERR_CREATE_STACK, "CreateStack", "failed to create stack")                          \
	X(ERR_CONTAINER_EXISTS, "ContainerExists", "container already exists")                \
	X(ERR_CONVERSION_FAILED, "ConversionFailed", "conversion failed")                     \
	X(ERR_ATTACH_NOT_SUPPORTED, "AttachNotSupported",                                     \
	  "container is not attachable; recreate with attachable=true")                       \
	X(ERR_ATTACH_NOT_RUNNING, "AttachTaskNotRunning", "container is not running")         \
	X(ERR_IMAGE_NOT_FOUND, "ImageNotFound", "image not found")

#define ERR_KIND_ENUM_(constant, wire, text) constant,
enum err_kind {
	ERR_UNKNOWN = 0,
	ERR_KINDS(ERR_KIND_ENUM_) _ERR_KIND_MAX
};
#undef ERR_KIND_ENUM_

const char *err_kind_name(int kind); /* "Unknown" for 0 and unknown values */
const char *err_kind_text(int kind); /* upstream's error text, "" for unknown */
int err_kind_from_name(const char *name); /* 0 for unknown */

#endif
