/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"
#include "rows.h"

static const struct field spec_rows[] = {
	ROW_STRING(struct stack_spec, id, "id", .change = CLASS_IN_PLACE, .def = "<metadata.name>",
		   .help = "Identifier of the stack."),
	ROW_STRING(struct stack_spec, realm_id, "realmId", .flags = FIELD_REQUIRED | FIELD_IDENTITY,
		   .change = CLASS_REFUSED, .help = "Realm that the stack belongs to."),
	ROW_STRING(struct stack_spec, space_id, "spaceId", .flags = FIELD_REQUIRED | FIELD_IDENTITY,
		   .change = CLASS_REFUSED, .help = "Space that the stack belongs to."),
};

static const struct model_type spec_type = {
	.name = "StackSpec",
	.help = "What the stack should be.",
	TYPE_ROWS(struct stack_spec, spec_rows),
};

static const struct field status_rows[] = {
	ROW_STATE(struct stack_status, state, stack_state, "state", stack_state_labels,
		  .flags = FIELD_READ_ONLY, .help = HELP_STATE),
	ROW_STRING(struct stack_status, cgroup_path, "cgroupPath", .flags = FIELD_READ_ONLY,
		   .help = HELP_CGROUP_PATH),
	ROW_STRLIST(struct stack_status, subtree_controllers, "subtreeControllers",
		    .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY, .help = HELP_SUBTREE_CONTROLLERS),
	LIFE_ROWS(struct stack_status),
};

static const struct model_type status_type = {
	.name = "StackStatus",
	.help = "What kukeond last saw of the stack.",
	.state_prefix = "stack state",
	TYPE_ROWS(struct stack_status, status_rows),
};

HEAD_TYPES(stack, "Stack", 0);

static const struct field doc_rows[] = {
	ROW_EMBED(struct stack_doc, head, struct doc_head, stack_head_type),
	ROW_OBJ(struct stack_doc, spec, struct stack_spec, "spec", spec_type,
		.flags = FIELD_REQUIRED, .help = "What the stack should be."),
	ROW_OBJ(struct stack_doc, status, struct stack_status, "status", status_type,
		.flags = FIELD_READ_ONLY, .help = "What kukeond last saw; ignored on input."),
};

const struct model_type stack_doc_type = {
	.name = "StackDoc",
	.help = "A stack groups the cells of one application inside a space.",
	TYPE_ROWS(struct stack_doc, doc_rows),
};
