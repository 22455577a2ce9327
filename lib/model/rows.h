/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_ROWS_H
#define KUKEON_ROWS_H

#include "model.h"

/*
 * Macros for rows. Each takes the struct, its member, the wire name and then further
 * members of struct field as designated initialisers:
 *
 *   ROW_STRING(struct stack_spec, id, "id", .help = "…"),
 *
 * The member's C type is checked at compile time, so a row cannot access a member as
 * another type.
 */
#define ROW_OFFSET(S, m, T) \
	(offsetof(S, m) +   \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((S *) 0)->m), T) ? 1 : -1]))
#define ROW_LIST_OFFSET(S, m, T) \
	(offsetof(S, m) +        \
	 0 * sizeof(char[__builtin_types_compatible_p(__typeof__(((S *) 0)->m.v), T *) ? 1 : -1]))

#define ROW_(S, m, T, wire, ftype, ...)                                                     \
	{                                                                                   \
		.name = (wire), .type = (ftype), .offset = ROW_OFFSET(S, m, T), __VA_ARGS__ \
	}

#define ROW_STRING(S, m, wire, ...) ROW_(S, m, char *, wire, FIELD_STRING, __VA_ARGS__)
#define ROW_NSTRING(S, m, wire, ...) ROW_(S, m, struct nstring, wire, FIELD_NSTRING, __VA_ARGS__)
#define ROW_BOOL(S, m, wire, ...) ROW_(S, m, bool, wire, FIELD_BOOL, __VA_ARGS__)
#define ROW_NBOOL(S, m, wire, ...) ROW_(S, m, struct nbool, wire, FIELD_NBOOL, __VA_ARGS__)
#define ROW_INT(S, m, wire, ...) ROW_(S, m, int64_t, wire, FIELD_INT, __VA_ARGS__)
#define ROW_NINT(S, m, wire, ...) ROW_(S, m, struct nint, wire, FIELD_NINT, __VA_ARGS__)
#define ROW_UINT32(S, m, wire, ...) ROW_(S, m, uint32_t, wire, FIELD_UINT32, __VA_ARGS__)
#define ROW_TIME(S, m, wire, ...) ROW_(S, m, struct ktime, wire, FIELD_TIME, __VA_ARGS__)
#define ROW_STATE(S, m, T, wire, labels_, ...) \
	ROW_(S, m, T, wire, FIELD_STATE, .labels = (labels_), __VA_ARGS__)
#define ROW_STRLIST(S, m, wire, ...) ROW_(S, m, struct strlist, wire, FIELD_STRLIST, __VA_ARGS__)
#define ROW_STRMAP(S, m, wire, ...) ROW_(S, m, struct strmap, wire, FIELD_STRMAP, __VA_ARGS__)
#define ROW_BYTES(S, m, wire, ...) ROW_(S, m, struct buf, wire, FIELD_BYTES, __VA_ARGS__)
#define ROW_OBJ(S, m, T, wire, type_, ...) \
	ROW_(S, m, T, wire, FIELD_OBJ, .obj = &(type_), __VA_ARGS__)
#define ROW_OBJPTR(S, m, T, wire, type_, ...) \
	ROW_(S, m, T *, wire, FIELD_OBJPTR, .obj = &(type_), __VA_ARGS__)
#define ROW_EMBED(S, m, T, type_) ROW_(S, m, T, "", FIELD_EMBED, .obj = &(type_), .help = "")
#define ROW_INTLIST(S, m, wire, ...)                                                             \
	{                                                                                        \
		.name = (wire), .type = FIELD_INTLIST, .offset = ROW_LIST_OFFSET(S, m, int64_t), \
		__VA_ARGS__                                                                      \
	}
#define ROW_OBJLIST(S, m, T, wire, type_, ...)                                             \
	{                                                                                  \
		.name = (wire), .type = FIELD_OBJLIST, .offset = ROW_LIST_OFFSET(S, m, T), \
		.obj = &(type_), __VA_ARGS__                                               \
	}

/* The members of struct model_type that are derived from the struct and its rows. */
#define TYPE_ROWS(S, rows) .size = sizeof(S), .fields = (rows), .n_fields = ARRAY_SIZE(rows)

