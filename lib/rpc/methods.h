/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_METHODS_H
#define KUKEON_METHODS_H

#include "err.h"
#include "model.h"
#include "rpc_error.h"

/*
 * All RPC methods as one table: service KukeonV1 (upstream's) and KukeonX1 (our
 * extensions); see kukeon-api(7). Arguments and replies are plain structs described by
 * rows like the documents (model.h); member order is wire order.
 */

/* ---- arguments ---- */

struct rpc_no_args {
	char unused;
};

/* Milliseconds that processes get to exit before they are killed. */
#define RPC_GRACE_KEY "GraceMs"

#define RPC_DOC_ARGS(kind)               \
	struct rpc_##kind##_args {       \
		struct kind##_doc doc;   \
	};                               \
	struct rpc_##kind##_flags_args { \
		struct kind##_doc doc;   \
		bool force;              \
		bool cascade;            \
		struct nint grace_ms;    \
	};                               \
	struct rpc_##kind##_stop_args {  \
		struct kind##_doc doc;   \
		struct nint grace_ms;    \
	}
RPC_DOC_ARGS(realm);
RPC_DOC_ARGS(space);
RPC_DOC_ARGS(stack);
RPC_DOC_ARGS(cell);
RPC_DOC_ARGS(container);
#undef RPC_DOC_ARGS

/*
 * ListSpaces to ListContainers: "" is no filter. Members that a method does not use are
 * absent on the wire.
 */
struct rpc_list_args {
	char *realm_name;
	char *space_name;
	char *stack_name;
	char *cell_name;
	char *after; /* KukeonX1: Next of the previous page, "" for the first page */
	/*
	 * KukeonX1: paths of the members wanted, as "status.state"; none: all. A cell's or
	 * container's facts that are not wanted are not looked for.
	 */
	struct strlist fields;
	int64_t page_bytes; /* KukeonX1: about how large a page may be; 0: the daemon decides */
};

struct rpc_apply_args {
	struct buf raw_yaml;
};

/*
 * KukeonX1.PlanDelete: report what deleting these targets in this order would delete.
 * PrepareDelete: they will be deleted next; ask their processes to end now, so that
 * they share one grace period. DeleteTargets: delete them.
 */
struct rpc_plan_target {
	char *kind; /* "Realm" */
	char *realm_name; /* its location; "" where it does not apply */
	char *space_name;
	char *stack_name;
	char *cell_name;
	char *name;
};

struct rpc_plan_delete_args {
	LIST_OF(struct rpc_plan_target) targets;
	bool force;
	bool cascade;
	struct nint grace_ms;
};

struct rpc_load_image_args {
	char *realm;
	/* always empty in the server, which gets the bytes in a file (struct rpc_fds) */
	struct buf tarball;
};

struct rpc_verify_images_args {
	char *realm;
	char *ref; /* "": all */
	bool repair;
};

struct rpc_doctor_network_args {
	bool repair;
};

struct rpc_why_denied_args {
	char *realm_name;
	char *space_name;
	char *stack_name;
	char *cell_name;
	char *host; /* a name or an address */
	int64_t port; /* TCP; 0: any */
};

/* AllowEgress: one of host and cidr. */
struct rpc_allow_egress_args {
	char *realm_name;
	char *space_name;
	char *host; /* a name or an address */
	char *cidr;
	int64_t port; /* TCP; 0: every port of every protocol */
	int64_t for_ms;
	bool end; /* take the rule back instead */
};

/* ListDenied: "" is no filter. */
struct rpc_list_denied_args {
	char *realm_name;
	char *space_name;
	char *stack_name;
	char *cell_name;
	char *since; /* RFC 3339; what was last seen before then is left out; "": nothing is */
	char *after; /* Next of the reply before; "": from the beginning */
	int64_t wait_ms; /* how long to wait where there is nothing; at most RPC_DENIED_WAIT_MS */
};
#define RPC_DENIED_WAIT_MS 20000

/* ReadLog: the logs of containers of one cell, their lines in the order of their times. */
struct rpc_read_log_args {
	char *realm_name;
	char *space_name;
	char *stack_name;
	char *cell_name;
	struct strlist containers;
	struct nint tail; /* the last lines; unset: all */
	char *since, *until; /* RFC 3339; "": no limit */
	char *stream; /* "stdout" or "stderr"; "": both */
	char *after; /* Next of the reply before; "": from the beginning of what is wanted */
	int64_t wait_ms; /* how long to wait where there is nothing; at most RPC_LOG_WAIT_MS */
};
#define RPC_LOG_WAIT_MS 20000

