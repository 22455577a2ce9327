/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_MODEL_H
#define KUKEON_MODEL_H

#include <string.h>

#include "buf.h"
#include "err.h"
#include "kinds.h"

/*
 * Types as tables. A struct model_type describes one struct by its rows; the
 * functions below work on any of them, documents and wire messages alike.
 */
enum field_type {
	FIELD_STRING = 1, /* char * */
	FIELD_NSTRING, /* struct nstring */
	FIELD_BOOL, /* bool */
	FIELD_NBOOL, /* struct nbool */
	FIELD_INT, /* int64_t */
	FIELD_NINT, /* struct nint */
	FIELD_UINT32, /* uint32_t */
	FIELD_TIME, /* struct ktime */
	FIELD_STATE, /* an enum of states.h; row.labels */
	FIELD_STRLIST, /* struct strlist */
	FIELD_INTLIST, /* LIST_OF(int64_t) */
	FIELD_STRMAP, /* struct strmap */
	FIELD_OBJ, /* embedded struct; row.type */
	FIELD_OBJPTR, /* pointer to struct; row.type */
	FIELD_OBJLIST, /* LIST_OF(struct); row.type */
	FIELD_BYTES, /* struct buf, base64 on the wire; null when empty */
	FIELD_EMBED, /* embedded struct whose rows stand inline (doc_head) */
	_FIELD_TYPE_MAX,
};

enum field_flags {
	FIELD_REQUIRED = 1 << 0, /* for explain and the schema */
	FIELD_IDENTITY = 1 << 1, /* part of the object's key */
	FIELD_READ_ONLY = 1 << 2, /* set by the daemon; input is dropped */
	FIELD_SECRET = 1 << 3, /* printed as ******** */
	FIELD_OMIT_EMPTY = 1 << 4, /* not printed when zero */
	FIELD_MODE = 1 << 6, /* permissions: written in octal */
	FIELD_OMIT_YAML = 1 << 5, /* ... in YAML only (zero times, empty status.network) */
	FIELD_ANY_CASE = 1 << 7, /* values: blanks around it and upper case make no difference */
};

/*
 * What a change of the field requires. The class of a row applies to everything below
 * it; CLASS_NONE on an object or a list of objects means that the rows inside decide.
 */
enum field_class {
	CLASS_NONE = 0, /* not compared */
	CLASS_IN_PLACE,
	CLASS_RECREATE_CONTAINER,
	CLASS_RECREATE_CELL,
	CLASS_REFUSED,
};

struct model_type;

struct field {
	const char *name; /* wire name */
	enum field_type type;
	size_t offset;
	enum field_flags flags;
	enum field_class change;
	const struct model_type *obj; /* FIELD_OBJ, OBJPTR, OBJLIST, EMBED */
	const char *const *labels; /* FIELD_STATE: labels by integer, NULL at the end */
	/* What row_limits.h enforces. */
	const char *const *values; /* FIELD_STRING: allowed values, NULL at the end */
	int64_t min, max; /* numbers; both 0: the type's own */
	const char *def; /* default, for explain; NULL: none */
	const char *help; /* one line */
};

struct model_type {
	const char *name; /* "ContainerSpec": Go's type name, in error texts */
	const char *help;
	size_t size;
	const struct field *fields;
	size_t n_fields;
	const char *state_prefix; /* "cell state" for the struct that holds a state */
	const char *const *retired; /* keys of older versions that are silently ignored; or NULL */
};

/* The types of the documents, and the two that are also sent on their own. */
extern const struct model_type realm_doc_type, space_doc_type, stack_doc_type, cell_doc_type,
	container_doc_type, profile_doc_type, server_doc_type, client_doc_type;
extern const struct model_type container_spec_type, container_status_type, cell_spec_type;
extern const struct model_type cell_joined_network_type, temporary_rule_type;

/* Types used by both containers and the defaults of a space. */
extern const struct model_type container_capabilities_type, container_resources_type,
	container_tmpfs_type;

/* The labels of states.h by integer, NULL at the end. */
extern const char *const realm_state_labels[],
	*const space_state_labels[], *const stack_state_labels[],
					     *const cell_state_labels[],
						     *const container_state_labels[];

/* The label; "Unknown" if out of range. */
const char *state_label(const char *const *labels, unsigned state);

/* The address of the row's member in an object. */
static inline void *field_ptr(const struct field *f, void *obj)
{
	return (char *) obj + f->offset;
}

static inline const void *field_cptr(const struct field *f, const void *obj)
{
	return (const char *) obj + f->offset;
}

/* A FIELD_STATE as its legacy integer. */
static inline unsigned field_state(const void *member)
{
	unsigned v;

	memcpy(&v, member, sizeof(v));
	return v;
}

/*
 * A LIST_OF(T) of any T, for FIELD_OBJLIST and FIELD_INTLIST. The elements are
 * contiguous and have the size of the row's type (or int64_t).
 */
struct list_view {
	char *v; /* NULL: null */
	size_t n;
};

enum kind {
	KIND_INVALID = 0,
	KIND_REALM = 1,
	KIND_SPACE,
	KIND_STACK,
	KIND_CELL,
	KIND_CONTAINER,
	KIND_CELL_PROFILE,
	KIND_SERVER_CONFIGURATION,
	KIND_CLIENT_CONFIGURATION,
	_KIND_MAX,
};

struct kind_info {
	const char *name; /* "Realm" */
	const char *word; /* "realm" */
	const char *plural; /* "realms" */
	const struct model_type *type;
	bool resource; /* accepted by apply and delete -f */
};

const struct kind_info *kind_info(enum kind k);
enum kind kind_from_name(const char *name); /* "Realm"; KIND_INVALID */
enum kind kind_from_word(const char *word); /* "realm" or "realms", any case; KIND_INVALID */

#endif
