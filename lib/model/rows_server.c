/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"
#include "rows.h"

static const struct field limits_rows[] = {
	ROW_INT(struct image_limits, max_bytes, "maxBytes", .flags = FIELD_OMIT_EMPTY, .min = 0,
		.max = INT64_MAX, .help = "Most unpacked bytes of one image."),
	ROW_INT(struct image_limits, max_entries, "maxEntries", .flags = FIELD_OMIT_EMPTY, .min = 0,
		.max = INT64_MAX, .help = "Most files and directories of one layer."),
	ROW_INT(struct image_limits, max_ratio, "maxRatio", .flags = FIELD_OMIT_EMPTY, .min = 0,
		.max = INT64_MAX,
		.help = "Most unpacked bytes for one compressed byte, after the first GiB."),
	ROW_INT(struct image_limits, max_layers, "maxLayers", .flags = FIELD_OMIT_EMPTY, .min = 0,
		.max = INT64_MAX, .help = "Most layers of one image."),
	ROW_INT(struct image_limits, max_path, "maxPath", .flags = FIELD_OMIT_EMPTY, .min = 0,
		.max = 4096, .help = "Most bytes of a file's path."),
	ROW_INT(struct image_limits, max_xattrs, "maxXattrs", .flags = FIELD_OMIT_EMPTY, .min = 0,
		.max = INT64_MAX, .help = "Most extended attributes of one file."),
	ROW_INT(struct image_limits, max_xattr_bytes, "maxXattrBytes", .flags = FIELD_OMIT_EMPTY,
		.min = 0, .max = INT64_MAX,
		.help = "Most bytes of all extended attributes of one file."),
};

static const struct model_type limits_type = {
	.name = "ImageLimits",
	.help = "Bounds that an image has to keep; 0 is the built-in one.",
	TYPE_ROWS(struct image_limits, limits_rows),
};

static const char *const log_levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const firewall_backends[] = { "auto", "legacy", "nft", NULL };
static const char *const terminal_sizes[] = { "smallest", "last", NULL };
static const char *const runtimes[] = { "runc", "crun", NULL };