struct rpc_image_args {
	char *realm;
	char *ref; /* not in ListImages */
};

/* Exec: run a program in a running container. */
struct rpc_exec_args {
	char *realm_name;
	char *space_name;
	char *stack_name;
	char *cell_name;
	char *container; /* "": the only one beside the root */
	struct strlist args;
	struct strlist env; /* KEY=value, in addition to the container's */
	char *user; /* as in a manifest; "": the container's own */
	char *working_dir; /* "": the container's own */
	bool tty; /* on a terminal of its own, of rows and columns (0: not known) */
	bool input; /* there is standard input */
	bool detach; /* the connection stays with the daemon, and nothing is said of the end */
	int64_t rows, columns;
	/* which of "stdin", "stdout" and "stderr" are descriptors passed with the request */
	struct strlist passed;
};

/* CopyIn: files into a container, as an archive on the connection. */
struct rpc_copy_in_args {
	char *realm_name;
	char *space_name;
	char *stack_name;
	char *cell_name;
	char *container; /* "": the only one beside the root */
	char *path; /* where to, from the container's root */
	char *name; /* of what is put into a directory at path */
	bool archive; /* path is a directory, and the entries are put into it as they are */
	bool contents; /* of a directory at path, what is in the source's is put into it */
	bool owner; /* owners, set-id bits and attributes are those of the archive */
};

/* CopyOut: files from a container, as an archive on the connection. */
struct rpc_copy_out_args {
	char *realm_name;
	char *space_name;
	char *stack_name;
	char *cell_name;
	char *container; /* "": the only one beside the root */
	char *path; /* from the container's root */
	char *name; /* what it is called in the archive; "": as in path */
	bool follow; /* if path is a link, what it leads to is copied */
};

/* `kukeond __engine FD` serves the caller on that descriptor alone. */
#define RPC_PRIVATE_COMMAND "__engine"

/*
 * Of a private engine (rpc_method.private). OpenEngine comes first and says where it works:
 * what is "" is as the run path was made, else as the server configuration has it.
 */
struct rpc_open_engine_args {
	char *configuration; /* of the server; "": KUKEOND_CONFIGURATION, else kukeond's default */
	char *run_path;
	char *socket;
	char *namespace_suffix;
	char *cgroup_root;
	char *log_level; /* "": nothing is logged */
};

/* InitHost */
struct rpc_init_host_args {
	char *realm, *space; /* "": default */
	char *socket;
	char *configuration; /* what the daemon is started with */
	struct nint socket_gid; /* recorded; unset: as it is recorded */
	bool force_network; /* rewrite the networks' files even when they are in order */
};

/* StopDaemon */
struct rpc_stop_daemon_args {
	int64_t timeout_ms; /* until it is killed */
};

/* ---- replies: Result, then Err ---- */

struct rpc_create_realm_result {
	struct realm_doc realm;
	bool metadata_exists_pre, metadata_exists_post;
	bool cgroup_exists_pre, cgroup_exists_post, cgroup_created;
	bool namespace_exists_pre, namespace_exists_post, namespace_created;
	bool created;
};

struct rpc_create_space_result {
	struct space_doc space;
	bool metadata_exists_pre, metadata_exists_post;
	bool cgroup_exists_pre, cgroup_exists_post, cgroup_created;
	bool network_exists_pre, network_exists_post, network_created;
	bool created;
};

struct rpc_create_stack_result {
	struct stack_doc stack;
	bool metadata_exists_pre, metadata_exists_post;
	bool cgroup_exists_pre, cgroup_exists_post, cgroup_created;
	bool created;
};

struct rpc_container_outcome {
	char *name;
	bool exists_pre, exists_post, created;
};

struct rpc_create_cell_result {
	struct cell_doc cell;
	bool metadata_exists_pre, metadata_exists_post;
	bool cgroup_exists_pre, cgroup_exists_post, cgroup_created;
	bool root_exists_pre, root_exists_post, root_created; /* RootContainer… */
	bool started_pre, started_post, started;
	bool created;
	LIST_OF(struct rpc_container_outcome) containers;
};

struct rpc_create_container_result {
	struct container_doc container;
	bool cell_exists_pre, cell_exists_post; /* CellMetadata… */
	bool container_exists_pre, container_exists_post, container_created;
	bool started;
};

