/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"
#include "rows.h"

static const struct field rule_rows[] = {
	ROW_STRING(struct egress_rule, host, "host", .flags = FIELD_OMIT_EMPTY,
		   .help = "DNS name that may be reached; *.NAME is every name below NAME."),
	ROW_STRING(struct egress_rule, cidr, "cidr", .flags = FIELD_OMIT_EMPTY,
		   .help = "Address range that may be reached, such as 10.0.0.0/8."),
	ROW_INTLIST(struct egress_rule, ports, "ports", .flags = FIELD_OMIT_EMPTY, .min = 1,
		    .max = 65535, .help = "TCP ports that may be reached there; none: every port."),
};

static const struct model_type rule_type = {
	.name = "EgressAllowRule",
	.help = "One permitted destination; exactly one of host and cidr is set.",
	TYPE_ROWS(struct egress_rule, rule_rows),
};

static const char *const default_values[] = { "allow", "deny", NULL };

static const struct field policy_rows[] = {
	ROW_STRING(struct egress_policy, default_action, "default", .flags = FIELD_ANY_CASE,
		   .values = default_values, .def = "allow",
		   .help = "What happens to traffic that no rule permits."),
	ROW_OBJLIST(struct egress_policy, allow, struct egress_rule, "allow", rule_type,
		    .flags = FIELD_OMIT_EMPTY, .help = "Destinations that may be reached."),
};

static const struct model_type policy_type = {
	.name = "EgressPolicy",
	.help = "Where traffic that leaves the space may go.",
	TYPE_ROWS(struct egress_policy, policy_rows),
};

static const struct field network_rows[] = {
	ROW_OBJPTR(struct space_network, egress, struct egress_policy, "egress", policy_type,
		   .flags = FIELD_OMIT_EMPTY, .change = CLASS_IN_PLACE,
		   .help = "Where traffic that leaves the space may go; absent: everywhere."),
};

static const struct model_type network_type = {
	.name = "SpaceNetwork",
	.help = "Policy of the space's bridge.",
	TYPE_ROWS(struct space_network, network_rows),
};

static const struct field container_defaults_rows[] = {
	ROW_STRING(struct space_container_defaults, user, "user", .flags = FIELD_OMIT_EMPTY,
		   .help = "UID[:GID] for containers that set no user."),
	ROW_NBOOL(struct space_container_defaults, read_only_root_filesystem,
		  "readOnlyRootFilesystem", .flags = FIELD_OMIT_EMPTY,
		  .help = "true makes every container's root file system read-only."),
	ROW_OBJPTR(struct space_container_defaults, capabilities, struct container_capabilities,
		   "capabilities", container_capabilities_type, .flags = FIELD_OMIT_EMPTY,
		   .help = "Capabilities for containers that have no such block."),
	ROW_STRLIST(struct space_container_defaults, security_opts, "securityOpts",
		    .flags = FIELD_OMIT_EMPTY,
		    .help = "Security options for containers that list none."),
	ROW_OBJLIST(struct space_container_defaults, tmpfs, struct container_tmpfs, "tmpfs",
		    container_tmpfs_type, .flags = FIELD_OMIT_EMPTY,
		    .help = "In-memory mounts for containers that list none."),
	ROW_OBJPTR(struct space_container_defaults, resources, struct container_resources,
		   "resources", container_resources_type, .flags = FIELD_OMIT_EMPTY,
		   .help = "Limits for containers that have no such block."),
};

static const struct model_type container_defaults_type = {
	.name = "SpaceContainerDefaults",
	.help = "Values for what the space's containers leave empty; lists are not merged.",
	TYPE_ROWS(struct space_container_defaults, container_defaults_rows),
};

static const struct field defaults_rows[] = {
	ROW_OBJPTR(struct space_defaults, container, struct space_container_defaults, "container",
		   container_defaults_type, .flags = FIELD_OMIT_EMPTY, .change = CLASS_IN_PLACE,
		   .help = "Values for what the space's containers leave empty."),
};

static const struct model_type defaults_type = {
	.name = "SpaceDefaults",
	.help = "Values that objects of the space inherit.",
	TYPE_ROWS(struct space_defaults, defaults_rows),
};

