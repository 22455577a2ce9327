/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"
#include "rows.h"

static const struct field capabilities_rows[] = {
	ROW_STRLIST(struct container_capabilities, drop, "drop", .flags = FIELD_OMIT_EMPTY,
		    .help = "Capabilities to take away, with or without CAP_; ALL takes all."),
	ROW_STRLIST(struct container_capabilities, add, "add", .flags = FIELD_OMIT_EMPTY,
		    .help = "Capabilities to give beyond the default set, after drop."),
};

const struct model_type container_capabilities_type = {
	.name = "ContainerCapabilities",
	.help = "Changes to the default set of Linux capabilities.",
	TYPE_ROWS(struct container_capabilities, capabilities_rows),
};

static const struct field resources_rows[] = {
	ROW_NINT(struct container_resources, memory_limit_bytes, "memoryLimitBytes",
		 .flags = FIELD_OMIT_EMPTY, .min = 0, .max = INT64_MAX,
		 .help = "Most memory the container may use, in bytes; 0: no limit."),
	ROW_NINT(struct container_resources, cpu_shares, "cpuShares", .flags = FIELD_OMIT_EMPTY,
		 .min = 0, .max = 262144,
		 .help = "Weight when processors are short, from 2 on; 0: the usual 1024."),
	ROW_NINT(struct container_resources, pids_limit, "pidsLimit", .flags = FIELD_OMIT_EMPTY,
		 .min = 0, .max = 4194304,
		 .help = "Most processes and threads the container may have; 0: no limit."),
};

const struct model_type container_resources_type = {
	.name = "ContainerResources",
	.help = "Limits of the container's cgroup.",
	TYPE_ROWS(struct container_resources, resources_rows),
};

static const struct field tmpfs_rows[] = {
	ROW_STRING(struct container_tmpfs, path, "path", .flags = FIELD_REQUIRED,
		   .help = "Where in the container it is mounted."),
	ROW_INT(struct container_tmpfs, size_bytes, "sizeBytes", .flags = FIELD_OMIT_EMPTY,
		.help = "Most bytes it may hold; 0: the kernel's default."),
	ROW_STRLIST(struct container_tmpfs, options, "options", .flags = FIELD_OMIT_EMPTY,
		    .help = "Further mount options, such as mode=1777 or noexec,size=1m."),
};

const struct model_type container_tmpfs_type = {
	.name = "ContainerTmpfsMount",
	.help = "A directory in memory.",
	TYPE_ROWS(struct container_tmpfs, tmpfs_rows),
};

static const struct field secret_rows[] = {
	ROW_STRING(struct container_secret, name, "name", .flags = FIELD_REQUIRED,
		   .help = "Name of the secret and of its environment variable."),
	ROW_STRING(struct container_secret, from_file, "fromFile", .flags = FIELD_OMIT_EMPTY,
		   .help = "File on the host that holds the value."),
	ROW_STRING(struct container_secret, from_env, "fromEnv", .flags = FIELD_OMIT_EMPTY,
		   .help = "Variable of kukeond's environment that holds the value."),
	ROW_STRING(struct container_secret, mount_path, "mountPath", .flags = FIELD_OMIT_EMPTY,
		   .help = "Give it as a read-only file at this path, not as a variable."),
};

static const struct model_type secret_type = {
	.name = "ContainerSecret",
	.help = "A value that is fetched at every start and never stored.",
	TYPE_ROWS(struct container_secret, secret_rows),
};

static const char *const volume_kinds[] = { "bind", "tmpfs", NULL };