struct rpc_get_realm_result {
	struct realm_doc realm;
	bool metadata_exists, cgroup_exists, namespace_exists;
};

struct rpc_get_space_result {
	struct space_doc space;
	bool metadata_exists, cgroup_exists, network_exists;
};

struct rpc_get_stack_result {
	struct stack_doc stack;
	bool metadata_exists, cgroup_exists;
};

struct rpc_get_cell_result {
	struct cell_doc cell;
	bool metadata_exists, cgroup_exists, root_exists;
	bool root_running; /* the cell is started: its namespaces are there */
};

struct rpc_get_container_result {
	struct container_doc container;
	bool cell_exists, container_exists;
};

/* Start, Stop, Kill: done is Started, Stopped or Killed. */
struct rpc_cell_done_result {
	struct cell_doc cell;
	bool done;
	char *warning; /* of a stop: stopped, but the state could not be saved; NULL: none */
};

struct rpc_container_done_result {
	struct container_doc container;
	bool done;
	char *warning;
};

struct rpc_delete_realm_result {
	struct realm_doc realm;
	struct strlist deleted;
	bool metadata_deleted, cgroup_deleted, namespace_deleted;
};

struct rpc_delete_space_result {
	struct space_doc space;
	char *space_name;
	char *realm_name;
	bool metadata_deleted, cgroup_deleted, network_deleted;
	struct strlist deleted;
};

struct rpc_delete_stack_result {
	struct stack_doc stack;
	char *stack_name;
	char *realm_name;
	char *space_name;
	bool metadata_deleted, cgroup_deleted;
	struct strlist deleted;
};

struct rpc_delete_cell_result {
	struct cell_doc cell;
	bool containers_deleted, cgroup_deleted, metadata_deleted;
};

struct rpc_delete_container_result {
	struct container_doc container;
	bool cell_exists, container_exists;
	struct strlist deleted;
};

struct rpc_purge_realm_result {
	struct realm_doc realm;
	bool realm_deleted, purge_succeeded, force, cascade;
	struct strlist deleted, purged;
};

struct rpc_purge_space_result {
	struct space_doc space;
	bool metadata_deleted, cgroup_deleted, network_deleted, purge_succeeded, force, cascade;
	struct strlist deleted, purged;
};

struct rpc_purge_stack_result {
	struct stack_doc stack;
	struct strlist deleted, purged;
};

struct rpc_purge_cell_result {
	struct cell_doc cell;
	bool containers_deleted, cgroup_deleted, metadata_deleted, purge_succeeded, force, cascade;
	struct strlist deleted, purged;
};

struct rpc_purge_container_result {
	struct container_doc container;
	bool cell_exists, container_exists;
	struct strlist deleted, purged;
};

struct rpc_attach_result {
	char *host_socket_path;
};

struct rpc_log_result {
	char *host_capture_path;
	char *host_log_path;
	char *writer; /* one of the following; NULL: it runs */
};
#define RPC_LOG_WAITS "waits" /* not running, but will be started or restarted */
#define RPC_LOG_ENDED "ended" /* stays stopped until it is started again */

/* KukeonX1.ReadLog: bytes of one line, or of several whole ones of one time and stream. */
struct rpc_log_piece {
	int64_t container; /* its number in Containers, from 0 */
	struct ktime time; /* when the line began; unset: not known */
	char *stream; /* "stdout", "stderr"; "": not known */
	bool begins; /* a line; false: it goes on with the one before of this container */
	struct buf data;
};

struct rpc_read_log_result {
	LIST_OF(struct rpc_log_piece) pieces;
	struct strlist missing; /* containers that have no log (yet) */
	struct strlist empty; /* containers whose log has nothing in it */
	char *next;
	bool more; /* the next request need not wait */
	bool ended; /* of a request that waited: nothing will be written before another start */
};

struct rpc_refresh_result {
	struct strlist realms_found, spaces_found, stacks_found, cells_found, containers_found;
	struct strlist realms_updated, spaces_updated, stacks_updated, cells_updated,
		containers_updated;
	struct strlist errors;
};

struct rpc_apply_resource {
	int64_t index;
	char *kind;
	char *name;
	char *action;
	char *error;
	struct strlist changes;
	struct strmap details;
};

struct rpc_apply_result {
	LIST_OF(struct rpc_apply_resource) resources;
};

