/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"
#include "rows.h"

static const struct field tty_rows[] = {
	ROW_STRING(
		struct cell_tty, default_container, "default", .flags = FIELD_OMIT_EMPTY,
		.help = "Attachable container that `kuke run` attaches to unless told otherwise."),
};

static const struct model_type tty_type = {
	.name = "CellTty",
	.help = "Terminal settings of the cell as a whole.",
	TYPE_ROWS(struct cell_tty, tty_rows),
};

static const struct field spec_rows[] = {
	ROW_STRING(struct cell_spec, id, "id", .change = CLASS_REFUSED, .def = "<metadata.name>",
		   .help = "Identifier of the cell, part of its containers' runtime ids."),
	ROW_STRING(struct cell_spec, realm_id, "realmId", .flags = FIELD_REQUIRED | FIELD_IDENTITY,
		   .change = CLASS_REFUSED, .help = "Realm that the cell belongs to."),
	ROW_STRING(struct cell_spec, space_id, "spaceId", .flags = FIELD_REQUIRED | FIELD_IDENTITY,
		   .change = CLASS_REFUSED, .help = "Space that the cell belongs to."),
	ROW_STRING(struct cell_spec, stack_id, "stackId", .flags = FIELD_REQUIRED | FIELD_IDENTITY,
		   .change = CLASS_REFUSED, .help = "Stack that the cell belongs to."),
	ROW_STRING(struct cell_spec, root_container_id, "rootContainerId",
		   .flags = FIELD_OMIT_EMPTY, .change = CLASS_RECREATE_CELL,
		   .help = "Container whose exit ends the cell; empty: a root without a process."),
	ROW_OBJPTR(struct cell_spec, tty, struct cell_tty, "tty", tty_type,
		   .flags = FIELD_OMIT_EMPTY, .change = CLASS_IN_PLACE,
		   .help = "Terminal settings of the cell as a whole."),
	ROW_OBJLIST(
		struct cell_spec, containers, struct container_spec, "containers",
		container_spec_type, .flags = FIELD_REQUIRED,
		.help = "Containers that share the cell's network, ipc and host name, at most 1000."),
	ROW_BOOL(struct cell_spec, auto_delete, "autoDelete", .flags = FIELD_OMIT_EMPTY,
		 .change = CLASS_IN_PLACE, .def = "false",
		 .help = "Delete the cell once its work is done, whatever the exit code."),
	ROW_BOOL(struct cell_spec, nested_cgroup_runtime, "nestedCgroupRuntime",
		 .flags = FIELD_OMIT_EMPTY, .change = CLASS_RECREATE_CELL, .def = "false",
		 .help = "Delegate every cgroup controller, for a runtime inside the cell."),
};

const struct model_type cell_spec_type = {
	.name = "CellSpec",
	.help = "What the cell should be.",
	TYPE_ROWS(struct cell_spec, spec_rows),
};

static const struct field joined_rows[] = {
	ROW_STRING(struct cell_joined_network, name, "name",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "Space whose network it is."),
	ROW_STRING(struct cell_joined_network, bridge_name, "bridgeName",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "Bridge on the host that the device is connected to."),
	ROW_STRING(struct cell_joined_network, device, "device",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "Device in the cell, such as eth1."),
	ROW_STRING(struct cell_joined_network, address, "address",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "IPv4 address of the cell in that network."),
	ROW_STRING(struct cell_joined_network, address_v6, "addressV6",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "IPv6 address of the cell in that network."),
};

const struct model_type cell_joined_network_type = {
	.name = "CellJoinedNetwork",
	.help = "A network that the cell has joined.",
	TYPE_ROWS(struct cell_joined_network, joined_rows),
};

static const struct field network_rows[] = {
	ROW_STRING(struct cell_network_status, bridge_name, "bridgeName",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "Bridge on the host that the cell is connected to."),
	ROW_STRING(struct cell_network_status, address, "address",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "IPv4 address of the cell while it is started."),
	ROW_STRING(struct cell_network_status, address_v6, "addressV6",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "IPv6 address of the cell while it is started, where cells have IPv6."),
	ROW_OBJLIST(struct cell_network_status, networks, struct cell_joined_network, "networks",
		    cell_joined_network_type, .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		    .help = "The other networks that the cell has joined, while it is started."),
	ROW_STRLIST(struct cell_network_status, ports, "ports",
		    .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		    .help = "Ports of the host that are published now: "
			    "hostIP:hostPort->containerPort/protocol."),
};

static const struct model_type network_type = {
	.name = "CellNetworkStatus",
	.help = "How the cell is connected.",
	TYPE_ROWS(struct cell_network_status, network_rows),
};

static const struct field status_rows[] = {
	ROW_STATE(struct cell_status, state, cell_state, "state", cell_state_labels,
		  .flags = FIELD_READ_ONLY, .help = HELP_STATE),
	ROW_STRING(struct cell_status, cgroup_path, "cgroupPath", .flags = FIELD_READ_ONLY,
		   .help = HELP_CGROUP_PATH),
	ROW_STRLIST(struct cell_status, subtree_controllers, "subtreeControllers",
		    .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY, .help = HELP_SUBTREE_CONTROLLERS),
	ROW_OBJ(struct cell_status, network, struct cell_network_status, "network", network_type,
		.flags = FIELD_READ_ONLY | FIELD_OMIT_YAML, .help = "How the cell is connected."),
	ROW_OBJLIST(struct cell_status, containers, struct container_status, "containers",
		    container_status_type, .flags = FIELD_READ_ONLY,
		    .help = "What kukeond last saw of each container."),
	ROW_BOOL(struct cell_status, ready_observed, "readyObserved",
		 .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		 .help = "Whether the cell has ever been seen Ready; autoDelete waits for it."),
	LIFE_ROWS(struct cell_status),
};

static const struct model_type status_type = {
	.name = "CellStatus",
	.help = "What kukeond last saw of the cell.",
	.state_prefix = "cell state",
	TYPE_ROWS(struct cell_status, status_rows),
};

HEAD_TYPES(cell, "Cell", 0);

static const struct field doc_rows[] = {
	ROW_EMBED(struct cell_doc, head, struct doc_head, cell_head_type),
	ROW_OBJ(struct cell_doc, spec, struct cell_spec, "spec", cell_spec_type,
		.flags = FIELD_REQUIRED, .help = "What the cell should be."),
	ROW_OBJ(struct cell_doc, status, struct cell_status, "status", status_type,
		.flags = FIELD_READ_ONLY, .help = "What kukeond last saw; ignored on input."),
};

const struct model_type cell_doc_type = {
	.name = "CellDoc",
	.help = "A cell is a group of containers that share one network identity and one life.",
	TYPE_ROWS(struct cell_doc, doc_rows),
};