/*
 * metadata and doc_head of one kind: defines `static const struct model_type
 * <p>_head_type`. Kinds differ in Go's type names and in whether empty labels
 * are printed.
 */
#define HEAD_TYPES(p, go, label_flags)                                                             \
	static const struct field p##_metadata_rows[] = {                                          \
		ROW_STRING(struct metadata, name, "name",                                          \
			   .flags = FIELD_REQUIRED | FIELD_IDENTITY, .change = CLASS_REFUSED,      \
			   .help = HELP_METADATA_NAME),                                            \
		ROW_STRMAP(struct metadata, labels, "labels", .flags = (label_flags),              \
			   .change = CLASS_IN_PLACE, .help = HELP_METADATA_LABELS),                \
	};                                                                                         \
	static const struct model_type p##_metadata_type = {                                       \
		.name = go "Metadata",                                                             \
		.help = "Name and labels of the object.",                                          \
		TYPE_ROWS(struct metadata, p##_metadata_rows),                                     \
	};                                                                                         \
	static const char *const p##_kind_values[] = { go, NULL };                                 \
	static const char *const p##_version_values[] = { "v1beta1", NULL };                       \
	static const struct field p##_head_rows[] = {                                              \
		ROW_STRING(struct doc_head, api_version, "apiVersion",                             \
			   .values = p##_version_values, .def = "v1beta1",                         \
			   .help = HELP_API_VERSION),                                              \
		ROW_STRING(struct doc_head, kind, "kind", .flags = FIELD_REQUIRED,                 \
			   .values = p##_kind_values, .help = HELP_KIND),                          \
		ROW_OBJ(struct doc_head, metadata, struct metadata, "metadata", p##_metadata_type, \
			.flags = FIELD_REQUIRED, .help = HELP_METADATA),                           \
	};                                                                                         \
	static const struct model_type p##_head_type = {                                           \
		.name = go "Doc",                                                                  \
		.help = "What every document starts with.",                                        \
		TYPE_ROWS(struct doc_head, p##_head_rows),                                         \
	}

#define HELP_API_VERSION "Version of the format; an empty one counts as v1beta1."
#define HELP_KIND "What the document describes."
#define HELP_METADATA "Name and labels of the object."
#define HELP_METADATA_NAME \
	"Name of the object, unique among its siblings: at most 63 bytes, without '_' and '/'."
#define HELP_METADATA_LABELS \
	"Free key-value pairs, 64 KiB in all; keys that end in .kukeon.io are set by kukeond alone."

/* The status members that realm, space, stack and cell share. */
#define HELP_STATE "Where the object is in its life."
#define HELP_CGROUP_PATH "Path of the object's cgroup below the cgroup mount."
#define HELP_SUBTREE_CONTROLLERS "Cgroup controllers that the object delegates to what is in it."
#define HELP_CREATED_AT "Time at which the object was stored for the first time."
#define HELP_UPDATED_AT "Time at which the object was last stored."
#define HELP_READY_AT "Time at which the object was Ready for the first time."
#define HELP_REASON "One word that says why the state is what it is."
#define HELP_MESSAGE "A line for people that explains the reason."
#define HELP_CGROUP_READY "Whether the cgroup was there when the status was last written."

/* The rows from createdAt to cgroupReady, in this order in all of them. */
#define LIFE_ROWS(S)                                                                             \
	ROW_TIME(S, created_at, "createdAt", .flags = FIELD_READ_ONLY | FIELD_OMIT_YAML,         \
		 .help = HELP_CREATED_AT),                                                       \
		ROW_TIME(S, updated_at, "updatedAt", .flags = FIELD_READ_ONLY | FIELD_OMIT_YAML, \
			 .help = HELP_UPDATED_AT),                                               \
		ROW_TIME(S, ready_at, "readyAt", .flags = FIELD_READ_ONLY | FIELD_OMIT_YAML,     \
			 .help = HELP_READY_AT),                                                 \
		ROW_STRING(S, reason, "reason", .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,     \
			   .help = HELP_REASON),                                                 \
		ROW_STRING(S, message, "message", .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,   \
			   .help = HELP_MESSAGE),                                                \
		ROW_BOOL(S, cgroup_ready, "cgroupReady",                                         \
			 .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY, .help = HELP_CGROUP_READY)

#endif