/* The result for one target, in the order of the targets. */
struct rpc_planned {
	char *action; /* "deleted", "not found", "failed" */
	char *error;
	/* children that are deleted with it, as in the replies of Delete… */
	struct strlist deleted;
};

struct rpc_plan_delete_result {
	LIST_OF(struct rpc_planned) planned;
};

/* Contents of an archive that were not loaded. */
struct rpc_image_left {
	char *name;
	char *reason;
	bool failed; /* loading failed; false: for another platform, or not an image */
};

struct rpc_load_image_result {
	char *realm;
	char *namespace;
	struct strlist images;
	LIST_OF(struct rpc_image_left) left;
};

struct rpc_image {
	char *name;
	int64_t size;
	struct ktime created_at;
	char *digest;
	char *media_type;
	struct strmap labels;
};

struct rpc_list_images_result {
	char *realm;
	char *namespace;
	LIST_OF(struct rpc_image) images;
	char *next; /* as below */
};

struct rpc_get_image_result {
	char *realm;
	char *namespace;
	struct rpc_image image;
};

struct rpc_delete_image_result {
	char *realm;
	char *namespace;
	char *ref;
};

/* KukeonX1.PullImage */
struct rpc_pull_image_result {
	char *realm;
	char *namespace;
	struct rpc_image image;
	bool changed; /* false: the image was present and current */
};

/*
 * A progress event, sent before the reply if the caller requested events: the state of
 * one layer of an image that is being pulled. As a frame: {"id":N,"event":{…}}.
 */
struct rpc_event {
	char *layer; /* digest of the blob */
	char *phase; /* exists, waiting, downloading, retrying, unpacking, done */
	int64_t current, total; /* compressed bytes */
	char *text; /* reason of a retry */
};

/* KukeonX1.InspectImage */
struct rpc_inspect_image_result {
	char *realm;
	char *namespace;
	char *json; /* one object */
};

/* KukeonX1.PruneImages */
struct rpc_prune_images_result {
	char *realm;
	char *namespace;
	int64_t bytes; /* freed, roughly */
};

/* KukeonX1.VerifyImages */
struct rpc_image_check {
	char *name;
	int64_t layers, files;
	struct strlist problems;
	int64_t more; /* number of further problems that are not listed */
	char *outcome; /* ok, broken, repaired, reload (load the image again), failed */
	char *error; /* why a repair failed */
};

struct rpc_verify_images_result {
	char *realm;
	char *namespace;
	LIST_OF(struct rpc_image_check) images;
};

/* KukeonX1.DoctorNetwork */
struct rpc_finding {
	char *what; /* forwarding, rules, bridge, link, lease */
	char *object; /* "" for the host, else as "<realm>/<space>" */
	char *state; /* ok, wrong, missing, stray (belongs to nothing), unknown */
	char *detail;
};

struct rpc_doctor_network_result {
	LIST_OF(struct rpc_finding) findings;
};

/* KukeonX1.WhyDenied */
struct rpc_why_finding {
	char *address; /* "": of no address in particular */
	bool allowed;
	char *reason;
};

struct rpc_why_denied_result {
	bool denied; /* one of the addresses, at least */
	LIST_OF(struct rpc_why_finding) findings;
	char *remedy; /* a rule for the space's egress policy; "": none would help */
};

/* KukeonX1.AllowEgress: the rule that was made, or that is no more. */
struct rpc_allow_egress_result {
	struct temporary_rule rule;
};

/* KukeonX1.ListDenied: what a cell tried and was not allowed. */
struct rpc_denied {
	struct ktime time, last; /* the first and the last time */
	char *cell; /* realm/space/stack/cell; "": not known any more */
	char *address; /* of the cell */
	char *name; /* what was asked for, or what the destination was last known as; "": none */
	char *destination; /* an address; "" of a question for a name */
	int64_t port; /* 0: none */
	char *protocol; /* tcp, udp, icmp, dns or a number */
	int64_t count;
};

struct rpc_list_denied_result {
	LIST_OF(struct rpc_denied) denied;
	char *next;
	bool more; /* the next request need not wait */
};

/*
 * KukeonX1.Exec: the program runs. Unless it is detached, the connection now carries the
 * frames of exec_proto.h and no more requests.
 */
struct rpc_exec_result {
	char *container;
	/* beside an Err: what the caller should exit with where the program is missing (127) or
	 * cannot be executed (126); 0: anything else was wrong */
	int64_t exit_status;
};