static const struct field spec_rows[] = {
	ROW_STRING(struct server_spec, socket, "socket", .flags = FIELD_OMIT_EMPTY,
		   .def = "/run/kukeon/kukeond.sock",
		   .help = "Unix socket to listen on; its directory is the runtime directory."),
	ROW_NINT(struct server_spec, socket_gid, "socketGID", .flags = FIELD_OMIT_EMPTY, .min = 0,
		 .max = UINT32_MAX - 1, .def = "0",
		 .help = "Group that may use the socket; 0: root only."),
	ROW_STRING(struct server_spec, run_path, "runPath", .flags = FIELD_OMIT_EMPTY,
		   .def = "/opt/kukeon", .help = "Directory that holds all persistent state."),
	ROW_STRING(struct server_spec, containerd_socket, "containerdSocket",
		   .flags = FIELD_OMIT_EMPTY, .def = "/run/containerd/containerd.sock",
		   .help = "Accepted for older files and not used."),
	ROW_STRING(struct server_spec, log_level, "logLevel", .flags = FIELD_OMIT_EMPTY,
		   .values = log_levels, .def = "info", .help = "Least level that is logged."),
	ROW_STRING(struct server_spec, reconcile_interval, "reconcileInterval",
		   .flags = FIELD_OMIT_EMPTY, .def = "30s",
		   .help = "Time between two passes, such as 30s or 1m; 0 stops the timer."),
	ROW_STRING(struct server_spec, kukeond_image, "kukeondImage", .flags = FIELD_OMIT_EMPTY,
		   .help = "Image that `kuke init` runs kukeond from; empty: a host process."),
	ROW_STRING(struct server_spec, namespace_suffix, "containerdNamespaceSuffix",
		   .flags = FIELD_OMIT_EMPTY, .def = "kukeon.io",
		   .help = "What the names of the realms' namespaces end in."),
	ROW_STRING(struct server_spec, cgroup_root, "cgroupRoot", .flags = FIELD_OMIT_EMPTY,
		   .def = "/kukeon", .help = "Cgroup below which all others are made."),
	ROW_STRING(struct server_spec, pod_subnet_cidr, "podSubnetCIDR", .flags = FIELD_OMIT_EMPTY,
		   .def = "10.88.0.0/16", .help = "Address range that spaces get subnets from."),
	ROW_INT(struct server_spec, pod_subnet_size, "podSubnetSize", .flags = FIELD_OMIT_EMPTY,
		.min = 8, .max = 30, .def = "24", .help = "Prefix length of a space's subnet."),
	ROW_STRING(struct server_spec, pod_subnet_cidr_v6, "podSubnetCIDRv6",
		   .flags = FIELD_OMIT_EMPTY,
		   .help = "IPv6 prefix within fd00::/8 that spaces get a /64 each from; empty: "
			   "cells have no IPv6."),
	ROW_STRING(struct server_spec, firewall_backend, "firewallBackend",
		   .flags = FIELD_OMIT_EMPTY, .values = firewall_backends, .def = "auto",
		   .help = "Where packet filter rules are put: legacy (ip_tables), nft "
			   "(nf_tables), or what the host uses."),
	ROW_STRLIST(struct server_spec, insecure_registries, "insecureRegistries",
		    .flags = FIELD_OMIT_EMPTY,
		    .help = "Registries that plain HTTP may be spoken to, as host[:port]."),
	ROW_STRMAP(struct server_spec, registry_mirrors, "registryMirrors",
		   .flags = FIELD_OMIT_EMPTY,
		   .help = "Registry to ask first, as host[:port][/prefix], by the one that an "
			   "image names."),
	ROW_STRING(struct server_spec, registry_ca_file, "registryCAFile",
		   .flags = FIELD_OMIT_EMPTY,
		   .help = "File of further certificate authorities for registries."),
	ROW_NBOOL(struct server_spec, seccomp_default, "seccompDefault", .flags = FIELD_OMIT_EMPTY,
		  .def = "false",
		  .help = "Give every container the built-in seccomp profile unless it opts out."),
	ROW_STRING(struct server_spec, runtime, "runtime", .flags = FIELD_OMIT_EMPTY,
		   .values = runtimes, .def = "runc",
		   .help = "OCI runtime that starts containers."),
	ROW_NBOOL(struct server_spec, keep_layers, "keepLayers", .flags = FIELD_OMIT_EMPTY,
		  .def = "false", .help = "Keep compressed layers after they were unpacked."),
	ROW_OBJPTR(struct server_spec, image_limits, struct image_limits, "imageLimits",
		   limits_type, .flags = FIELD_OMIT_EMPTY,
		   .help = "Bounds that an image has to keep."),
	ROW_INT(struct server_spec, capture_max_bytes, "captureMaxBytes", .flags = FIELD_OMIT_EMPTY,
		.min = 64 << 10, .max = INT64_C(1) << 40, .def = "1048576",
		.help = "Bytes of one file of what a container's terminal has shown; from its next "
			"start on."),
	ROW_INT(struct server_spec, capture_files, "captureFiles", .flags = FIELD_OMIT_EMPTY,
		.min = 1, .max = 16, .def = "3",
		.help = "How many of these files are kept of a container."),
	ROW_STRING(struct server_spec, terminal_size, "terminalSize", .flags = FIELD_OMIT_EMPTY,
		   .values = terminal_sizes, .def = "smallest",
		   .help = "Size of a terminal with several clients: what all have room for, or "
			   "that of the last."),
};

static const struct model_type spec_type = {
	.name = "ServerConfigurationSpec",
	.help = "Settings of kukeond; an absent one has its default.",
	TYPE_ROWS(struct server_spec, spec_rows),
};

HEAD_TYPES(server, "ServerConfiguration", FIELD_OMIT_EMPTY);

static const struct field doc_rows[] = {
	ROW_EMBED(struct server_doc, head, struct doc_head, server_head_type),
	ROW_OBJ(struct server_doc, spec, struct server_spec, "spec", spec_type,
		.help = "Settings of kukeond; an absent one has its default."),
};

const struct model_type server_doc_type = {
	.name = "ServerConfigurationDoc",
	.help = "The configuration of kukeond, /etc/kukeon/kukeond.yaml.",
	TYPE_ROWS(struct server_doc, doc_rows),
};