static const struct field volume_rows[] = {
	ROW_STRING(struct volume_mount, kind, "kind", .flags = FIELD_OMIT_EMPTY,
		   .values = volume_kinds, .def = "bind",
		   .help = "bind mounts a path of the host, tmpfs a directory in memory."),
	ROW_STRING(struct volume_mount, source, "source", .flags = FIELD_OMIT_EMPTY,
		   .help = "Absolute path on the host; bind only."),
	ROW_STRING(struct volume_mount, target, "target", .flags = FIELD_REQUIRED,
		   .help = "Absolute path in the container."),
	ROW_BOOL(struct volume_mount, read_only, "readOnly", .flags = FIELD_OMIT_EMPTY,
		 .def = "false", .help = "Mount it read-only."),
	ROW_INT(struct volume_mount, size_bytes, "sizeBytes", .flags = FIELD_OMIT_EMPTY,
		.help = "Most bytes it may hold; tmpfs only."),
	ROW_UINT32(struct volume_mount, mode, "mode", .flags = FIELD_OMIT_EMPTY | FIELD_MODE,
		   .help = "Permissions of its top directory, such as 0755; tmpfs only."),
};

static const struct model_type volume_type = {
	.name = "VolumeMount",
	.help = "A mount into the container.",
	TYPE_ROWS(struct volume_mount, volume_rows),
};

static const struct field stage_rows[] = {
	ROW_STRING(struct tty_stage, script, "script", .flags = FIELD_OMIT_EMPTY,
		   .help = "Text that the shell is given to run."),
};

static const struct model_type stage_type = {
	.name = "TtyStage",
	.help = "One script for the start of the terminal.",
	TYPE_ROWS(struct tty_stage, stage_rows),
};

static const char *const tty_retired[] = { "profile", "profilesDir", NULL };

static const struct field tty_rows[] = {
	ROW_STRING(struct container_tty, prompt, "prompt", .flags = FIELD_OMIT_EMPTY,
		   .help = "Prompt that the shell is given; empty: its own."),
	ROW_OBJLIST(struct container_tty, on_init, struct tty_stage, "onInit", stage_type,
		    .flags = FIELD_OMIT_EMPTY,
		    .help = "Scripts that run once, in order, when the shell starts."),
	ROW_STRING(struct container_tty, log_file, "logFile", .flags = FIELD_OMIT_EMPTY,
		   .help = "Path in the container for the terminal server's own log; empty: none."),
};

static const struct model_type tty_type = {
	.name = "ContainerTty",
	.help = "Settings of an attachable container's terminal.",
	.retired = tty_retired,
	TYPE_ROWS(struct container_tty, tty_rows),
};

static const char *const restart_values[] = { "always", "unless-stopped", "on-failure",
					      "no",	"never",	  NULL };