/*
 * KukeonX1.CopyIn, CopyOut: the copy has begun. The connection now carries the frames of
 * exec_proto.h and no more requests.
 */
struct rpc_copy_result {
	char *container;
};

/* KukeonX1.DaemonInfo */
struct rpc_daemon_info {
	char *version;
	int64_t pid;
	char *run_path;
	char *runtime_dir;
	char *namespace_suffix;
	char *cgroup_root;
};

/*
 * KukeonX1.Status: this host at one moment. kuke status prints it as it is, so what only the
 * client knows has a place in it as well; the wire leaves that empty.
 */
struct rpc_status_daemon {
	char *state; /* one of the following */
	char *version; /* "": not known */
	int64_t pid; /* 0: not known */
	struct ktime started_at;
	int64_t uptime_seconds;
	char *socket; /* by the client: where it was asked */
};
#define RPC_STATUS_RUNNING "running"
#define RPC_STATUS_STOPPED "stopped"
#define RPC_STATUS_SILENT "silent" /* it runs, or may run, and did not answer */

struct rpc_status_instance {
	char *run_path;
	char *runtime_dir;
	char *namespace_suffix;
	char *cgroup_root;
	char *cgroups; /* v1, v2, hybrid, none */
	char *packet_filter; /* firewall_world_name */
};

struct rpc_status_state {
	char *state;
	int64_t count;
};

/* A kind of objects; its states in their order, those that no object is in left out. */
struct rpc_status_kind {
	char *kind;
	int64_t count;
	LIST_OF(struct rpc_status_state) states;
};

struct rpc_status_images {
	int64_t count; /* names */
	int64_t layers; /* unpacked ones, each counted once in its realm */
	int64_t bytes; /* of their files */
};

/* kukedns, for spaces that deny. */
struct rpc_status_names {
	bool needed;
	int64_t spaces; /* whose queries it answers */
	int64_t restarts; /* since it was needed, where it had to be started again */
};

struct rpc_status_disk {
	char *path; /* a directory on it */
	int64_t size_bytes;
	int64_t used_bytes;
	int64_t free_bytes; /* for programs without privileges */
	int64_t used_percent; /* of what those could use, as df has it; or of the inodes */
};

/* Something that was looked at. Objects have a check each only where something is wrong. */
struct rpc_status_check {
	char *section; /* daemon, host, state, storage */
	char *name;
	char *status; /* one of the following */
	char *detail;
	char *remediation; /* "": none in one line */
};
#define RPC_STATUS_OK "OK"
#define RPC_STATUS_WARN "WARN" /* it works, and should be looked at */
#define RPC_STATUS_FAIL "FAIL"

struct rpc_status_result {
	bool ok; /* all checks are OK */
	char *client_version; /* by the client */
	struct rpc_status_daemon daemon;
	struct rpc_status_instance instance;
	LIST_OF(struct rpc_status_kind) kinds;
	struct rpc_status_images images;
	struct rpc_status_names names;
	LIST_OF(struct rpc_status_disk) disks;
	LIST_OF(struct rpc_status_check) checks;
};

/* InitHost: what was there before, and what was made. */
struct rpc_made {
	bool existed, created;
};

struct rpc_init_level {
	char *realm, *namespace, *space, *network, *stack; /* names */
	struct rpc_made realm_made, namespace_made, realm_cgroup;
	struct rpc_made space_made, network_made, space_cgroup;
	struct rpc_made stack_made, stack_cgroup;
};

struct rpc_init_host_result {
	struct rpc_made root_cgroup;
	struct rpc_init_level def, sys;
	bool cell_created;
	bool daemon_started; /* by this call */
	char *firewall; /* what packets are filtered by: firewall_world_name */
	char *firewall_warning; /* "": rules are in place */
	char *runtime_warning; /* "": the runtime has no hole that we know of */
};

/* StartDaemon, StopDaemon: done is false where it ran already, or did not run. */
struct rpc_daemon_result {
	bool done;
	bool killed; /* it did not end in time */
	char *socket; /* StartDaemon: where it listens; NULL: not known */
};

