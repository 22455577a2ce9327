/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_KINDS_H
#define KUKEON_KINDS_H

#include "clock.h"
#include "defs.h"
#include "states.h"
#include "vec.h"

/*
 * The eight kinds of API v1beta1 as plain structs. Each struct has a table of rows
 * (model.h, one file per kind) that drives all generic code: reading, writing, copying,
 * comparing, explaining.
 *
 * Conventions the rows rely on:
 *   char *            string; NULL counts as "" everywhere
 *   struct nstring    string that distinguishes "absent" (v NULL) from ""
 *   struct nint/nbool nullable number and boolean
 *   int64_t, bool     plain; zero means absent
 *   struct T *        optional object; NULL is absent
 *   LIST_OF(T)        v NULL: null; v not NULL and n 0: an empty list
 * All pointers are owned by the struct that holds them; model_clear frees them.
 */
struct nstring {
	char *v;
};

struct nint {
	bool set;
	int64_t v;
};

struct nbool {
	bool set;
	bool v;
};

#define LIST_OF(T)        \
	struct {          \
		T *v;     \
		size_t n; \
	}

struct metadata {
	char *name;
	struct strmap labels;
};

/* Every document starts with these members, whatever its kind. */
struct doc_head {
	char *api_version;
	char *kind;
	struct metadata metadata;
};

/* ---- Realm ---- */

struct registry_credentials {
	char *username;
	char *password;
	char *server_address;
};

struct realm_spec {
	char *namespace;
	LIST_OF(struct registry_credentials) registry_credentials;
};

struct realm_status {
	realm_state state;
	char *cgroup_path;
	struct strlist subtree_controllers;
	struct ktime created_at;
	struct ktime updated_at;
	struct ktime ready_at;
	char *reason;
	char *message;
	bool cgroup_ready;
	bool namespace_ready; /* containerdNamespaceReady */
};

struct realm_doc {
	struct doc_head head;
	struct realm_spec spec;
	struct realm_status status;
};

/* ---- Container ---- */

struct container_capabilities {
	struct strlist drop;
	struct strlist add;
};

struct container_resources {
	struct nint memory_limit_bytes;
	struct nint cpu_shares;
	struct nint pids_limit;
};

struct container_tmpfs {
	char *path;
	int64_t size_bytes;
	struct strlist options;
};

struct container_secret {
	char *name;
	char *from_file;
	char *from_env;
	char *mount_path;
};

struct volume_mount {
	char *kind; /* "", "bind", "tmpfs" */
	char *source;
	char *target;
	bool read_only;
	int64_t size_bytes;
	uint32_t mode;
};

struct tty_stage {
	char *script;
};

struct container_tty {
	char *prompt;
	LIST_OF(struct tty_stage) on_init;
	char *log_file;
};

struct container_spec {
	char *id;
	char *containerd_id; /* the runtime id, <space>_<stack>_<cell>_<container> */
	char *realm_id;
	char *space_id;
	char *stack_id;
	char *cell_id;
	bool root;
	char *image;
	char *command;
	struct strlist args;
	char *working_dir;
	struct strlist env;
	struct strlist ports;
	LIST_OF(struct volume_mount) volumes;
	struct strlist networks;
	struct strlist networks_aliases;
	bool privileged;
	bool host_network;
	bool host_pid;
	bool host_cgroup;
	char *user;
	bool read_only_root_filesystem;
	struct container_capabilities *capabilities;
	struct strlist security_opts;
	LIST_OF(struct container_tmpfs) tmpfs;
	struct container_resources *resources;
	LIST_OF(struct container_secret) secrets;
	char *cni_config_path;
	char *restart_policy;
	bool attachable;
	struct container_tty *tty;
};

struct container_status {
	char *name;
	char *id;
	container_state state;
	int64_t restart_count;
	struct ktime restart_time;
	struct ktime start_time;
	struct ktime finish_time;
	int64_t exit_code;
	char *exit_signal;
};

struct container_doc {
	struct doc_head head;
	struct container_spec spec;
	struct container_status status;
};

/* ---- Space ---- */

struct egress_rule {
	char *host;
	char *cidr;
	LIST_OF(int64_t) ports;
};

struct egress_policy {
	char *default_action; /* wire name "default" */
	LIST_OF(struct egress_rule) allow;
};

struct space_network {
	struct egress_policy *egress;
};

struct space_container_defaults {
	char *user;
	struct nbool read_only_root_filesystem;
	struct container_capabilities *capabilities;
	struct strlist security_opts;
	LIST_OF(struct container_tmpfs) tmpfs;
	struct container_resources *resources;
};

