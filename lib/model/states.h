/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_STATES_H
#define KUKEON_STATES_H

/*
 * The states of the kinds, in the order of their legacy integers (older documents have
 * the integer). X(constant, label).
 */
#define REALM_STATES(X)                     \
	X(REALM_STATE_PENDING, "Pending")   \
	X(REALM_STATE_CREATING, "Creating") \
	X(REALM_STATE_READY, "Ready")       \
	X(REALM_STATE_DELETING, "Deleting") \
	X(REALM_STATE_FAILED, "Failed")     \
	X(REALM_STATE_UNKNOWN, "Unknown")

#define SPACE_STATES(X)                   \
	X(SPACE_STATE_PENDING, "Pending") \
	X(SPACE_STATE_READY, "Ready")     \
	X(SPACE_STATE_FAILED, "Failed")   \
	X(SPACE_STATE_UNKNOWN, "Unknown")

#define STACK_STATES(X)                   \
	X(STACK_STATE_PENDING, "Pending") \
	X(STACK_STATE_READY, "Ready")     \
	X(STACK_STATE_FAILED, "Failed")   \
	X(STACK_STATE_UNKNOWN, "Unknown")

#define CELL_STATES(X)                   \
	X(CELL_STATE_PENDING, "Pending") \
	X(CELL_STATE_READY, "Ready")     \
	X(CELL_STATE_STOPPED, "Stopped") \
	X(CELL_STATE_FAILED, "Failed")   \
	X(CELL_STATE_UNKNOWN, "Unknown")

#define CONTAINER_STATES(X)                   \
	X(CONTAINER_STATE_PENDING, "Pending") \
	X(CONTAINER_STATE_READY, "Ready")     \
	X(CONTAINER_STATE_STOPPED, "Stopped") \
	X(CONTAINER_STATE_PAUSED, "Paused")   \
	X(CONTAINER_STATE_PAUSING, "Pausing") \
	X(CONTAINER_STATE_FAILED, "Failed")   \
	X(CONTAINER_STATE_UNKNOWN, "Unknown")

#define STATE_ENUM_(constant, label) constant,
typedef enum {
	REALM_STATES(STATE_ENUM_) _REALM_STATE_MAX
} realm_state;
typedef enum {
	SPACE_STATES(STATE_ENUM_) _SPACE_STATE_MAX
} space_state;
typedef enum {
	STACK_STATES(STATE_ENUM_) _STACK_STATE_MAX
} stack_state;
typedef enum {
	CELL_STATES(STATE_ENUM_) _CELL_STATE_MAX
} cell_state;
typedef enum {
	CONTAINER_STATES(STATE_ENUM_) _CONTAINER_STATE_MAX
} container_state;
#undef STATE_ENUM_

/* status.reason of the placeholder for an object whose document cannot be read. */
#define STATUS_REASON_DAMAGED "MetadataUnreadable"

#endif