/* Replies with a Result: struct rpc_<x>_reply { <x>_result result; err }. */
#define RPC_REPLIES(X)      \
	X(create_realm)     \
	X(create_space)     \
	X(create_stack)     \
	X(create_cell)      \
	X(create_container) \
	X(get_realm)        \
	X(get_space)        \
	X(get_stack)        \
	X(get_cell)         \
	X(get_container)    \
	X(cell_done)        \
	X(container_done)   \
	X(delete_realm)     \
	X(delete_space)     \
	X(delete_stack)     \
	X(delete_cell)      \
	X(delete_container) \
	X(purge_realm)      \
	X(purge_space)      \
	X(purge_stack)      \
	X(purge_cell)       \
	X(purge_container)  \
	X(attach)           \
	X(log)              \
	X(read_log)         \
	X(refresh)          \
	X(apply)            \
	X(plan_delete)      \
	X(load_image)       \
	X(list_images)      \
	X(get_image)        \
	X(delete_image)     \
	X(pull_image)       \
	X(inspect_image)    \
	X(prune_images)     \
	X(verify_images)    \
	X(doctor_network)   \
	X(why_denied)       \
	X(allow_egress)     \
	X(list_denied)      \
	X(exec)             \
	X(copy)             \
	X(status)           \
	X(init_host)        \
	X(daemon)

#define RPC_REPLY_STRUCT_(x)                    \
	struct rpc_##x##_reply {                \
		struct rpc_##x##_result result; \
		struct rpc_err *err;            \
	};
RPC_REPLIES(RPC_REPLY_STRUCT_)
#undef RPC_REPLY_STRUCT_

struct rpc_daemon_info_reply {
	struct rpc_daemon_info result;
	struct rpc_err *err;
};

/*
 * Replies without a Result. Lists of KukeonX1 come in pages: pass next as After to get
 * the following page; it is "" on the last one. KukeonV1 has no such member.
 */
struct rpc_ping_reply {
	bool ok;
	char *version;
	struct rpc_err *err;
};

struct rpc_list_realms_reply {
	LIST_OF(struct realm_doc) realms;
	char *next;
	struct rpc_err *err;
};

struct rpc_list_spaces_reply {
	LIST_OF(struct space_doc) spaces;
	char *next;
	struct rpc_err *err;
};

struct rpc_list_stacks_reply {
	LIST_OF(struct stack_doc) stacks;
	char *next;
	struct rpc_err *err;
};

struct rpc_list_cells_reply {
	LIST_OF(struct cell_doc) cells;
	char *next;
	struct rpc_err *err;
};

struct rpc_list_containers_reply {
	LIST_OF(struct container_spec) containers;
	struct rpc_err *err;
};

struct rpc_list_container_docs_reply {
	LIST_OF(struct container_doc) containers;
	char *next;
	struct rpc_err *err;
};

/* ---- the table ---- */

/*
 * X(constant, wire name, args type, reply type, further members): KukeonV1 first. The
 * types are named after the structs; some methods share one (Start, Stop and Kill;
 * List). A method with to_come set is answered with "not implemented
 * yet: <Method>".
 */