static const struct field spec_rows[] = {
	ROW_STRING(struct container_spec, id, "id", .flags = FIELD_REQUIRED | FIELD_IDENTITY,
		   .change = CLASS_REFUSED, .def = "<metadata.name>",
		   .help = "Name of the container inside its cell."),
	ROW_STRING(struct container_spec, containerd_id, "containerdId",
		   .flags = FIELD_READ_ONLY | FIELD_OMIT_EMPTY,
		   .help = "Runtime id, <space>_<stack>_<cell>_<container>."),
	ROW_STRING(struct container_spec, realm_id, "realmId", .flags = FIELD_IDENTITY,
		   .change = CLASS_REFUSED,
		   .help = "Realm of the cell; filled in for a container inside a Cell."),
	ROW_STRING(struct container_spec, space_id, "spaceId", .flags = FIELD_IDENTITY,
		   .change = CLASS_REFUSED,
		   .help = "Space of the cell; filled in for a container inside a Cell."),
	ROW_STRING(struct container_spec, stack_id, "stackId", .flags = FIELD_IDENTITY,
		   .change = CLASS_REFUSED,
		   .help = "Stack of the cell; filled in for a container inside a Cell."),
	ROW_STRING(struct container_spec, cell_id, "cellId", .flags = FIELD_IDENTITY,
		   .change = CLASS_REFUSED,
		   .help = "Cell it belongs to; filled in for a container inside a Cell."),
	ROW_BOOL(struct container_spec, root, "root", .flags = FIELD_OMIT_EMPTY,
		 .change = CLASS_RECREATE_CELL, .def = "false",
		 .help = "Make it the cell's root: when it exits, the cell ends."),
	ROW_STRING(struct container_spec, image, "image", .flags = FIELD_REQUIRED,
		   .change = CLASS_RECREATE_CONTAINER,
		   .help = "Image to run, such as docker.io/library/nginx:1.27."),
	ROW_STRING(struct container_spec, command, "command", .change = CLASS_RECREATE_CONTAINER,
		   .def = "<the image's entrypoint>",
		   .help = "Program to run instead of the image's entrypoint and command."),
	ROW_STRLIST(struct container_spec, args, "args", .change = CLASS_RECREATE_CONTAINER,
		    .help = "Arguments; without command they replace the image's command only."),
	ROW_STRING(struct container_spec, working_dir, "workingDir", .flags = FIELD_OMIT_EMPTY,
		   .change = CLASS_RECREATE_CONTAINER, .def = "<the image's>",
		   .help = "Directory the program starts in."),
	ROW_STRLIST(struct container_spec, env, "env", .change = CLASS_RECREATE_CONTAINER,
		    .help = "Environment as NAME=value, on top of the image's."),
	ROW_STRLIST(struct container_spec, ports, "ports", .change = CLASS_IN_PLACE,
		    .help = "Published ports, [hostIP:]hostPort:containerPort[/tcp|udp]; both "
			    "may be ranges."),
	ROW_OBJLIST(struct container_spec, volumes, struct volume_mount, "volumes", volume_type,
		    .change = CLASS_RECREATE_CONTAINER, .help = "Mounts into the container."),
	ROW_STRLIST(
		struct container_spec, networks, "networks", .change = CLASS_RECREATE_CELL,
		.help = "Other spaces of the realm whose networks the cell joins, as eth1, eth2 and so on."),
	ROW_STRLIST(struct container_spec, networks_aliases, "networksAliases",
		    .change = CLASS_IN_PLACE,
		    .help = "Further host names by which the cell is found inside its space."),
	ROW_BOOL(struct container_spec, privileged, "privileged",
		 .change = CLASS_RECREATE_CONTAINER, .def = "false",
		 .help = "All capabilities, all devices, writable /sys and cgroups."),
	ROW_BOOL(struct container_spec, host_network, "hostNetwork", .flags = FIELD_OMIT_EMPTY,
		 .change = CLASS_RECREATE_CELL, .def = "false",
		 .help = "Put the whole cell on the host's network."),
	ROW_BOOL(struct container_spec, host_pid, "hostPID", .flags = FIELD_OMIT_EMPTY,
		 .change = CLASS_RECREATE_CELL, .def = "false",
		 .help = "Let it see the host's processes."),
	ROW_BOOL(struct container_spec, host_cgroup, "hostCgroup", .flags = FIELD_OMIT_EMPTY,
		 .change = CLASS_RECREATE_CELL, .def = "false",
		 .help = "Let it see the host's cgroup tree."),
	ROW_STRING(struct container_spec, user, "user", .flags = FIELD_OMIT_EMPTY,
		   .change = CLASS_RECREATE_CONTAINER, .def = "<the image's>",
		   .help = "UID[:GID] the program runs as."),
	ROW_BOOL(struct container_spec, read_only_root_filesystem, "readOnlyRootFilesystem",
		 .flags = FIELD_OMIT_EMPTY, .change = CLASS_RECREATE_CONTAINER, .def = "false",
		 .help = "Mount the root file system read-only."),
	ROW_OBJPTR(struct container_spec, capabilities, struct container_capabilities,
		   "capabilities", container_capabilities_type, .flags = FIELD_OMIT_EMPTY,
		   .change = CLASS_RECREATE_CONTAINER,
		   .help = "Changes to the default set of capabilities; {} undoes the space's."),
	ROW_STRLIST(
		struct container_spec, security_opts, "securityOpts", .flags = FIELD_OMIT_EMPTY,
		.change = CLASS_RECREATE_CONTAINER,
		.help = "no-new-privileges, seccomp=unconfined|default|<file>, apparmor=<profile>."),
	ROW_OBJLIST(struct container_spec, tmpfs, struct container_tmpfs, "tmpfs",
		    container_tmpfs_type, .flags = FIELD_OMIT_EMPTY,
		    .change = CLASS_RECREATE_CONTAINER, .help = "Directories in memory."),
	ROW_OBJPTR(struct container_spec, resources, struct container_resources, "resources",
		   container_resources_type, .flags = FIELD_OMIT_EMPTY, .change = CLASS_IN_PLACE,
		   .help = "Limits of the container's cgroup."),
	ROW_OBJLIST(struct container_spec, secrets, struct container_secret, "secrets", secret_type,
		    .flags = FIELD_OMIT_EMPTY, .change = CLASS_RECREATE_CONTAINER,
		    .help = "Values that are fetched at every start and never stored."),
	ROW_STRING(struct container_spec, cni_config_path, "cniConfigPath",
		   .flags = FIELD_OMIT_EMPTY, .change = CLASS_REFUSED,
		   .help = "CNI network configuration of the space, for reference."),
	ROW_STRING(struct container_spec, restart_policy, "restartPolicy", .change = CLASS_IN_PLACE,
		   .values = restart_values, .def = "no",
		   .help = "When to start it again after it has exited; the wait doubles from 1s "
			   "to 60s."),
	ROW_BOOL(struct container_spec, attachable, "attachable", .flags = FIELD_OMIT_EMPTY,
		 .change = CLASS_RECREATE_CONTAINER, .def = "false",
		 .help = "Run it under a terminal that `kuke attach` connects to."),
	ROW_OBJPTR(struct container_spec, tty, struct container_tty, "tty", tty_type,
		   .flags = FIELD_OMIT_EMPTY, .change = CLASS_RECREATE_CONTAINER,
		   .help = "Settings of the terminal; needs attachable."),
};