struct space_defaults {
	struct space_container_defaults *container;
};

struct space_spec {
	char *realm_id;
	char *cni_config_path;
	struct space_network *network;
	struct space_defaults *defaults;
};

/* A rule that ends by itself (kuke allow): not in a manifest. */
struct temporary_rule {
	char *host;
	char *cidr;
	LIST_OF(int64_t) ports;
	struct ktime until;
};

struct space_network_status {
	LIST_OF(struct temporary_rule) temporary_rules;
};

struct space_status {
	space_state state;
	char *cgroup_path;
	struct strlist subtree_controllers;
	struct space_network_status *network; /* NULL: there is nothing to tell of it */
	struct ktime created_at;
	struct ktime updated_at;
	struct ktime ready_at;
	char *reason;
	char *message;
	bool cgroup_ready;
};

struct space_doc {
	struct doc_head head;
	struct space_spec spec;
	struct space_status status;
};

/* ---- Stack ---- */

struct stack_spec {
	char *id;
	char *realm_id;
	char *space_id;
};

struct stack_status {
	stack_state state;
	char *cgroup_path;
	struct strlist subtree_controllers;
	struct ktime created_at;
	struct ktime updated_at;
	struct ktime ready_at;
	char *reason;
	char *message;
	bool cgroup_ready;
};

struct stack_doc {
	struct doc_head head;
	struct stack_spec spec;
	struct stack_status status;
};

/* ---- Cell ---- */

struct cell_tty {
	char *default_container; /* wire name "default" */
};

struct cell_spec {
	char *id;
	char *realm_id;
	char *space_id;
	char *stack_id;
	char *root_container_id;
	struct cell_tty *tty;
	LIST_OF(struct container_spec) containers;
	bool auto_delete;
	bool nested_cgroup_runtime;
};

/* A network that the cell has joined besides its own space's. */
struct cell_joined_network {
	char *name; /* of the space */
	char *bridge_name;
	char *device;
	char *address;
	char *address_v6;
};

struct cell_network_status {
	char *bridge_name;
	char *address;
	char *address_v6;
	LIST_OF(struct cell_joined_network) networks;
	struct strlist ports;
};

struct cell_status {
	cell_state state;
	char *cgroup_path;
	struct strlist subtree_controllers;
	struct cell_network_status network;
	LIST_OF(struct container_status) containers;
	bool ready_observed;
	struct ktime created_at;
	struct ktime updated_at;
	struct ktime ready_at;
	char *reason;
	char *message;
	bool cgroup_ready;
};

struct cell_doc {
	struct doc_head head;
	struct cell_spec spec;
	struct cell_status status;
};

/* ---- CellProfile: read by `kuke run -p` only ---- */

struct profile_parameter {
	char *name;
	char *description;
	struct nstring default_value; /* wire name "default" */
	bool required;
};

struct profile_spec {
	char *realm;
	char *space;
	char *stack;
	char *prefix;
	LIST_OF(struct profile_parameter) parameters;
	struct cell_spec cell;
};

struct profile_doc {
	struct doc_head head;
	struct profile_spec spec;
};

/* ---- ServerConfiguration ---- */

struct image_limits {
	int64_t max_bytes; /* unpacked bytes of one image */
	int64_t max_entries; /* entries of one layer */
	int64_t max_ratio; /* unpacked to compressed bytes */
	int64_t max_layers;
	int64_t max_path; /* bytes */
	int64_t max_xattrs; /* of one entry */
	int64_t max_xattr_bytes; /* of one entry */
};

struct server_spec {
	char *socket;
	struct nint socket_gid;
	char *run_path;
	char *containerd_socket;
	char *log_level;
	char *reconcile_interval;
	char *kukeond_image;
	char *namespace_suffix; /* containerdNamespaceSuffix */
	char *cgroup_root;
	/* ours */
	char *pod_subnet_cidr;
	int64_t pod_subnet_size;
	char *pod_subnet_cidr_v6;
	char *firewall_backend;
	struct strlist insecure_registries;
	struct strmap registry_mirrors;
	char *registry_ca_file;
	struct nbool seccomp_default;
	char *runtime;
	struct nbool keep_layers;
	struct image_limits *image_limits;
	int64_t capture_max_bytes;
	int64_t capture_files;
	char *terminal_size;
};

struct server_doc {
	struct doc_head head;
	struct server_spec spec;
};

/* ---- ClientConfiguration ---- */

struct client_spec {
	char *host;
	char *run_path;
	char *containerd_socket;
	char *log_level;
	char *output; /* ours */
};

struct client_doc {
	struct doc_head head;
	struct client_spec spec;
};

#endif
