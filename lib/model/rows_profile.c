/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"
#include "rows.h"

static const struct field parameter_rows[] = {
	ROW_STRING(struct profile_parameter, name, "name", .flags = FIELD_REQUIRED,
		   .help = "The KEY of ${KEY}: letters, digits and '_', no digit first."),
	ROW_STRING(struct profile_parameter, description, "description", .flags = FIELD_OMIT_EMPTY,
		   .help = "What the parameter is for."),
	ROW_NSTRING(struct profile_parameter, default_value, "default", .flags = FIELD_OMIT_EMPTY,
		    .help = "Value when --param gives none; an empty one counts."),
	ROW_BOOL(struct profile_parameter, required, "required", .flags = FIELD_OMIT_EMPTY,
		 .def = "false", .help = "Refuse to run without a value."),
};

static const struct model_type parameter_type = {
	.name = "CellProfileParameter",
	.help = "A variable that the profile's values refer to as ${NAME}.",
	TYPE_ROWS(struct profile_parameter, parameter_rows),
};

static const struct field spec_rows[] = {
	ROW_STRING(struct profile_spec, realm, "realm", .flags = FIELD_OMIT_EMPTY,
		   .help = "Realm that the cell is made in."),
	ROW_STRING(struct profile_spec, space, "space", .flags = FIELD_OMIT_EMPTY,
		   .help = "Space that the cell is made in."),
	ROW_STRING(struct profile_spec, stack, "stack", .flags = FIELD_OMIT_EMPTY,
		   .help = "Stack that the cell is made in."),
	ROW_STRING(struct profile_spec, prefix, "prefix", .flags = FIELD_OMIT_EMPTY,
		   .def = "<metadata.name>", .help = "What generated cell names start with."),
	ROW_OBJLIST(struct profile_spec, parameters, struct profile_parameter, "parameters",
		    parameter_type, .flags = FIELD_OMIT_EMPTY,
		    .help = "Variables that the profile's values may refer to."),
	ROW_OBJ(struct profile_spec, cell, struct cell_spec, "cell", cell_spec_type,
		.flags = FIELD_REQUIRED, .help = "The cell that is made; its id stays empty."),
};

static const struct model_type spec_type = {
	.name = "CellProfileSpec",
	.help = "Where the cell is made and what it is.",
	TYPE_ROWS(struct profile_spec, spec_rows),
};

HEAD_TYPES(profile, "CellProfile", FIELD_OMIT_EMPTY);

static const struct field doc_rows[] = {
	ROW_EMBED(struct profile_doc, head, struct doc_head, profile_head_type),
	ROW_OBJ(struct profile_doc, spec, struct profile_spec, "spec", spec_type,
		.flags = FIELD_REQUIRED, .help = "Where the cell is made and what it is."),
};

const struct model_type profile_doc_type = {
	.name = "CellProfileDoc",
	.help = "A template of cells for `kuke run -p`, kept in ~/.kuke/profiles.d.",
	TYPE_ROWS(struct profile_doc, doc_rows),
};