const struct model_type container_spec_type = {
	.name = "ContainerSpec",
	.help = "What the container should be.",
	TYPE_ROWS(struct container_spec, spec_rows),
};

static const struct field status_rows[] = {
	ROW_STRING(struct container_status, name, "name", .flags = FIELD_READ_ONLY,
		   .help = "Name of the container."),
	ROW_STRING(struct container_status, id, "id", .flags = FIELD_READ_ONLY,
		   .help = "Id of the container inside its cell."),
	ROW_STATE(struct container_status, state, container_state, "state", container_state_labels,
		  .flags = FIELD_READ_ONLY, .help = HELP_STATE),
	ROW_INT(struct container_status, restart_count, "restartCount", .flags = FIELD_READ_ONLY,
		.help = "Automatic restarts since it was last started on request."),
	ROW_TIME(struct container_status, restart_time, "restartTime", .flags = FIELD_READ_ONLY,
		 .help = "Time of the last automatic restart."),
	ROW_TIME(struct container_status, start_time, "startTime", .flags = FIELD_READ_ONLY,
		 .help = "Start of the current or the last run."),
	ROW_TIME(struct container_status, finish_time, "finishTime", .flags = FIELD_READ_ONLY,
		 .help = "End of the last finished run."),
	ROW_INT(struct container_status, exit_code, "exitCode", .flags = FIELD_READ_ONLY,
		.help = "Exit code of the last finished run; 128+n when signal n killed it."),
	ROW_STRING(struct container_status, exit_signal, "exitSignal", .flags = FIELD_READ_ONLY,
		   .help = "Signal that killed the last finished run, such as SIGKILL."),
};

const struct model_type container_status_type = {
	.name = "ContainerStatus",
	.help = "What kukeond last saw of the container.",
	.state_prefix = "container state",
	TYPE_ROWS(struct container_status, status_rows),
};

HEAD_TYPES(container, "Container", 0);

static const struct field doc_rows[] = {
	ROW_EMBED(struct container_doc, head, struct doc_head, container_head_type),
	ROW_OBJ(struct container_doc, spec, struct container_spec, "spec", container_spec_type,
		.flags = FIELD_REQUIRED, .help = "What the container should be."),
	ROW_OBJ(struct container_doc, status, struct container_status, "status",
		container_status_type, .flags = FIELD_READ_ONLY,
		.help = "What kukeond last saw; ignored on input."),
};

const struct model_type container_doc_type = {
	.name = "ContainerDoc",
	.help = "A container is one program from an image, inside a cell.",
	TYPE_ROWS(struct container_doc, doc_rows),
};