static const struct field spec_rows[] = {
	ROW_STRING(struct space_spec, realm_id, "realmId", .flags = FIELD_REQUIRED | FIELD_IDENTITY,
		   .change = CLASS_REFUSED, .help = "Realm that the space belongs to."),
	ROW_STRING(
		struct space_spec, cni_config_path, "cniConfigPath", .flags = FIELD_OMIT_EMPTY,
		.change = CLASS_REFUSED, .def = "<generated for the built-in bridge>",
		.help = "Path of a CNI network configuration to use instead of the built-in bridge."),
	ROW_OBJPTR(struct space_spec, network, struct space_network, "network", network_type,
		   .flags = FIELD_OMIT_EMPTY, .help = "Policy of the space's network."),
	ROW_OBJPTR(struct space_spec, defaults, struct space_defaults, "defaults", defaults_type,
		   .flags = FIELD_OMIT_EMPTY, .help = "Values that objects of the space inherit."),
};

static const struct model_type spec_type = {
	.name = "SpaceSpec",
	.help = "What the space should be.",
	TYPE_ROWS(struct space_spec, spec_rows),
};

#define READ_ONLY FIELD_READ_ONLY | FIELD_OMIT_EMPTY

static const struct field temporary_rows[] = {
	ROW_STRING(struct temporary_rule, host, "host", .flags = READ_ONLY,
		   .help = "DNS name that may be reached for a while."),
	ROW_STRING(struct temporary_rule, cidr, "cidr", .flags = READ_ONLY,
		   .help = "Address range that may be reached for a while."),
	ROW_INTLIST(struct temporary_rule, ports, "ports", .flags = READ_ONLY,
		    .help = "TCP ports that may be reached there; none: every port."),
	ROW_TIME(struct temporary_rule, until, "until", .flags = FIELD_READ_ONLY,
		 .help = "When the rule ends by itself."),
};

const struct model_type temporary_rule_type = {
	.name = "TemporaryRule",
	.help = "A destination that kuke allow has opened for a while.",
	TYPE_ROWS(struct temporary_rule, temporary_rows),
};

static const struct field network_status_rows[] = {
	ROW_OBJLIST(struct space_network_status, temporary_rules, struct temporary_rule,
		    "temporaryRules", temporary_rule_type, .flags = READ_ONLY,
		    .help = "What kuke allow has opened, besides the policy, and until when."),
};

static const struct model_type network_status_type = {
	.name = "SpaceNetworkStatus",
	.help = "What is in force besides the space's policy.",
	TYPE_ROWS(struct space_network_status, network_status_rows),
};

static const struct field status_rows[] = {
	ROW_STATE(struct space_status, state, space_state, "state", space_state_labels,
		  .flags = FIELD_READ_ONLY, .help = HELP_STATE),
	ROW_STRING(struct space_status, cgroup_path, "cgroupPath",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY, .help = HELP_CGROUP_PATH),
	ROW_STRLIST(struct space_status, subtree_controllers, "subtreeControllers",
		    .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY, .help = HELP_SUBTREE_CONTROLLERS),
	ROW_OBJPTR(struct space_status, network, struct space_network_status, "network",
		   network_status_type, .flags = READ_ONLY,
		   .help = "What is in force besides the space's policy."),
	LIFE_ROWS(struct space_status),
};

static const struct model_type status_type = {
	.name = "SpaceStatus",
	.help = "What kukeond last saw of the space.",
	.state_prefix = "space state",
	TYPE_ROWS(struct space_status, status_rows),
};

HEAD_TYPES(space, "Space", 0);

static const struct field doc_rows[] = {
	ROW_EMBED(struct space_doc, head, struct doc_head, space_head_type),
	ROW_OBJ(struct space_doc, spec, struct space_spec, "spec", spec_type,
		.flags = FIELD_REQUIRED, .help = "What the space should be."),
	ROW_OBJ(struct space_doc, status, struct space_status, "status", status_type,
		.flags = FIELD_READ_ONLY, .help = "What kukeond last saw; ignored on input."),
};

const struct model_type space_doc_type = {
	.name = "SpaceDoc",
	.help = "A space is a network of a realm: a bridge, its policy, and defaults for containers.",
	TYPE_ROWS(struct space_doc, doc_rows),
};