#define RPC_V1_METHODS(X)                                                                          \
	X(RPC_CREATE_REALM, CreateRealm, rpc_realm_args, create_realm_reply)                       \
	X(RPC_CREATE_SPACE, CreateSpace, rpc_space_args, create_space_reply)                       \
	X(RPC_CREATE_STACK, CreateStack, rpc_stack_args, create_stack_reply)                       \
	X(RPC_CREATE_CELL, CreateCell, rpc_cell_args, create_cell_reply)                           \
	X(RPC_CREATE_CONTAINER, CreateContainer, rpc_container_args, create_container_reply)       \
	X(RPC_GET_REALM, GetRealm, rpc_realm_args, get_realm_reply)                                \
	X(RPC_GET_SPACE, GetSpace, rpc_space_args, get_space_reply)                                \
	X(RPC_GET_STACK, GetStack, rpc_stack_args, get_stack_reply)                                \
	X(RPC_GET_CELL, GetCell, rpc_cell_args, get_cell_reply)                                    \
	X(RPC_GET_CONTAINER, GetContainer, rpc_container_args, get_container_reply)                \
	X(RPC_LIST_REALMS, ListRealms, rpc_no_args, list_realms_reply, .list = true)               \
	X(RPC_LIST_SPACES, ListSpaces, rpc_list_spaces_args, list_spaces_reply, .list = true)      \
	X(RPC_LIST_STACKS, ListStacks, rpc_list_stacks_args, list_stacks_reply, .list = true)      \
	X(RPC_LIST_CELLS, ListCells, rpc_list_cells_args, list_cells_reply, .list = true)          \
	X(RPC_LIST_CONTAINERS, ListContainers, rpc_list_containers_args, list_containers_reply,    \
	  .list = true)                                                                            \
	X(RPC_START_CELL, StartCell, rpc_cell_args, start_cell_reply)                              \
	X(RPC_STOP_CELL, StopCell, rpc_cell_stop_args, stop_cell_reply)                            \
	X(RPC_KILL_CELL, KillCell, rpc_cell_args, kill_cell_reply)                                 \
	X(RPC_START_CONTAINER, StartContainer, rpc_container_args, start_container_reply)          \
	X(RPC_STOP_CONTAINER, StopContainer, rpc_container_stop_args, stop_container_reply)        \
	X(RPC_KILL_CONTAINER, KillContainer, rpc_container_args, kill_container_reply)             \
	X(RPC_DELETE_REALM, DeleteRealm, rpc_realm_flags_args, delete_realm_reply)                 \
	X(RPC_DELETE_SPACE, DeleteSpace, rpc_space_flags_args, delete_space_reply)                 \
	X(RPC_DELETE_STACK, DeleteStack, rpc_stack_flags_args, delete_stack_reply)                 \
	X(RPC_DELETE_CELL, DeleteCell, rpc_cell_stop_args, delete_cell_reply)                      \
	X(RPC_DELETE_CONTAINER, DeleteContainer, rpc_container_stop_args, delete_container_reply)  \
	X(RPC_PURGE_REALM, PurgeRealm, rpc_realm_flags_args, purge_realm_reply, .to_come = true)   \
	X(RPC_PURGE_SPACE, PurgeSpace, rpc_space_flags_args, purge_space_reply, .to_come = true)   \
	X(RPC_PURGE_STACK, PurgeStack, rpc_stack_flags_args, purge_stack_reply, .to_come = true)   \
	X(RPC_PURGE_CELL, PurgeCell, rpc_cell_flags_args, purge_cell_reply, .to_come = true)       \
	X(RPC_PURGE_CONTAINER, PurgeContainer, rpc_container_args, purge_container_reply,          \
	  .to_come = true)                                                                         \
	X(RPC_ATTACH_CONTAINER, AttachContainer, rpc_container_args, attach_reply)                 \
	X(RPC_LOG_CONTAINER, LogContainer, rpc_container_args, log_reply)                          \
	X(RPC_REFRESH_ALL, RefreshAll, rpc_no_args, refresh_reply, .to_come = true)                \
	X(RPC_APPLY_DOCUMENTS, ApplyDocuments, rpc_apply_args, apply_reply)                        \
	X(RPC_LOAD_IMAGE, LoadImage, rpc_load_image_args, load_image_reply, .streamed = "Tarball") \
	X(RPC_LIST_IMAGES, ListImages, rpc_list_images_args, list_images_reply)                    \
	X(RPC_GET_IMAGE, GetImage, rpc_image_args, get_image_reply)                                \
	X(RPC_DELETE_IMAGE, DeleteImage, rpc_image_args, delete_image_reply)                       \
	X(RPC_PING, Ping, rpc_no_args, ping_reply)

