/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"
#include "rows.h"

static const struct field credentials_rows[] = {
	ROW_STRING(struct registry_credentials, username, "username",
		   .help = "User name for the registry."),
	ROW_STRING(struct registry_credentials, password, "password", .flags = FIELD_SECRET,
		   .help = "Password or token for the registry."),
	ROW_STRING(struct registry_credentials, server_address, "serverAddress",
		   .flags = FIELD_OMIT_EMPTY,
		   .help = "Registry that they are for, such as ghcr.io; empty: the image's own."),
};

static const struct model_type credentials_type = {
	.name = "RegistryCredentials",
	.help = "A login for a registry of images.",
	TYPE_ROWS(struct registry_credentials, credentials_rows),
};

static const struct field spec_rows[] = {
	ROW_STRING(struct realm_spec, namespace, "namespace", .change = CLASS_REFUSED,
		   .def = "<name>.<suffix of the instance>",
		   .help = "Namespace that holds the realm's images and containers."),
	ROW_OBJLIST(struct realm_spec, registry_credentials, struct registry_credentials,
		    "registryCredentials", credentials_type, .flags = FIELD_OMIT_EMPTY,
		    .change = CLASS_IN_PLACE,
		    .help = "Logins that pulling images into this realm may use."),
};

static const struct model_type spec_type = {
	.name = "RealmSpec",
	.help = "What the realm should be.",
	TYPE_ROWS(struct realm_spec, spec_rows),
};

static const struct field status_rows[] = {
	ROW_STATE(struct realm_status, state, realm_state, "state", realm_state_labels,
		  .flags = FIELD_READ_ONLY, .help = HELP_STATE),
	ROW_STRING(struct realm_status, cgroup_path, "cgroupPath",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY, .help = HELP_CGROUP_PATH),
	ROW_STRLIST(struct realm_status, subtree_controllers, "subtreeControllers",
		    .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY, .help = HELP_SUBTREE_CONTROLLERS),
	LIFE_ROWS(struct realm_status),
	ROW_BOOL(struct realm_status, namespace_ready, "containerdNamespaceReady",
		 .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		 .help = "Whether the namespace was there when the status was last written."),
};

static const struct model_type status_type = {
	.name = "RealmStatus",
	.help = "What kukeond last saw of the realm.",
	.state_prefix = "realm state",
	TYPE_ROWS(struct realm_status, status_rows),
};

HEAD_TYPES(realm, "Realm", 0);

static const struct field doc_rows[] = {
	ROW_EMBED(struct realm_doc, head, struct doc_head, realm_head_type),
	ROW_OBJ(struct realm_doc, spec, struct realm_spec, "spec", spec_type,
		.help = "What the realm should be."),
	ROW_OBJ(struct realm_doc, status, struct realm_status, "status", status_type,
		.flags = FIELD_READ_ONLY, .help = "What kukeond last saw; ignored on input."),
};

const struct model_type realm_doc_type = {
	.name = "RealmDoc",
	.help = "A realm is a tenant: it owns spaces, a namespace of images and registry logins.",
	TYPE_ROWS(struct realm_doc, doc_rows),
};