/* Our extensions. LoadImage: the archive is the one descriptor passed with the request. */
#define RPC_X1_METHODS(X)                                                                         \
	X(RPC_X_DAEMON_INFO, DaemonInfo, rpc_no_args, daemon_info_reply)                          \
	X(RPC_X_STATUS, Status, rpc_no_args, rpc_status_reply)                                    \
	X(RPC_X_PLAN_DOCUMENTS, PlanDocuments, rpc_apply_args, apply_reply)                       \
	X(RPC_X_PLAN_DELETE, PlanDelete, rpc_plan_delete_args, plan_delete_reply)                 \
	X(RPC_X_PREPARE_DELETE, PrepareDelete, rpc_plan_delete_args, plan_delete_reply)           \
	X(RPC_X_DELETE_TARGETS, DeleteTargets, rpc_plan_delete_args, plan_delete_reply)           \
	X(RPC_X_LOAD_IMAGE, LoadImage, rpc_load_image_fd_args, load_image_reply, .max_fds = 1)    \
	X(RPC_X_PULL_IMAGE, PullImage, rpc_image_args, pull_image_reply)                          \
	X(RPC_X_INSPECT_IMAGE, InspectImage, rpc_image_args, inspect_image_reply)                 \
	X(RPC_X_PRUNE_IMAGES, PruneImages, rpc_list_images_args, prune_images_reply)              \
	X(RPC_X_VERIFY_IMAGES, VerifyImages, rpc_verify_images_args, verify_images_reply)         \
	X(RPC_X_DOCTOR_NETWORK, DoctorNetwork, rpc_doctor_network_args, rpc_doctor_network_reply) \
	X(RPC_X_WHY_DENIED, WhyDenied, rpc_why_denied_args, rpc_why_denied_reply)                 \
	X(RPC_X_LIST_DENIED, ListDenied, rpc_list_denied_args, rpc_list_denied_reply)             \
	X(RPC_X_READ_LOG, ReadLog, rpc_read_log_args, read_log_reply)                             \
	X(RPC_X_ALLOW_EGRESS, AllowEgress, rpc_allow_egress_args, rpc_allow_egress_reply)         \
	X(RPC_X_EXEC, Exec, rpc_exec_args, exec_reply, .max_fds = 3)                              \
	X(RPC_X_COPY_IN, CopyIn, rpc_copy_in_args, copy_reply)                                    \
	X(RPC_X_COPY_OUT, CopyOut, rpc_copy_out_args, copy_reply)                                 \
	X(RPC_X_LIST_REALMS, ListRealms, rpc_page_args, page_realms_reply, .list = true)          \
	X(RPC_X_LIST_SPACES, ListSpaces, rpc_page_args, page_spaces_reply, .list = true)          \
	X(RPC_X_LIST_STACKS, ListStacks, rpc_page_args, page_stacks_reply, .list = true)          \
	X(RPC_X_LIST_CELLS, ListCells, rpc_page_args, page_cells_reply, .list = true)             \
	X(RPC_X_LIST_CONTAINERS, ListContainers, rpc_page_args, page_containers_reply,            \
	  .list = true)                                                                           \
	X(RPC_X_LIST_IMAGES, ListImages, rpc_page_images_args, page_images_reply)                 \
	X(RPC_X_OPEN_ENGINE, OpenEngine, rpc_open_engine_args, ping_reply, .private = true)       \
	X(RPC_X_INIT_HOST, InitHost, rpc_init_host_args, rpc_init_host_reply, .private = true)    \
	X(RPC_X_START_DAEMON, StartDaemon, rpc_no_args, rpc_daemon_reply, .private = true)        \
	X(RPC_X_STOP_DAEMON, StopDaemon, rpc_stop_daemon_args, rpc_daemon_reply, .private = true)

#define RPC_METHOD_ENUM_(constant, name, args, reply, ...) constant,
enum rpc_method_id {
	RPC_METHOD_INVALID = 0,
	RPC_V1_METHODS(RPC_METHOD_ENUM_) RPC_X1_METHODS(RPC_METHOD_ENUM_) _RPC_METHOD_MAX
};
#undef RPC_METHOD_ENUM_

struct rpc_method {
	const char *service; /* "KukeonV1" */
	const char *name; /* "CreateRealm" */
	enum rpc_method_id id;
	const struct model_type *args; /* of one of the args structs above */
	const struct model_type *reply;
	/* wire name of the byte field that is streamed into a file; NULL: none */
	const char *streamed;
	unsigned max_fds; /* descriptors that may be passed with a request */
	bool to_come; /* the engine has no handler yet (a unit test compares) */
	bool list; /* the first member of the reply is a list (rpc_link.items) */
	bool private; /* only in an engine that the client started itself, not in a daemon */
};

/* Rows of struct rpc_image, rpc_event, … */
extern const struct model_type rpc_denied_type;
extern const struct model_type rpc_log_piece_type;
extern const struct model_type rpc_image_type;
extern const struct model_type rpc_event_type;
extern const struct model_type rpc_apply_resource_type;
extern const struct model_type rpc_planned_type;
extern const struct model_type rpc_finding_type;
extern const struct model_type rpc_status_result_type;
extern const struct model_type rpc_status_check_type;

/* NULL if there is no such method. Names are case-sensitive. */
const struct rpc_method *rpc_method_find(const char *service, const char *name);
const struct rpc_method *rpc_method_get(enum rpc_method_id id);
bool rpc_service_known(const char *service);

/* Clear the reply and set its Err from err. */
void rpc_reply_fail(const struct rpc_method *m, void *reply, const struct kerr *err);
/* "KukeonV1.Ping": for messages; owned by the caller. */
char *rpc_method_text(const struct rpc_method *m);
/* The reply's Err, NULL on success; borrowed. */
const struct rpc_err *rpc_reply_err(const struct rpc_method *m, const void *reply);

#endif
